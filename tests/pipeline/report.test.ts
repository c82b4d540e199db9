// The report of a device equals the statistics of its windows, by the days of its site's time zone.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { ArchiveCheck } from '../../core/archive-check.ts';
import type { HistoryEntry } from '../../core/alert-state.ts';
import { decimalText } from '../../core/decimal.ts';
import { foldHours, HOUR_MS } from '../../core/hour.ts';
import { monthOf } from '../../core/month.ts';
import { compileRule } from '../../core/rule-data.ts';
import { NO_SPAN } from '../../core/span.ts';
import type { Window } from '../../core/window.ts';
import type { ArchivedDay } from '../../pipeline/archived-days.ts';
import { createReportDevice } from '../../pipeline/report.ts';

const NOW = Date.UTC(2027, 0, 1);
const rules = [
  compileRule({
    id: 'warm',
    metric: 'temperature',
    anySpelling: true,
    above: 8,
    severity: 'major',
    channels: ['email'],
  }),
  compileRule({ id: 'cold', metric: 'temperature', below: -1, severity: 'major', channels: ['email'] }),
  compileRule({
    id: 'else',
    metric: 'temperature',
    stat: 'mean',
    above: 5,
    severity: 'major',
    channels: ['email'],
  }),
  compileRule({
    id: 'far',
    metric: 'temperature',
    above: 4,
    severity: 'major',
    channels: ['email'],
    match: { site: 'x' },
  }),
];

function reporting(
  windows: readonly Window[],
  entries: readonly HistoryEntry[],
  isKept = true,
  audits: readonly ArchiveCheck[] = [],
  archivedDay: ArchivedDay = async () => undefined,
) {
  const report = createReportDevice({
    windows: {
      hours: async ({ from, to }) => foldHours(windows).filter(({ start, end }) => end > from && start < to),
      stored: async ({ from, to }) =>
        isKept ? windows.filter(({ windowStart }) => windowStart >= from && windowStart < to) : [],
    },
    history: {
      read: async ({ from, to }) => ({ entries: entries.filter(({ at }) => at >= from && at < to) }),
    },
    checks: {
      async *newestFirst({ since }) {
        yield* audits.filter(({ at }) => at >= since);
      },
    },
    archivedDay,
    ...{ windowSeconds: 10, historyRetentionDays: 1100, timeZone: 'UTC', now: () => NOW },
  });
  return async (...asked: [Parameters<typeof report>[0], Parameters<typeof report>[1]]) =>
    report(...asked, { count() {}, warn() {} });
}

const windowAt = (windowStart: number, value: bigint): Window => ({
  ...{ deviceId: 'd', site: 's', windowStart, readings: 1, ...NO_SPAN },
  ...{ firstReadingAt: windowStart, lastReadingAt: windowStart + 9000 },
  metrics: new Map([['temperature', { min: value, max: value, sum: value, count: 1 }]]),
});

