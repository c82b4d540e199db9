// How many devices may wait for a key to be made for them.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createKeyQueue } from '../../provisioning/key-queue.ts';

test('more than fifty requests for keys at once are throttled; one runs at a time, and then there is room again', async () => {
  const inTurn = createKeyQueue();
  const started: number[] = [];
  const finish: (() => void)[] = [];
  const ask = (n: number) =>
    inTurn(() => {
      started.push(n);
      return new Promise<void>((resolve) => finish.push(resolve));
    });
  const asked = Array.from({ length: 50 }, (_, n) => ask(n));
  assert.throws(() => ask(50), { code: 'Throttling', status: 429 });
  for (let n = 0; n < 50; n += 1) {
    while (started.length === n) await new Promise(setImmediate);
    assert.equal(started.length, n + 1);
    finish[n]!();
    await asked[n];
  }
  const later = ask(51);
  while (started.length === 50) await new Promise(setImmediate);
  finish[50]!();
  await later;
});
