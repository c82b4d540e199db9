// Delivers the messages of queues to functions: processed messages are deleted, failed ones become visible again by themselves.

import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { QueueMapping } from './mapping-spec.ts';
import { createPoller } from './poller.ts';
import type { Queues } from './queues.ts';

export interface QueueMappings {
  start(): void;
  /** Receives no more. Messages that a function has now become visible again when their visibility timeout is over. */
  close(): void;
}

export interface QueueMappingsOptions {
  readonly mappings: readonly QueueMapping[];
  readonly queues: Queues;
  /** Lambda's synchronous invocation; rejects with an AwsError when the function is not invoked. */
  readonly invoke: (
    functionName: string,
    payload: () => string,
  ) => Promise<{ payload: string; functionError?: string }>;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: (name: string, by?: number) => void;
}

export function createQueueMappings(options: QueueMappingsOptions): QueueMappings {
  const pollers = options.mappings
    .filter(({ enabled }) => enabled)
    .map((mapping) => createPoller(mapping, options.queues.byArn(mapping.queueArn), options));
  return {
    start() {
      for (const poller of pollers) poller.start();
    },
    close() {
      for (const poller of pollers) poller.close();
    },
  };
}
