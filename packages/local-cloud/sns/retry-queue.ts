// Does one thing after the other, and what failed again later: with a server away for an hour, nothing is lost or hurried.

import type { Clock } from '../clock.ts';

/** `later`: this item alone has to wait. `away`: the receiver does not answer, so all items wait. */
export type Outcome = 'done' | 'later' | 'away';

export interface RetryQueue<T> {
  add(items: readonly T[]): void;
  /** Takes nothing more, and waits for the item under way, `patience` milliseconds at most. */
  close(patience: number): Promise<void>;
}

/** Milliseconds; the wait doubles with each failure in a row. */
const waits = { first: 1_000, longest: 300_000 } as const;
const waitAfter = (failures: number) => Math.min(waits.first * 2 ** failures, waits.longest);

/** A wait that can be cut short. */
function createPause(clock: Clock): { for(ms: number): Promise<void>; end(): void } {
  let end = () => {};
  return {
    for: (ms) =>
      new Promise<void>((resolve) => {
        const cancel = clock.after(ms, resolve);
        end = () => {
          cancel();
          resolve();
        };
      }),
    end: () => end(),
  };
}

/** @param attempt does one item; it must not throw */
export function createRetryQueue<T>(clock: Clock, attempt: (item: T) => Promise<Outcome>): RetryQueue<T> {
  interface Entry {
    readonly item: T;
    readonly failures: number;
  }
  let queue: Entry[] = [];
  let running: Promise<void> | undefined;
  let closed = false;
  const pause = createPause(clock);
  const waiting = new Set<() => void>();

  function add(entries: readonly Entry[]): void {
    if (closed) return;
    queue.push(...entries);
    if (queue.length > 0) running ??= run();
  }

  function addLater({ item, failures }: Entry): void {
    const cancel = clock.after(waitAfter(failures), () => {
      waiting.delete(cancel);
      add([{ item, failures: failures + 1 }]);
    });
    waiting.add(cancel);
  }

  async function run(): Promise<void> {
    let failures = 0;
    for (let entry = queue.shift(); entry; entry = queue.shift()) {
      const outcome = await attempt(entry.item);
      if (closed) break;
      if (outcome === 'away') {
        queue.unshift(entry);
        await pause.for(waitAfter(failures++));
        continue;
      }
      failures = 0;
      if (outcome === 'later') addLater(entry);
    }
    running = undefined; // in the same turn as the last look at the queue, so that no item falls in between
  }

  return {
    add: (items) => add(items.map((item) => ({ item, failures: 0 }))),
    async close(patience) {
      closed = true;
      queue = [];
      for (const cancel of waiting) cancel();
      pause.end();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, patience);
      });
      await Promise.race([running, late]);
      clearTimeout(timer);
    },
  };
}
