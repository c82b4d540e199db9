// Repeats what fails for a passing reason, as the rules engine does before it calls the error action.
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';

/** AWS says "multiple attempts" and documents neither number nor pauses. */
export const RETRY_PAUSES_MS: readonly number[] = [200, 1_000, 5_000];

const passing = new Set([
  'ThrottlingException',
  'TooManyRequestsException',
  'ProvisionedThroughputExceededException',
]);

function mayPass(error: unknown): boolean {
  return (
    !(error instanceof AwsError) || error.status >= 500 || error.status === 429 || passing.has(error.code)
  );
}

/** @returns undefined once `run` has succeeded, else its last error: at once where repeating cannot help */
export async function attempt(run: () => Promise<void>, clock: Clock): Promise<unknown> {
  for (const pause of [...RETRY_PAUSES_MS, undefined]) {
    try {
      await run();
      return undefined;
    } catch (error) {
      if (pause === undefined || !mayPass(error)) return error ?? new Error('failed for no stated reason');
    }
    await new Promise<void>((resolve) => clock.after(pause, resolve));
  }
  return undefined;
}
