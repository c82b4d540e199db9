// The environments of a function that wait for events: the last one used comes first, and those that wait for long are ended.

import type { Environment } from './environment.ts';

/** Milliseconds that an environment waits before it is ended. */
export interface IdleLimits {
  /** While another environment of the function is there. */
  readonly spare: number;
  /** The last of its function, which would have to be started for the next event. */
  readonly last: number;
}

/** What happens every minute, such as the sweep or the reading of a sensor, finds its environment. */
export const IDLE_LIMITS: IdleLimits = { spare: 10_000, last: 90_000 };

export interface IdleEnvironments {
  push(environment: Environment): void;
  /** The one that was used last, so that the others become old. */
  pop(): Environment | undefined;
  remove(environment: Environment): void;
  takeAll(): readonly Environment[];
}

interface Idle {
  readonly environment: Environment;
  readonly since: number;
}

/** @param others environments of the function that are not idle. @param end is called with each that has waited for long. */
export function createIdleEnvironments(
  limits: IdleLimits,
  others: () => number,
  end: (environment: Environment) => void,
): IdleEnvironments {
  /** The one that waits for the longest time first. */
  let idle: Idle[] = [];
  let timer: NodeJS.Timeout | undefined;

  const isOnly = () => idle.length === 1 && others() === 0;

  function endOld(): void {
    timer = undefined;
    const now = performance.now();
    while (idle.length > 0 && now - idle[0]!.since >= (isOnly() ? limits.last : limits.spare))
      end(idle.shift()!.environment);
    schedule();
  }

  /** One timer at most, which nothing else waits for: an event costs none. */
  function schedule(): void {
    if (timer || idle.length === 0) return;
    timer = setTimeout(endOld, limits.spare);
    timer.unref();
  }

  return {
    push(environment) {
      idle.push({ environment, since: performance.now() });
      schedule();
    },
    pop: () => idle.pop()?.environment,
    remove(environment) {
      idle = idle.filter((each) => each.environment !== environment);
    },
    takeAll() {
      const all = idle.map(({ environment }) => environment);
      idle = [];
      return all;
    },
  };
}
