// Window histories over the local DynamoDB: any query and paging gives the same result as all windows together.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import * as fc from 'fast-check';
import { createWindowHistory } from '../../adapters/window-history.ts';
import { decimalOf, decimalText } from '../../core/decimal.ts';
import { bucketStartOf, rollUp, type Bucket } from '../../core/rollup.ts';
import { NO_SPAN, type Span } from '../../core/span.ts';
import type { Window } from '../../core/window.ts';
import type { HistoryQuestion, WindowHistory } from '../../pipeline/ports.ts';
import { openTables, type Tables } from './tables.ts';

const START = 1_790_000_000_000;
const NOW = START + 10_000_000;

let tables: Tables;
let history: WindowHistory;
beforeAll(async () => {
  tables = await openTables();
  const settings = { client: tables.client, table: 'windows', windowSeconds: 10, now: () => NOW };
  history = createWindowHistory(settings);
});
afterAll(() => tables.close());

interface Stored {
  readonly slot: number;
  readonly tenths: number;
  readonly metrics: readonly string[];
  readonly expired: boolean;
  /** As it was stored before windows had times. */
  readonly old: boolean;
}

type Figures = Pick<Window, 'windowStart' | 'readings' | 'metrics'> & Span;

async function store(deviceId: string, { slot, tenths, metrics, expired, old }: Stored): Promise<Figures> {
  const value = decimalOf(tenths / 10)!;
  const windowStart = START + slot * 10_000;
  const print = slot.toString(16).padStart(16, '0');
  const figures = metrics.flatMap((metric) =>
    ['min', 'max', 'sum'].map((figure) => [`${metric}.${figure}`, { N: decimalText(value) }] as const),
  );
  const counts = metrics.map((metric) => [`${metric}.count`, { N: '1' }] as const);
  await tables.client.send(
    new PutItemCommand({
      TableName: 'windows',
      Item: {
        deviceId: { S: deviceId },
        windowStart: { N: String(windowStart) },
        site: { S: 'seattle' },
        readings: { N: '1' },
        seen: { BS: [Buffer.from(print, 'hex')] },
        expiresAt: { N: String(Math.floor(NOW / 1000) + (expired ? 0 : 1)) },
        ...Object.fromEntries([...figures, ...counts]),
        ...(!old && {
          firstReadingAt: { N: String(windowStart + 1000) },
          lastReadingAt: { N: String(windowStart + 9000) },
          lastFingerprint: { B: Buffer.from(print, 'hex') },
          last: { M: { [metrics[0]!]: { N: decimalText(value) } } },
        }),
      },
    }),
  );
  const aggregate = { min: value, max: value, sum: value, count: 1 };
  return {
    windowStart,
    readings: 1,
    metrics: new Map(metrics.map((metric) => [metric, aggregate])),
    ...(old
      ? NO_SPAN
      : {
          firstReadingAt: windowStart + 1000,
          lastReadingAt: windowStart + 9000,
          lastFingerprint: print,
          last: new Map([[metrics[0]!, value]]),
        }),
  };
}

async function allPages(question: HistoryQuestion): Promise<Bucket[]> {
  const buckets: Bucket[] = [];
  let from: number | undefined = question.from;
  while (from !== undefined) {
    const page = await history.read({ ...question, from });
    assert.ok(page.buckets.length <= question.limit);
    assert.ok(page.next === undefined || page.next > from);
    buckets.push(...page.buckets);
    from = page.next;
  }
  return buckets;
}

test('pages of random windows join to the result of one read', async () => {
  let run = 0;
  const stored = fc.record({
    slot: fc.nat(400),
    tenths: fc.integer({ min: -500, max: 500 }),
    metrics: fc.subarray(['temperature', 'humidity'], { minLength: 1 }),
    expired: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    old: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(stored, { selector: ({ slot }) => slot, maxLength: 40 }),
      fc.record({
        from: fc.integer({ min: START - 100_000, max: START + 4_100_000 }),
        lasts: fc.integer({ min: 1, max: 4_000_000 }),
        seconds: fc.constantFrom(10, 60, 600, 3600),
        limit: fc.integer({ min: 1, max: 12 }),
        metric: fc.option(fc.constantFrom('temperature', 'humidity', 'pressure'), { nil: undefined }),
      }),
      async (all, { from, lasts, seconds, limit, metric }) => {
        const deviceId = `random-${(run += 1)}`;
        const windows = await Promise.all(all.map((each) => store(deviceId, each)));
        const to = from + lasts;
        const expected = windows.filter(
          ({ windowStart, metrics }, index) =>
            !all[index]!.expired &&
            windowStart >= bucketStartOf(from, seconds) &&
            bucketStartOf(windowStart, seconds) < to &&
            (metric === undefined || metrics.has(metric)),
        );
        const found = await allPages({
          deviceId,
          from,
          to,
          seconds,
          limit,
          ...(metric !== undefined && { metric }),
        });
        const only = <T>(byMetric: ReadonlyMap<string, T>) =>
          new Map([...byMetric].filter(([name]) => metric === undefined || name === metric));
        const asked = (bucket: Bucket) => ({
          ...bucket,
          metrics: only(bucket.metrics),
          last: only(bucket.last),
        });
        assert.deepEqual(found.map(asked), rollUp(expected, seconds).map(asked));
      },
    ),
    { seed: 11, numRuns: 100 },
  );
});

test('a page ends after ten thousand windows, and the next one continues', async () => {
  const asked: number[] = [];
  let next = 0;
  const item = () => ({
    deviceId: { S: 'busy' },
    windowStart: { N: String(START + (next += 1) * 1000) },
    readings: { N: '1' },
    site: { S: 's' },
    expiresAt: { N: String(NOW) },
  });
  const send = async ({ input }: { input: { Limit: number } }) => {
    asked.push(input.Limit);
    return { Items: Array.from({ length: input.Limit }, item), LastEvaluatedKey: {} };
  };
  const endless = createWindowHistory({
    ...{ client: { send } as unknown as Tables['client'], table: 'windows' },
    ...{ windowSeconds: 1, now: () => NOW },
  });
  const question = { deviceId: 'busy', from: START, to: START + 1e9, seconds: 60, limit: 2000 };
  const page = await endless.read({ ...question, metric: 'absent' });
  assert.deepEqual(page.buckets, []);
  assert.equal(asked.length, 11);
  assert.ok(page.next! >= START + 10_000_000 && page.next! < START + 10_120_000);
});
