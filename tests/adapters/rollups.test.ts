// Stored hours equal the statistics of their windows, with late readings, crashes and concurrent runs.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { DeleteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as fc from 'fast-check';
import { createRollupStore } from '../../adapters/rollup-store.ts';
import { createWindowHistory } from '../../adapters/window-history.ts';
import { createWindowStore } from '../../adapters/window-store.ts';
import { foldHours, HOUR_MS } from '../../core/hour.ts';
import { parseMessage } from '../../core/message.ts';
import { rollUp } from '../../core/rollup.ts';
import { createFoldHours } from '../../pipeline/fold-hours.ts';
import { createIngestion } from '../../pipeline/ingest.ts';
import type { Rollups } from '../../pipeline/rollup-ports.ts';
import { openTables, type Tables } from './tables.ts';

const START = Math.floor(1_790_000_000_000 / 86_400_000) * 86_400_000;
const MINUTE_MS = 60_000;
const DAYS = 30;

let tables: Tables;
beforeAll(async () => void (tables = await openTables()));
afterAll(() => tables.close());

const store = (clock: { now: number }, client: DynamoDBClient = tables.client) =>
  createRollupStore({
    ...{ client, table: 'rollups', now: () => clock.now },
    ...{ retentionDays: 1000, windowRetentionDays: DAYS },
  });

const historyOf = (clock: { now: number }, more: { readonly rollupsTable?: string } = {}) =>
  createWindowHistory({
    ...{ client: tables.client, table: 'windows', windowSeconds: 10, isConsistent: true },
    ...{ now: () => clock.now, ...more },
  });

/** Fails after this many calls, like a killed function. */
function crashing(rollups: Rollups, calls: number): Rollups {
  let left = calls;
  const failing = () => {
    if ((left -= 1) < 0) throw new Error('killed');
    return rollups;
  };
  return {
    progress: async () => failing().progress(),
    saveProgress: async (progress) => failing().saveProgress(progress),
    keep: async (deviceId, hour) => failing().keep(deviceId, hour),
    mark: async (deviceId, start) => rollups.mark(deviceId, start),
    marks: async (deviceId) => failing().marks(deviceId),
    unmark: async (deviceId, mark) => failing().unmark(deviceId, mark),
  };
}

const ingestion = (clock: { now: number }) =>
  createIngestion({
    windows: createWindowStore({
      ...{ client: tables.client, table: 'windows', fingerprintsTable: 'fingerprints' },
      ...{ windowSeconds: 10, retentionDays: DAYS },
    }),
    rollups: store(clock),
    keepRejected: async () => {},
    devices: { noteSeen: async () => {}, noteUnused: async () => {}, noteUnits: async () => {} },
    judgeWindows: async () => {},
    ...{ windowSeconds: 10, callsAtOnce: 4, now: () => clock.now },
  });

const counting = { count() {}, warn() {} };
const limits = { maxLatenessSeconds: 7 * 86_400, maxSkewSeconds: 60 };

type Step =
  | { readonly does: 'send'; readonly device: number; readonly minutesAgo: number; readonly tenths: number }
  | { readonly does: 'wait'; readonly minutes: number }
  | { readonly does: 'fold'; readonly crashAfter: number };

const send = fc.record({
  does: fc.constant('send' as const),
  device: fc.nat(1),
  minutesAgo: fc.oneof(fc.nat(5), fc.nat(300)),
  tenths: fc.integer({ min: -500, max: 500 }),
});
const wait = fc.record({ does: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 100 }) });
const fold = fc.record({
  does: fc.constant('fold' as const),
  crashAfter: fc.oneof(fc.constant(1000), fc.nat(12)),
});

