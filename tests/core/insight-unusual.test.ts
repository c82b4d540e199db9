// Unusual metrics: hours compared with the same hours of earlier days, explained by the pair that differed, and records of any metric.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { judgeRecord, USUAL_THRESHOLD, type RecordState } from '../../core/insight/record.ts';
import { restoredUnusual, storedUnusual } from '../../core/insight/unusual-state-text.ts';
import { findingText, unusualText } from '../../core/insight/unusual-text.ts';
import {
  judgeUnusual,
  type Unusual,
  type UnusualContext,
  type UnusualState,
} from '../../core/insight/unusual.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = 20_590 * DAY;
const STEP = 30_000;

interface Shape {
  /** Share of the cycle of eight minutes in which the value falls. */
  readonly duty?: number;
  readonly level?: number;
  readonly stuck?: boolean;
}

/** A zigzag with 1.6 between its turns. */
function valueAt(at: number, { duty = 0.4, level = 4, stuck = false }: Shape): number {
  if (stuck) return 4.1;
  const phase = (at / 480_000) % 1;
  const zigzag = phase < duty ? 0.8 - (1.6 * phase) / duty : -0.8 + (1.6 * (phase - duty)) / (1 - duty);
  return Math.round((level + zigzag + 0.02 * Math.sin(at / 7_919)) * 1_000) / 1_000;
}

interface Run {
  readonly state: UnusualState;
  readonly texts: readonly (string | undefined)[];
  readonly nones: readonly (string | undefined)[];
}

/** Judges a range of days. */
function run(
  given: UnusualState | undefined,
  [from, to]: readonly [number, number],
  shapeOf: (day: number) => Shape,
  contextOf: (at: number) => UnusualContext = () => ({}),
): Run {
  let state = given;
  const texts = new Set<string | undefined>();
  const nones = new Set<string | undefined>();
  for (let at = START + from * DAY; at < START + to * DAY; at += STEP) {
    const value = valueAt(at, shapeOf((at - START) / DAY));
    const step = judgeUnusual(state, { at, mean: value, min: value, max: value }, contextOf(at));
    state = step.state;
    nones.add(step.none);
    if (step.none === undefined) texts.add(unusualText(state.found));
  }
  return { state: state!, texts: [...texts], nones: [...nones] };
}

const usual = (day: number): Shape => ({
  duty: 0.4 + 0.02 * Math.sin(2 * Math.PI * day),
  level: 4 + 0.05 * Math.sin(day * 9),
});
const LEARNED = run(undefined, [0, 7], usual);

test('a metric is learned for four days, and its usual days are not unusual', () => {
  assert.deepEqual(LEARNED.nones, ['learning', 'normal']);
  assert.ok(LEARNED.state.last - LEARNED.state.from > 100);
});

for (const [title, shape, text, context] of [
  ['warmer and longer', { duty: 0.7, level: 5.5 }, 'warmer and runs longer: it loses cold', undefined],
  ['warmer alone', { level: 5.5 }, 'warmer with duty unchanged: the sensor may drift', undefined],
  ['colder alone', { level: 2.5 }, 'colder with duty unchanged: the sensor may drift', undefined],
  [
    'longer without a defrost',
    { duty: 0.7 },
    'runs longer and does not defrost: ice',
    { last: START + 6 * DAY, every: 8 * HOUR },
  ],
  ['no defrost', {}, 'has not defrosted for longer than usual', { last: START + 6 * DAY, every: 8 * HOUR }],
  [
    'the same value',
    { stuck: true },
    'sends the same value again and again: the sensor may be stuck',
    undefined,
  ],
] as const) {
  test(`${title} is found within some hours: ${text}`, () => {
    const changed = (day: number): Shape => ({ ...usual(day), ...shape });
    const { texts } = run(LEARNED.state, [7, 7.3], changed, () => (context ? { defrosts: context } : {}));
    assert.ok(texts.includes(text), JSON.stringify(texts));
  });
}

test('if all devices of a site run longer, as on a hot day, none is unusual', () => {
  const site =
    (hot: number) =>
    (at: number): UnusualContext => ({ siteDuty: at < START + 7 * DAY ? 0.41 : hot });
  const longer = (day: number): Shape => ({ ...usual(day), duty: 0.7 });
  const { state } = run(undefined, [0, 7], usual, site(0));
  assert.deepEqual(run(state, [7, 7.3], longer, site(0.71)).nones, ['normal']);
  const { texts } = run(state, [7, 7.3], longer, site(0.41));
  assert.ok(texts.includes('runs longer than usual at this hour'), JSON.stringify(texts));
});

test('a gap with the same value before and after it is not a stuck sensor', () => {
  const { nones } = run(LEARNED.state, [7.1, 7.3], usual);
  assert.deepEqual(nones, ['normal']);
});

