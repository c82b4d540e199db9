// The environments of one function: started when events wait, reused, ended when they wait for long, replaced when they die.

import type { Caller } from '../aws/wire.ts';
import { createEnvironment, type Environment, type Outcome } from './environment.ts';
import { createFairQueue, type FairQueue, type Source } from './fair-queue.ts';
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

/** Of an environment that is to be started. */
export type SettingsOfNew = () => Omit<EnvironmentSettings, 'onEnd'>;

/**
 * Milliseconds for which events wait before another environment is started beside one that works: a burst of a few events is over before
 * another has imported the handler, which takes as much memory and as long to become fast.
 */
const PATIENCE_MS = 100;

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

/** Waits before another environment is started beside one that works. */
function createPatience(isNeeded: () => boolean, startAnother: () => void) {
  let timer: NodeJS.Timeout | undefined;
  const begin = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      if (!isNeeded()) return;
      startAnother();
      begin();
    }, PATIENCE_MS);
  };
  return {
    begin,
    end(): void {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

/** One pool at work. */
interface State {
  readonly size: number;
  readonly members: ReturnType<typeof createMembers>;
  readonly queue: FairQueue<Job>;
  readonly patience: ReturnType<typeof createPatience>;
  settings: SettingsOfNew;
  /** Events that run. */
  running: number;
  isClosed: boolean;
}

function createState(size: number, settings: SettingsOfNew, idleLimits: IdleLimits): State {
  const queue = createFairQueue<Job>(SOURCE_LEVELS);
  const members = createMembers(idleLimits, () => state.running);
  const isNeeded = () => !state.isClosed && queue.length > 0 && members.all.size < size;
  const patience = createPatience(isNeeded, () => {
    if (members.starting.size === 0) start(state);
  });
  const state: State = { size, members, queue, patience, settings, running: 0, isClosed: false };
  return state;
}

function create(state: State, from: SettingsOfNew): Environment {
  const { members } = state;
  const onEnd = () => {
    const isStarting = members.starting.has(environment);
    members.forget(environment);
    if (!isStarting) pump(state); // else once the event that it was started for has its answer
  };
  const environment = createEnvironment({ ...from(), onEnd });
  return environment;
}

function start(state: State): void {
  const { members, queue } = state;
  const environment = create(state, state.settings);
  members.all.add(environment);
  members.starting.add(environment);
  void environment.started.then((started) => {
    members.starting.delete(environment);
    if (started || members.outdated.has(environment)) members.free(environment);
    else if (queue.length > 0 && !state.isClosed) {
      // As on Lambda, the event that made the environment start is answered with the error of the import.
      queue.shift()!.settle(failedImport(environment));
    }
    pump(state);
  });
}

async function work(state: State, environment: Environment, job: Job): Promise<void> {
  state.running += 1;
  const outcome = await environment.run(job.requestId, textOf(job.payload), job.caller);
  state.running -= 1;
  state.members.free(environment);
  job.settle(outcome);
  pump(state);
}

function pump(state: State): void {
  const { members, queue, patience, size } = state;
  const { all, ending, idle } = members;
  while (!state.isClosed && queue.length > 0 && state.running < size) {
    const environment = idle.pop();
    if (environment) void work(state, environment, queue.shift()!);
    else {
      if (all.size === ending.size && all.size < size) start(state);
      else if (all.size < size) patience.begin();
      return;
    }
  }
  if (queue.length === 0) patience.end();
}

async function renew(state: State, next: SettingsOfNew): Promise<string | undefined> {
  const candidate = create(state, next);
  if (!(await candidate.started)) return candidate.failure();
  state.settings = next;
  state.members.replaceBy(candidate);
  if (state.isClosed) await candidate.retire();
  pump(state);
  return undefined;
}

/**
 * @param size the most environments at once, at least 1.
 * @param settings for a new environment, which is given its end to report.
 */
export function createPool(
  size: number,
  settings: SettingsOfNew,
  idleLimits: IdleLimits = IDLE_LIMITS,
): Pool {
  const state = createState(size, settings, idleLimits);
  const { members, queue, patience } = state;
  const trial = createTrial();
  return {
    waiting: (source = []) => queue.waiting(source),
    renew: (next) => renew(state, next),
    submit: ({ source, ...event }) =>
      new Promise((settle) => {
        queue.push(source, { ...event, settle });
        pump(state);
      }),
    tryImport: async () =>
      members.hasImported() ? undefined : trial.run(state.settings, () => state.isClosed),
    async close() {
      state.isClosed = true;
      patience.end();
      await Promise.all([...members.all, ...trial.environments()].map((each) => each.close()));
    },
  };
}
