// The jobs on disk, with the executions of a job and of a thing.

import path from 'node:path';
import { AwsError } from '../aws-error.ts';
import { makeDirectory } from '../files/durable-files.ts';
import { openRecordFile, type Change } from '../files/record-file.ts';
import { find, type RegistryView, type Thing } from '../iot/registry.ts';
import type { Log } from '../log.ts';
import { isPending, keyOf, type Execution, type Job } from './job-records.ts';

export interface JobStore {
  readonly jobs: ReadonlyMap<string, Job>;
  /** @throws AwsError ResourceNotFoundException */
  job(id: string): Job;
  executionsOf(jobId: string): Execution[];
  /** The executions of a thing, in the order in which they were queued. @throws AwsError ResourceNotFoundException */
  executionsFor(thingName: string): Execution[];
  /** @throws AwsError ResourceNotFoundException */
  execution(jobId: string, thingName: string): Execution;
  /** Unfinished executions: in progress first, then queued, each in the order of the queue. Empty for an unknown thing. */
  pending(thingName: string): Execution[];
  /** All or none; resolves when they are on disk. */
  commit(changes: readonly Change[]): Promise<void>;
  close(): Promise<void>;
}

const missing = (what: string) => new AwsError('ResourceNotFoundException', `${what} cannot be found`, 404);

/** @throws StartError when the file is damaged. */
export async function openJobStore(dir: string, registry: RegistryView, log: Log): Promise<JobStore> {
  await makeDirectory(dir);
  const file = await openRecordFile(path.join(dir, 'jobs.log'), log);
  const jobs = file.table<Job>('job');
  const executions = file.table<Execution>('execution');
  // By key, as things have few jobs and jobs have many things.
  const of = ({ id }: Thing) =>
    [...jobs.keys()]
      .flatMap((jobId) => executions.get(keyOf(jobId, id)) ?? [])
      .sort((a, b) => a.queuedAt - b.queuedAt);
  const thingOf = (name: string) => find(registry.things, 'Thing', name);
  return {
    jobs,
    job(id) {
      const found = jobs.get(id);
      if (!found) throw missing(`Job ${id}`);
      return found;
    },
    executionsOf: (jobId) => [...executions.values()].filter((each) => each.jobId === jobId),
    executionsFor: (thingName) => of(thingOf(thingName)),
    execution(jobId, thingName) {
      const found = executions.get(keyOf(jobId, thingOf(thingName).id));
      if (!found) throw missing(`Execution of job ${jobId} on thing ${thingName}`);
      return found;
    },
    pending(thingName) {
      const thing = registry.things.get(thingName);
      const open = thing ? of(thing).filter(isPending) : [];
      return [
        ...open.filter(({ status }) => status === 'IN_PROGRESS'),
        ...open.filter(({ status }) => status === 'QUEUED'),
      ];
    },
    commit: (changes) => file.commit(changes),
    close: () => file.close(),
  };
}
