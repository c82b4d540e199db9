// AWS IoT Jobs: what becomes of jobs and their executions, from creation to the end. The APIs in front of it are elsewhere.
// https://docs.aws.amazon.com/iot/latest/developerguide/iot-jobs.html

import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import type { Change } from '../files/record-file.ts';
import { alreadyExists, conflict, invalid } from '../iot/api-request.ts';
import type { Registry, Thing } from '../iot/registry.ts';
import { checkTargets, thingsOf } from './targets.ts';
import {
  executionChange,
  isPending,
  jobChange,
  keyOf,
  REPORTED,
  STATUSES,
  type Execution,
  type Job,
} from './job-records.ts';
import type { JobStore } from './store.ts';

/** Publishes what a change means for devices; called after the answer to whoever made it. */
export type Announce = () => Promise<void>;

export interface Report {
  readonly status: string;
  readonly statusDetails?: Readonly<Record<string, string>> | undefined;
  readonly expectedVersion?: number | undefined;
}

export interface JobsDeps {
  readonly store: JobStore;
  readonly registry: Registry;
  readonly clock: Clock;
  /** Remembers what is pending for things, before it changes. */
  readonly watch: (thingNames: Iterable<string>) => Announce;
}

export interface Jobs {
  create(job: Pick<Job, 'id' | 'targets' | 'document' | 'description' | 'selection'>): Promise<Announce>;
  describe(id: string, description: string | undefined): Promise<void>;
  cancel(
    id: string,
    how: Pick<Job, 'reasonCode' | 'comment'> & { readonly force: boolean },
  ): Promise<Announce>;
  remove(id: string, force: boolean): Promise<Announce>;
  /** The first of the queue, started if it was not; undefined when nothing is pending. */
  startNext(thingName: string, statusDetails?: Execution['statusDetails']): Promise<Execution | undefined>;
  /** @throws AwsError VersionMismatch, InvalidStateTransitionException, InvalidRequestException */
  report(jobId: string, thingName: string, report: Report): Promise<Announce>;
  cancelExecution(
    jobId: string,
    thingName: string,
    how: Omit<Report, 'status'> & { readonly force: boolean },
  ): Promise<Announce>;
  removeExecution(jobId: string, thingName: string, force: boolean): Promise<Announce>;
  /** Takes note of things that went, and of those that joined or left the groups of continuous jobs. */
  reconcile(): Promise<Announce>;
}

const transition = (problem: string) => new AwsError('InvalidStateTransitionException', problem, 409);

