// The bucket size of a span: it fits one page of the API and is still stored.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { RESOLUTIONS } from '../../core/rollup.ts';
import { durationText, pointText, sizeText } from '../../dashboard/model/format.ts';
import { RANGES, stepFor } from '../../dashboard/model/ladder.ts';

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const NOW = 1_790_000_000_000;

const storage = { windowSeconds: 10, windowDays: 90 };
const steps: readonly (readonly [span: number, bucket: string, daysAgo?: number, windowSeconds?: number])[] =
  [
    [10 * MINUTE, '10 s'],
    [2 * HOUR, '10 s'],
    [4 * HOUR, '20 s'],
    [6 * HOUR, '30 s'],
    [12 * HOUR, '1 min'],
    [DAY, '2 min'],
    [2 * DAY, '5 min'],
    [5 * DAY, '10 min'],
    [7 * DAY, '15 min'],
    [15 * DAY, '30 min'],
    [30 * DAY, '1 h'],
    [60 * DAY, '2 h'],
    [90 * DAY, '3 h'],
    [180 * DAY, '6 h'],
    [365 * DAY, '12 h'],
    [730 * DAY, '1 d'],
    [731 * DAY, '1 d'],
    [HOUR, '10 s', 89],
    [HOUR, '1 h', 90],
    [60 * DAY, '2 h', 300],
    [HOUR, '1 min', 0, 60],
    [HOUR, '15 min', 0, 45],
    [HOUR, '1 h', 90, 60],
    [HOUR, '1 d', 0, 7],
  ];
for (const [span, bucket, daysAgo = 0, windowSeconds = 10] of steps) {
  const when = daysAgo === 0 ? '' : ` of ${daysAgo} days ago`;
  const isGone = daysAgo > 0;
  test(`${durationText(span)}${when} have buckets of ${bucket}, out of windows of ${windowSeconds} s`, () => {
    const to = NOW - daysAgo * DAY;
    const step = stepFor({ from: to - span, to }, NOW, { ...storage, windowSeconds }, isGone);
    assert.equal(sizeText(step.size), bucket);
    assert.equal(step.resolution, bucket.replace('min', 'm').replace(' ', ''));
    assert.ok(span / step.size <= 740);
  });
}

test('windows that only the archive has are shown as finely as the span allows', () => {
  const to = NOW - 200 * DAY;
  assert.equal(stepFor({ from: to - HOUR, to }, NOW, storage).resolution, '10s');
});

test('every resolution of the API is used by some span', () => {
  const used = new Set(
    steps.map(([span]) => stepFor({ from: NOW - span, to: NOW }, NOW, storage).resolution),
  );
  assert.deepEqual([...used].sort(), Object.keys(RESOLUTIONS).sort());
});

test('a range button asks for as many points as a screen shows', () => {
  for (const [, span] of RANGES) {
    const { size } = stepFor({ from: NOW - span, to: NOW }, NOW, storage);
    assert.ok(span / size >= 60 && span / size <= 740);
  }
});

test('a moment of a long span has its date, and that of a longer one its year', () => {
  const at = Date.parse('2026-09-21T12:00:00Z');
  assert.match(pointText(at, HOUR), /^\d\d:\d\d:\d\d$/);
  assert.match(pointText(at, 7 * DAY), /21 Sept?/);
  assert.match(pointText(at, 365 * DAY), /21 Sept? 2026$/);
});
