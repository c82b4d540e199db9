// One client's subscriptions and what it is still owed: sends in order, repeats what was not acknowledged, bounds the rest.

import type { Identity } from './access.ts';
import type { Debt } from './debt.ts';
import type { DeliveryMemory } from './delivery-memory.ts';
import type { Drops } from './drops.ts';
import type { Delivery, Link } from './link.ts';
import { createLooseQueue } from './loose-queue.ts';
import { type InboundMessage, isExpired } from './message.ts';
import { createQueue } from './queue.ts';
import type { SubscriptionOptions } from './subscriptions.ts';
import type { Version } from './shape.ts';

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
    how: { qos: 0 | 1; retain: boolean; debt?: Debt; onAcknowledged?: () => void },
  ): void;
  /** Takes messages that the journal has: of an earlier run, or of another member of a group. */
  owe(debts: readonly Debt[]): void;
  /** Gives up what it is owed as a member of a group, acknowledged or not at all, in the order of publishing. */
  surrender(shared: string): Debt[];
  acknowledge(messageId: number): void;
  attach(link: Link): void;
  detach(): void;
  /** Call when the socket has taken so many bytes of messages: sends more. */
  took(bytes: number): void;
  /** Gives up all that is owed. */
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
  readonly settle: (debt: Debt) => void;
  readonly read: (seq: number) => Promise<InboundMessage | undefined>;
}

interface Item {
  /** Of arrival. */
  readonly order: number;
  readonly debt?: Debt;
  /** Absent where the journal has it and memory is short. */
  message?: InboundMessage;
  readonly retain: boolean;
  readonly onAcknowledged?: () => void;
  /** Set once sent; a repetition uses the same. */
  messageId?: number;
}

export type SessionRecord = Pick<Session, 'id' | 'clientId' | 'version' | 'expirySeconds' | 'identity'>;

const TOO_LARGE = 'larger than its maximum packet size';
const SHORT_OF_MEMORY = 'too much waits for all clients together';

