// Does one thing after the other, and what failed again later: with a server away for an hour, nothing is lost or hurried.
import type { Clock } from '../clock.ts';

export interface RetryQueue<T> {
  add(items: readonly T[]): void;
  /** Takes nothing more, and waits for the item under way, `patience` milliseconds at most. */
  close(patience: number): Promise<void>;
}

/** Milliseconds; the wait doubles with each failure in a row. */
const waits = { first: 1_000, longest: 300_000 } as const;

/** @param attempt does one item; `later` puts it at the end of the queue. It must not throw. */
export function createRetryQueue<T>(
  clock: Clock,
  attempt: (item: T) => Promise<'done' | 'later'>,
): RetryQueue<T> {
  let queue: T[] = [];
  let running: Promise<void> | undefined;
  let closed = false;
  let stopWaiting = () => {};

  const wait = (ms: number) =>
    new Promise<void>((resolve) => {
      const cancel = clock.after(ms, resolve);
      stopWaiting = () => {
        cancel();
        resolve();
      };
    });

  async function run(): Promise<void> {
    let failures = 0;
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      if ((await attempt(item)) === 'done') {
        failures = 0;
      } else if (!closed) {
        queue.push(item);
        await wait(Math.min(waits.first * 2 ** failures, waits.longest));
        failures += 1;
      }
    }
    running = undefined; // in the same turn as the last look at the queue, so that no item falls in between
  }

  return {
    add(items) {
      if (closed) return;
      queue.push(...items);
      if (queue.length > 0) running ??= run();
    },
    async close(patience) {
      closed = true;
      queue = [];
      stopWaiting();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, patience);
      });
      await Promise.race([running, late]);
      clearTimeout(timer);
    },
  };
}
