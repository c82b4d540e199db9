// Changes single executions of jobs: devices start and report them, operators cancel and remove them.

import { AwsError } from '../aws-error.ts';
import { conflict, invalid } from '../iot/api-request.ts';
import { executionChange, isPending, keyOf, REPORTED, STATUSES, type Execution } from './job-records.ts';
import type { Changes, Jobs, JobsDeps, Report } from './jobs.ts';

export const transition = (problem: string) => new AwsError('InvalidStateTransitionException', problem, 409);

export const moved = (execution: Execution, now: number, changes: Partial<Execution>): Execution => ({
  ...execution,
  ...changes,
  updatedAt: now,
  version: execution.version + 1,
});

function checkReport({ status }: Report, { jobId, status: current, ...execution }: Execution): void {
  const reported = STATUSES.find((each) => each === status);
  if (
    reported === undefined ||
    (reported !== 'QUEUED' && !(REPORTED as readonly string[]).includes(reported))
  )
    throw invalid(`status must be one of ${REPORTED.join(', ')}`);
  const isOpen = isPending({ jobId, status: current, ...execution });
  if (isOpen && reported !== 'QUEUED') return;
  throw transition(`The execution of job ${jobId} cannot change from ${current} to ${status}`);
}

function checkVersion(
  expected: number | undefined,
  { version }: Execution,
  error: (text: string) => AwsError,
) {
  if (expected !== undefined && expected !== version)
    throw error(`Expected version ${expected} but found version ${version}`);
}

/** What devices do with executions. */
export function createProgress(
  { store, clock }: JobsDeps,
  { change }: Changes,
): Pick<Jobs, 'startNext' | 'report'> {
  return {
    async startNext(thingName, statusDetails) {
      store.executionsFor(thingName); // the thing exists
      const [next] = store.pending(thingName);
      if (next?.status !== 'QUEUED') return next;
      const now = clock.now();
      const details = statusDetails === undefined ? {} : { statusDetails };
      const started = moved(next, now, { status: 'IN_PROGRESS', startedAt: now, ...details });
      await store.commit([executionChange(started)]);
      return started;
    },
    async report(jobId, thingName, report) {
      const execution = store.execution(jobId, thingName);
      const mismatch = (text: string) => new AwsError('VersionMismatch', text, 409);
      checkVersion(report.expectedVersion, execution, mismatch);
      checkReport(report, execution);
      const now = clock.now();
      const { statusDetails = execution.statusDetails } = report;
      const next = moved(execution, now, {
        status: report.status as Execution['status'],
        startedAt: execution.startedAt ?? now,
        ...(statusDetails === undefined ? {} : { statusDetails }),
      });
      return change([next]);
    },
  };
}

/** What operators do with executions. */
export function createEnding(
  { store, clock, watch }: JobsDeps,
  { change, completions }: Changes,
): Pick<Jobs, 'cancelExecution' | 'removeExecution'> {
  return {
    async cancelExecution(jobId, thingName, { force, statusDetails, expectedVersion }) {
      const execution = store.execution(jobId, thingName);
      checkVersion(expectedVersion, execution, conflict);
      const { status } = execution;
      if (status !== 'QUEUED' && !(force && status === 'IN_PROGRESS'))
        throw transition(`The execution of job ${jobId} on thing ${thingName} is ${status}`);
      const details = statusDetails === undefined ? {} : { statusDetails };
      const forced = status === 'IN_PROGRESS' ? { forceCanceled: true } : {};
      return change([moved(execution, clock.now(), { status: 'CANCELED', ...details, ...forced })]);
    },
    async removeExecution(jobId, thingName, force) {
      const execution = store.execution(jobId, thingName);
      const { status, thingId } = execution;
      if (status === 'IN_PROGRESS' && !force)
        throw transition(`The execution of job ${jobId} on thing ${thingName} is IN_PROGRESS`);
      const announce = watch([thingName]);
      const gone = { kind: 'execution', key: keyOf(jobId, thingId), value: undefined };
      await store.commit([gone, ...completions([], [execution])]);
      return announce;
    },
  };
}
