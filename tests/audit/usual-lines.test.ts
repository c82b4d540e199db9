// The kernel reads numbers under their names, whatever formats core knows: areMetrics must be false wherever core reads more into them.

import { describe, test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { areMetrics } from '../../core/archive/usual-lines.ts';
import { measurementOf, SENTINELS } from '../../core/measurement.ts';
import { foldFast, foldSlowly } from './archive-fixture.ts';
import { devicePayloads } from './device-payloads.ts';
import { START, timeWords } from './difficult-members.ts';

type Json = Readonly<Record<string, unknown>>;

const MAC = 'AA:BB:CC:DD:EE:FF';
const CONTEXT = { deviceId: 'store-1', site: 'seattle', receivedAt: START + 5000, traceId: 't-1' };

async function assertFolds(payloads: readonly Json[]): Promise<void> {
  const bytes = Buffer.from(
    payloads.map((payload) => `${JSON.stringify({ ...payload, ...CONTEXT })}\n`).join(''),
  );
  assert.deepEqual(await foldFast([bytes]), foldSlowly(bytes));
}

describe('names that are metrics, whatever their numbers', () => {
  // A level of the topic is text, so a number called topicLevel4 is the device's.
  const words = 'temperature humidity temp_c rh pm2_5 BatV rssi m1 constructor topicLevel4 topicLevel8';
  const metrics = [...words.split(' '), 'x'.repeat(64)];
  test('one of them', () => {
    for (const name of metrics) assert.equal(areMetrics([name]), true, name);
  });
  test('all of them', () => assert.equal(areMetrics(metrics), true));
});

describe('names under which core may read something else', () => {
  const names = 'readings ts Time TST last_seen t TimeStamp EPOCH_TIME exactPayload';
  for (const name of names.split(' ')) {
    test(name, () => {
      assert.equal(areMetrics([name]), false);
      assert.equal(areMetrics(['temperature', name, 'humidity']), false);
    });
  }

  test('every name of a time, in any case', () => {
    for (const words of timeWords.filter((words) => words !== 'timestamp')) {
      for (const name of [words.replace('-', '_'), words.replace('-', '').toUpperCase()]) {
        assert.equal(areMetrics([name]), false, name);
      }
    }
  });

  test('more of them than a reading has metrics', () => {
    assert.equal(areMetrics(Array.from({ length: 32 }, (_, n) => `m${n}`)), true);
    assert.equal(areMetrics(Array.from({ length: 33 }, (_, n) => `m${n}`)), false);
  });
});

test('the sentinels are those of core: among the whole numbers, the tenths and the hundredths', () => {
  const near = (value: number) => SENTINELS.some((sentinel) => Math.abs(sentinel - value) < 0.006);
  for (const parts of [1, 10, 100]) {
    for (let n = -70_000; n <= 70_000; n += 1) {
      const isSkipped = ['temperature', 'humidity'].some((name) => 'skip' in measurementOf(n / parts, name));
      if (isSkipped !== near(n / parts)) assert.fail(`${n / parts} is ${isSkipped ? '' : 'not '}skipped`);
    }
  }
  for (const value of SENTINELS) assert.ok('skip' in measurementOf(value, 'temperature'), String(value));
});

describe('folds readings as core parses them, with and without texts', () => {
  const numbersOf = (payload: Json): Json =>
    Object.fromEntries(Object.entries(payload).filter(([, value]) => typeof value === 'number'));
  const inNumbers = (payload: Json): Json =>
    Object.fromEntries(
      Object.entries(payload).map(([name, value]) => [name, typeof value === 'number' ? value : 1]),
    );

  for (const [name, payload] of Object.entries(devicePayloads)) {
    test(name, async () => {
      const { id, ...numbers } = numbersOf(payload);
      const { id: _, ...allNumbers } = inNumbers(payload);
      const kinds = [
        payload,
        numbers,
        allNumbers,
        { ...numbers, id },
        { id: 'a', ...numbers },
        { id: MAC, ...allNumbers },
      ];
      for (const kind of kinds) {
        const timed = { ...kind, timestamp: START + 1000 };
        await assertFolds([kind, timed, timed, { ...timed, topicLevel4: 'child' }]);
      }
    });
  }

  const known = Object.values(devicePayloads).flatMap((payload) => Object.keys(payload));
  const members = fc.dictionary(
    fc.constantFrom(...known.filter((name) => name !== 'id')),
    fc.constantFrom(0, 1, -1, 21.5, 255, 999, 9999.9999, 1_790_000_001, START),
    { minKeys: 1, maxKeys: 8 },
  );
  const lines = fc.array(
    fc
      .tuple(members, fc.constantFrom(undefined, 'a', MAC), fc.constantFrom(START, START + 1000))
      .map(([values, id, timestamp]): Json => ({ ...values, id, timestamp })),
    { minLength: 1, maxLength: 20 },
  );
  test('any numbers under the names of their members', async () => {
    await fc.assert(fc.asyncProperty(lines, assertFolds), { numRuns: 100 });
  });
});
