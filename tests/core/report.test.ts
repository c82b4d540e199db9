// Reports: months in local time, excursions from the history, and values that are exact to the last digit.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { HistoryEntry } from '../../core/alert-state.ts';
import { decimalFromText } from '../../core/decimal.ts';
import { excursionsOf, type Excursion } from '../../core/excursions.ts';
import { HOUR_MS } from '../../core/hour.ts';
import { meanKineticTemperature } from '../../core/mean-kinetic.ts';
import { monthOf } from '../../core/month.ts';
import { countOutcomes, type JudgedAnnouncement } from '../../core/prediction-outcome.ts';
import { reportOf } from '../../core/report.ts';
import { reportCsv } from '../../core/report-csv.ts';
import { reportSheet, type SheetDevice, type SheetReport } from '../../core/report-sheet.ts';
import type { Bucket } from '../../core/rollup.ts';

const LATER = Date.UTC(2027, 0, 1);
const at = (text: string) => Date.parse(text);

const months: readonly (readonly [
  month: string,
  zone: string,
  from: string,
  to: string,
  changes: string[],
])[] = [
  ['2026-11', 'UTC', '2026-11-01T00:00Z', '2026-12-01T00:00Z', []],
  [
    '2026-11',
    'America/Los_Angeles',
    '2026-11-01T07:00Z',
    '2026-12-01T08:00Z',
    ['2026-11-01T09:00Z -420 -480'],
  ],
  ['2026-03', 'Europe/Berlin', '2026-02-28T23:00Z', '2026-03-31T22:00Z', ['2026-03-29T01:00Z 60 120']],
  ['2026-10', 'Australia/Lord_Howe', '2026-09-30T13:30Z', '2026-10-31T13:00Z', ['2026-10-03T15:30Z 630 660']],
  ['2028-02', 'Asia/Kathmandu', '2028-01-31T18:15Z', '2028-02-29T18:15Z', []],
];
for (const [name, zone, from, to, changes] of months) {
  test(`${name} in ${zone} is from ${from} to ${to}`, () => {
    const month = monthOf(name, zone, at('2030-01-01T00:00Z'));
    assert.deepEqual([month.from, month.to, month.until], [at(from), at(to), at(to)]);
    assert.deepEqual(
      month.clockChanges.map((change) =>
        [new Date(change.at).toISOString().slice(0, 16) + 'Z', change.before, change.after].join(' '),
      ),
      changes,
    );
    assert.equal(month.days[0]!.from, month.from);
    assert.equal(month.days.at(-1)!.to, month.to);
    for (const [index, day] of month.days.slice(1).entries()) assert.equal(day.from, month.days[index]!.to);
  });
}

test('a month that is not over ends now', () => {
  const now = at('2026-11-10T12:00Z');
  assert.equal(monthOf('2026-11', 'UTC', now).until, now);
});

const kinetic: readonly (readonly [celsius: number[], expected: number])[] = [
  [[5], 5],
  [[5, 25], 19.6977],
  [[2, 8], 5.5364],
  [[-20, -18], -18.9268],
];
for (const [celsius, expected] of kinetic) {
  test(`the mean kinetic temperature of ${celsius.join(', ')} °C is ${expected}`, () =>
    assert.ok(
      Math.abs(meanKineticTemperature(celsius) - expected) < 1e-4,
      String(meanKineticTemperature(celsius)),
    ));
}

test('the mean kinetic temperature is between the mean and the highest value', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -80, max: 60, noNaN: true }), { minLength: 1 }), (celsius) => {
      const found = meanKineticTemperature(celsius);
      const mean = celsius.reduce((a, b) => a + b, 0) / celsius.length;
      assert.ok(found >= mean - 1e-6 && found <= Math.max(...celsius) + 1e-6);
    }),
    { seed: 4 },
  );
});

const START = at('2026-11-03T00:00Z');
const MINUTE_MS = 60_000;
let ids = 0;
const entry = (
  minute: number,
  what: HistoryEntry['what'],
  more: Partial<HistoryEntry> = {},
): HistoryEntry => ({
  ...{ entryId: `e${(ids += 1)}`, deviceId: 'd', ruleId: 'warm', what },
  ...{ at: START + minute * MINUTE_MS + 5000, windowStart: START + minute * MINUTE_MS },
  ...more,
});
const limit = (value: string, more: Partial<HistoryEntry> = {}) => ({
  ...{ severity: 'major' as const, value, limit: '8', side: 'above' as const, metric: 't', ...more },
});

