// What functions called in the stacks of a test: no role of the template may refuse any of it, and `npm run iam` can read all of it.

import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from '@jest/globals';

interface RecordedCall {
  readonly function: string;
  readonly action: string;
  readonly resource: string;
  readonly allowed: boolean;
}

/** A file for each stack of each test file, which the next run replaces. */
const FOLDER = path.resolve(import.meta.dirname, '../../node_modules/.cache/iam');

const fileIn = (dataDir: string) => path.join(dataDir, 'iam/calls.json');

/** @param stack number of the stack in its test file */
export function keepRecordedCalls(dataDir: string, stack: number): void {
  const { testPath } = expect.getState();
  if (testPath === undefined || !existsSync(fileIn(dataDir))) return;
  mkdirSync(FOLDER, { recursive: true });
  copyFileSync(fileIn(dataDir), path.join(FOLDER, `${path.basename(testPath, '.test.ts')}-${stack}.json`));
}

/** The calls of functions that a role of the template refused; none without a record. */
export function refusedCalls(dataDir: string): string[] {
  if (!existsSync(fileIn(dataDir))) return [];
  const { calls } = JSON.parse(readFileSync(fileIn(dataDir), 'utf8')) as { calls: RecordedCall[] };
  return calls
    .filter(({ allowed }) => !allowed)
    .map(({ function: name, action, resource }) => `${name} ${action} on ${resource}`);
}
