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

test('the same seed keeps the same objects, items and emails, whatever ran before it', async () => {
  const [, second] = seedLines(await linesOf('--seed', '41', '--seeds', '2', ...SMALL));
  const [alone] = seedLines(await linesOf('--seed', '42', ...SMALL));
  assert.match(alone!, /kept [0-9a-f]{16}: 0 findings$/);
  assert.equal(second, alone);
});

test('the oracle finds nothing in worlds with faults, with direct ingest and by the stream', async () => {
  for (const mode of ['direct', 'stream']) {
    const lines = await linesOf('--seed', '100', '--seeds', '5', '--mode', mode, ...SMALL);
    assert.equal(
      seedLines(lines).filter((line) => line.endsWith(': 0 findings')).length,
      5,
      lines.join('\n'),
    );
  }
});

test('an option that is not what it may be is named with its range', async () => {
  await assert.rejects(linesOf('--seed', 'x'), (error: { code: number; stderr: string }) => {
    assert.equal(error.code, 2);
    assert.equal(error.stderr, '--seed x is not a whole number from 0 to 2147483647\n');
    return true;
  });
});
