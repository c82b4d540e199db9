// A function starts with its first event. Whether it can be imported is tried once for each version of it, in an environment that ends.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { start, type FunctionDraft } from './fixture.ts';

const source = 'console.log("imported"); export const handler = async () => 1;';

/** Starts a stack of one function in `dir`, ends it after so many events, and gives how often it was imported. */
async function importsOf(dir: string, draft: FunctionDraft, events: number): Promise<number> {
  const log = path.join(dir, 'logs', 'Fn.log');
  const before = existsSync(log) ? readFileSync(log, 'utf8').length : 0;
  const { lambda } = await start({ Fn: draft }, { dir });
  assert.deepEqual(await lambda.importProblems(), []);
  for (let event = 0; event < events; event += 1) await lambda.invoke('tidegate-Fn', '{}');
  await lambda.close();
  const printed = existsSync(log) ? readFileSync(log, 'utf8').slice(before) : '';
  return printed.match(/imported/g)?.length ?? 0;
}

test('tries the import of a function at the first start, and again only once its code or its variables have changed', async () => {
  const dir = temporaryFolder();
  await mkdir(path.join(dir, 'node_modules'));
  const changed = 'console.log("imported anew"); export const handler = async () => 1;';
  const steps: [FunctionDraft, events: number, imports: number][] = [
    [{ source }, 0, 1],
    [{ source }, 0, 0],
    [{ source }, 2, 1], // by its first event
    [{ source: changed }, 2, 2],
    [{ source, environment: { LIMIT: '5' } }, 0, 1],
    [{ source, environment: { LIMIT: '5' } }, 0, 0],
  ];
  for (const [draft, events, imports] of steps)
    assert.equal(await importsOf(dir, draft, events), imports, JSON.stringify(draft));
});

test('tries the import of a function at each start until it succeeds', async () => {
  const dir = temporaryFolder();
  await mkdir(path.join(dir, 'node_modules'));
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const { lambda } = await start({ Fn: { source: 'throw new Error("no table");' } }, { dir });
    const problems = await lambda.importProblems();
    assert.match(problems.join(), /no table/);
    await lambda.close();
  }
});

test('imports nothing before the first event, and does not try what an event has imported', async () => {
  const { lambda, dir } = await start({ Fn: { source } });
  const file = path.join(dir, 'logs', 'Fn.log');
  await lambda.ready();
  assert.equal(existsSync(file), false);
  await lambda.invoke('tidegate-Fn', '{}');
  assert.deepEqual(await lambda.importProblems(), []);
  assert.equal(readFileSync(file, 'utf8').match(/imported/g)?.length, 1);
});

test('does not take the end of the stack for a handler that cannot be imported', async () => {
  const { lambda } = await start({
    Slow: { source: 'await new Promise(() => setInterval(() => {}, 1000));' },
  });
  await lambda.ready();
  const problems = lambda.importProblems();
  await lambda.close();
  assert.deepEqual(await problems, []);
});