test('an excursion extends from its first window beyond the limit to the first that is back, with the worst value and all remarks', () => {
  const found = excursionsOf([
    entry(20, 'cleared', limit('6.9')),
    entry(10, 'raised', limit('9', { since: START + 8 * MINUTE_MS })),
    entry(12, 'worsened', limit('11.5', { severity: 'critical' })),
    entry(13, 'repeated', limit('11.5')),
    entry(15, 'acknowledged', { by: 'ann', comment: 'door' }),
    entry(16, 'eased', limit('9')),
    entry(30, 'commented', { by: 'bob', comment: 'hinge mended' }),
    entry(31, 'commented', { by: 'bob', ruleId: 'other' }),
    entry(40, 'raised', { severity: 'major', ruleId: 'silent', value: '900', limit: '900' }),
    entry(50, 'raised', limit('8.1')),
  ]);
  assert.deepEqual(
    found.map((each) => [
      (each.from - START) / MINUTE_MS,
      each.to && (each.to - START) / MINUTE_MS,
      each.worst,
      each.severity,
    ]),
    [
      [8, 20, '11.5', 'critical'],
      [50, undefined, '8.1', 'major'],
    ],
  );
  assert.deepEqual(
    [found[0]!.acknowledged?.by, found[0]!.remarks.map(({ comment }) => comment)],
    ['ann', ['door', 'hinge mended']],
  );
});

const piece = (
  start: number,
  length: number,
  min: string,
  max: string,
  gap: readonly [number, number] = [0, 0],
): Bucket => {
  const [low, high] = [decimalFromText(min)!, decimalFromText(max)!];
  return {
    ...{ start, end: start + length, readings: 2, lastFingerprint: '', last: new Map() },
    ...{ firstReadingAt: start + gap[0], lastReadingAt: start + length - 1000 - gap[1] },
    metrics: new Map([['t', { min: low, max: high, sum: low + high, count: 2 }]]),
  };
};
const month = monthOf('2026-11', 'UTC', LATER);
const hours = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => piece(month.from + (from + n) * HOUR_MS, HOUR_MS, '4', '5'));
const excursion = (from: number, to?: number): Excursion => ({
  ...{ ruleId: 'warm', severity: 'major', metric: 't', side: 'above', limit: '8', worst: '9', remarks: [] },
  ...{ from: month.from + from * HOUR_MS, ...(to !== undefined && { to: month.from + to * HOUR_MS }) },
});

test('time in limits is the measured time without excursions, and overlapping excursions count once', () => {
  const total = month.days.length * 24;
  const pieces = [...hours(0, 100), ...hours(103, total)];
  const excursions = [excursion(10, 12), excursion(11, 13), excursion(99, 101), excursion(-5, 1)];
  const {
    spanMs,
    measuredMs,
    inLimitsMs,
    gaps,
    excursions: reported,
  } = reportOf({
    ...{ month, metric: 't', pieces, excursions, predictions: [], isToTheWindow: true },
  });
  assert.equal(spanMs, total * HOUR_MS);
  assert.deepEqual(gaps, [{ from: month.from + 100 * HOUR_MS - 1000, to: month.from + 103 * HOUR_MS }]);
  assert.equal(measuredMs, spanMs - 3 * HOUR_MS - 1000);
  // 3 hours of two that overlap, one before the gap begins, one of an excursion that began the month before.
  assert.equal(inLimitsMs, measuredMs - 3 * HOUR_MS - (HOUR_MS - 1000) - HOUR_MS);
  assert.deepEqual(
    reported.map(({ lastedMs }) => lastedMs / HOUR_MS),
    [2, 2, 2, 1],
  );
});

test('a gap counts from one hour on, also at the ends of the month', () => {
  const gapsFor = (before: number, after: number) =>
    reportOf({
      ...{
        month: { ...month, until: month.from + 5 * HOUR_MS },
        metric: 't',
        ...{ excursions: [], predictions: [] },
        isToTheWindow: true,
      },
      pieces: [
        piece(month.from, HOUR_MS, '1', '2', [0, before]),
        piece(month.from + HOUR_MS, HOUR_MS, '1', '2', [after, 0]),
      ],
    }).gaps.map(({ from, to }) => to - from);
  const end = 3 * HOUR_MS + 1000;
  assert.deepEqual(gapsFor(HOUR_MS / 2, HOUR_MS / 2 - 1001), [end]);
  assert.deepEqual(gapsFor(HOUR_MS / 2, HOUR_MS / 2 - 1000), [HOUR_MS, end]);
});

