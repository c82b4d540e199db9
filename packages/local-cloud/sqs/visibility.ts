// Which messages of a queue may be received now, and when each of the others becomes visible again.

import type { Clock } from '../clock.ts';

export interface Visibility {
  /** Ids of the messages that may be received, oldest first. */
  readonly visible: ReadonlySet<string>;
  /** Ids of the others. */
  readonly hidden: ReadonlyMap<string, unknown>;
  show(id: string): void;
  hide(id: string, ms: number): void;
  forget(id: string): void;
  /** Shows what is due. */
  release(): void;
  /** Resolves when a message becomes visible, or after `ms`, or at the end. */
  wait(ms: number): Promise<void>;
  close(): void;
}

/** Receivers that wait for a message. */
function createWaiting(clock: Clock) {
  const waiting = new Set<() => void>();
  return {
    wake() {
      for (const each of waiting) each();
    },
    wait: (ms: number) =>
      new Promise<void>((resolve) => {
        const end = () => {
          cancel();
          waiting.delete(end);
          resolve();
        };
        const cancel = ms === Infinity ? () => {} : clock.after(ms, end);
        waiting.add(end);
      }),
  };
}

/** Calls `release` when the first hidden message is due. */
function createTimer(clock: Clock, release: () => void) {
  let nextDue = Infinity;
  let closed = false;
  let cancel = () => {};
  const set = (due: number) => {
    nextDue = due;
    cancel();
    if (closed || nextDue === Infinity) return;
    cancel = clock.after(Math.max(0, nextDue - clock.elapsed()), release);
  };
  return {
    isDue: (now: number) => now >= nextDue,
    set,
    setIfSooner(due: number): void {
      if (due < nextDue) set(due);
    },
    close(): void {
      closed = true;
      cancel();
    },
  };
}

function earliest(times: Iterable<number>): number {
  let found = Infinity;
  for (const time of times) found = Math.min(found, time);
  return found;
}

export function createVisibility(clock: Clock): Visibility {
  const visible = new Set<string>();
  /** When each becomes visible, in `clock.elapsed()`, which nobody can set. */
  const hidden = new Map<string, number>();
  const waiting = createWaiting(clock);
  const timer = createTimer(clock, release);

  function release(): void {
    const now = clock.elapsed();
    if (!timer.isDue(now)) return;
    for (const [id, due] of hidden) if (due <= now && hidden.delete(id)) visible.add(id);
    timer.set(earliest(hidden.values()));
    if (visible.size > 0) waiting.wake();
  }

  return {
    visible,
    hidden,
    release,
    wait: (ms) => waiting.wait(ms),
    show(id) {
      hidden.delete(id);
      visible.add(id);
      waiting.wake();
    },
    hide(id, ms) {
      const due = clock.elapsed() + ms;
      visible.delete(id);
      hidden.set(id, due);
      timer.setIfSooner(due);
    },
    forget(id) {
      visible.delete(id);
      hidden.delete(id);
    },
    close() {
      timer.close();
      waiting.wake();
    },
  };
}
