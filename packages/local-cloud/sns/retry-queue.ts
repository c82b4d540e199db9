// Does items one after the other and retries failed ones later, so that a server may be away for an hour and nothing is lost.

import type { Clock } from '../clock.ts';

/** `later`: this item alone has to wait. `away`: the receiver does not answer, so all items wait. */
export type Outcome = 'done' | 'later' | 'away';

export interface RetryQueue<T> {
  add(items: readonly T[]): void;
  /** Takes nothing more, and waits at most `ms` for the item that is being done. */
  close(ms: number): Promise<void>;
}

/** Milliseconds; the wait doubles with each failure in a row. */
const WAITS = { first: 1_000, longest: 300_000 } as const;
const waitAfter = (failures: number) => Math.min(WAITS.first * 2 ** failures, WAITS.longest);

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

interface Entry<T> {
  readonly item: T;
  readonly failures: number;
}

/** Entries that wait for another attempt. */
function createDelays<T>(clock: Clock, add: (entry: Entry<T>) => void) {
  const waiting = new Set<() => void>();
  return {
    addLater({ item, failures }: Entry<T>): void {
      const cancel = clock.after(waitAfter(failures), () => {
        waiting.delete(cancel);
        add({ item, failures: failures + 1 });
      });
      waiting.add(cancel);
    },
    cancelAll(): void {
      for (const cancel of waiting) cancel();
    },
  };
}

async function endOf(running: Promise<void> | undefined, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([running, late]);
  clearTimeout(timer);
}

/** @param attempt does one item; it must not throw */
export function createRetryQueue<T>(clock: Clock, attempt: (item: T) => Promise<Outcome>): RetryQueue<T> {
  let queue: Entry<T>[] = [];
  let running: Promise<void> | undefined;
  let closed = false;
  const pause = createPause(clock);
  const delays = createDelays<T>(clock, (entry) => add([entry]));

  function add(entries: readonly Entry<T>[]): void {
    if (closed) return;
    queue.push(...entries);
    if (queue.length > 0) running ??= run();
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
      if (outcome === 'later') delays.addLater(entry);
    }
    running = undefined; // with no await after the last look at the queue, so that no item is left there
  }

  return {
    add: (items) => add(items.map((item) => ({ item, failures: 0 }))),
    async close(ms) {
      closed = true;
      queue = [];
      delays.cancelAll();
      pause.end();
      await endOf(running, ms);
    },
  };
}
