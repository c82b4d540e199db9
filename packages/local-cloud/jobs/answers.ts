// The forms of jobs and executions in AWS's answers: to the control plane and to devices.

import { seconds } from '../iot/api-request.ts';
import type { RegistryView } from '../iot/registry.ts';
import { EXECUTION_NUMBER, STATUSES, type Execution, type Job, type Status } from './job-records.ts';

const whole = (milliseconds: number) => Math.floor(milliseconds / 1000);

const DETAIL_NAMES: Readonly<Record<Status, string>> = {
  QUEUED: 'numberOfQueuedThings',
  IN_PROGRESS: 'numberOfInProgressThings',
  SUCCEEDED: 'numberOfSucceededThings',
  FAILED: 'numberOfFailedThings',
  REJECTED: 'numberOfRejectedThings',
  TIMED_OUT: 'numberOfTimedOutThings',
  REMOVED: 'numberOfRemovedThings',
  CANCELED: 'numberOfCanceledThings',
};

export function jobSummary(registry: RegistryView, job: Job) {
  return {
    jobArn: registry.arn(`job/${job.id}`),
    jobId: job.id,
    targetSelection: job.selection,
    status: job.status,
    createdAt: seconds(job.createdAt),
    lastUpdatedAt: seconds(job.updatedAt),
    completedAt: job.completedAt === undefined ? undefined : seconds(job.completedAt),
  };
}

export function jobDetails(registry: RegistryView, job: Job, executions: readonly Execution[]) {
  const count = (status: Status) => executions.filter((each) => each.status === status).length;
  const { targets, description, forceCanceled, reasonCode, comment } = job;
  return {
    ...jobSummary(registry, job),
    ...{ targets, description, forceCanceled, reasonCode, comment },
    jobProcessDetails: Object.fromEntries(STATUSES.map((status) => [DETAIL_NAMES[status], count(status)])),
  };
}

/** The form in lists of the control plane. */
export const controlSummary = (execution: Execution) => ({
  status: execution.status,
  queuedAt: seconds(execution.queuedAt),
  startedAt: execution.startedAt === undefined ? undefined : seconds(execution.startedAt),
  lastUpdatedAt: seconds(execution.updatedAt),
  executionNumber: EXECUTION_NUMBER,
});

export const controlExecution = (registry: RegistryView, execution: Execution) => ({
  ...controlSummary(execution),
  jobId: execution.jobId,
  thingArn: registry.arn(`thing/${execution.thingName}`),
  forceCanceled: execution.forceCanceled,
  statusDetails: execution.statusDetails && { detailsMap: execution.statusDetails },
  versionNumber: execution.version,
});

/** The form in lists for devices, with times in whole seconds. */
export const deviceSummary = (execution: Execution) => ({
  jobId: execution.jobId,
  queuedAt: whole(execution.queuedAt),
  startedAt: execution.startedAt === undefined ? undefined : whole(execution.startedAt),
  lastUpdatedAt: whole(execution.updatedAt),
  versionNumber: execution.version,
  executionNumber: EXECUTION_NUMBER,
});

/** @param jobDocument text over HTTP, an object over MQTT; absent where it was not requested. */
export const deviceExecution = (execution: Execution, jobDocument?: unknown) => ({
  ...deviceSummary(execution),
  thingName: execution.thingName,
  status: execution.status,
  statusDetails: execution.statusDetails,
  jobDocument,
});

export const executionState = ({ status, statusDetails, version }: Execution) => ({
  status,
  statusDetails,
  versionNumber: version,
});

export function pendingLists(pending: readonly Execution[]) {
  const of = (status: Status) => pending.filter((each) => each.status === status).map(deviceSummary);
  return { inProgressJobs: of('IN_PROGRESS'), queuedJobs: of('QUEUED') };
}