test('the worst value is that of the windows in the excursion, and days have exact extremes', () => {
  const start = month.from + 24 * HOUR_MS;
  const { excursions, days, min, max, readings, mean } = reportOf({
    ...{ month, metric: 't', predictions: [], isToTheWindow: true },
    pieces: [
      piece(start - HOUR_MS, HOUR_MS, '0.1', '12'),
      piece(start, 10_000, '8.000000000000001', '9.4'),
      piece(start + 10_000, 10_000, '7', '7.5'),
    ],
    excursions: [{ ...excursion(24), to: start + 10_000, worst: '9' }],
  });
  assert.equal(excursions[0]!.worst, '9.4');
  assert.deepEqual(
    days.slice(0, 2).map((day) => [day.date, day.readings, day.min, day.max]),
    [
      ['2026-11-01', 2, '0.1', '12'],
      ['2026-11-02', 4, '7', '9.4'],
    ],
  );
  assert.deepEqual(
    [days[2], readings, min, max, mean],
    [{ date: '2026-11-03', readings: 0 }, ...[6, '0.1', '12', '7.333333333333334']],
  );
});

test('a mean kinetic temperature is given for temperatures only, and Fahrenheit is converted to Celsius', () => {
  const one = (metric: string, unit?: string) => {
    const bucket = piece(month.from, HOUR_MS, '41', '41');
    const pieces = [{ ...bucket, metrics: new Map([[metric, bucket.metrics.get('t')!]]) }];
    return reportOf({ month, metric, unit, pieces, excursions: [], predictions: [], isToTheWindow: true })
      .meanKinetic;
  };
  assert.equal(one('temperature_F', '°F')?.celsius, '5.00');
  assert.equal(one('temperature')?.celsius, '41.00');
  assert.equal(one('humidity', '%'), undefined);
});

const device = {
  ...{ deviceId: '<img src=x onerror=alert(1)>', site: '=cmd|1', month: '2026-11', timeZone: 'UTC' },
  ...{ from: month.from, to: month.to, isOver: true, clockChanges: [], limits: { above: 8, below: -1 } },
  ...{ audit: { checked: [], unchecked: [] }, seal: 'f'.repeat(64) },
};
const hostile = '</style><script>alert(1)</script>';

test('markup in any name or remark is escaped in the sheet, which has no script and loads nothing', () => {
  const report = {
    ...{
      metric: hostile,
      unit: '<b>',
      spanMs: 1,
      measuredMs: 1,
      inLimitsMs: 0,
      gaps: [],
      isToTheWindow: true,
    },
    days: [{ date: '2026-11-01', min: -3, max: 9.4 }],
    excursions: [
      {
        ...{ ruleId: hostile, side: 'above' as const, limit: 8, from: 0, lastedMs: 60_000, worst: 9.4 },
        ...{ acknowledged: { by: hostile, at: 0 }, remarks: [{ by: 'x', comment: hostile }] },
      },
    ],
    predictions: [
      {
        ...{ ruleId: hostile, side: 'above' as const, limit: 8, announcedAt: 0, outcome: 'false' as const },
        ...{ acknowledged: { by: hostile, at: 0 }, remarks: [{ by: 'x', comment: hostile }] },
      },
    ],
    outcomes: countOutcomes([]),
  };
  const html = reportSheet([{ ...device, seal: hostile, calibration: hostile, report }], '.sheet{}', {
    now: 0,
  });
  assert.doesNotMatch(html, /<script|<img|<b>(?!Not checked|\d+ announced)/);
  assert.equal(html.split('</style>').length, 2);
  assert.match(html, /default-src 'none'/);
  assert.match(html, /0\.00 %/);
});

const foreseen: JudgedAnnouncement = {
  ...{ ruleId: 'soon', severity: 'major', metric: 't', side: 'above', limit: '8', remarks: [] },
  ...{ from: month.from, announcedAt: month.from + 90_000, crossesAt: month.from + HOUR_MS },
  ...{ to: month.from + 2 * HOUR_MS, outcome: 'crossed' },
  ...{ crossedAt: month.from + 990_000, leadMs: 900_000 },
};

test('a sheet has each prediction with its outcome, their counts, and the counts of all devices', () => {
  const report = {
    ...reportOf({
      ...{ month, metric: 't', pieces: hours(0, 1), excursions: [], isToTheWindow: true },
      predictions: [foreseen],
    }),
    ...{ excursions: [], days: [], predictions: [{ ...foreseen, limit: 8 }] },
    outcomes: countOutcomes([foreseen]),
  } as unknown as SheetReport;
  const text = (devices: readonly object[]) =>
    reportSheet(devices as SheetDevice[], '', { now: 0 }).replaceAll(/<[^>]+>/g, '|');
  const one = text([{ ...device, report }]);
  const row =
    'Sun, 1 Nov 2026, 00:01|.above 8 .soon.|.Sun, 1 Nov 2026, 01:00|.crossed Sun, 1 Nov 2026, 00:16, 15 min after the alert|.nobody';
  assert.match(one, new RegExp(row.replaceAll('|', '\\|+')));
  const counted =
    /1 announced: 1 crossed, 1 of them ten minutes or more after the alert; 0 averted; 0 false\./;
  assert.match(one, counted);
  assert.doesNotMatch(one, /all 2 devices/);
  const two = text([
    { ...device, report },
    { ...device, report },
  ]);
  assert.match(two, /Predictions of all 2 devices\. 2 announced: 2 crossed/);
  const quiet = { ...report, predictions: [], outcomes: countOutcomes([]) };
  assert.match(text([{ ...device, report: quiet, isPredicted: true }]), /None was announced/);
  assert.doesNotMatch(text([{ ...device, report: quiet, isPredicted: false }]), /Predictions/);
});

