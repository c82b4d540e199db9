// A queue in which nobody waits for somebody else's backlog: who has something waiting takes turns, one item each.
import { createQueue } from '../mqtt/queue.ts';

/** Who an item is from, the widest first: `[kind, principal, client]`. Turns go round at each level. */
export type Source = readonly string[];

export interface FairQueue<T> {
  readonly length: number;
  /** Items of the same source come out in the order in which they went in. */
  push(source: Source, item: T): void;
  /** Of the source whose turn it is; undefined when the queue is empty. */
  shift(): T | undefined;
  /** Items of this source, or of all sources that begin with it. */
  waiting(source: Source): number;
}

interface Lane<T> {
  readonly name: string;
  readonly items: FairQueue<T>;
}

/** First in, first out: where the source says no more. */
function createLast<T>(): FairQueue<T> {
  const items = createQueue<T>();
  return {
    get length() {
      return items.length;
    },
    push: (_source, item) => items.push(item),
    shift: () => items.shift(),
    waiting: () => items.length,
  };
}

/**
 * Constant time and a bounded amount of memory for each item, however many sources there are; a source without items takes none.
 *
 * @param levels names of a source that are told apart; a source that has fewer counts as having empty ones.
 */
export function createFairQueue<T>(levels: number): FairQueue<T> {
  if (levels === 0) return createLast();
  const lanes = new Map<string, Lane<T>>();
  const turns = createQueue<Lane<T>>();
  let length = 0;
  return {
    get length() {
      return length;
    },
    push([name = '', ...rest], item) {
      let lane = lanes.get(name);
      if (!lane) {
        lane = { name, items: createFairQueue(levels - 1) };
        lanes.set(name, lane);
        turns.push(lane);
      }
      lane.items.push(rest, item);
      length += 1;
    },
    shift() {
      const lane = turns.shift();
      if (!lane) return undefined;
      const item = lane.items.shift();
      length -= 1;
      if (lane.items.length > 0) turns.push(lane);
      else lanes.delete(lane.name);
      return item;
    },
    waiting([name, ...rest]) {
      return name === undefined ? length : (lanes.get(name)?.items.waiting(rest) ?? 0);
    },
  };
}
