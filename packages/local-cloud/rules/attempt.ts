// Repeats attempts that fail for a temporary reason, as the rules engine does before it calls the error action.

import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import { SqlFailure } from './sql-error.ts';

/** AWS documents "multiple attempts", but neither their number nor the pauses. */
const RETRY_PAUSES_MS: readonly number[] = [200, 1_000, 5_000];

const passing = new Set([
  'ThrottlingException',
  'TooManyRequestsException',
  'ProvisionedThroughputExceededException',
]);

function mayPass(error: unknown): boolean {
  if (error instanceof SqlFailure) return false;
  return (
    !(error instanceof AwsError) || error.status >= 500 || error.status === 429 || passing.has(error.code)
  );
}

async function repeat(run: () => Promise<unknown>, clock: Clock, first: unknown): Promise<unknown> {
  let failure = first;
  for (const pause of RETRY_PAUSES_MS) {
    if (!mayPass(failure)) break;
    await new Promise<void>((resolve) => clock.after(pause, resolve));
    try {
      await run();
      return undefined;
    } catch (error) {
      failure = error;
    }
  }
  return failure ?? new Error('failed for no stated reason');
}

/**
 * One promise and no async function: tens of thousands of actions may wait for their stream, and each frame of one costs half a kilobyte.
 *
 * @param ended gets undefined once `run` has succeeded, else its last error: at once for an error that repeating cannot help
 */
export function attempt<Result>(
  run: () => Promise<unknown>,
  clock: Clock,
  ended: (error: unknown) => Result,
): Promise<Result> {
  const failed = (error: unknown) => repeat(run, clock, error).then(ended);
  try {
    return run().then(() => ended(undefined), failed);
  } catch (error) {
    return failed(error);
  }
}
