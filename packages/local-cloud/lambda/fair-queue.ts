// A queue in which no source waits for the backlog of another: the sources with waiting items take turns, one item each.

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

interface SourceQueue<T> {
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
 * @param levels names of a source that count; a source that has fewer counts as having empty ones.
 */
export function createFairQueue<T>(levels: number): FairQueue<T> {
  if (levels === 0) return createLast();
  const bySource = new Map<string, SourceQueue<T>>();
  const inTurn = createQueue<SourceQueue<T>>();
  let length = 0;
  return {
    get length() {
      return length;
    },
    push([name = '', ...rest], item) {
      let queue = bySource.get(name);
      if (!queue) {
        queue = { name, items: createFairQueue(levels - 1) };
        bySource.set(name, queue);
        inTurn.push(queue);
      }
      queue.items.push(rest, item);
      length += 1;
    },
    shift() {
      const queue = inTurn.shift();
      if (!queue) return undefined;
      const item = queue.items.shift();
      length -= 1;
      if (queue.items.length > 0) inTurn.push(queue);
      else bySource.delete(queue.name);
      return item;
    },
    waiting(source) {
      if (source.length === 0) return length; // called for each packet of a client
      const [name, ...rest] = source;
      return bySource.get(name!)?.items.waiting(rest) ?? 0;
    },
  };
}
