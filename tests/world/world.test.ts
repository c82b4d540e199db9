// Whole worlds from a seed: the same seed keeps the same bytes, and the oracle finds nothing under the faults.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

const root = path.resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

/** The lines of a run that found nothing. */
async function linesOf(...options: readonly string[]): Promise<readonly string[]> {
  const args = ['--max-semi-space-size=32', 'world/main.ts', ...options];
  const { stdout } = await run(process.execPath, args, { cwd: root, timeout: 280_000 });
  return stdout.split('\n');
}

const seedLines = (lines: readonly string[]) => lines.filter((line) => line.startsWith('seed '));
const SMALL = ['--days', '0.005', '--devices', '2', '--every', '30', '--faults', '600'];

const FOUND_NOTHING = /kept [0-9a-f]{16}: 0 findings$/;

test('the oracle finds nothing, and a seed keeps the same objects, items and emails whatever ran before it', async () => {
  const lines = seedLines(await linesOf('--seed', '41', '--seeds', '3', ...SMALL));
  assert.equal(lines.length, 3);
  for (const line of lines) assert.match(line, FOUND_NOTHING);
  assert.equal(seedLines(await linesOf('--seed', '43', ...SMALL))[0], lines[2]);
});

test('the oracle finds nothing when readings come by the stream', async () => {
  const lines = seedLines(await linesOf('--seed', '100', '--seeds', '2', '--mode', 'stream', ...SMALL));
  assert.equal(lines.length, 2);
  for (const line of lines) assert.match(line, FOUND_NOTHING);
});

test('an invalid option is named with its range', async () => {
  await assert.rejects(linesOf('--seed', 'x'), (error: { code: number; stderr: string }) => {
    assert.equal(error.code, 2);
    assert.equal(error.stderr, '--seed x is not a whole number from 0 to 2147483647\n');
    return true;
  });
});
