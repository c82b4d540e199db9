// Lambda of the local cloud: builds the template's functions, runs their events in worker threads and accounts for each one.

import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AwsError } from '../aws-error.ts';
import type { AwsHandler, Caller } from '../aws/wire.ts';
import type { Log } from '../log.ts';
import type { FunctionSpec } from '../template/functions.ts';
import { createLambdaHandler, type InvokeResult } from './api.ts';
import { bundleFunctions } from './bundle.ts';
import type { Destinations } from './destination.ts';
import type { Source } from './fair-queue.ts';
import { createLocalFunction, type FunctionSurroundings, type LocalFunction } from './local-function.ts';
import { createRebuild, forgetRebuilt, type Rebuild } from './rebuild.ts';
import type { Payload } from './protocol.ts';
import { createSpool, type Spool } from './spool.ts';

export interface Lambda {
  /**
   * RequestResponse: waits for the result; a failing function is a result. `functionName`: name or ARN.
   *
   * @throws AwsError ResourceNotFoundException; TooManyRequestsException when no concurrency is left or too many wait.
   */
  invoke(functionName: string, payload: Payload): Promise<InvokeResult>;
  /**
   * Event: resolves when the event is finished, that is it succeeded or went to the failure destination. Keeps nothing on
   * disk: the caller has to keep the event until then. After `close` it stays pending.
   *
   * @param source who it is from, principal and client. Sources take turns, so that the backlog of one delays no other.
   * @throws AwsError ResourceNotFoundException.
   */
  invokeAsync(functionName: string, payload: string, source?: Source): Promise<void>;
}

export interface LambdaService extends Lambda {
  /**
   * Event: resolves with the request ID once the event is on disk; from then on it is the service's to finish.
   *
   * @throws AwsError ResourceNotFoundException; TooManyRequestsException when too many are kept already.
   */
  accept(functionName: string, payload: string): Promise<string>;
  /** The Lambda API for the AWS port. */
  readonly handler: AwsHandler;
  /**
   * Builds the functions, which start with their first event, and takes up the events accepted by an earlier process.
   *
   * @throws StartError when a function does not build.
   */
  ready(): Promise<void>;
  /**
   * Imports, one after the other, each handler that no earlier start has imported as it is now. Resolves with a line for each that
   * cannot be imported.
   */
  importProblems(): Promise<readonly string[]>;
  /** Builds functions again whose sources have changed, once they are ready. */
  readonly rebuild: Rebuild;
  /**
   * True while so many events wait for an environment that no more should be made. One principal may have as many as there
   * is room left for: so it fills half at most, and a principal without waiting events is let in until all is full.
   */
  isFull(principal?: string): boolean;
  /** Waits at most `ms` milliseconds for events that run or wait to run, not for retries that are due later. */
  drain(ms: number): Promise<void>;
  close(): Promise<void>;
}

export interface LambdaOptions extends FunctionSurroundings {
  readonly functions: readonly FunctionSpec[];
  /** Holds the events accepted through the API until they are finished. */
  readonly spoolDir: string;
  /** Added to each function's environment, such as AWS_ENDPOINT_URL; a function is asked when an environment starts. */
  readonly baseEnvironment: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>);
  readonly destinations: Omit<Destinations, 'lambda'>;
}

/** Events of all functions, ten seconds of work; each takes about 8 KB until it is done. */
const FULL_AT = 4_000;
/** Synchronous invocations that may wait for an environment, and events that the spool may hold. */
const MAX_WAITING = 1_000;

/** The kinds of invocations take turns, too: a call that somebody waits for is not behind all events. */
const [CALL, EVENT] = ['call', 'event'];

/** `randomUUID` gives a rope of twenty strings, which every event that waits would keep. */
const newRequestId = () => Buffer.from(randomUUID(), 'latin1').toString('latin1');

function notFound(reference: string): AwsError {
  return new AwsError('ResourceNotFoundException', `Function not found: ${reference.slice(0, 256)}`, 404);
}

/** Takes up what an earlier process had accepted; each goes on in the background. */
async function resume(spool: Spool, find: (name: string) => LocalFunction, log: Log): Promise<void> {
  for (const { functionName, source, ...event } of await spool.read()) {
    const { requestId } = event;
    try {
      void find(functionName)
        .events.accept({ ...event, source: [EVENT, ...source] })
        .then(() => spool.remove(requestId))
        .catch((error: Error) =>
          log.error('spooled event cannot be removed', { requestId, reason: error.message }),
        );
    } catch {
      log.error('event kept in the spool: the template no longer has its function', {
        functionName,
        requestId,
      });
    }
  }
}

type Functions = ReadonlyMap<string, LocalFunction>;

/** @param reference name or ARN. @throws AwsError ResourceNotFoundException */
function findIn(functions: Functions, reference: string): LocalFunction {
  const name = reference.startsWith('arn:') ? reference.split(':')[6] : reference;
  const found = functions.get(name ?? '');
  if (!found || (name !== reference && found.spec.arn !== reference)) throw notFound(reference);
  return found;
}

/** Runs a call that somebody waits for. */
async function call(target: LocalFunction, payload: Payload, caller?: Caller): Promise<InvokeResult> {
  const {
    payload: response,
    failed,
    logTail,
  } = await target.attempt({
    requestId: randomUUID(),
    payload,
    caller,
    source: [CALL, caller?.cognitoIdentityId ?? ''],
  });
  await target.logged();
  return { payload: response, ...(failed && { functionError: 'Unhandled' as const }), logTail };
}

