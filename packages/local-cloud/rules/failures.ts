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

/** @param report gets the failures of the actions that were started together; must not reject */
export function createFailureGroup(
  clock: Clock,
  report: (failures: readonly Failure[]) => Promise<void>,
): FailureGroup {
  let running = 0;
  let failures: Failure[] = [];
  let reported: Promise<void> | undefined;
  let flush = () => {};

  function gather(): Promise<void> {
    return (reported ??= new Promise<void>((resolve) => {
      const cancel = clock.after(GATHER_MS, () => flush());
      flush = () => {
        cancel();
        const all = failures;
        failures = [];
        reported = undefined;
        flush = () => {};
        report(all).then(resolve, resolve);
      };
    }));
  }
  return {
    run(act) {
      running++;
      return act().then((failure) => {
        running--;
        if (failure) failures.push(failure);
        const done = failure ? gather() : undefined;
        if (running === 0) flush();
        return done;
      });
    },
  };
}
