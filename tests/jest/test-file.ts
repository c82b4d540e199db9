// The process of one test file: jest-circus runs modules that Node itself loads. runner.ts starts it and sends the request.

import { once } from 'node:events';
import { createRequire, registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Config, OnTestSuccess } from 'jest-runner';
import { collectCoverage } from './coverage.ts';
import { setGlobals } from './globals.ts';

export interface FileRequest {
  readonly path: string;
  readonly globalConfig: Config.GlobalConfig;
  readonly config: Config.ProjectConfig;
}

export type FileResult = Parameters<OnTestSuccess>[1];

/** `error` is the stack of what kept the file from running. */
export type FileAnswer = { readonly result: FileResult } | { readonly error: string };

const require = createRequire(import.meta.url);

/** What jest-circus asks of jest's environment and runtime, which this process replaces. */
const environment = { global: {} };
const runtime = {
  requireInternalModule: require,
  requireModule: require,
  setGlobalsForRuntime: setGlobals,
  unstable_shouldLoadAsEsm: () => true,
  unstable_importModule: (path: string) => import(pathToFileURL(path).href),
  enterTestCode() {},
  leaveTestCode() {},
};

type RunTests = (
  globalConfig: Config.GlobalConfig,
  config: Config.ProjectConfig,
  environment: object,
  runtime: object,
  path: string,
) => Promise<FileResult>;
const { default: runTests } = require('jest-circus/runner') as { default: RunTests };

async function run({ path, globalConfig, config }: FileRequest): Promise<FileResult> {
  const takeCoverage = globalConfig.collectCoverage ? await collectCoverage(config.rootDir) : undefined;
  const start = Date.now();
  const result = await runTests(globalConfig, config, environment, runtime, path);
  const end = Date.now();
  const slow = end - start > config.slowTestThreshold * 1000;
  result.perfStats = { ...result.perfStats, start, end, runtime: end - start, slow };
  if (takeCoverage) result.v8Coverage = await takeCoverage();
  return result;
}

registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== '@jest/globals') return next(specifier, context);
    return { url: import.meta.resolve('./globals.ts'), shortCircuit: true };
  },
});

const quit = () => process.exit(1);
process.on('disconnect', quit); // jest itself is gone
const [request] = (await once(process, 'message')) as [FileRequest];
const answer: FileAnswer = await run(request).then(
  (result) => ({ result }),
  (error: unknown) => ({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
);
process.send?.(answer);
process.off('disconnect', quit); // the process now ends by itself, unless a test left something open
