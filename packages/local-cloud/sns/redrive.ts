// Puts notifications that cannot be delivered into the dead-letter queue of their subscription.

import type { Log } from '../log.ts';

/** What SNS needs of the queues of the stack. */
export interface QueuePort {
  /** @throws AwsError QueueDoesNotExist, and what SQS refuses */
  send(queueArn: string, body: string): Promise<unknown>;
  has(queueArn: string): boolean;
}

/** What SNS needs of the functions of the stack. */
export interface FunctionPort {
  /** Resolves once the event is on disk. @throws AwsError ResourceNotFoundException, TooManyRequestsException */
  accept(functionArn: string, payload: string): Promise<void>;
  has(functionArn: string): boolean;
}

/** The dead-letter queue of a notification, and what it gets there. */
export interface Redriven {
  readonly queueArn: string;
  /** The notification's document. */
  readonly body: string;
}

export type Redrive = (redriven: Redriven | undefined) => Promise<void>;

/** Counts as SNS does: https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html */
export function createRedrive(options: {
  readonly queues: QueuePort;
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
