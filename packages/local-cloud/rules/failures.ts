// Collects the failures of one rule for one message, so that the error action gets one message with all of them.

import type { Clock } from '../clock.ts';

/** A failure in the error action's message (AWS IoT developer guide, "Error handling"). */
export interface Failure {
  readonly failedAction: string;
  readonly failedResource: string;
  readonly errorMessage: string;
}

/** Longest wait of a failure for that of another action: a delivery stream may take minutes to succeed. */
export const GATHER_MS = 1_000;

export interface FailureGroup {
  /** Resolves when `act` has succeeded, or its failure has been reported. */
  run(act: () => Promise<Failure | undefined>): Promise<void>;
}

/** What the actions of one rule have in common while they run; tens of thousands of groups may wait, and most of them never fail. */
interface Gathering {
  readonly clock: Clock;
  readonly report: (failures: readonly Failure[]) => Promise<void>;
  running: number;
  failed: { readonly failures: Failure[]; readonly reported: Promise<void>; flush(): void } | undefined;
}

/** Reports the failures when all actions have ended, or a while after the first. */
function gather(group: Gathering, failure: Failure): Promise<void> {
  if (!group.failed) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const failures: Failure[] = [];
    const flush = () => {
      cancel();
      group.failed = undefined;
      group.report(failures).then(resolve, resolve);
    };
    const cancel = group.clock.after(GATHER_MS, flush);
    group.failed = { failures, reported: promise, flush };
  }
  group.failed.failures.push(failure);
  return group.failed.reported;
}

/** @param report gets the failures of the actions that were started together; must not reject */
export function createFailureGroup(clock: Clock, report: Gathering['report']): FailureGroup {
  const group: Gathering = { clock, report, running: 0, failed: undefined };
  return {
    run(act) {
      group.running++;
      return act().then((failure) => {
        group.running--;
        const done = failure && gather(group, failure);
        if (group.running === 0) group.failed?.flush();
        return done;
      });
    },
  };
}