export function createSession(record: SessionRecord, deps: SessionDeps): Session {
  const { clientId } = record;
  const { drops } = deps;
  const share = deps.memory.share({
    shed() {
      drop(loose.clear(), SHORT_OF_MEMORY);
      for (const item of queue.items()) if (item.debt) hold(item, undefined);
    },
    cutOff: () => link?.overflow('it reads nothing, and memory is short'),
  });
  const queue = createQueue<Item>();
  const loose = createLooseQueue({ ...deps, share });
  const inflight = new Map<number, Item>();
  let link: Link | undefined;
  let ended = false;
  let loading = false;
  let heldBytes = 0;
  let lastId = 0;
  let arrivals = 0;

  const drop = (messages: number, reason: string) => {
    if (messages > 0) drops.add(clientId, reason, messages);
  };

  const isWritable = (to: Link | undefined): to is Link => to?.isWritable(deps.memory.socketBytes()) ?? false;

  /** False where there is no memory for it. */
  const hold = (item: Item, message: InboundMessage | undefined): boolean => {
    if (item.message === message) return true;
    if (message && !share.hold(message)) return false;
    if (item.message) share.release(item.message);
    heldBytes += (message?.payload.length ?? 0) - (item.message?.payload.length ?? 0);
    item.message = message;
    return true;
  };

  const finish = (item: Item) => {
    hold(item, undefined);
    if (item.debt) deps.settle(item.debt);
  };

  const nextId = () => {
    do lastId = (lastId % 65_535) + 1;
    while (inflight.has(lastId));
    return lastId;
  };

  const load = async (item: Item) => {
    loading = true;
    const message = await deps.read(item.debt!.seq);
    loading = false;
    if (ended) return;
    if (queue.first() !== item) pump();
    else if (message) sendKept(message);
    else {
      finish(queue.shift()!);
      pump();
    }
  };

  /** @returns whether it was sent. */
  const send = (to: Link, delivery: Delivery): boolean => {
    const bytes = to.send(delivery);
    share.wrote(bytes);
    if (bytes > 0) deps.count('mqtt.delivered');
    else drop(1, TOO_LARGE);
    return bytes > 0;
  };

  /** Sends the first of the queue, which is `message`. */
  const sendFirst = (to: Link, message: InboundMessage) => {
    const item = queue.shift()!;
    if (isExpired(message, deps.now())) {
      deps.count('mqtt.expired');
      finish(item);
      return;
    }
    const dup = item.messageId !== undefined;
    item.messageId ??= nextId();
    inflight.set(item.messageId, item);
    if (send(to, { message, qos: 1, retain: item.retain, dup, messageId: item.messageId })) return;
    inflight.delete(item.messageId);
    finish(item);
  };

  const sendKept = (message: InboundMessage) => {
    if (isWritable(link) && inflight.size < link.window) sendFirst(link, message);
    else hold(queue.first()!, message); // without memory for it it is read once more
    pump();
  };

  const sendLoose = (to: Link) => {
    const { message, retain } = loose.first()!;
    loose.shift();
    if (isExpired(message, deps.now())) deps.count('mqtt.expired');
    else send(to, { message, qos: 0, retain, dup: false });
  };

  /** Sends what waits, in the order of arrival, as far as the socket and the window go. */
  const pump = () => {
    while (isWritable(link)) {
      const kept = !loading && inflight.size < link.window ? queue.first() : undefined;
      const unkept = loose.first();
      if (unkept && !(kept && kept.order < unkept.order)) sendLoose(link);
      else if (kept?.message) sendFirst(link, kept.message);
      else if (kept) void load(kept);
      else return;
    }
  };

  const deliverLoose = (message: InboundMessage, retain: boolean) => {
    if (!link) return drop(1, 'it has just left');
    if (loose.length === 0 && isWritable(link)) {
      send(link, { message, qos: 0, retain, dup: false });
      return;
    }
    const obstacle = loose.push({ order: arrivals++, message, retain });
    if (obstacle) drop(1, obstacle);
    else pump();
  };

  const session: Session = {
    ...record,
    subscriptions: new Map(),
    isConnected: () => link !== undefined,
    hasRoom: () => queue.length < deps.queuedMessages,
    isBehind: () => queue.length > 0 || loose.length > 0,
    deliver(message, { qos, retain, debt, onAcknowledged }) {
      if (ended) {
        if (debt) deps.settle(debt);
        return;
      }
      if (qos === 0) {
        deliverLoose(message, retain);
        return;
      }
      const item: Item = { order: arrivals++, debt, retain, onAcknowledged };
      const inJournal = debt !== undefined;
      const isHeld = (!inJournal || (link && heldBytes < deps.queuedBytes)) && hold(item, message);
      if (!inJournal && !isHeld) {
        drop(1, SHORT_OF_MEMORY);
        link?.overflow('it does not keep up with the messages that it subscribed to, and memory is short');
        return;
      }
      queue.push(item);
      pump();
      if (!inJournal && (!session.hasRoom() || heldBytes > deps.queuedBytes)) {
        link?.overflow('it does not keep up with the messages that it subscribed to');
      }
    },
    owe(debts) {
      for (const debt of debts) queue.push({ order: arrivals++, debt, retain: false });
      pump();
    },
    surrender(shared) {
      const isGiven = ({ debt }: Item) => debt?.shared === shared;
      const given = [...inflight.values()].filter(isGiven);
      for (const { messageId } of given) inflight.delete(messageId!);
      for (const item of queue.clear()) (isGiven(item) ? given : queue).push(item);
      for (const item of given) hold(item, undefined);
      return given.map(({ debt }) => debt!).toSorted((a, b) => a.seq - b.seq);
    },
    acknowledge(messageId) {
      const item = inflight.get(messageId);
      if (!item) return; // acknowledged twice, or never sent: nothing in 3.1.1 or 5 makes that an error
      inflight.delete(messageId);
      finish(item);
      item.onAcknowledged?.();
      pump();
    },
    attach(to) {
      link = to;
      const unacknowledged = [...inflight.values()];
      inflight.clear();
      const waiting = queue.clear();
      for (const item of [...unacknowledged, ...waiting]) queue.push(item);
      pump();
    },
    detach() {
      link = undefined;
      drop(loose.clear(), 'it left before it had read them');
      for (const [messageId, item] of inflight) {
        if (!item.onAcknowledged) continue;
        inflight.delete(messageId);
        hold(item, undefined);
      }
      for (const item of queue.clear()) {
        if (item.onAcknowledged) hold(item, undefined);
        else queue.push(item);
      }
      for (const item of [...inflight.values(), ...queue.items()]) if (item.debt) hold(item, undefined);
    },
    took(bytes) {
      share.took(bytes);
      pump();
    },
    end() {
      ended = true;
      link = undefined;
      drop(loose.clear(), 'its session ended before it had read them');
      const unsent = [...inflight.values(), ...queue.clear()];
      for (const item of unsent) finish(item);
      inflight.clear();
      share.close();
    },
  };
  return session;
}