const moved = (execution: Execution, now: number, changes: Partial<Execution>): Execution => ({
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

const queued = (jobId: string, thing: Thing, now: number): Execution => ({
  ...{ jobId, thingName: thing.name, thingId: thing.id, status: 'QUEUED' },
  ...{ queuedAt: now, updatedAt: now, version: 1 },
});

/** Whether a job has nothing left to do; continuous ones wait for more things. */
const isDone = ({ status, selection }: Job, executions: readonly Execution[]) =>
  status === 'IN_PROGRESS' && selection === 'SNAPSHOT' && !executions.some(isPending);

/** What the registry's present state changes of a job: executions that end, and new ones. */
function reconciled({ registry, store }: JobsDeps, job: Job, now: number): Execution[] {
  const executions = store.executionsOf(job.id);
  const targets = new Map(
    (job.selection === 'CONTINUOUS' ? thingsOf(registry, job.targets) : []).map((thing) => [thing.id, thing]),
  );
  const isTarget = ({ thingName, thingId }: Execution) =>
    job.selection === 'CONTINUOUS' ? targets.has(thingId) : registry.things.get(thingName)?.id === thingId;
  const gone = executions.filter((each) => isPending(each) && !isTarget(each));
  const known = new Set(executions.map(({ thingId }) => thingId));
  const joined = [...targets.values()].filter(({ id }) => !known.has(id));
  return [
    ...gone.map((each) => moved(each, now, { status: 'REMOVED' })),
    ...joined.map((thing) => queued(job.id, thing, now)),
  ];
}

function createChanges({ store, clock, watch }: JobsDeps) {
  /** The jobs that have nothing left to do once these executions are so, or gone. */
  const completions = (executions: readonly Execution[], gone: readonly Execution[] = []): Change[] => {
    const now = clock.now();
    const key = ({ jobId, thingId }: Execution) => keyOf(jobId, thingId);
    const changed = new Map(executions.map((each) => [key(each), each]));
    const left = new Set(gone.map(key));
    const after = (id: string) => [
      ...store.executionsOf(id).filter((each) => !changed.has(key(each)) && !left.has(key(each))),
      ...executions.filter(({ jobId }) => jobId === id),
    ];
    const ids = new Set([...executions, ...gone].map(({ jobId }) => jobId));
    return [...ids]
      .flatMap((id) => store.jobs.get(id) ?? [])
      .filter((job) => isDone(job, after(job.id)))
      .map((job) => jobChange({ ...job, status: 'COMPLETED', updatedAt: now, completedAt: now }));
  };

  const change = async (executions: readonly Execution[], more: readonly Change[] = []) => {
    const announce = watch(executions.map(({ thingName }) => thingName));
    const done = more.length > 0 ? [] : completions(executions);
    await store.commit([...more, ...executions.map(executionChange), ...done]);
    return announce;
  };

  return { completions, change };
}

type Changes = ReturnType<typeof createChanges>;

function createManagement(
  deps: JobsDeps,
  { change }: Changes,
): Pick<Jobs, 'create' | 'describe' | 'cancel' | 'remove' | 'reconcile'> {
  const { store, registry, clock, watch } = deps;
  return {
    async create(given) {
      checkTargets(registry, given.targets);
      const arn = registry.arn(`job/${given.id}`);
      if (store.jobs.has(given.id)) throw alreadyExists(`Job ${given.id} already exists`, arn, given.id);
      const now = clock.now();
      const executions = thingsOf(registry, given.targets).map((thing) => queued(given.id, thing, now));
      const job: Job = { ...given, status: 'IN_PROGRESS', createdAt: now, updatedAt: now };
      const isEmpty = isDone(job, executions);
      const made: Job = isEmpty ? { ...job, status: 'COMPLETED', completedAt: now } : job;
      return change(executions, [jobChange(made)]);
    },
    async describe(id, description) {
      const { description: before, ...job } = store.job(id);
      const text = description ?? before;
      const next = { ...job, ...(text === undefined ? {} : { description: text }), updatedAt: clock.now() };
      await store.commit([jobChange(next)]);
    },
    async cancel(id, { force, ...why }) {
      const job = store.job(id);
      if (job.status !== 'IN_PROGRESS') throw invalid(`Job ${id} is ${job.status}: it cannot be canceled`);
      const now = clock.now();
      const ends = ({ status }: Execution) => status === 'QUEUED' || (force && status === 'IN_PROGRESS');
      const ended = store
        .executionsOf(id)
        .filter(ends)
        .map((each) =>
          moved(each, now, {
            status: 'CANCELED',
            ...(each.status === 'IN_PROGRESS' && { forceCanceled: true }),
          }),
        );
      const next: Job = { ...job, ...why, status: 'CANCELED', updatedAt: now, completedAt: now };
      return change(ended, [jobChange(force ? { ...next, forceCanceled: true } : next)]);
    },
    async remove(id, force) {
      const { status } = store.job(id);
      if (status === 'IN_PROGRESS' && !force)
        throw transition(`Job ${id} is IN_PROGRESS: cancel it first, or delete it by force`);
      const executions = store.executionsOf(id);
      const announce = watch(executions.map(({ thingName }) => thingName));
      await store.commit([
        { kind: 'job', key: id, value: undefined },
        ...executions.map(({ thingId }) => ({
          kind: 'execution',
          key: keyOf(id, thingId),
          value: undefined,
        })),
      ]);
      return announce;
    },
    async reconcile() {
      const now = clock.now();
      const active = [...store.jobs.values()].filter(({ status }) => status === 'IN_PROGRESS');
      const changed = active.flatMap((job) => reconciled(deps, job, now));
      return changed.length === 0 ? async () => {} : change(changed);
    },
  };
}

function createExecution(
  { store, clock, watch }: JobsDeps,
  { change, completions }: Changes,
): Pick<Jobs, 'startNext' | 'report' | 'cancelExecution' | 'removeExecution'> {
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

export function createJobs(deps: JobsDeps): Jobs {
  const changes = createChanges(deps);
  return { ...createManagement(deps, changes), ...createExecution(deps, changes) };
}
