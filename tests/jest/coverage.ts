// Coverage of the process of one test file, by V8 itself. Programs that tests start are not part of it.

import { Session } from 'node:inspector/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OnTestSuccess } from 'jest-runner';

type V8Coverage = NonNullable<Parameters<OnTestSuccess>[1]['v8Coverage']>;

const TESTS = /(^|\/)(node_modules|tests)\//;

/** Starts counting, and returns a function that gives what was counted of the modules below `rootDir`. */
export async function collectCoverage(rootDir: string): Promise<() => Promise<V8Coverage>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  return async () => {
    const { result } = await session.post('Profiler.takePreciseCoverage');
    session.disconnect();
    return result.flatMap((script) => {
      if (!script.url.startsWith('file:')) return [];
      const url = fileURLToPath(script.url);
      const name = path.relative(rootDir, url);
      if (name.startsWith('..') || TESTS.test(name)) return [];
      return [{ codeTransformResult: undefined, result: { ...script, url } }];
    });
  };
}
