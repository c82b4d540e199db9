// Predictions from bad input: no prediction instead of a wrong one, with the reason; and stored states are small and validated.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { learnedOf } from '../../core/insight/judge.ts';
import { predict } from '../../core/insight/predict.ts';
import { restored, storedOf } from '../../core/insight/state-text.ts';
import { DAY, everySo, MINUTE, minuteAt, openings, run, SETTINGS } from './insight-minutes.ts';

const DEFROSTS = everySo(100, 480, 20);
const LIFE = { defrosts: DEFROSTS };
const WEEK = 7 * DAY;
const { state: LEARNED } = run(undefined, [0, WEEK], LIFE);

for (const [title, change, fault] of [
  ['a mean that is not a number', { mean: NaN }, 'mean NaN is not a number from -1e15 to 1e15'],
  ['an infinite maximum', { max: Infinity }, 'max Infinity is not a number from -1e15 to 1e15'],
  ['a value beyond all sensors', { mean: 1e16 }, 'mean 10000000000000000 is not a number from -1e15 to 1e15'],
  ['a minimum above the maximum', { min: 5, max: 4 }, 'min 5 is above max 4'],
  ['a time before the epoch', { at: -60_000 }, 'at -60000 is not a time in epoch milliseconds'],
  ['a time with a fraction', { at: 0.5 }, 'at 0.5 is not a time in epoch milliseconds'],
] as const) {
  test(`${title} is reported and leaves the learned state unchanged`, () => {
    const step = predict(LEARNED, { ...minuteAt(WEEK, LIFE), ...change }, SETTINGS);
    assert.deepEqual(step, { state: LEARNED, prediction: { none: 'unusable', fault } });
    const first = predict(undefined, { ...minuteAt(0, LIFE), ...change }, SETTINGS);
    assert.equal(first.prediction.none, 'unusable');
    assert.equal(predict(first.state, minuteAt(0, LIFE), SETTINGS).prediction.none, 'learning');
  });
}

test('a short gap is bridged, a pause suspends predictions for five minutes, and after three days learning restarts', () => {
  const after = (missing: number) => predict(LEARNED, minuteAt(WEEK + missing, LIFE), SETTINGS);
  assert.equal(after(3).prediction.none, 'normal');
  const { judged } = run(LEARNED, [WEEK, WEEK + 80], LIFE, SETTINGS, (minute) => minute >= WEEK + 60);
  assert.deepEqual(judged.map(({ prediction }) => prediction.none).slice(0, 6), [
    'gap',
    'gap',
    'gap',
    'gap',
    'normal',
    'normal',
  ]);
  assert.equal(after(3 * DAY + 10).prediction.none, 'learning');
});

test('learning restarts for another sensor after a pause, without an announcement', () => {
  const life = { ...LIFE, added: (minute: number) => (minute >= WEEK ? 3 : 0) };
  const { judged } = run(LEARNED, [WEEK + 20, WEEK + 300], life);
  assert.deepEqual(openings(judged), []);
  const reasons = [...new Set(judged.map(({ prediction }) => prediction.none))];
  assert.deepEqual(reasons, ['gap', 'changed', 'learning']);
});

test('a failure that began in a pause is announced', () => {
  const added = (minute: number) => (minute >= WEEK ? (minute - WEEK) / 12 : 0);
  const { judged } = run(LEARNED, [WEEK + 15, WEEK + 50], { ...LIFE, added });
  assert.equal(openings(judged).length, 1);
});

test('a clock that stays set back is followed after an hour, with the same band', () => {
  const back = (minute: number) => ({ ...minuteAt(minute, LIFE), at: minuteAt(minute - 2 * DAY, LIFE).at });
  let state = LEARNED;
  const reasons: (string | undefined)[] = [];
  for (let minute = WEEK; minute < WEEK + 70; minute += 1) {
    const step = predict(state, back(minute), SETTINGS);
    state = step.state;
    reasons.push(step.prediction.none);
  }
  assert.ok(reasons.slice(0, 59).every((none) => none === 'late'));
  assert.equal(reasons.at(-1), 'normal');
  assert.ok(Math.abs(learnedOf(state, SETTINGS).high - learnedOf(LEARNED, SETTINGS).high) < 0.1);
});

