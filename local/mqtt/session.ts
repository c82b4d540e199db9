// One client's subscriptions and what it is still owed: sends in order, repeats what was not acknowledged, bounds the rest.

import type { Identity } from './access.ts';
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
  /**
   * `seq` is the journal's number of a message that is owed to this session. A message with `onAcknowledged` does not
   * outlive the connection.
   */
  deliver(
    message: InboundMessage,
    how: { qos: 0 | 1; retain: boolean; seq?: number; onAcknowledged?: () => void },
  ): void;
  /** Queues a message of an earlier run, which stays in the journal until it is sent. */
  owe(seq: number): void;
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
  readonly settle: (seq: number, sessionId: string) => void;
  readonly read: (seq: number) => Promise<InboundMessage | undefined>;
}

interface Item {
  readonly seq?: number;
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
    if (item.seq !== undefined) deps.settle(item.seq, record.id);
  };

  const nextId = () => {
    do lastId = (lastId % 65_535) + 1;
    while (inflight.has(lastId));
    return lastId;
  };

  const load = async (item: Item) => {
    loading = true;
    const message = await deps.read(item.seq!);
    loading = false;
    if (ended) return;
    if (message) hold(item, message);
    else if (queue.first() === item) finish(queue.shift()!);
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
    deliver(message, { qos, retain, seq, onAcknowledged }) {
      if (ended) {
        if (seq !== undefined) deps.settle(seq, record.id);
        return;
      }
      if (qos === 0) {
        const sent = link?.isWritable() && link.send({ message, qos, retain, dup: false });
        deps.count(sent ? 'mqtt.delivered' : 'mqtt.dropped');
        return;
      }
      const item: Item = { seq, retain, onAcknowledged };
      const inJournal = seq !== undefined;
      if (!inJournal || (link && heldBytes < deps.queuedBytes)) hold(item, message);
      queue.push(item);
      session.pump();
      if (!inJournal && (!session.hasRoom() || heldBytes > deps.queuedBytes)) {
        link?.overflow('it does not keep up with the messages that it subscribed to');
      }
    },
    owe(seq) {
      queue.push({ seq, retain: false });
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
      for (const item of [...inflight.values(), ...waiting])
        if (item.seq !== undefined) hold(item, undefined);
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
