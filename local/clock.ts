// The one source of time for the local cloud, so that a test runs a 300-second flush in milliseconds.

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Runs `run` once, `ms` milliseconds from now, and returns a function that cancels it. */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

export interface ManualClock extends Clock {
  /** Moves time on by `ms`, running what falls due in order and letting promises settle in between. */
  advance(ms: number): Promise<void>;
}

export function createManualClock(start: number): ManualClock {
  let time = start;
  let timers: { due: number; run: () => void }[] = [];
  return {
    now: () => time,
    after(ms, run) {
      const timer = { due: time + ms, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    async advance(ms) {
      const end = time + ms;
      for (;;) {
        await new Promise(setImmediate);
        const [next] = timers.filter((timer) => timer.due <= end).sort((a, b) => a.due - b.due);
        if (!next) break;
        timers = timers.filter((timer) => timer !== next);
        time = Math.max(time, next.due);
        next.run();
      }
      time = end;
      await new Promise(setImmediate);
    },
  };
}
