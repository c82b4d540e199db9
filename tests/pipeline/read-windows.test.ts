// Pages of windows are the same whichever days come from the archive, wherever pages and spans begin and end.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { DAY_MS, dayOf, type SourceSpan } from '../../core/archive/day-choice.ts';
import { foldHours } from '../../core/hour.ts';
import { bucketStartOf, rollUp } from '../../core/rollup.ts';
import { NO_SPAN } from '../../core/span.ts';
import type { Window } from '../../core/window.ts';
import type { HistoryQuestion, WindowHistory } from '../../pipeline/ports.ts';
import { createReadWindows } from '../../pipeline/read-windows.ts';

const NOW = Date.UTC(2026, 10, 20, 5, 30);
const FIRST = dayOf(NOW) - 40 * DAY_MS;
const RETENTION_DAYS = 20;

const windowAt = (windowStart: number): Window => ({
  ...{ deviceId: 'd', site: 's', windowStart, readings: 1, ...NO_SPAN },
  metrics: new Map([['t', { min: 1n, max: 2n, sum: 3n, count: 1 }]]),
});

/** A table that still has everything, and counts the requested days. */
function table(windows: readonly Window[]): Pick<WindowHistory, 'read' | 'hours'> {
  return {
    async read({ from, to, seconds, limit }: HistoryQuestion) {
      const within = windows.filter(({ windowStart }) => {
        const start = bucketStartOf(windowStart, seconds);
        return start >= bucketStartOf(from, seconds) && start < to;
      });
      const buckets = rollUp(within, seconds);
      const next = buckets[limit]?.start;
      return { buckets: buckets.slice(0, limit), ...(next !== undefined && { next }) };
    },
    hours: async ({ from, to }) => foldHours(windows).filter(({ start }) => start >= from && start < to),
  };
}

function reading(windows: readonly Window[], isThere: (day: number) => boolean) {
  const asked: number[] = [];
  const read = createReadWindows({
    history: table(windows),
    async archivedDay(_device, { day, hours }) {
      asked.push(day);
      assert.ok(hours.length > 0);
      return isThere(day) ? windows.filter(({ windowStart }) => dayOf(windowStart) === day) : undefined;
    },
    limits: { maxLatenessSeconds: 7 * 86_400, maxSkewSeconds: 60 },
    ...{ windowRetentionDays: RETENTION_DAYS, historyRetentionDays: 38, now: () => NOW },
  });
  async function all(question: Omit<HistoryQuestion, 'deviceId'>) {
    const [buckets, sources]: [unknown[], SourceSpan[]] = [[], []];
    let [from, pages] = [question.from, 0];
    for (;;) {
      const page = await read({ ...question, deviceId: 'd', from }, async () => undefined, {
        ...{ count() {}, warn() {} },
      });
      assert.ok(page.buckets.length <= question.limit);
      buckets.push(...page.buckets);
      sources.push(...(page.sources ?? []));
      if (page.next === undefined) return { buckets, sources };
      assert.ok(page.next > from && page.next < question.to, 'a page goes on later');
      from = page.next;
      assert.ok((pages += 1) < 500);
    }
  }
  return { all, asked };
}

test('pages from both are the pages of the table', async () => {
  const minute = fc.integer({ min: 3 * 1440, max: 41 * 1440 });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(minute, { minLength: 1, maxLength: 60 }),
      fc.tuple(minute, minute).filter(([a, b]) => a < b),
      fc.constantFrom(60, 600, 1800, 3600, 86_400),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 0, max: 7 }),
      async (minutes, [from, to], seconds, limit, missing) => {
        const windows = minutes.sort((a, b) => a - b).map((each) => windowAt(FIRST + each * 60_000));
        const question = { from: FIRST + from * 60_000, to: FIRST + to * 60_000, seconds, limit };
        const isThere = (day: number) => (day / DAY_MS) % 8 !== missing;
        const { all } = reading(windows, isThere);
        const found = await all(question);
        const expected = await table(windows).read({ ...question, deviceId: 'd', limit: 1e6 });
        assert.deepEqual(found.buckets, expected.buckets);
      },
    ),
    { seed: 5, numRuns: 300 },
  );
});

test('windows of which an hour holds no whole number are each on one page, from the table', async () => {
  const SECONDS = 7;
  const around = (day: number) =>
    [-2, -1, 0, 1].map((n) => bucketStartOf(FIRST + day * DAY_MS, SECONDS) + n * SECONDS * 1000);
  // A window lies across midnight.
  const windows = [12, 13, 14, 33].flatMap(around).map(windowAt);
  const question = { from: FIRST + 11 * DAY_MS, to: FIRST + 39 * DAY_MS, seconds: SECONDS, limit: 100 };
  const { all, asked } = reading(windows, () => false);
  const { buckets } = await all(question);
  const expected = await table(windows).read({ ...question, deviceId: 'd' });
  assert.deepEqual(buckets, expected.buckets);
  assert.deepEqual(asked, []);
});

test('the table answers for hours, parts of days that it has, and days that late readings may change', async () => {
  const windows = Array.from({ length: 40 * 24 }, (_, n) => windowAt(FIRST + n * 3_600_000));
  const { all, asked } = reading(windows, () => true);
  const day = (n: number) => FIRST + n * DAY_MS;
  await all({ from: day(10), to: day(40), seconds: 3600, limit: 2000 });
  await all({ from: day(25) + 1, to: day(26), seconds: 60, limit: 2000 });
  await all({ from: day(33), to: day(40), seconds: 60, limit: 2000 });
  assert.deepEqual(asked, []);
  const { sources } = await all({ from: day(31), to: day(34), seconds: 60, limit: 2000 });
  assert.deepEqual(asked, [day(31), day(32)]);
  assert.deepEqual(sources, [{ from: day(31), to: day(33), source: 'archive' }]);
  // What it has forgotten, the archive has for an hour, too.
  await all({ from: day(12) + 3_600_000, to: day(12) + 7_200_000, seconds: 60, limit: 2000 });
  assert.equal(asked.at(-1), day(12));
});