test('an unusable or late sample is left out and reported', () => {
  const broken = judgeUnusual(LEARNED.state, { at: START + 7 * DAY, mean: NaN, min: 1, max: 2 });
  assert.deepEqual(broken, {
    state: LEARNED.state,
    none: 'unusable',
    fault: 'mean NaN is not a number from -1e15 to 1e15',
  });
  const late = judgeUnusual(LEARNED.state, { at: START, mean: 1, min: 1, max: 1 });
  assert.deepEqual(late, { state: { ...LEARNED.state, stale: 1 }, none: 'late' });
});

test('a clock that is set back is followed after an hour of samples, and learning restarts', () => {
  const back = (minute: number) => ({ ...{ at: START + minute * 60_000 }, mean: 4, min: 4, max: 4 });
  let step = judgeUnusual(LEARNED.state, back(0));
  for (let minute = 1; minute < 360; minute += 1) step = judgeUnusual(step.state, back(minute));
  assert.deepEqual([step.none, step.state.history.duty], ['learning', '']);
});

test('a metric with one or two values has nothing unusual, and says why', () => {
  for (const [values, none] of [
    [[4], 'constant'],
    [[0, 1], 'binary'],
  ] as const) {
    let step = judgeUnusual(undefined, { at: START, mean: values[0], min: values[0], max: values[0] });
    for (let minute = 1; minute < 6 * 1_440; minute += 1) {
      const value = values[Math.floor(minute / 90) % values.length]!;
      step = judgeUnusual(step.state, { at: START + minute * 60_000, mean: value, min: value, max: value });
    }
    assert.equal(step.none, none);
  }
});

test('a stored state fits a kilobyte and is restored unchanged; learning restarts for anything else', () => {
  const context = { siteDuty: 0.41, defrosts: { last: START + 6 * DAY, every: 8 * HOUR } };
  const { state } = run(
    LEARNED.state,
    [7, 8.01],
    (day) => ({ ...usual(day), duty: 0.75, level: 5.7 }),
    () => context,
  );
  const text = JSON.stringify(storedUnusual(state));
  assert.ok(text.length <= 1_024, String(text.length));
  assert.deepEqual(storedUnusual(restoredUnusual(JSON.parse(text))!), JSON.parse(text));
  const stored = storedUnusual(state);
  for (const broken of [
    undefined,
    7,
    { ...stored, v: 0 },
    { ...stored, h: ['', ''] },
    { ...stored, n: [1] },
    { ...stored, f: [1] },
  ])
    assert.equal(restoredUnusual(broken), undefined);
});

for (const [finding, text] of [
  [{ stat: 'duty', value: 0.71, usual: [0.38, 0.45], score: 2 }, 'duty 71 %, usually 38 % to 45 %'],
  [{ stat: 'level', value: 5.5, usual: [3.9, 4.1], score: 2 }, 'median 5.5 °C, usually 3.9 to 4.1 °C'],
  [
    { stat: 'no-defrost', value: 20 * HOUR, usual: [0, 8 * HOUR], score: 2 },
    'time since the last defrost 20 hours, usually up to 8 hours',
  ],
] as const satisfies readonly (readonly [Unusual, string])[]) {
  test(`a finding names its value and the usual one: ${text}`, () => {
    assert.equal(findingText(finding, '°C'), text);
  });
}

test('a record counts once, and only after a hundred points', () => {
  let state: RecordState | undefined;
  const scores: number[] = [];
  const values = Array.from({ length: 400 }, (_, index) => Math.sin(index / 3));
  values[50] = 3;
  values[200] = 9;
  values[201] = 9.5;
  values[350] = -9;
  values.forEach((value, index) => {
    const step = judgeRecord(state, START + index * 300_000, value);
    state = step.state;
    scores.push(step.score);
  });
  const found = scores.flatMap((score, index) => (score > USUAL_THRESHOLD ? [index] : []));
  assert.deepEqual(found, [200, 350]);
  assert.ok(JSON.stringify(state).length <= 1_024);
  assert.deepEqual(JSON.parse(JSON.stringify(state)), state);
});

test('a record of the mean or of the hour of day is found inside the range of values', () => {
  let state: RecordState | undefined;
  let by = '';
  for (let index = 0; index < 24 * 30; index += 1) {
    const hour = index % 24;
    const isNight = hour < 12;
    const value = index === 24 * 29 + 3 ? 10 : isNight ? (index % 7) / 10 : 10 + (index % 5) / 10;
    const step = judgeRecord(state, START + index * HOUR, value);
    state = step.state;
    if (step.score > USUAL_THRESHOLD) by = step.by;
  }
  assert.equal(by, 'hour');
});

test('a value that is not a number is not a record and is not stored', () => {
  const { state } = judgeRecord(undefined, START, 1);
  for (const value of [NaN, Infinity, -Infinity])
    assert.deepEqual(judgeRecord(state, START + 1, value), { state, score: 0, by: 'value' });
});