for (const timeZone of ['UTC', 'America/Los_Angeles', 'Asia/Kathmandu', 'Australia/Lord_Howe']) {
  test(`days in ${timeZone} have the extremes of their windows`, async () => {
    const month = monthOf('2026-11', timeZone, NOW);
    const slot = fc.record({
      slot: fc.integer({ min: -400, max: 260_000 }),
      value: fc.bigInt({ min: -999n, max: 999n }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(slot, { selector: (each) => each.slot, minLength: 1, maxLength: 80 }),
        async (all) => {
          const windows = all
            .map((each) => windowAt(month.from + each.slot * 10_000, each.value))
            .sort((a, b) => a.windowStart - b.windowStart);
          const { report } = await reporting(windows, [])(
            { deviceId: 'd', timeZone },
            { month: '2026-11', rules },
          );
          const expected = month.days.map(({ date, from, to }) => {
            const own = windows.filter(({ windowStart }) => windowStart >= from && windowStart < to);
            const values = own
              .map(({ metrics }) => metrics.get('temperature')!.min)
              .sort((a, b) => (a < b ? -1 : 1));
            return [
              date,
              own.length,
              ...(own.length > 0 ? [values[0]!, values.at(-1)!].map(decimalText) : [undefined, undefined]),
            ];
          });
          if (expected.every(([, count]) => count === 0)) return assert.equal(report, undefined);
          assert.deepEqual(
            report?.days.map(({ date, readings, min, max }) => [date, readings, min, max]),
            expected,
          );
          assert.equal(report?.isToTheWindow, true);
        },
      ),
      { seed: 8, numRuns: 40 },
    );
  });
}

const START = Date.UTC(2026, 10, 5, 10);
const entries: HistoryEntry[] = [
  {
    ...{ entryId: 'a', deviceId: 'd', ruleId: 'warm', what: 'raised', severity: 'major', side: 'above' },
    ...{ metric: 'temperature', value: '9', limit: '8', at: START + 75_000, windowStart: START + 70_000 },
  },
  {
    ...{ entryId: 'b', deviceId: 'd', ruleId: 'warm', what: 'cleared', severity: 'major', side: 'above' },
    ...{ metric: 'temperature', value: '6', limit: '8', at: START + 99_000, windowStart: START + 90_000 },
  },
];
const D = 10n ** 15n;
const windows = [10n, 9n, 11n, 6n, 12n].map((value, n) => windowAt(START + 60_000 + n * 10_000, value * D));

test('the worst value of an excursion comes from its own windows', async () => {
  const { report, limits } = await reporting(windows, entries)(
    { deviceId: 'd' },
    { month: '2026-11', rules },
  );
  assert.deepEqual(
    report?.excursions.map(({ worst, lastedMs }) => [worst, lastedMs]),
    [['11', 20_000]],
  );
  assert.deepEqual(limits, { above: 8, below: -1 });
});

test('if the windows have expired, the transitions give the worst value, and the report says so', async () => {
  const { report } = await reporting(windows, entries, false)({ deviceId: 'd' }, { month: '2026-11', rules });
  assert.deepEqual([report?.excursions[0]?.worst, report?.isToTheWindow], ['9', false]);
});

test('an alert that was raised the month before, and one of another metric', async () => {
  const before = { ...entries[0]!, at: Date.UTC(2026, 9, 20), windowStart: Date.UTC(2026, 9, 20) };
  const other = { ...entries[0]!, entryId: 'c', ruleId: 'wet', metric: 'humidity' };
  const { report } = await reporting(windows, [before, entries[1]!, other])(
    { deviceId: 'd' },
    { month: '2026-11', rules },
  );
  const [only, ...none] = report!.excursions;
  assert.deepEqual([none, only!.from], [[], before.windowStart]);
  assert.equal(only!.lastedMs, START + 90_000 - Date.UTC(2026, 10, 1));
  assert.ok(report!.inLimitsMs <= report!.measuredMs && report!.measuredMs < 2 * HOUR_MS);
});

test('a device that measured nothing in the month has no report', async () => {
  const { report } = await reporting([], [])({ deviceId: 'd' }, { month: '2026-11', rules });
  assert.equal(report, undefined);
});

test('a report reads only the newest audits that cover its month', async () => {
  const [from, to] = [Date.UTC(2026, 10, 1), Date.UTC(2026, 11, 1)];
  const days = Array.from({ length: 30 }, () => [2, 0] as const);
  const whole: ArchiveCheck = { at: to + 5, from, to, days };
  const older = {
    ...{ at: to, from, to },
    get days(): never {
      return assert.fail('an older audit is read');
    },
  };
  const make = reporting(windows, entries, true, [whole, older]);
  const { audit } = await make({ deviceId: 'd' }, { month: '2026-11', rules });
  assert.deepEqual(audit, {
    checked: [{ from, to, checkedFrom: to + 5, checkedTo: to + 5, windows: 60, differing: 0 }],
    unchecked: [],
  });
});

const soon = (id: string, what: HistoryEntry['what'], at: number, more: Partial<HistoryEntry> = {}) =>
  ({
    ...{ entryId: id, deviceId: 'd', ruleId: 'soon', what, severity: 'major', side: 'above' },
    ...{ insight: 'predicted', words: 'ahead', metric: 'temperature', value: '7', limit: '8' },
    ...{ at: at + 90_000, windowStart: at, ...more },
  }) as HistoryEntry;

/** The outcome of a prediction, from every reading in turn, without the product's code. */
function becameOf(
  readings: readonly (readonly [at: number, value: bigint])[],
  { from, over, expected, isActed }: { from: number; over: number; expected: number; isActed: boolean },
): readonly [outcome: string, crossedAt: number | undefined] {
  const until = Math.max(over, expected);
  for (let minute = from; minute < until; minute += 60_000) {
    const own = readings
      .filter(([at]) => at >= minute && at < minute + 60_000)
      .map(([, value]) => Number(value));
    if (own.length > 0 && own.reduce((sum, value) => sum + value, 0) > 8 * own.length)
      return ['crossed', minute];
  }
  return [isActed ? 'averted' : 'false', undefined];
}

test('the outcome of a prediction follows from the minutes of its windows, wherever hours cut them', async () => {
  const slot = fc.record({
    slot: fc.integer({ min: 0, max: 1_100 }),
    value: fc.bigInt({ min: 5n, max: 11n }),
  });
  const minutes = fc.integer({ min: 0, max: 150 });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(slot, { selector: (each) => each.slot, minLength: 1, maxLength: 120 }),
      ...([minutes, minutes, minutes, fc.boolean()] as const),
      async (all, begin, lasts, ahead, isActed) => {
        const readings = all
          .map((each) => [START + each.slot * 10_000, each.value] as const)
          .sort(([a], [b]) => a - b);
        const from = START + begin * 60_000;
        const [over, expected] = [from + (lasts + 2) * 60_000, from + ahead * 60_000];
        const acted = isActed ? [soon('k', 'acknowledged', from, { by: 'ann', at: from + 91_000 })] : [];
        const history = [
          soon('a', 'raised', from, { crossesAt: expected }),
          ...acted,
          soon('b', 'cleared', over - 90_000),
        ];
        const { report } = await reporting(
          readings.map(([at, value]) => windowAt(at, value * D)),
          history,
        )({ deviceId: 'd' }, { month: '2026-11', rules });
        const [outcome, crossedAt] = becameOf(readings, { from, over, expected, isActed });
        const lead = crossedAt && Math.max(0, crossedAt - (from + 90_000));
        assert.deepEqual(
          report?.predictions.map((each) => [each.outcome, each.crossedAt, each.leadMs]),
          [[outcome, crossedAt, lead]],
        );
        assert.deepEqual([report?.excursions, report?.isToTheWindow], [[], true]);
        assert.equal(report?.inLimitsMs, report?.measuredMs);
      },
    ),
    { seed: 11, numRuns: 60 },
  );
});

