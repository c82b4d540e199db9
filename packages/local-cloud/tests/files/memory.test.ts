// What a busy spell needed goes back to the system once it is quiet, and not before.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createManualClock } from '../../clock.ts';
import { returnMemory } from '../../memory.ts';

const megabyte = 1_048_576;

test.each([
  ['quiet, with much to give back', 0.01, 60, 3],
  ['busy', 0.3, 60, 0],
  ['quiet, with little to give back: once, after the start', 0.01, 10, 1],
] as const)('%s', async (_title, busy, slack, collections) => {
  const clock = createManualClock(0);
  let collected = 0;
  const probe = { slack: () => slack * megabyte, busy: () => busy, collect: () => void (collected += 1) };
  const end = returnMemory(clock, probe);
  await clock.advance(95_000);
  end();
  await clock.advance(95_000);
  assert.equal(collected, collections);
});

test('a collection gives back the room of short-lived objects, and functions do not see how it was done', () => {
  const script = `
    import { createMemoryProbe } from ${JSON.stringify(new URL('../../memory.ts', import.meta.url).href)};
    const probe = createMemoryProbe();
    let keep = [];
    for (let i = 0; i < 3e6; i += 1) {
      keep.push({ i, text: 'x' + i });
      if (keep.length > 100_000) keep = [];
    }
    keep = [];
    const before = probe.slack();
    probe.collect();
    console.log(JSON.stringify({ before, after: probe.slack(), seen: typeof gc }));`;
  const text = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  const { before, after, seen } = JSON.parse(text) as {
    before: number;
    after: number;
    seen: string;
  };
  assert.ok(before > 32 * megabyte, `${before} before`);
  assert.ok(after < 16 * megabyte, `${after} after`);
  assert.equal(seen, 'undefined');
});
