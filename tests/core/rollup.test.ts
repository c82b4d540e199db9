// Longer windows merged from stored ones equal those of the readings themselves, to the last digit.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { decimalFromText, decimalOf, decimalText, type Decimal } from '../../core/decimal.ts';
import { bucketStartOf, meanOf, RESOLUTIONS, resolutionsFor, rollUp } from '../../core/rollup.ts';
import { NO_SPAN, type Span } from '../../core/span.ts';
import type { Aggregate } from '../../core/window.ts';

const START = 1_790_000_040_000;
const decimal = (text: string) => decimalFromText(text)!;
const of = (min: string, max: string, sum: string, count: number): Aggregate => ({
  min: decimal(min),
  max: decimal(max),
  sum: decimal(sum),
  count,
});
/** Without `last`, a window as it was stored before windows had times. */
const window = (
  second: number,
  readings: number,
  metrics: Record<string, Aggregate>,
  span: Span = NO_SPAN,
) => ({
  windowStart: START + second * 1000,
  readings,
  metrics: new Map(Object.entries(metrics)),
  ...span,
});
/** A span from one second to another, whose newest reading has these values. */
const span = (first: number, newest: number, values: Record<string, string>): Span => ({
  firstReadingAt: START + first * 1000,
  lastReadingAt: START + newest * 1000,
  lastFingerprint: newest.toString(16).padStart(16, '0'),
  last: new Map(Object.entries(values).map(([metric, text]) => [metric, decimal(text)])),
});

test('a minute has the minimum, the maximum, the sum and the count of its windows', () => {
  const windows = [
    window(10, 2, { temperature: of('0.1', '0.2', '0.3', 2) }),
    window(0, 1, { temperature: of('-4', '-4', '-4', 1), humidity: of('51', '51', '51', 1) }),
    window(60, 1, { temperature: of('7', '7', '7', 1) }),
  ];
  assert.deepEqual(rollUp(windows, 60), [
    {
      start: START,
      end: START + 60_000,
      readings: 3,
      metrics: new Map([
        ['temperature', of('-4', '0.2', '-3.7', 3)],
        ['humidity', of('51', '51', '51', 1)],
      ]),
      ...NO_SPAN,
    },
    {
      start: START + 60_000,
      end: START + 120_000,
      readings: 1,
      metrics: new Map([['temperature', of('7', '7', '7', 1)]]),
      ...NO_SPAN,
    },
  ]);
});

test('a minute extends from its first reading to its last, and has the values of the last', () => {
  const newest = span(12, 19, { temperature: '0.2' });
  const windows = [
    window(10, 2, { temperature: of('0.1', '0.2', '0.3', 2) }, newest),
    window(0, 1, { humidity: of('51', '51', '51', 1) }, span(3, 3, { humidity: '51' })),
    window(20, 1, { temperature: of('7', '7', '7', 1) }),
  ];
  const [bucket] = rollUp(windows, 60);
  const { firstReadingAt, lastReadingAt, lastFingerprint, last } = bucket!;
  const first = START + 3000;
  assert.deepEqual(
    { firstReadingAt, lastReadingAt, lastFingerprint, last },
    { ...newest, firstReadingAt: first },
  );
  assert.deepEqual(rollUp(windows.toReversed(), 60), [bucket]);
});

test('a span without windows has no bucket', () => {
  const starts = rollUp([window(0, 1, {}), window(600, 1, {})], 60).map(({ start }) => start - START);
  assert.deepEqual(starts, [0, 600_000]);
  assert.deepEqual(rollUp([], 60), []);
});

test('buckets of random windows equal a sum over all readings, for every order of the windows', () => {
  const reading = fc.record({ second: fc.nat(7200), value: fc.double({ min: -1e6, max: 1e6, noNaN: true }) });
  fc.assert(
    fc.property(fc.array(reading, { maxLength: 60 }), fc.constantFrom(60, 600, 3600), (all, seconds) => {
      const readings = all.flatMap(({ second, value }) => {
        const exact = decimalOf(Math.round(value * 1000) / 1000);
        return exact === undefined ? [] : [{ time: START + second * 1000, exact }];
      });
      const groups = (size: number) => Map.groupBy(readings, ({ time }) => bucketStartOf(time, size));
      const aggregate = (values: readonly Decimal[]): Aggregate => ({
        min: values.reduce((a, b) => (a < b ? a : b)),
        max: values.reduce((a, b) => (a > b ? a : b)),
        sum: values.reduce((a, b) => a + b, 0n),
        count: values.length,
      });
      const windows = [...groups(10)].map(([windowStart, group]) => ({
        windowStart,
        readings: group.length,
        metrics: new Map([['t', aggregate(group.map(({ exact }) => exact))]]),
        ...NO_SPAN,
      }));
      const found = rollUp(windows, seconds).map(({ start, metrics }) => [start, metrics.get('t')]);
      const expected = [...groups(seconds)].map(([start, group]) => [
        start,
        aggregate(group.map(({ exact }) => exact)),
      ]);
      assert.deepEqual(
        found,
        expected.sort(([a], [b]) => Number(a) - Number(b)),
      );
    }),
    { seed: 7, numRuns: 200 },
  );
});

const means: readonly (readonly [sum: string, count: number, mean: string])[] = [
  ['10', 4, '2.5'],
  ['1', 3, '0.333333333333333'],
  ['2', 3, '0.666666666666667'],
  ['-1', 3, '-0.333333333333333'],
  ['-2', 3, '-0.666666666666667'],
  ['0.3', 2, '0.15'],
  ['0', 7, '0'],
  ['0.000000000000001', 2, '0.000000000000001'],
  ['1000000000000000', 1, '1000000000000000'],
];
for (const [sum, count, mean] of means) {
  test(`the mean of ${count} readings with the sum ${sum} is ${mean}`, () =>
    assert.equal(decimalText(meanOf({ sum: decimal(sum), count })), mean));
}

const LADDER = '10s 20s 30s 1m 2m 5m 10m 15m 30m 1h 2h 3h 6h 12h 1d'.split(' ');
const fitting: readonly (readonly [seconds: number, names: string[]])[] = [
  [1, LADDER],
  [10, LADDER],
  [30, LADDER.slice(2)],
  [60, LADDER.slice(3)],
  [7, []],
  [45, ['15m', '30m', '1h', '2h', '3h', '6h', '12h', '1d']],
  [3600, ['1h', '2h', '3h', '6h', '12h', '1d']],
];
for (const [seconds, names] of fitting) {
  test(`windows of ${seconds} seconds add up to ${names.join(', ') || 'nothing'}`, () =>
    assert.deepEqual(resolutionsFor(seconds), names));
}

test('the bounds of every resolution are multiples of it since the epoch, and midnight is a bound of each', () => {
  for (const seconds of Object.values(RESOLUTIONS)) {
    assert.equal(86_400 % seconds, 0, String(seconds));
    assert.equal(bucketStartOf(START, seconds) % (seconds * 1000), 0, String(seconds));
  }
});
