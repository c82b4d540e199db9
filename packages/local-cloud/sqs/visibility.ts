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

/** Wakes those that wait for a message. */
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

export function createVisibility(clock: Clock): Visibility {
  const visible = new Set<string>();
  /** With when each becomes visible on the clock that nobody sets. */
  const hidden = new Map<string, number>();
  const waiting = createWaiting(clock);
  let closed = false;
  let nextDue = Infinity;
  let cancel = () => {};

  function release(): void {
    const now = clock.elapsed();
    if (now < nextDue) return;
    nextDue = Infinity;
    for (const [id, due] of hidden) {
      if (due > now) nextDue = Math.min(nextDue, due);
      else if (hidden.delete(id)) visible.add(id);
    }
    schedule();
    if (visible.size > 0) waiting.wake();
  }

  function schedule(): void {
    cancel();
    if (closed || nextDue === Infinity) return;
    cancel = clock.after(Math.max(0, nextDue - clock.elapsed()), release);
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
      visible.delete(id);
      const due = clock.elapsed() + ms;
      hidden.set(id, due);
      if (due >= nextDue) return;
      nextDue = due;
      schedule();
    },
    forget(id) {
      visible.delete(id);
      hidden.delete(id);
    },
    close() {
      closed = true;
      cancel();
      waiting.wake();
    },
  };
}
