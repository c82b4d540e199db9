// A Lambda service over handlers that a test writes out, in a folder of its own.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createManualClock, type ManualClock } from '../../clock.ts';
import { type Counters, createCounters } from '../../counters.ts';
import type { Fields, Log } from '../../log.ts';
import { createLambda, type LambdaOptions, type LambdaService } from '../../lambda/service.ts';
import type { FunctionSpec } from '../../template/functions.ts';

export const startTime = Date.UTC(2026, 0, 2, 3, 4, 5);

export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Fields;
}

export interface Stored {
  readonly bucket: string;
  readonly key: string;
  readonly body: string;
}

export interface Fixture {
  readonly dir: string;
  readonly lambda: LambdaService;
  readonly clock: ManualClock;
  readonly counters: Counters;
  readonly logged: LogEntry[];
  readonly stored: Stored[];
  readonly metrics: [namespace: string, name: string, value: number, dimensions: object][];
}

export interface FunctionDraft extends Partial<Omit<FunctionSpec, 'async'>> {
  readonly source: string;
  readonly async?: Partial<FunctionSpec['async']>;
}

async function specOf(dir: string, logicalId: string, draft: FunctionDraft): Promise<FunctionSpec> {
  const { source, ...given } = draft;
  const entryPoint = path.join(dir, `${logicalId}.ts`);
  await writeFile(entryPoint, source);
  return {
    logicalId,
    name: `tidegate-${logicalId}`,
    arn: `arn:aws:lambda:us-east-1:000000000000:function:tidegate-${logicalId}`,
    entryPoint,
    handlerFile: logicalId,
    handlerName: 'handler',
    runtime: 'nodejs24.x',
    role: 'arn:aws:iam::000000000000:role/r',
    environment: {},
    timeoutSeconds: 10,
    memoryMb: 128,
    build: {
      format: 'esm',
      target: 'es2024',
      minify: false,
      sourcemap: false,
      splitting: false,
      sourcesContent: true,
      external: [],
      mainFields: [],
      outExtension: { '.js': '.mjs' },
      loader: {},
    },
    declaredAt: 'template.yaml:7',
    ...given,
    async: { maximumRetryAttempts: 2, maximumEventAgeSeconds: 21_600, ...given.async },
  };
}

function recordingLog(logged: LogEntry[]): Log {
  const write =
    (level: LogEntry['level']) =>
    (message: string, fields: Fields = {}) =>
      void logged.push({ level, message, fields });
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

/** Everything is closed after the test. */
export async function start(
  drafts: Readonly<Record<string, FunctionDraft>>,
  options: Partial<LambdaOptions> & { dir?: string } = {},
): Promise<Fixture> {
  const dir = options.dir ?? temporaryFolder();
  const functions = await Promise.all(
    Object.entries(drafts).map(([logicalId, draft]) => specOf(dir, logicalId, draft)),
  );
  const clock = createManualClock(startTime);
  const counters = createCounters();
  const fixture = { dir, clock, counters, logged: [], stored: [], metrics: [] } as Omit<Fixture, 'lambda'>;
  const lambda = createLambda({
    functions,
    buildDir: path.join(dir, 'build'),
    logDir: path.join(dir, 'logs'),
    spoolDir: path.join(dir, 'spool'),
    baseEnvironment: { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' },
    destinations: {
      s3: async (bucket, key, body) => void fixture.stored.push({ bucket, key, body: body.toString('utf8') }),
    },
    clock,
    log: recordingLog(fixture.logged),
    count: (name, by) => counters.count(name, by),
    onMetric: (namespace, name, value, dimensions) =>
      void fixture.metrics.push([namespace, name, value, dimensions]),
    maxEnvironments: 1,
    ...options,
  });
  cleanup(() => lambda.close());
  return { ...fixture, lambda };
}
