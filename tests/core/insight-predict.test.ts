// Predictions: what Tidegate learns about a fridge, what it announces and when, and what it does not announce.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { modeOf } from '../../core/insight/gate.ts';
import { learnedOf } from '../../core/insight/judge.ts';
import type { PredictionSettings } from '../../core/insight/prediction.ts';
import { DAY, everySo, MINUTE, openings, run, SETTINGS, START } from './insight-minutes.ts';

const REGULAR = everySo(100, 480, 20, (n) => [0, 2, -3, 1, -1][n % 5]!);
const IRREGULAR = everySo(100, 480, 20, (n) => [0, 28, -25, 14, -30, 22, -9][n % 7]!);
/** The failure is at 03:00 local time of the shop, far from every defrost. */
const BREAKS = 7 * DAY + 330;

/** Warms towards 14 °C with a time constant of 60 minutes. */
const stop = (minute: number) => (minute < BREAKS ? 0 : 10 * (1 - Math.exp((BREAKS - minute) / 60)));
/** 12 °C within the first hours. */
const leak = (minute: number) => (minute < BREAKS ? 0 : 12 * (1 - Math.exp((BREAKS - minute) / 150)));
/** 1.5 °C a day. */
const drift = (minute: number) => (minute < BREAKS ? 0 : (1.5 * (minute - BREAKS)) / DAY);

test('a device with less than two days of data is learning, says for how long, and announces nothing', () => {
  const { judged } = run(undefined, [0, 2 * DAY], {
    defrosts: REGULAR,
    added: (minute) => (minute > DAY ? 5 : 0),
  });
  assert.ok(judged.every(({ prediction }) => prediction.none === 'learning'));
  assert.deepEqual(judged[0]!.prediction, { none: 'learning', left: 2 * DAY * MINUTE });
});

test('a regular schedule is learned within two days, accurate to minutes', () => {
  for (const every of [370, 480, 640]) {
    const { state } = run(undefined, [0, 2 * DAY], {
      defrosts: everySo(60, every, 3, (n) => [0, 2, -2][n % 3]!),
    });
    const { mode, defrosts } = learnedOf(state, SETTINGS);
    assert.equal(mode, 'learned');
    assert.ok(Math.abs(defrosts!.every / MINUTE - every) < 3, `${every}: ${defrosts!.every / MINUTE}`);
    const phase = (defrosts!.anchor / MINUTE - START - 60) % every;
    // The temperature leaves the band some minutes after a defrost begins.
    assert.ok(phase >= 4 && phase <= 12, `${every}: phase ${phase}`);
  }
});

test('the learned band leaves out the defrosts', () => {
  const { state } = run(undefined, [0, 3 * DAY], { defrosts: REGULAR });
  const { high, low } = learnedOf(state, SETTINGS);
  assert.ok(high > 4.5 && high < 5.1, String(high));
  assert.ok(low > 3 && low < 3.6, String(low));
});

for (const [title, defrosts] of Object.entries({ regular: REGULAR, irregular: IRREGULAR, none: [] })) {
  test(`two weeks with defrosts (${title}) give no announcement`, () => {
    const { judged } = run(undefined, [0, 14 * DAY], { defrosts });
    assert.deepEqual(openings(judged), []);
  });
}

test('an irregular schedule is not used', () => {
  const { state } = run(undefined, [0, 7 * DAY], { defrosts: IRREGULAR });
  assert.equal(modeOf(state.gate, undefined, false), 'free');
});

