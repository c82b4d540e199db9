// All forms in which devices write times: parsed, or refused with a specific reason.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { parseTimestamp } from '../../core/timestamp.ts';

const accepted: [unknown, number][] = [
  [1790000000123, 1790000000123],
  [1790000000123.9, 1790000000123],
  [1790000000, 1790000000000],
  [1790000000.123, 1790000000123],
  [1790000000.9999, 1790000000999],
  [1, 1000],
  ['2026-09-21T14:13:20Z', 1790000000000],
  ['2026-09-21T14:13:20.123Z', 1790000000123],
  ['2026-09-21t14:13:20z', 1790000000000],
  ['2026-09-21T16:13:20+02:00', 1790000000000],
  ['2026-09-21T16:13:20+0200', 1790000000000],
  ['2026-09-21T16:13:20+02', 1790000000000],
  ['2026-09-21T07:13:20-07:00', 1790000000000],
  [1790000000123456, 1790000000123],
  [1790000000123456800, 1790000000123],
  [1790000000123000000, 1790000000123],
  ['1790000000', 1790000000000],
  ['1790000000.123', 1790000000123],
  ['1790000000123', 1790000000123],
  ['1790000000123999', 1790000000123],
  ['1790000000123999999', 1790000000123],
  ['2026-09-21 14:13:20 UTC', 1790000000000],
  ['2026-09-21 14:13:20+00', 1790000000000],
  ['2026-09-21T14:13:20,5Z', 1790000000500],
  ['20260921T141320Z', 1790000000000],
  ['20260921T1413Z', 1789999980000],
  ['20260921T161320.5+0200', 1790000000500],
  ['Mon, 21 Sep 2026 14:13:20 GMT', 1790000000000],
  ['2024-02-29T00:00:00Z', 1709164800000],
  ['2016-12-31T23:59:59.9Z', 1483228799900],
  ['2016-12-31T23:59:60Z', 1483228800000],
  ['2016-12-31T23:59:60.9Z', 1483228800900],
  ['2017-01-01T00:00:00Z', 1483228800000],
  ['2016-12-31T15:59:60-08:00', 1483228800000],
  ['2017-01-01T05:29:60+05:30', 1483228800000],
  ['2017-01-01T13:59:60+1400', 1483228800000],
];
for (const [value, ms] of accepted) {
  test(`${JSON.stringify(value)} is ${ms}`, () => assert.deepEqual(parseTimestamp(value), { ms }));
}

const zoneless: [string, number][] = [
  ['2026-09-21T14:13:20.123999', 1790000000123],
  ['2026-09-21T14:13:20', 1790000000000],
  ['2026-09-21 14:13:20', 1790000000000],
  ['2026-09-21T14:13', 1789999980000],
  ['20260921T141320', 1790000000000],
];
for (const [value, ms] of zoneless) {
  test(`${JSON.stringify(value)} is ${ms} if it is UTC, which it does not state`, () =>
    assert.deepEqual(parseTimestamp(value), { ms, isZoneless: true }));
}

const refused: [unknown, string][] = [
  [0, 'timestamp-not-positive'],
  [-0, 'timestamp-not-positive'],
  [-1790000000123, 'timestamp-not-positive'],
  [0.0001, 'timestamp-not-positive'],
  ['1969-12-31T23:59:59Z', 'timestamp-not-positive'],
  [1e20, 'timestamp-out-of-range'],
  [1e21, 'timestamp-out-of-range'],
  [Infinity, 'timestamp-out-of-range'],
  [NaN, 'timestamp-out-of-range'],
  [true, 'timestamp-type'],
  [{}, 'timestamp-type'],
  [[1790000000123], 'timestamp-type'],
  ['', 'timestamp-format'],
  ['-1790000000123', 'timestamp-format'],
  ['1.79e12', 'timestamp-format'],
  ['21.09.2026 14:13:20', 'timestamp-format'],
  ['09/21/2026 14:13:20', 'timestamp-format'],
  ['14:13:20', 'timestamp-format'],
  ['20260921T1413200Z', 'timestamp-format'],
  ['2026-09-21', 'timestamp-format'],
  ['2026-02-30T00:00:00Z', 'timestamp-format'],
  ['2026-13-01T00:00:00Z', 'timestamp-format'],
  ['2026-09-21T24:00:00Z', 'timestamp-format'],
  ['2026-09-21T14:60:00Z', 'timestamp-format'],
  ['2026-09-21T14:13:60Z', 'timestamp-format'],
  ['2016-12-31T22:59:60Z', 'timestamp-format'],
  ['2016-12-31T23:59:60+05:30', 'timestamp-format'],
  ['2016-12-31T23:59:61Z', 'timestamp-format'],
  ['2026-09-21T14:13:20+15:00', 'timestamp-format'],
  ['2026-09-21T14:13:20Z\n', 'timestamp-format'],
  ['Mon, 21 Sep 2026 14:13:20', 'timestamp-format'],
  ['Mon, 21 Sep 2026 14:13:20 +0200', 'timestamp-format'],
  [`2026-09-21T14:13:20.${'1'.repeat(100_000)}Z`, 'timestamp-format'],
];
for (const [value, fault] of refused) {
  const title = JSON.stringify(value)?.slice(0, 40);
  test(`${title} is refused as ${fault}`, () => {
    const result = parseTimestamp(value);
    assert.equal('fault' in result && result.fault, fault);
  });
}
