// The QoS 1 messages of one session: those that wait, those that are sent and not acknowledged, and the memory of both.

import type { Share } from './delivery-memory.ts';
import type { InboundMessage } from './message.ts';
import type { PendingDelivery } from './pending-delivery.ts';
import { createQueue } from './queue.ts';

export interface QueuedItem {
  /** Of arrival. */
  readonly order: number;
  readonly pending?: PendingDelivery;
  /** Absent where the journal has it and memory is short. */
  message?: InboundMessage;
  readonly retain: boolean;
  readonly onAcknowledged?: () => void;
  /** Set once sent; a repetition uses the same. */
  messageId?: number;
}

export interface SessionQueue {
  /** Messages that wait. */
  readonly length: number;
  heldBytes(): number;
  inflightSize(): number;
  first(): QueuedItem | undefined;
  shift(): QueuedItem | undefined;
  push(item: QueuedItem): void;
  /** Keeps the message in memory, or with `undefined` releases it. False where there is no memory for it. */
  hold(item: QueuedItem, message: InboundMessage | undefined): boolean;
  /** Counts the item as sent, and gives it its message ID. */
  send(item: QueuedItem): number;
  /** Takes back `send`, for an item that could not be sent. */
  unsend(item: QueuedItem): void;
  /** The item that a PUBACK is for, if there is one. */
  acknowledge(messageId: number): QueuedItem | undefined;
  /** Releases the item's message, and calls `onFinished` for one that the journal has. */
  finish(item: QueuedItem): void;
  /** Releases the payloads of waiting messages that the journal has. */
  shed(): void;
  /** Puts what is not acknowledged in front of what waits, for a new connection. */
  requeue(): void;
  /** Forgets what does not outlive the connection, and releases all payloads. */
  park(): void;
  /** Removes and returns the unfinished deliveries of a group, sent or not, in the order of publishing. */
  takeShared(shared: string): PendingDelivery[];
  /** Finishes everything. */
  clear(): void;
}

function* inJournal(items: Iterable<QueuedItem>): Generator<QueuedItem> {
  for (const item of items) if (item.pending) yield item;
}

/** @returns a function that gives the next message ID that is not in use */
function createMessageIds(isInUse: (id: number) => boolean): () => number {
  let last = 0;
  return () => {
    do last = (last % 65_535) + 1;
    while (isInUse(last));
    return last;
  };
}

/** Which messages of a session are in memory, and their bytes. */
function createHolding(share: Pick<Share, 'hold' | 'release'>) {
  let heldBytes = 0;
  const hold: SessionQueue['hold'] = (item, message) => {
    if (item.message === message) return true;
    if (message && !share.hold(message)) return false;
    if (item.message) share.release(item.message);
    heldBytes += (message?.payload.length ?? 0) - (item.message?.payload.length ?? 0);
    item.message = message;
    return true;
  };
  return {
    hold,
    heldBytes: () => heldBytes,
    release: (items: Iterable<QueuedItem>): void => {
      for (const item of items) hold(item, undefined);
    },
  };
}

/** Items that wait, and items that are sent and not acknowledged, by message ID. */
function createItems() {
  const queue = createQueue<QueuedItem>();
  const inflight = new Map<number, QueuedItem>();
  return {
    queue,
    inflight,
    /** Those sent first. */
    all: () => [...inflight.values(), ...queue.items()],
    /** The same, and removes them. */
    removeAll(): QueuedItem[] {
      const all = [...inflight.values(), ...queue.clear()];
      inflight.clear();
      return all;
    },
    /** Removes the items that `isTaken`; those sent come first. */
    takeOut(isTaken: (item: QueuedItem) => boolean): QueuedItem[] {
      const taken = [...inflight.values()].filter(isTaken);
      for (const { messageId } of taken) inflight.delete(messageId!);
      for (const item of queue.clear()) (isTaken(item) ? taken : queue).push(item);
      return taken;
    },
  };
}

/** Items that are sent and not acknowledged, by message ID. */
function createInflight(
  inflight: Map<number, QueuedItem>,
): Pick<SessionQueue, 'inflightSize' | 'send' | 'unsend' | 'acknowledge'> {
  const nextId = createMessageIds((id) => inflight.has(id));
  return {
    inflightSize: () => inflight.size,
    send(item) {
      item.messageId ??= nextId();
      inflight.set(item.messageId, item);
      return item.messageId;
    },
    unsend: ({ messageId }) => void inflight.delete(messageId!),
    acknowledge(messageId) {
      const item = inflight.get(messageId);
      inflight.delete(messageId);
      return item;
    },
  };
}

export function createSessionQueue(
  share: Pick<Share, 'hold' | 'release'>,
  onFinished: (pending: PendingDelivery) => void,
): SessionQueue {
  const items = createItems();
  const { queue } = items;
  const { hold, release, heldBytes } = createHolding(share);

  const finish = (item: QueuedItem) => {
    hold(item, undefined);
    if (item.pending) onFinished(item.pending);
  };
  const takeOut = (isTaken: (item: QueuedItem) => boolean): QueuedItem[] => {
    const taken = items.takeOut(isTaken);
    release(taken);
    return taken;
  };

  return {
    get length() {
      return queue.length;
    },
    ...{ heldBytes, hold, finish },
    ...createInflight(items.inflight),
    first: () => queue.first(),
    shift: () => queue.shift(),
    push: (item) => queue.push(item),
    shed: () => release(inJournal(queue.items())),
    requeue: () => items.removeAll().forEach((item) => queue.push(item)),
    park() {
      takeOut(({ onAcknowledged }) => onAcknowledged !== undefined);
      release(inJournal(items.all()));
    },
    takeShared: (shared) =>
      takeOut(({ pending }) => pending?.shared === shared)
        .map(({ pending }) => pending!)
        .toSorted((a, b) => a.seq - b.seq),
    clear: () => items.removeAll().forEach(finish),
  };
}
