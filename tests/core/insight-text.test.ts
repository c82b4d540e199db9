// Predictions in words, without more than is known; and defrost schedules, learned and known.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { LEVELS, levelAt, packLevel, packPair, pairAt } from '../../core/insight/packed.ts';
import type { Prediction } from '../../core/insight/prediction.ts';
import { predictionText } from '../../core/insight/prediction-text.ts';
import { lastExpected, learnSchedule } from '../../core/insight/schedule.ts';
import { fitApproach, minutesTo } from '../../core/insight/trend.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const AT = 1_790_000_040_000;
const since = (minutes: number) => AT + MINUTE - minutes * MINUTE;

const texts: readonly (readonly [text: string, prediction: Prediction])[] = [
  [
    'above its normal band for 12 minutes; 8 °C in about 25 minutes at this rate',
    { since: since(12), crossesIn: 24 * MINUTE, kind: 'fast', basis: 'minutes' },
  ],
  [
    'above its normal band for 1 minute; 8 °C in about 7 minutes at this rate',
    { since: since(1), crossesIn: 7 * MINUTE, kind: 'fast', basis: 'minutes' },
  ],
  [
    'above its normal band for 3 hours; 8 °C in about 6 hours at the trend of the last hours',
    { since: since(180), crossesIn: 6.2 * HOUR, kind: 'slow', basis: 'hours' },
  ],
  [
    'above its normal band for 40 minutes; when it reaches 8 °C cannot be said yet',
    { since: since(40), crossesIn: undefined, kind: 'slow', basis: 'level' },
  ],
  [
    'above its normal band for 2 days; 8 °C is reached',
    { since: since(2_900), crossesIn: 0, kind: 'fast', basis: 'level' },
  ],
  ['learning what is normal: 27 hours left', { none: 'learning', left: 27 * HOUR }],
  ['no prediction: the metric has only two values', { none: 'binary' }],
  [
    'no prediction: the minute has no usable values: min 5 is above max 4',
    { none: 'unusable', fault: 'min 5 is above max 4' },
  ],
];
for (const [text, prediction] of texts) {
  test(text, () => {
    assert.equal(predictionText(prediction, { limit: '8 °C', side: 'above', at: AT }), text);
  });
}

test('an exponential approach is fitted and gives the minutes until a limit', () => {
  for (const tau of [8, 30, 120]) {
    const values = Array.from({ length: 25 }, (_, age) => 14 - 10 * Math.exp(-age / tau));
    const fit = fitApproach(values)!;
    assert.equal(fit.tau, tau);
    assert.ok(Math.abs(fit.end - 14) < 0.01 && fit.error < 0.001);
    const left = -tau * Math.log((14 - 13.9) / 10) - 24;
    if (left > 0) assert.ok(Math.abs(minutesTo(fit, 13.9)! - left) < 0.1);
    assert.equal(minutesTo(fit, 14.5), undefined);
  }
});

test('too few minutes, or minutes with equal values, give no crossing', () => {
  assert.equal(fitApproach([4, 5]), undefined);
  assert.equal(minutesTo(fitApproach(Array.from({ length: 25 }, () => 4))!, 8), undefined);
});

const excursions = (starts: readonly number[]) =>
  starts.toReversed().map((start) => ({ start, length: 20, peak: 3 }));
const schedules: readonly (readonly [title: string, starts: readonly number[], every: number | undefined])[] =
  [
    ['every 400 minutes', [0, 400, 800, 1_200, 1_600], 400],
    ['about every 400 minutes', [3, 398, 802, 1_199, 1_603, 1_998], 400],
    ['with one missed and an open door between', [0, 400, 530, 800, 1_600, 2_000, 2_400], 400],
    ['twice a day', [0, 720, 1_440, 2_160, 2_880], 720],
    ['two only', [0, 400], undefined],
    ['none', [], undefined],
    ['irregular', [0, 370, 800, 1_110, 1_590, 1_930, 2_500, 2_780], undefined],
  ];
for (const [title, starts, every] of schedules) {
  test(`defrosts ${title}: ${every ?? 'no schedule'}`, () => {
    const learned = learnSchedule(excursions(starts), (starts.at(-1) ?? 0) + 100);
    if (every === undefined) assert.equal(learned, undefined);
    else assert.ok(learned && Math.abs(learned.every - every) < 3, JSON.stringify(learned));
  });
}

test('a schedule that expects more defrosts than happened is forgotten', () => {
  const starts = [0, 400, 800, 1_200, 1_600];
  assert.ok(learnSchedule(excursions(starts), 1_900));
  assert.equal(learnSchedule(excursions(starts), 3_300), undefined);
});

test('the last expected start is found across midnight, and in advance', () => {
  const day = 20_590 * 1_440;
  const times = { times: [60, 1_380] };
  assert.equal(lastExpected(times, day + 30, 0), day - 60);
  assert.equal(lastExpected(times, day + 55, 8), day + 60);
  assert.equal(lastExpected({ every: 400, anchor: day }, day + 1_000, 0), day + 800);
  assert.equal(lastExpected({ every: 400, anchor: day }, day - 10, 0), day - 400);
});

test('levels survive packing, and text needs no escape in JSON', () => {
  let text = '';
  for (let level = -3; level < LEVELS + 3; level += 1) text += packLevel(level);
  assert.equal(JSON.stringify(text).length, text.length + 2);
  assert.deepEqual(
    [levelAt(text, 0), levelAt(text, 60), levelAt(text, text.length - 1)],
    [0, 57, LEVELS - 1],
  );
  for (const value of [0, 1, 90, 91, 5_000, 8_280]) assert.equal(pairAt(packPair(value), 0), value);
  assert.equal(pairAt(packPair(99_999), 0), 8_280);
  assert.equal(pairAt(packPair(NaN), 0), 0);
});
