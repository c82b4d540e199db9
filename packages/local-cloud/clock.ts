// The one source of time for the local cloud, so that a test runs a 300-second flush in milliseconds.

export interface Clock {
  /** Epoch milliseconds; jumps, also backwards, when the machine's time is set. */
  now(): number;
  /** Milliseconds since some moment, also when the machine's time is set: to measure how long something took. */
  elapsed(): number;
  /** Runs `run` once, `ms` milliseconds from now, and returns a function that cancels it. */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

export interface ManualClock extends Clock {
  /** Advances time by `ms`: runs what is due, in order, and lets promises settle in between. */
  advance(ms: number): Promise<void>;
  /** Sets the machine's time forward, or back by a negative `ms`, as an operator or NTP does: no time passes. */
  step(ms: number): void;
}

export function createManualClock(start: number): ManualClock {
  let elapsed = 0;
  let offset = start;
  let timers: { due: number; run: () => void }[] = [];
  return {
    now: () => offset + elapsed,
    elapsed: () => elapsed,
    step: (ms) => void (offset += ms),
    after(ms, run) {
      const timer = { due: elapsed + ms, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    async advance(ms) {
      const end = elapsed + ms;
      for (;;) {
        await new Promise(setImmediate);
        const [next] = timers.filter((timer) => timer.due <= end).sort((a, b) => a.due - b.due);
        if (!next) break;
        timers = timers.filter((timer) => timer !== next);
        elapsed = Math.max(elapsed, next.due);
        next.run();
      }
      elapsed = end;
      await new Promise(setImmediate);
    },
  };
}
