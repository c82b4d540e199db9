// Puts what a subscriber cannot be given into the dead-letter queue that its subscription names.

import type { Log } from '../log.ts';

/** The queues of the stack, as far as SNS needs them. */
export interface QueueDoor {
  /** @throws AwsError QueueDoesNotExist, and what SQS refuses */
  send(queueArn: string, body: string): Promise<unknown>;
  has(queueArn: string): boolean;
}

/** The functions of the stack. */
export interface FunctionsDoor {
  /** Resolves once the event is on disk. @throws AwsError ResourceNotFoundException, TooManyRequestsException */
  accept(functionArn: string, payload: string): Promise<void>;
  has(functionArn: string): boolean;
}

/** What is left where, if a notification cannot be delivered. */
export interface Redriven {
  readonly queueArn: string;
  /** The notification's document. */
  readonly body: string;
}

export type Redrive = (redriven: Redriven | undefined) => Promise<void>;

/** Counts as SNS does: https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html */
export function createRedrive(options: {
  readonly queues: QueueDoor;
  readonly log: Log;
  readonly count: (name: string, by?: number) => void;
}): Redrive {
  const { queues, log, count } = options;
  return async (redriven) => {
    if (!redriven) return;
    const { queueArn, body } = redriven;
    try {
      await queues.send(queueArn, body);
      count('NumberOfNotificationsRedrivenToDlq');
    } catch (error) {
      count('NumberOfNotificationsFailedToRedriveToDlq');
      log.error('notification lost: its dead-letter queue does not take it', {
        queue: queueArn,
        reason: String(error),
      });
    }
  };
}