test('the CSV has one line per prediction, and the counts in the summary', () => {
  const report = reportOf({
    ...{ month, metric: 't', pieces: hours(0, 1), excursions: [], isToTheWindow: true },
    predictions: [foreseen],
  });
  const audit = { checked: [], unchecked: [] };
  const sealed = { audit, sources: [], archiveSeal: {}, seal: 'abc' };
  const head = { deviceId: 'd', month: '2026-11', timeZone: 'UTC', ...sealed, report };
  const [names, summary, ...lines] = reportCsv([head])
    .split('\r\n')
    .map((line) => line.split(','));
  const cell = (line: readonly string[], name: string) => line[names!.indexOf(name)];
  const found = lines.find(([kind]) => kind === 'prediction')!;
  assert.deepEqual(
    ['from', 'to', 'minutes', 'limit', 'outcome', 'expectedAt', 'crossedAt', 'leadMinutes'].map((name) =>
      cell(found, name),
    ),
    [
      ...['2026-11-01T00:01:30.000Z', '2026-11-01T02:00:00.000Z', '118.5', '8', 'crossed'],
      ...['2026-11-01T01:00:00.000Z', '2026-11-01T00:16:30.000Z', '15'],
    ],
  );
  assert.deepEqual(
    ['announced', 'crossed', 'early', 'averted', 'false', 'open', 'ended'].map((name) =>
      cell(summary!, name),
    ),
    ['1', '1', '1', '0', '0', '0', '0'],
  );
});

test('a table quotes cells that need it, and no cell is a formula', () => {
  const report = reportOf({
    ...{ month, metric: 't', pieces: hours(0, 1), predictions: [], isToTheWindow: true },
    excursions: [{ ...excursion(0), worst: '-9.5', remarks: [{ by: 'ann', at: 0, comment: '=1+1, "so"' }] }],
  });
  const audit = {
    checked: [{ from: 0, to: 60_000, checkedFrom: 0, checkedTo: 90_000, windows: 6, differing: 1 }],
    unchecked: [{ from: 60_000, to: 90_000 }],
  };
  const sources = [{ from: 0, to: 120_000, source: 'archive' as const }];
  const archiveSeal = { sealedTo: 60_000, head: 'h', key: 'k', unsealed: { from: 60_000, to: 90_000 } };
  const parts = { audit, sources, archiveSeal, seal: 'abc' };
  const head = { deviceId: '@x', site: '-1', month: '2026-11', timeZone: 'UTC', ...parts };
  const lines = reportCsv([{ ...head, report }]).split('\r\n');
  assert.match(lines[0]!, /^\uFEFFkind,device,/);
  assert.match(lines[1]!, /^summary,'@x,-1,2026-11,UTC,t,/);
  const found = lines.find((line) => line.startsWith('excursion'))!;
  assert.ok(found.endsWith(`,"'=1+1, ""so""",,,,${','.repeat(14)}`), found);
  assert.ok(lines.every((line) => line === '' || line.startsWith('"') || line.split(',').length >= 41));
  assert.match(lines[1]!, /,abc,,,,,0,0,0,0,0,0,0,,,$/);
  const from = lines.find((line) => line.startsWith('source'))!;
  assert.match(from, /,1970-01-01T00:00:00.000Z,1970-01-01T00:02:00.000Z,2,.*,archive,,$/);
  const checks = lines.filter((line) => /^(un)?checked/.test(line));
  assert.match(
    checks[0]!,
    /,1970-01-01T00:00:00.000Z,1970-01-01T00:01:00.000Z,1,.*,6,1,1970-01-01T00:01:30.000Z,{15}$/,
  );
  const seals = lines.filter((line) => /^(un)?sealed/.test(line));
  assert.match(seals[0]!, /^sealed,.*,,1970-01-01T00:01:00.000Z,,.*,h,k$/);
  assert.match(seals[1]!, /^unsealed,.*,1970-01-01T00:01:00.000Z,1970-01-01T00:01:30.000Z,/);
  assert.match(checks[1]!, /^unchecked,.*,1970-01-01T00:01:00.000Z,1970-01-01T00:01:30.000Z,0.5,/);
});
