// The records of AWS IoT Jobs: a job, and its execution on each thing.
// https://docs.aws.amazon.com/iot/latest/developerguide/iot-jobs-lifecycle.html

import type { Change } from '../files/record-file.ts';

export interface Job {
  readonly id: string;
  /** ARNs of things and thing groups. */
  readonly targets: readonly string[];
  /** JSON text. */
  readonly document: string;
  readonly description?: string;
  /** CONTINUOUS: things that join a target group later get the job too. */
  readonly selection: 'SNAPSHOT' | 'CONTINUOUS';
  readonly status: 'IN_PROGRESS' | 'CANCELED' | 'COMPLETED';
  /** Epoch milliseconds, as all times here. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly completedAt?: number;
  readonly forceCanceled?: boolean;
  readonly reasonCode?: string;
  readonly comment?: string;
}

/** The statuses that a device may report. */
export const REPORTED = ['IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'REJECTED'] as const;
/** In the order of the service's answers; the local cloud has no timeouts. */
export const STATUSES = ['QUEUED', ...REPORTED, 'TIMED_OUT', 'REMOVED', 'CANCELED'] as const;
export type Status = (typeof STATUSES)[number];

export interface Execution {
  readonly jobId: string;
  readonly thingName: string;
  /** A later thing with the same name has another id. */
  readonly thingId: string;
  readonly status: Status;
  readonly forceCanceled?: boolean;
  readonly statusDetails?: Readonly<Record<string, string>>;
  readonly queuedAt: number;
  readonly startedAt?: number;
  readonly updatedAt: number;
  /** Counts the changes, from 1. */
  readonly version: number;
}

/** Each thing executes a job once. */
export const EXECUTION_NUMBER = 1;

export const isPending = ({ status }: Execution) => status === 'QUEUED' || status === 'IN_PROGRESS';

export const jobChange = (job: Job): Change => ({ kind: 'job', key: job.id, value: job });
export const keyOf = (jobId: string, thingId: string) => `${jobId} ${thingId}`;
export const executionChange = (execution: Execution): Change => ({
  kind: 'execution',
  key: keyOf(execution.jobId, execution.thingId),
  value: execution,
});