test('hours equal their windows, with late readings, crashes and concurrent readings', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 5, arbitrary: send }, { weight: 2, arbitrary: wait }, fold), {
        minLength: 5,
        maxLength: 24,
      }),
      async (steps: Step[]) => {
        await tables.client.send(
          new DeleteItemCommand({
            TableName: 'rollups',
            Key: { deviceId: { S: '#progress' }, windowStart: { N: '0' } },
          }),
        );
        const clock = { now: START + 1000 * HOUR_MS };
        const ids = [`a-${(run += 1)}`, `b-${run}`];
        const devices = ids.map((deviceId) => ({ deviceId }));
        const ingest = ingestion(clock);
        const folding = (crashAfter: number) =>
          createFoldHours({
            rollups: crashing(store(clock), crashAfter),
            windows: historyOf(clock),
            ...{ windowSeconds: 10, retentionDays: DAYS, now: () => clock.now },
          })(devices, { endsAt: Infinity });
        const seesTheSame = async () => {
          for (const deviceId of ids) {
            const span = { deviceId, from: START, to: clock.now + HOUR_MS };
            const plain = await historyOf(clock).stored({ ...span, limit: 10_000 });
            const kept = historyOf(clock, { rollupsTable: 'rollups' });
            for (const seconds of [3600, 86_400]) {
              const { buckets } = await kept.read({ ...span, seconds, limit: 2000 });
              assert.deepEqual(buckets, rollUp(plain, seconds));
            }
            assert.deepEqual(await kept.hours(span), foldHours(plain));
          }
        };
        let underWay: Promise<unknown> = Promise.resolve();
        for (const [n, step] of steps.entries()) {
          if (step.does === 'wait') clock.now += step.minutes * MINUTE_MS;
          else if (step.does === 'fold')
            // Not awaited: the next readings arrive meanwhile.
            underWay = Promise.allSettled([underWay, folding(step.crashAfter)]);
          else {
            const event = {
              ...{ id: `r${n}`, temperature: step.tenths / 10, site: 's', deviceId: ids[step.device] },
              ...{
                timestamp: clock.now - step.minutesAgo * MINUTE_MS,
                receivedAt: clock.now,
                traceId: `t${n}`,
              },
            };
            assert.deepEqual(await ingest([parseMessage(event, limits)], counting), []);
          }
          if (n % 8 === 7) {
            await underWay;
            await seesTheSame();
          }
        }
        await underWay;
        await seesTheSame();
        // Twice: what was marked while an hour was folded is folded with the next one.
        for (let hours = 0; hours < 3; hours += 1) {
          clock.now += 2 * HOUR_MS;
          await folding(1000);
        }
        const span = { from: START, to: clock.now };
        const before = await Promise.all(
          ids.map((deviceId) => historyOf(clock).stored({ ...span, deviceId, limit: 10_000 })),
        );
        clock.now += 40 * 24 * HOUR_MS; // the windows expire
        const kept = historyOf(clock, { rollupsTable: 'rollups' });
        for (const [index, deviceId] of ids.entries()) {
          assert.deepEqual(await historyOf(clock).stored({ ...span, deviceId, limit: 1 }), []);
          assert.deepEqual(await kept.hours({ ...span, deviceId }), foldHours(before[index]!));
        }
      },
    ),
    { seed: 3, numRuns: 10 },
  );
}, 120_000);

test('an hour with more readings is not replaced by one with fewer, as windows expire one by one', async () => {
  const clock = { now: START };
  const rollups = store(clock);
  const one = { min: 1n, max: 1n, sum: 1n, count: 1 };
  const hour = (readings: number) => ({
    ...{ start: START, end: START + HOUR_MS, readings },
    ...{ metrics: new Map([['t', { ...one, count: readings }]]), last: new Map() },
    ...{ firstReadingAt: Infinity, lastReadingAt: -Infinity, lastFingerprint: '' },
  });
  await rollups.keep('shrinks', hour(3));
  await rollups.keep('shrinks', hour(2));
  const item = await tables.item('rollups', {
    deviceId: { S: 'shrinks' },
    windowStart: { N: String(START) },
  });
  assert.equal(item?.['readings']?.N, '3');
});

test('a mark that was made again since it was read stays', async () => {
  const clock = { now: START + HOUR_MS };
  const rollups = store(clock);
  await rollups.mark('changes', START);
  const [mark] = await rollups.marks('changes');
  await rollups.mark('changes', START);
  await rollups.unmark('changes', mark!);
  assert.deepEqual(await rollups.marks('changes'), [{ start: START, times: 2 }]);
  await rollups.unmark('changes', { start: START, times: 2 });
  assert.deepEqual(await rollups.marks('changes'), []);
});

test('a run that is out of time is continued with the next device by the next run', async () => {
  const clock = { now: START + 1.5 * HOUR_MS };
  await store(clock).saveProgress({ until: START, after: '' });
  const devices = Array.from({ length: 80 }, (_, n) => ({ deviceId: `d-${String(n).padStart(3, '0')}` }));
  const looked: string[] = [];
  const foldHoursOf = createFoldHours({
    rollups: store(clock),
    windows: {
      async stored({ deviceId }) {
        looked.push(deviceId);
        if (looked.length === 64) clock.now = START + 2 * HOUR_MS;
        return [];
      },
    },
    ...{ windowSeconds: 10, retentionDays: DAYS, now: () => clock.now },
  });
  const { isLate } = await foldHoursOf(devices, { endsAt: START + 1.6 * HOUR_MS });
  assert.deepEqual([looked.length, isLate], [64, false]);
  assert.deepEqual(await store(clock).progress(), { until: START, after: 'd-063' });
  clock.now = START + 1.5 * HOUR_MS;
  await foldHoursOf(devices, { endsAt: Infinity });
  assert.deepEqual(looked.slice(64, 66), ['d-064', 'd-065']);
  assert.equal((await store(clock).progress())?.after, '');
});