for (const [title, defrosts, settings] of [
  ['learned', REGULAR, SETTINGS],
  ['known times of the day', REGULAR, { ...SETTINGS, defrosts: { times: [100, 580, 1_060] } }],
  ['known interval', REGULAR, { ...SETTINGS, defrosts: { every: 480, anchor: START + 100, length: 30 } }],
] as const satisfies readonly (readonly [string, readonly number[], PredictionSettings])[]) {
  test(`a stopped compressor is announced in advance, with the minutes left (${title})`, () => {
    const life = { defrosts, added: stop };
    const { judged } = run(undefined, [0, BREAKS + 90], life, settings);
    const crosses = judged.find(
      ({ prediction }) => prediction.none === undefined && prediction.crossesIn === 0,
    )!.minute;
    const [opened] = openings(judged);
    assert.ok(
      opened! >= BREAKS && crosses - opened! >= 10,
      `opened ${opened! - BREAKS}, crosses ${crosses - BREAKS}`,
    );
    const { prediction } = judged.find(({ minute }) => minute === crosses - 8)!;
    assert.ok(prediction.none === undefined && prediction.kind === 'fast');
    assert.ok(
      prediction.crossesIn! >= 2 * MINUTE && prediction.crossesIn! <= 20 * MINUTE,
      String(prediction.crossesIn),
    );
  });
}

test('without a schedule, an excursion longer than nearly all before it is announced', () => {
  const { judged } = run(undefined, [0, BREAKS + 120], { defrosts: IRREGULAR, added: leak });
  const crosses = judged.find(
    ({ prediction }) => prediction.none === undefined && prediction.crossesIn === 0,
  )!.minute;
  const [opened, ...others] = openings(judged);
  assert.ok(
    opened! > BREAKS + 20 && crosses - opened! >= 10,
    `opened ${opened! - BREAKS}, crosses ${crosses - BREAKS}`,
  );
  assert.deepEqual(others, []);
});

test('a drift is announced hours in advance, as slow, and does not become the normal band', () => {
  const { judged } = run(undefined, [0, BREAKS + 3 * DAY], { defrosts: REGULAR, added: drift });
  const [opened] = openings(judged);
  const crosses = judged.find(
    ({ minute, prediction }) =>
      minute > opened! && prediction.none === undefined && prediction.crossesIn === 0,
  );
  assert.ok(opened! > BREAKS && opened! < BREAKS + 2.2 * DAY, String((opened! - BREAKS) / DAY));
  assert.ok(crosses === undefined || crosses.minute - opened! > 60);
  const slow = judged.filter(({ prediction }) => prediction.none === undefined && prediction.kind === 'slow');
  assert.ok(slow.length > 30);
});

test('a defrost that gets much warmer than any before is announced', () => {
  const hot = REGULAR.find((start) => start > 8 * DAY)!;
  const added = (minute: number) =>
    minute >= hot && minute < hot + 60 ? Math.min(3, (minute - hot) / 6) : 0;
  const { judged } = run(undefined, [0, hot + 60], { defrosts: REGULAR, added });
  assert.equal(openings(judged).length, 1);
});

test('after two false announcements near defrosts, a learned schedule no longer counts', () => {
  const [first, second] = REGULAR.filter((start) => start > 7 * DAY);
  const late = (minute: number, start: number) => minute >= start + 40 && minute < start + 55;
  const added = (minute: number) => (late(minute, first!) || late(minute, second!) ? 2.8 : 0);
  const { state, judged } = run(undefined, [0, 9 * DAY], { defrosts: REGULAR, added });
  assert.equal(openings(judged).length, 2);
  assert.ok(state.gate.usual.schedule);
  assert.equal(learnedOf(state, SETTINGS).mode, 'free');
  const after = run(state, [9 * DAY, 20 * DAY], { defrosts: REGULAR });
  assert.deepEqual(openings(after.judged), []);
});

test('a schedule that stops predicting is given up', () => {
  const moved = [
    ...REGULAR.filter((start) => start < 7 * DAY),
    ...IRREGULAR.filter((start) => start > 7 * DAY),
  ];
  const { state } = run(undefined, [0, 11 * DAY], { defrosts: moved });
  assert.equal(learnedOf(state, SETTINGS).mode, 'free');
});

test('the limit of a freezer from below is judged the same way, mirrored', () => {
  const settings: PredictionSettings = { limit: 0, side: 'below' };
  const added = (minute: number) => -stop(minute);
  const { state, judged } = run(undefined, [0, BREAKS + 60], { added }, settings);
  assert.equal(openings(judged).length, 1);
  const { high, low } = learnedOf(state, settings);
  assert.ok(high < low, 'the edge on the side of the limit is the lower one');
});
