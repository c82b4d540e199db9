// One client's subscriptions and what it is still owed: sends in order, repeats what was not acknowledged, bounds the rest.

import type { Identity } from './access.ts';
import type { Debt } from './debt.ts';
import { type InboundMessage, isExpired } from './message.ts';
import { createQueue } from './queue.ts';
import type { SubscriptionOptions } from './subscriptions.ts';
import type { Version } from './shape.ts';

export interface Delivery {
  readonly message: InboundMessage;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly dup: boolean;
  /** With QoS 1 only. */
  readonly messageId?: number;
}

/** The connection, as its session sees it. */
export interface Link {
  /** Most QoS 1 messages that may wait for the client's acknowledgement. */
  readonly window: number;
  /** False while too much waits in the socket. */
  isWritable(): boolean;
  /** False when the message is larger than the client takes. */
  send(delivery: Delivery): boolean;
  /** The client reads or acknowledges too slowly for what it subscribed to. */
  overflow(reason: string): void;
}

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
  /** Call when the socket takes data again. */
  pump(): void;
  /** Gives up all that is owed. */
  end(): void;
}

export interface SessionDeps {
  readonly now: () => number;
  readonly count: (name: string) => void;
  readonly queuedMessages: number;
  readonly queuedBytes: number;
  readonly settle: (debt: Debt) => void;
  readonly read: (seq: number) => Promise<InboundMessage | undefined>;
}

interface Item {
  readonly debt?: Debt;
  /** Absent where the journal has it and memory is short. */
  message?: InboundMessage;
  readonly retain: boolean;
  readonly onAcknowledged?: () => void;
  /** Set once sent; a repetition uses the same. */
  messageId?: number;
}

export type SessionRecord = Pick<Session, 'id' | 'clientId' | 'version' | 'expirySeconds' | 'identity'>;

export function createSession(record: SessionRecord, deps: SessionDeps): Session {
  const queue = createQueue<Item>();
  const inflight = new Map<number, Item>();
  let link: Link | undefined;
  let ended = false;
  let loading = false;
  let heldBytes = 0;
  let lastId = 0;

  const hold = (item: Item, message: InboundMessage | undefined) => {
    heldBytes += (message?.payload.length ?? 0) - (item.message?.payload.length ?? 0);
    item.message = message;
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
    if (queue.first() === item) {
      if (message) hold(item, message);
      else finish(queue.shift()!);
    }
    session.pump();
  };

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
    if (to.send({ message, qos: 1, retain: item.retain, dup, messageId: item.messageId })) {
      deps.count('mqtt.delivered');
      return;
    }
    inflight.delete(item.messageId);
    deps.count('mqtt.dropped');
    finish(item);
  };

  const session: Session = {
    ...record,
    subscriptions: new Map(),
    isConnected: () => link !== undefined,
    hasRoom: () => queue.length < deps.queuedMessages,
    deliver(message, { qos, retain, debt, onAcknowledged }) {
      if (ended) {
        if (debt) deps.settle(debt);
        return;
      }
      if (qos === 0) {
        const sent = link?.isWritable() && link.send({ message, qos, retain, dup: false });
        deps.count(sent ? 'mqtt.delivered' : 'mqtt.dropped');
        return;
      }
      const item: Item = { debt, retain, onAcknowledged };
      const inJournal = debt !== undefined;
      if (!inJournal || (link && heldBytes < deps.queuedBytes)) hold(item, message);
      queue.push(item);
      session.pump();
      if (!inJournal && (!session.hasRoom() || heldBytes > deps.queuedBytes)) {
        link?.overflow('it does not keep up with the messages that it subscribed to');
      }
    },
    owe(debts) {
      for (const debt of debts) queue.push({ debt, retain: false });
      session.pump();
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
      session.pump();
    },
    attach(to) {
      link = to;
      const unacknowledged = [...inflight.values()];
      inflight.clear();
      const waiting = queue.clear();
      for (const item of [...unacknowledged, ...waiting]) queue.push(item);
      session.pump();
    },
    detach() {
      link = undefined;
      for (const [messageId, item] of inflight) if (item.onAcknowledged) inflight.delete(messageId);
      const waiting = queue.clear().filter((item) => !item.onAcknowledged);
      for (const item of waiting) queue.push(item);
      for (const item of [...inflight.values(), ...waiting]) if (item.debt) hold(item, undefined);
    },
    pump() {
      while (link && !loading && inflight.size < link.window && link.isWritable()) {
        const item = queue.first();
        if (!item) return;
        if (item.message) sendFirst(link, item.message);
        else void load(item);
      }
    },
    end() {
      ended = true;
      link = undefined;
      for (const item of [...inflight.values(), ...queue.clear()]) finish(item);
      inflight.clear();
    },
  };
  return session;
}
