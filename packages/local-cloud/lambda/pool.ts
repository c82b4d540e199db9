// The environments of one function: started when events wait, reused, ended when they wait for long, replaced when they die.

import type { Caller } from '../aws/wire.ts';
import { createEnvironment, type Environment, type Outcome } from './environment.ts';
import { createFairQueue, type Source } from './fair-queue.ts';
import { createIdleEnvironments, IDLE_LIMITS, type IdleLimits } from './idle-environments.ts';
import type { Payload } from './protocol.ts';
import type { EnvironmentSettings } from './start-worker.ts';

export interface Pool {
  /** Runs one event as soon as an environment is free and it is the turn of its source. Never rejects. */
  submit(event: PoolEvent): Promise<Outcome>;
  /**
   * Imports the handler in an environment that ends right after, unless one has imported it already. Resolves with Lambda's error
   * document when it cannot be imported.
   */
  tryImport(): Promise<string | undefined>;
  /**
   * Starts an environment of other settings, and with it goes over to them: what runs is finished by the environment that runs
   * it, and all that waits is for the new ones. Resolves with Lambda's error document, and changes nothing, when the handler
   * cannot be imported.
   */
  renew(settings: SettingsOfNew): Promise<string | undefined>;
  /** Events that wait for an environment, of all or of one source. */
  waiting(source?: Source): number;
  /** Ends the environments; events that run fail, events that wait stay without an answer. */
  close(): Promise<void>;
}

export interface PoolEvent {
  readonly requestId: string;
  readonly payload: Payload;
  /** The Cognito identity that invoked, if one did. */
  readonly caller?: Caller | undefined;
  /** Those of one source run in the order of submission, and sources take turns. */
  readonly source: Source;
}

interface Job extends Omit<PoolEvent, 'source'> {
  settle(outcome: Outcome): void;
}

type SettingsOfNew = () => Omit<EnvironmentSettings, 'onEnd'>;

/** Kind, principal and client. */
const SOURCE_LEVELS = 3;

/** The environments of one pool, by what they do. */
function createMembers(idleLimits: IdleLimits, running: () => number) {
  const all = new Set<Environment>();
  /** Of earlier settings, and still at work. */
  const outdated = new Set<Environment>();
  /** Waited for long: they end, and take no event. */
  const ending = new Set<Environment>();
  const starting = new Set<Environment>();
  const idle = createIdleEnvironments(
    idleLimits,
    () => running() + starting.size,
    (environment) => {
      ending.add(environment);
      void environment.retire();
    },
  );
  return {
    all,
    outdated,
    ending,
    starting,
    idle,
    /** Whether some environment has imported the handler. */
    hasImported: () => all.size > starting.size + ending.size,
    forget(environment: Environment): void {
      for (const group of [all, outdated, ending, starting]) group.delete(environment);
      idle.remove(environment);
    },
    /** An environment that is free takes the next event, unless its settings are outdated or it has ended. */
    free(environment: Environment): void {
      if (outdated.has(environment)) void environment.retire();
      else if (all.has(environment)) idle.push(environment);
    },
    /** Goes over to another environment: the others finish what they run. */
    replaceBy(environment: Environment): void {
      for (const each of all) outdated.add(each);
      for (const each of idle.takeAll()) void each.retire();
      all.add(environment);
      idle.push(environment);
    },
  };
}

const textOf = (payload: Payload) => (typeof payload === 'string' ? payload : payload());

/** Imports the handler in an environment that runs no event. */
function createTrial() {
  let environment: Environment | undefined;
  return {
    environments: () => (environment ? [environment] : []),
    /** @returns Lambda's error document when the handler cannot be imported */
    async run(settings: SettingsOfNew, isClosed: () => boolean): Promise<string | undefined> {
      environment = createEnvironment({ ...settings(), onEnd() {} });
      const started = await environment.started;
      const failure = environment.failure();
      await environment.retire();
      return started || isClosed() ? undefined : failure;
    },
  };
}

const failedImport = (environment: Environment): Outcome => ({
  ...{ payload: environment.failure()!, failed: true, timedOut: false, logTail: '' },
});

/**
 * @param size the most environments at once, at least 1.
 * @param settings for a new environment, which is given its end to report.
 */
export function createPool(
  size: number,
  settingsOfFirst: SettingsOfNew,
  idleLimits: IdleLimits = IDLE_LIMITS,
): Pool {
  let settings = settingsOfFirst;
  const trial = createTrial();
  let running = 0;
  let closed = false;
  const members = createMembers(idleLimits, () => running);
  const queue = createFairQueue<Job>(SOURCE_LEVELS);
  const waiting = (source: Source = []) => queue.waiting(source);

  function create(from: SettingsOfNew): Environment {
    const onEnd = () => {
      const isStarting = members.starting.has(environment);
      members.forget(environment);
      if (!isStarting) pump(); // else once the event that it was started for has its answer
    };
    const environment = createEnvironment({ ...from(), onEnd });
    return environment;
  }

  function start(): void {
    const environment = create(settings);
    members.all.add(environment);
    members.starting.add(environment);
    void environment.started.then((started) => {
      members.starting.delete(environment);
      if (started || members.outdated.has(environment)) members.free(environment);
      else if (waiting() > 0 && !closed) {
        // As on Lambda, the event that made the environment start is answered with the error of the import.
        queue.shift()!.settle(failedImport(environment));
      }
      pump();
    });
  }

  async function work(environment: Environment, job: Job): Promise<void> {
    running += 1;
    const outcome = await environment.run(job.requestId, textOf(job.payload), job.caller);
    running -= 1;
    members.free(environment);
    job.settle(outcome);
    pump();
  }

  function pump(): void {
    const { all, starting, idle } = members;
    while (!closed && waiting() > 0 && running < size) {
      const environment = idle.pop();
      if (environment) void work(environment, queue.shift()!);
      else if (all.size < size && starting.size < waiting()) start();
      else return;
    }
  }

  return {
    waiting,
    async renew(next) {
      const candidate = create(next);
      if (!(await candidate.started)) return candidate.failure();
      settings = next;
      members.replaceBy(candidate);
      if (closed) await candidate.retire();
      pump();
      return undefined;
    },
    submit: ({ source, ...event }) =>
      new Promise((settle) => {
        queue.push(source, { ...event, settle });
        pump();
      }),
    tryImport: async () => (members.hasImported() ? undefined : trial.run(settings, () => closed)),
    async close() {
      closed = true;
      await Promise.all([...members.all, ...trial.environments()].map((each) => each.close()));
    },
  };
}