const ALL: Source = [];

/** How much waits, of all functions together. */
function createLoad(functions: Functions): Pick<LambdaService, 'isFull'> & { isBusy(): boolean } {
  const all = [...functions.values()];
  const waiting = (source: Source) => all.reduce((sum, each) => sum + each.waiting(source), 0);
  return {
    isFull(principal) {
      const room = FULL_AT - waiting(ALL);
      if (principal === undefined || room > FULL_AT / 2) return room <= 0;
      return waiting([EVENT, principal]) >= room;
    },
    isBusy: () => all.some((each) => each.running() > 0 || each.events.active() > 0),
  };
}

/** @returns a function that resolves with the request ID once the event is on disk; it runs on its own */
function createSpoolEvent(
  spool: Spool,
  { find, ready, log }: { find: (name: string) => LocalFunction; ready: () => Promise<void>; log: Log },
) {
  return async (functionName: string, payload: string, source: Source): Promise<string> => {
    const target = find(functionName);
    if (spool.size() >= MAX_WAITING) throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429);
    const requestId = randomUUID();
    await spool.keep({ requestId, functionName: target.spec.name, source, payload });
    void ready()
      .then(() => target.events.accept({ requestId, payload, source: [EVENT, ...source] }))
      .then(() => spool.remove(requestId))
      .catch((error: Error) =>
        log.error('spooled event is not finished', { requestId, reason: error.message }),
      );
    return requestId;
  };
}

/** Builds the functions, once, and takes up what an earlier process had accepted. */
function createPreparation(
  local: Functions,
  spool: Spool,
  { functions, buildDir, log }: Pick<LambdaOptions, 'functions' | 'buildDir' | 'log'>,
) {
  let prepared: Promise<void> | undefined;
  let isReady = false;
  async function prepare(): Promise<void> {
    await forgetRebuilt(buildDir);
    const bundles = await bundleFunctions(functions, buildDir);
    for (const each of local.values()) each.prepare(bundles.get(each.spec.logicalId)!);
    isReady = true;
    await resume(spool, (name) => findIn(local, name), log);
  }
  return { isReady: () => isReady, ready: () => (prepared ??= prepare()) };
}

type Preparation = ReturnType<typeof createPreparation>;

/** The two ways to invoke a function: with a caller who waits for the result, and with an event. */
function createInvocations(local: Functions, { isReady, ready }: Preparation) {
  async function invoke(functionName: string, payload: Payload, caller?: Caller): Promise<InvokeResult> {
    const target = findIn(local, functionName);
    if (target.spec.reservedConcurrency === 0 || target.waiting([CALL]) >= MAX_WAITING) {
      target.metrics.throttled();
      throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429);
    }
    if (!isReady()) await ready();
    return call(target, payload, caller);
  }

  // No async function: tens of thousands of events may wait, and each frame of one costs half a kilobyte.
  function invokeAsync(functionName: string, payload: string, from: Source = []): Promise<void> {
    const source = [EVENT, ...from];
    const accept = () =>
      findIn(local, functionName).events.accept({ requestId: newRequestId(), payload, source });
    try {
      return isReady() ? accept() : ready().then(accept);
    } catch (error) {
      return Promise.reject(error);
    }
  }
  return { invoke, invokeAsync };
}

async function importProblemsOf(local: Functions, isClosed: () => boolean): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const each of local.values()) {
    const problem = isClosed() ? undefined : await each.importProblem();
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}

/** Waits until nothing runs, at most `ms` milliseconds. */
async function drain(load: ReturnType<typeof createLoad>, ms: number, log: Log): Promise<void> {
  const deadline = performance.now() + ms;
  while (load.isBusy() && performance.now() < deadline) await sleep(20);
  if (load.isBusy()) log.warn('events still run at shutdown; the next start repeats them');
}

/** @throws StartError for a failure destination that the local cloud does not have. */
export function createLambda(options: LambdaOptions): LambdaService {
  const { functions, buildDir, log, baseEnvironment } = options;
  const base = typeof baseEnvironment === 'function' ? baseEnvironment : () => baseEnvironment;
  const destinations: Destinations = {
    ...options.destinations,
    lambda: (functionArn, payload) => invokeAsync(functionArn, payload),
  };
  const local = new Map(
    functions.map((spec) => [spec.name, createLocalFunction(spec, { ...options, base, destinations })]),
  );
  const spool = createSpool(path.resolve(options.spoolDir));
  const load = createLoad(local);
  const preparation = createPreparation(local, spool, options);
  const { ready } = preparation;
  const { invoke, invokeAsync } = createInvocations(local, preparation);
  const spoolEvent = createSpoolEvent(spool, { find: (name) => findIn(local, name), ready, log });
  let closed = false;

  return {
    invoke,
    invokeAsync,
    accept: (functionName, payload) => spoolEvent(functionName, payload, []),
    ready,
    async importProblems() {
      await ready();
      return importProblemsOf(local, () => closed);
    },
    rebuild: createRebuild([...local.values()], buildDir),
    isFull: (principal) => load.isFull(principal),
    handler: createLambdaHandler({ functions: local, invoke, spoolEvent }),
    drain: (ms) => drain(load, ms, log),
    async close() {
      closed = true;
      await Promise.all([...local.values()].map((each) => each.close()));
    },
  };
}
