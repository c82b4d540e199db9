// AWS IoT Jobs: the changes of jobs and their executions, from creation to the end, for the APIs in other files.
// https://docs.aws.amazon.com/iot/latest/developerguide/iot-jobs.html

import type { Clock } from '../clock.ts';
import type { Change } from '../files/record-file.ts';
import { alreadyExists, invalid } from '../iot/api-request.ts';
import type { Registry, Thing } from '../iot/registry.ts';
import { createEnding, createProgress, moved, transition } from './executions.ts';
import { checkTargets, thingsOf } from './targets.ts';
import { executionChange, isPending, jobChange, keyOf, type Execution, type Job } from './job-records.ts';
import type { JobStore } from './store.ts';

/** Publishes what a change means for devices; called after the change is answered. */
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
  /** Notes what is pending for things, before it changes. */
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
  /** Ends executions of removed things, and follows things that join or leave the groups of continuous jobs. */
  reconcile(): Promise<Announce>;
}

const queued = (jobId: string, thing: Thing, now: number): Execution => ({
  ...{ jobId, thingName: thing.name, thingId: thing.id, status: 'QUEUED' },
  ...{ queuedAt: now, updatedAt: now, version: 1 },
});

/** Whether a job has nothing left to do; continuous ones wait for more things. */
const isDone = ({ status, selection }: Job, executions: readonly Execution[]) =>
  status === 'IN_PROGRESS' && selection === 'SNAPSHOT' && !executions.some(isPending);

/** The executions of a job that the current registry changes: those that end, and new ones. */
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
  /** Completes the jobs that have nothing left to do after these executions changed or were removed. */
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

export type Changes = ReturnType<typeof createChanges>;

async function createJob(
  { store, registry, clock }: JobsDeps,
  { change }: Changes,
  given: Parameters<Jobs['create']>[0],
): Promise<Announce> {
  checkTargets(registry, given.targets);
  const arn = registry.arn(`job/${given.id}`);
  if (store.jobs.has(given.id)) throw alreadyExists(`Job ${given.id} already exists`, arn, given.id);
  const now = clock.now();
  const executions = thingsOf(registry, given.targets).map((thing) => queued(given.id, thing, now));
  const job: Job = { ...given, status: 'IN_PROGRESS', createdAt: now, updatedAt: now };
  const isEmpty = isDone(job, executions);
  const made: Job = isEmpty ? { ...job, status: 'COMPLETED', completedAt: now } : job;
  return change(executions, [jobChange(made)]);
}

/** Cancels the executions that are queued and, with `force`, those in progress. */
async function cancelJob(
  { store, clock }: JobsDeps,
  { change }: Changes,
  ...[id, { force, ...why }]: Parameters<Jobs['cancel']>
): Promise<Announce> {
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
}

async function removeJob({ store, watch }: JobsDeps, id: string, force: boolean): Promise<Announce> {
  const { status } = store.job(id);
  if (status === 'IN_PROGRESS' && !force)
    throw transition(`Job ${id} is IN_PROGRESS: cancel it first, or delete it by force`);
  const executions = store.executionsOf(id);
  const announce = watch(executions.map(({ thingName }) => thingName));
  await store.commit([
    { kind: 'job', key: id, value: undefined },
    ...executions.map(({ thingId }) => ({ kind: 'execution', key: keyOf(id, thingId), value: undefined })),
  ]);
  return announce;
}

function createManagement(
  deps: JobsDeps,
  changes: Changes,
): Pick<Jobs, 'create' | 'describe' | 'cancel' | 'remove' | 'reconcile'> {
  const { store, clock } = deps;
  return {
    create: (given) => createJob(deps, changes, given),
    async describe(id, description) {
      const { description: before, ...job } = store.job(id);
      const text = description ?? before;
      const next = { ...job, ...(text === undefined ? {} : { description: text }), updatedAt: clock.now() };
      await store.commit([jobChange(next)]);
    },
    cancel: (id, how) => cancelJob(deps, changes, id, how),
    remove: (id, force) => removeJob(deps, id, force),
    async reconcile() {
      const now = clock.now();
      const active = [...store.jobs.values()].filter(({ status }) => status === 'IN_PROGRESS');
      const changed = active.flatMap((job) => reconciled(deps, job, now));
      return changed.length === 0 ? async () => {} : changes.change(changed);
    },
  };
}

export function createJobs(deps: JobsDeps): Jobs {
  const changes = createChanges(deps);
  return {
    ...createManagement(deps, changes),
    ...createProgress(deps, changes),
    ...createEnding(deps, changes),
  };
}
