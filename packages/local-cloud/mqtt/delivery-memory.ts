// Bounds the memory of what waits for all clients together: the client that has taken nothing for longest loses first.

import type { Clock } from '../clock.ts';
import type { InboundMessage } from './message.ts';

/** What waits for one client. */
export interface Waiter {
  /** Drops, and counts, messages whose delivery is not guaranteed, and frees the payloads that the disk has. */
  shed(): void;
  /** Asked only where shedding was not enough, of a client that has taken nothing for a while. */
  cutOff(): void;
}

/** The part of one client. */
export interface Share {
  /** False when there is no room, although other clients have shed what they could. A message that waits for many counts once. */
  hold(message: InboundMessage): boolean;
  release(message: InboundMessage): void;
  /** So many bytes were put into the client's socket. */
  wrote(bytes: number): void;
  /** So many bytes have left it. */
  took(bytes: number): void;
  /** Call when nothing is held any more. */
  close(): void;
}

export interface DeliveryMemory {
  share(waiter: Waiter): Share;
  /** So many bytes in a socket are enough: the next message waits outside it. */
  socketBytes(): number;
}

interface Holding {
  readonly waiter: Waiter;
  messages: number;
  socketBytes: number;
  movedAt: number;
  isClosed: boolean;
}

/** What a place in a queue costs, beside the message. */
const PLACE_BYTES = 200;
/** What a message costs beside its payload, topic and user properties. */
const MESSAGE_BYTES = 700;
/** A client that takes nothing for so long may be cut off when memory is short. */
const STALLED_MS = 10_000;
/** After a search for memory that found none. */
const PAUSE_MS = 100;

function sizeOf({ topic, payload, properties }: InboundMessage): number {
  let size = MESSAGE_BYTES + payload.length + topic.length;
  for (const [name, value] of properties?.userProperties ?? []) size += 2 * (name.length + value.length);
  return size;
}

/** What the parts of all clients use together. */
interface SharedMemory {
  readonly now: () => number;
  readonly makeRoom: () => boolean;
  /** Adds one place of a message, or takes it away. */
  readonly addPlace: (message: InboundMessage, by: 1 | -1) => void;
  readonly use: (bytes: number) => void;
  /** Called after each change; `hasMoved` says whether the client took something, or was idle before. */
  readonly note: (holding: Holding, hasMoved: boolean) => void;
}

function createShare(waiter: Waiter, memory: SharedMemory): Share {
  const { note, use } = memory;
  const holding: Holding = { waiter, messages: 0, socketBytes: 0, movedAt: memory.now(), isClosed: false };
  const isIdle = () => holding.messages === 0 && holding.socketBytes === 0;
  const addSocketBytes = (bytes: number, hasMoved: boolean) => {
    use(bytes);
    holding.socketBytes += bytes;
    note(holding, hasMoved);
  };
  return {
    hold(message) {
      if (!memory.makeRoom()) return false;
      memory.addPlace(message, 1);
      const wasIdle = isIdle();
      holding.messages += 1;
      note(holding, wasIdle);
      return true;
    },
    release(message) {
      memory.addPlace(message, -1);
      holding.messages -= 1;
      note(holding, false);
    },
    wrote(bytes) {
      if (!holding.isClosed) addSocketBytes(bytes, isIdle());
    },
    took(bytes) {
      if (!holding.isClosed) addSocketBytes(-bytes, true);
    },
    close() {
      holding.isClosed = true;
      addSocketBytes(-holding.socketBytes, false);
    },
  };
}

/**
 * @returns a function that frees memory when it is short, first that of the clients that have taken nothing for longest;
 * it returns false when there is still none
 */
function createMakeRoom(
  clock: Clock,
  holdings: ReadonlySet<Holding>,
  used: { readonly bytes: number },
  limitBytes: number,
): () => boolean {
  let searchAgainAt = -Infinity;
  return () => {
    const now = clock.elapsed();
    if (used.bytes < limitBytes) return true;
    if (now < searchAgainAt) return false;
    for (const { waiter } of holdings) {
      waiter.shed();
      if (used.bytes < limitBytes) return true;
    }
    for (const { waiter, movedAt } of [...holdings]) {
      if (now - movedAt >= STALLED_MS) waiter.cutOff();
      if (used.bytes < limitBytes) return true;
    }
    searchAgainAt = now + PAUSE_MS;
    return false;
  };
}

export function createDeliveryMemory(deps: {
  readonly clock: Clock;
  readonly limitBytes: number;
  readonly socketBytes: number;
  /** While over a quarter of the memory is in use. */
  readonly scarceSocketBytes: number;
}): DeliveryMemory {
  const { clock, limitBytes } = deps;
  /** How many places each message has. */
  const places = new Map<InboundMessage, number>();
  /** Those that hold something; the one that moved last comes last. */
  const holdings = new Set<Holding>();
  const used = { bytes: 0 };
  const makeRoom = createMakeRoom(clock, holdings, used, limitBytes);

  const note = (holding: Holding, hasMoved: boolean) => {
    if (hasMoved) {
      holding.movedAt = clock.elapsed();
      holdings.delete(holding);
    }
    if (holding.messages === 0 && holding.socketBytes === 0) holdings.delete(holding);
    else holdings.add(holding);
  };

  const addPlace = (message: InboundMessage, by: 1 | -1) => {
    const before = places.get(message) ?? 0;
    const after = before + by;
    if (after > 0) places.set(message, after);
    else places.delete(message);
    used.bytes += by * (PLACE_BYTES + (Math.min(before, after) === 0 ? sizeOf(message) : 0));
  };

  const use = (bytes: number) => void (used.bytes += bytes);
  const now = () => clock.elapsed();
  return {
    socketBytes: () => (used.bytes < limitBytes / 4 ? deps.socketBytes : deps.scarceSocketBytes),
    share: (waiter) => createShare(waiter, { now, makeRoom, addPlace, use, note }),
  };
}