test('a corrected minute is judged as if it had been right from the start', () => {
  const { state } = run(LEARNED, [WEEK, WEEK + 30], LIFE);
  const wrong = predict(state, { ...minuteAt(WEEK + 30, LIFE), mean: 5.5, max: 5.6 }, SETTINGS);
  const right = predict(wrong.state, minuteAt(WEEK + 30, LIFE), SETTINGS);
  const direct = predict(state, minuteAt(WEEK + 30, LIFE), SETTINGS);
  assert.deepEqual(right.prediction, direct.prediction);
  assert.equal(right.state.recent, direct.state.recent);
  const older = predict(right.state, { ...minuteAt(WEEK + 10, LIFE), mean: 4.5, max: 4.6 }, SETTINGS);
  assert.equal(older.state.recent.length, right.state.recent.length);
  assert.notEqual(older.state.recent, right.state.recent);
});

for (const [title, valueOf, none] of [
  ['constant', () => 4, 'constant'],
  ['binary', (minute: number) => (minute % 7 === 0 ? 1 : 0), 'binary'],
  ['a band that reaches the limit', (minute: number) => 7.5 + Math.sin(minute), 'limit-in-band'],
] as const) {
  test(`${title}: nothing is predicted, and why`, () => {
    let step = predict(
      undefined,
      { at: minuteAt(0, {}).at, mean: valueOf(0), min: valueOf(0), max: valueOf(0) },
      SETTINGS,
    );
    for (let minute = 1; minute < 2 * DAY + 20; minute += 1) {
      const value = valueOf(minute);
      step = predict(
        step.state,
        { at: minuteAt(minute, {}).at, mean: value, min: value, max: value },
        SETTINGS,
      );
    }
    assert.equal(step.prediction.none, none);
  });
}

test('one wild value neither changes the band nor raises an announcement', () => {
  const spike = { ...minuteAt(WEEK, LIFE), mean: 85, max: 85 };
  const { state, prediction } = predict(LEARNED, spike, SETTINGS);
  assert.notEqual(prediction.none, undefined);
  const { state: later, judged } = run(state, [WEEK + 1, WEEK + DAY], LIFE);
  assert.deepEqual(openings(judged), []);
  assert.ok(Math.abs(learnedOf(later, SETTINGS).high - learnedOf(LEARNED, SETTINGS).high) < 0.15);
});

test('a stored state always fits a kilobyte, and is restored unchanged', () => {
  const life = { ...LIFE, added: (minute: number) => (minute > WEEK ? (minute - WEEK) / 30 : 0) };
  let state = LEARNED;
  for (let minute = WEEK; minute < WEEK + 200; minute += 1) {
    const text = JSON.stringify(storedOf(state));
    assert.ok(text.length <= 1_024, String(text.length));
    const back = restored(JSON.parse(text));
    const [kept, direct] = [back, state].map((each) => predict(each, minuteAt(minute, life), SETTINGS));
    assert.deepEqual(kept!.prediction, direct!.prediction);
    assert.deepEqual(storedOf(kept!.state), storedOf(direct!.state));
    state = direct!.state;
  }
});

const STORED = storedOf(LEARNED);
for (const [title, value] of [
  ['nothing', undefined],
  ['text', 'x'],
  ['another version', { ...STORED, v: 2 }],
  ['maxima with a quote', { ...STORED, m: '"' }],
  ['more maxima than three days', { ...STORED, m: '#'.repeat(433) }],
  ['half an excursion', { ...STORED, x: '###' }],
  ['no recent mean', { ...STORED, r: '' }],
  ['a number too few', { ...STORED, n: STORED.n.slice(1) }],
  ['a null among the numbers', { ...STORED, n: STORED.n.map((each, index) => (index === 4 ? null : each)) }],
  ['a step of zero', { ...STORED, n: STORED.n.with(5, 0) }],
  ['a pause without its values', { ...STORED, p: [1] }],
] as const) {
  test(`learning restarts for a stored state with ${title}`, () => {
    assert.equal(restored(value), undefined);
  });
}

test('judging changes neither the state nor the minute', () => {
  const before = JSON.stringify([LEARNED, minuteAt(WEEK, LIFE)]);
  const minute = minuteAt(WEEK, LIFE);
  const [a, b] = [predict(LEARNED, minute, SETTINGS), predict(LEARNED, minute, SETTINGS)];
  assert.deepEqual(a, b);
  assert.equal(JSON.stringify([LEARNED, minute]), before);
  assert.equal(minute.at % MINUTE, 0);
});
