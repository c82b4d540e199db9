// One function of the template as it runs here: its bundle, its environments, its log and its asynchronous events.

import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Count } from '../aws/wire.ts';
import type { Clock } from '../clock.ts';
import { noMeter, type Meter } from '../cloudwatch/meter.ts';
import { printableLines, type Log } from '../log.ts';
import { StartError } from '../start-error.ts';
import type { FunctionSpec } from '../template/functions.ts';
import { type AsyncEvents, createAsyncEvents } from './async-events.ts';
import type { Bundle } from './bundle.ts';
import { createDeliver, type Destinations } from './destination.ts';
import { readMetrics, type OnMetric } from './embedded-metrics.ts';
import type { Outcome } from './environment.ts';
import type { Source } from './fair-queue.ts';
import { noteImport, wasImported } from './imports.ts';
import { createLogFile } from './log-file.ts';
import { createPool, type Pool, type PoolEvent, type SettingsOfNew } from './pool.ts';
import type { TablesDoor } from './protocol.ts';
import type { EnvironmentSettings } from './start-worker.ts';
import { variablesOf } from './variables.ts';
import { createFunctionMetrics, type FunctionMetrics } from './function-metrics.ts';
import { createWarnings } from './warnings.ts';

export interface LocalFunction {
  readonly spec: FunctionSpec;
  readonly metrics: FunctionMetrics;
  readonly events: AsyncEvents;
  /** Called once, before the first event. */
  prepare(bundle: Bundle): void;
  /** Why its handler cannot be imported, in one line; undefined when it can be, or an earlier start has imported it as it is now. */
  importProblem(): Promise<string | undefined>;
  /** From now on every attempt runs the code of this bundle. @throws StartError when its handler cannot be imported; nothing changes then. */
  replace(bundle: Bundle): Promise<void>;
  readonly bundle: () => Bundle | undefined;
  /** When its code was last built or replaced, epoch milliseconds. */
  readonly changedAt: () => number;
  attempt(event: PoolEvent): Promise<Outcome>;
  /** Attempts that wait for an environment, of all or of one source, and attempts that wait or run. */
  waiting(source?: Source): number;
  running(): number;
  /** Resolves when what was printed so far is in the log file. */
  logged(): Promise<void>;
  close(): Promise<void>;
}

/** What all functions have in common. */
export interface FunctionSurroundings {
  readonly buildDir: string;
  readonly logDir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Gets lambda.invocations, .errors, .timeouts, .retries, .givenUp and .lost. */
  readonly count: Count;
  readonly meter?: Meter;
  readonly onMetric: OnMetric;
  /** Called for each new environment; without it functions reach the tables by HTTP alone. */
  readonly tables?: (functionId: string) => TablesDoor;
  /** Environments per function at once, within its reserved concurrency; as many as there are cores by default. */
  readonly maxEnvironments?: number;
}

export interface LocalFunctionOptions extends FunctionSurroundings {
  readonly base: () => Readonly<Record<string, string>>;
  readonly destinations: Destinations;
}

function logStreamOf(now: number): string {
  return `${new Date(now).toISOString().slice(0, 10).replaceAll('-', '/')}/[$LATEST]${randomUUID().replaceAll('-', '')}`;
}

/** Where the lines of a function go: its log file, the metrics, and, of warnings, the terminal. */
function createLogging(spec: FunctionSpec, options: LocalFunctionOptions) {
  const file = path.join(options.logDir, `${spec.logicalId}.log`);
  const logFile = createLogFile(file, options.log);
  const showWarnings = createWarnings(spec.logicalId, file, options);
  return {
    onLine(output: string): void {
      const line = printableLines(output);
      logFile.append(line);
      readMetrics(line, options.onMetric);
      showWarnings(line);
    },
    flushed: () => logFile.flushed(),
  };
}

function settingsOf(
  spec: FunctionSpec,
  { file, folder }: Bundle,
  { clock, base, buildDir, tables }: LocalFunctionOptions,
  onLine: EnvironmentSettings['onLine'],
): ReturnType<SettingsOfNew> {
  const logStream = logStreamOf(clock.now());
  const variables = variablesOf(spec, base(), logStream, buildDir, folder);
  return { spec, file, variables, logStream, tables: tables && (() => tables(spec.logicalId)), onLine };
}

/** @param failure Lambda's error document */
function importProblemOf(spec: FunctionSpec, failure: string): string {
  const { errorType, errorMessage } = JSON.parse(failure) as { errorType: string; errorMessage: string };
  return `${spec.declaredAt}: ${spec.logicalId} cannot be started: ${errorType}: ${errorMessage.split('\n')[0]}`;
}

/** Runs events in a pool, and counts how they end. */
function createAttempts(pool: Pool, metrics: FunctionMetrics, count: Count) {
  let running = 0;
  function account(outcome: Outcome): Outcome {
    running -= 1;
    count('lambda.invocations');
    metrics.attempted(outcome);
    if (outcome.failed) count('lambda.errors');
    if (outcome.timedOut) count('lambda.timeouts');
    return outcome;
  }
  return {
    running: () => running,
    attempt(event: PoolEvent): Promise<Outcome> {
      running += 1;
      return pool.submit(event).then(account);
    },
  };
}

/** The code that the environments of a function run, which a rebuild replaces. */
function createCode(
  spec: FunctionSpec,
  { clock, maxEnvironments = availableParallelism() }: LocalFunctionOptions,
  settings: (bundle: Bundle) => ReturnType<SettingsOfNew>,
) {
  let bundle: Bundle | undefined;
  let changedAt = clock.now();
  const size = Math.max(1, Math.min(spec.reservedConcurrency ?? Infinity, maxEnvironments));
  const pool = createPool(size, () => settings(bundle!));
  return {
    pool,
    bundle: () => bundle,
    changedAt: () => changedAt,
    prepare(built: Bundle): void {
      bundle = built;
    },
    async importProblem(): Promise<string | undefined> {
      const tried = bundle;
      if (!tried || wasImported(spec, tried)) return undefined;
      const failure = await pool.tryImport();
      if (failure) return importProblemOf(spec, failure);
      await noteImport(spec, tried);
      return undefined;
    },
    async replace(built: Bundle): Promise<void> {
      const failure = await pool.renew(() => settings(built));
      if (failure) throw new StartError(importProblemOf(spec, failure));
      bundle = built;
      changedAt = clock.now();
    },
  };
}

/** @throws StartError for a failure destination that the local cloud does not have. */
export function createLocalFunction(spec: FunctionSpec, options: LocalFunctionOptions): LocalFunction {
  const { clock, log, count } = options;
  const logging = createLogging(spec, options);
  const metrics = createFunctionMetrics(spec.name, options.meter ?? noMeter);
  const { pool, ...code } = createCode(spec, options, (bundle) =>
    settingsOf(spec, bundle, options, (line) => logging.onLine(line)),
  );
  const attempts = createAttempts(pool, metrics, count);
  const attempt = (event: PoolEvent) => attempts.attempt(event);
  const deliver = createDeliver(spec, options.destinations);
  const events = createAsyncEvents({ spec, clock, log, count, metrics, attempt, deliver });
  return {
    spec,
    metrics,
    events,
    attempt,
    ...code,
    waiting: (source) => pool.waiting(source),
    running: () => attempts.running(),
    logged: () => logging.flushed(),
    async close() {
      events.close();
      await pool.close();
      await logging.flushed();
    },
  };
}