test('if the windows of a prediction are gone, its hour shows whether the limit was passed, and the report says so', async () => {
  const history = [soon('a', 'raised', START + 60_000), soon('b', 'cleared', START + 1_200_000)];
  const { report } = await reporting(windows, history, false)({ deviceId: 'd' }, { month: '2026-11', rules });
  const [only] = report!.predictions;
  assert.deepEqual(
    [only?.outcome, only?.crossedAt, only?.leadMs, report!.isToTheWindow],
    ['crossed', START + 60_000, 0, false],
  );
});

test('the archive gives the minutes of a prediction without stored windows, and reads each day once', async () => {
  const day = Math.floor(START / 86_400_000) * 86_400_000;
  const readings = [0, 12, 50].map((minute) =>
    windowAt(START + minute * 60_000, minute === 12 ? 9n * D : 7n * D),
  );
  const history = [0, 4].flatMap((minute) => [
    soon(`a${minute}`, 'raised', START + minute * 60_000),
    soon(`b${minute}`, 'cleared', START + (minute + 3) * 60_000, { at: START + 3_000_000 }),
  ]);
  const asked: number[] = [];
  const archivedDay: ArchivedDay = async (_device, { day: start, hours, isWhole }) => {
    asked.push(start);
    assert.deepEqual([hours, isWhole], [foldHours(readings), true]);
    return readings;
  };
  const make = reporting(readings, history, false, [], archivedDay);
  const { report, sources } = await make({ deviceId: 'd' }, { month: '2026-11', rules });
  const kept = await reporting(readings, history)({ deviceId: 'd' }, { month: '2026-11', rules });
  assert.deepEqual(report, kept.report);
  assert.equal(report?.predictions[0]?.crossedAt, START + 720_000);
  assert.deepEqual(asked, [day]);
  assert.deepEqual(
    sources.filter(({ source }) => source === 'archive'),
    [{ from: day, to: day + 86_400_000, source: 'archive' }],
  );
});

test('a prediction is in the report of the month in which it was announced, with a crossing in the next one', async () => {
  const end = Date.UTC(2026, 11, 1);
  const history = [soon('a', 'raised', end - 1_800_000), soon('b', 'cleared', end + 7_200_000)];
  const beyond = [windowAt(end - 3_600_000, 5n * D), windowAt(end + 3_600_000, 9n * D)];
  const make = reporting(beyond, history);
  const leads = await Promise.all(
    ['2026-11', '2026-12'].map(async (month) =>
      (await make({ deviceId: 'd' }, { month, rules })).report?.predictions.map(({ leadMs }) => leadMs),
    ),
  );
  assert.deepEqual(leads, [[5_310_000], []]);
});
