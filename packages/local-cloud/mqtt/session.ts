// One client's subscriptions and the messages that wait for it: sends in order, repeats what was not acknowledged, bounds the rest.

import type { Identity } from './access.ts';
import type { DeliveryMemory } from './delivery-memory.ts';
import type { Drops } from './drops.ts';
import type { Link } from './link.ts';
import { createLooseQueue } from './loose-queue.ts';
import type { InboundMessage } from './message.ts';
import type { PendingDelivery } from './pending-delivery.ts';
import { createSessionQueue, type QueuedItem } from './session-queue.ts';
import { createSender } from './session-sender.ts';
import type { Version } from './shape.ts';
import type { SubscriptionOptions } from './subscriptions.ts';

export interface Session {
  /** Unique per session, where a client ID comes again. */
  readonly id: string;
  readonly clientId: string;
  readonly version: Version;
  /** Seconds that it outlives its connection; 0 ends it with the connection. */
  expirySeconds: number;
  /** Of the last connection: what it may receive is judged by this. */
  identity: Identity;
  readonly subscriptions: Map<string, SubscriptionOptions>;
  isConnected(): boolean;
  /** False when no more QoS 1 messages may wait for it. */
  hasRoom(): boolean;
  /** True while messages wait because the client does not read or acknowledge them as fast as they come. */
  isBehind(): boolean;
  /** A message with `onAcknowledged` does not outlive the connection. */
  deliver(
    message: InboundMessage,
    how: { qos: 0 | 1; retain: boolean; pending?: PendingDelivery; onAcknowledged?: () => void },
  ): void;
  /** Takes messages that the journal has: of an earlier run, or of another member of a group. */
  enqueue(pending: readonly PendingDelivery[]): void;
  /** Removes and returns what waits for it as a member of a group, sent or not, in the order of publishing. */
  handOver(shared: string): PendingDelivery[];
  acknowledge(messageId: number): void;
  attach(link: Link): void;
  detach(): void;
  /** Call when the socket has taken so many bytes of messages: sends more. */
  took(bytes: number): void;
  /** Gives up everything that waits for it. */
  end(): void;
}

export interface SessionDeps {
  readonly now: () => number;
  readonly count: (name: string) => void;
  readonly drops: Pick<Drops, 'add'>;
  readonly memory: DeliveryMemory;
  readonly queuedMessages: number;
  readonly queuedBytes: number;
  readonly waitingMessages: number;
  readonly waitingBytes: number;
  readonly onFinished: (pending: PendingDelivery) => void;
  readonly read: (seq: number) => Promise<InboundMessage | undefined>;
}

export type SessionRecord = Pick<Session, 'id' | 'clientId' | 'version' | 'expirySeconds' | 'identity'>;

const SHORT_OF_MEMORY = 'too much waits for all clients together';
const TOO_SLOW = 'it does not keep up with the messages that it subscribed to';

/** Where the messages of a session wait, what sends them, and the connection that they go to. */
function createWaiting(clientId: string, deps: SessionDeps) {
  const state: { link?: Link; hasEnded: boolean } = { hasEnded: false };
  const drop = (messages: number, reason: string) => {
    if (messages > 0) deps.drops.add(clientId, reason, messages);
  };
  const share = deps.memory.share({
    shed() {
      drop(loose.clear(), SHORT_OF_MEMORY);
      queue.shed();
    },
    cutOff: () => state.link?.overflow('it reads nothing, and memory is short'),
  });
  const queue = createSessionQueue(share, deps.onFinished);
  const loose = createLooseQueue({ ...deps, share });
  const sender = createSender({
    ...deps,
    ...{ queue, loose, share, drop },
    socketBytes: () => deps.memory.socketBytes(),
    link: () => state.link,
    hasEnded: () => state.hasEnded,
  });
  return { state, drop, share, queue, loose, sender, pump: () => sender.pump() };
}

/** @returns a session's `deliver` and `enqueue` */
function createIntake(
  { state, drop, queue, loose, sender, pump }: ReturnType<typeof createWaiting>,
  deps: SessionDeps,
): Pick<Session, 'deliver' | 'enqueue' | 'hasRoom'> {
  let arrivals = 0;
  const hasRoom = () => queue.length < deps.queuedMessages;

  const deliverLoose = (message: InboundMessage, retain: boolean) => {
    if (!state.link) return drop(1, 'it has just left');
    if (sender.sendAtOnce(message, retain)) return;
    const obstacle = loose.push({ order: arrivals++, message, retain });
    if (obstacle) drop(1, obstacle);
    else pump();
  };

  const deliverKept = (item: QueuedItem, message: InboundMessage) => {
    const inJournal = item.pending !== undefined;
    const mayHold = !inJournal || (state.link !== undefined && queue.heldBytes() < deps.queuedBytes);
    const isHeld = mayHold && queue.hold(item, message);
    if (!inJournal && !isHeld) {
      drop(1, SHORT_OF_MEMORY);
      state.link?.overflow(`${TOO_SLOW}, and memory is short`);
      return;
    }
    queue.push(item);
    pump();
    if (!inJournal && (!hasRoom() || queue.heldBytes() > deps.queuedBytes)) state.link?.overflow(TOO_SLOW);
  };

  return {
    hasRoom,
    deliver(message, { qos, retain, pending, onAcknowledged }) {
      if (state.hasEnded) {
        if (pending) deps.onFinished(pending);
      } else if (qos === 0) deliverLoose(message, retain);
      else deliverKept({ order: arrivals++, pending, retain, onAcknowledged }, message);
    },
    enqueue(all) {
      for (const pending of all) queue.push({ order: arrivals++, pending, retain: false });
      pump();
    },
  };
}

export function createSession(record: SessionRecord, deps: SessionDeps): Session {
  const waiting = createWaiting(record.clientId, deps);
  const { state, drop, share, queue, loose, pump } = waiting;
  return {
    ...record,
    ...createIntake(waiting, deps),
    subscriptions: new Map(),
    isConnected: () => state.link !== undefined,
    isBehind: () => queue.length > 0 || loose.length > 0,
    handOver: (shared) => queue.takeShared(shared),
    acknowledge(messageId) {
      const item = queue.acknowledge(messageId);
      if (!item) return; // acknowledged twice, or never sent: nothing in 3.1.1 or 5 makes that an error
      queue.finish(item);
      item.onAcknowledged?.();
      pump();
    },
    attach(to) {
      state.link = to;
      queue.requeue();
      pump();
    },
    detach() {
      state.link = undefined;
      drop(loose.clear(), 'it left before it had read them');
      queue.park();
    },
    took(bytes) {
      share.took(bytes);
      pump();
    },
    end() {
      state.hasEnded = true;
      state.link = undefined;
      drop(loose.clear(), 'its session ended before it had read them');
      queue.clear();
      share.close();
    },
  };
}
