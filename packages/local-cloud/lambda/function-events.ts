// Lets services that open before the functions send them events later: events are kept on disk, and senders wait while there are too many.

import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import type { LambdaService } from './service.ts';

export interface FunctionEvents {
  /**
   * Resolves once the event is on disk, as Lambda's invocation type Event.
   *
   * @param reference name or ARN
   * @throws AwsError ResourceNotFoundException; TooManyRequestsException when no room came free in a minute
   */
  accept(reference: string, payload: string): Promise<void>;
  /** Called once the functions are there. */
  open(lambda: Pick<LambdaService, 'accept'>): void;
}

const PAUSE_MS = 200;
const PATIENCE_MS = 60_000;

const isThrottled = (error: unknown) =>
  error instanceof AwsError && error.code === 'TooManyRequestsException';

export function createFunctionEvents(clock: Clock): FunctionEvents {
  let lambda: Pick<LambdaService, 'accept'> | undefined;
  return {
    async accept(reference, payload) {
      if (!lambda) throw new AwsError('ServiceException', 'The functions are not there yet', 503);
      for (let waited = 0; ; waited += PAUSE_MS) {
        try {
          await lambda.accept(reference, payload);
          return;
        } catch (error) {
          if (!isThrottled(error) || waited >= PATIENCE_MS) throw error;
        }
        await new Promise<void>((resolve) => void clock.after(PAUSE_MS, resolve));
      }
    },
    open(opened) {
      lambda = opened;
    },
  };
}
