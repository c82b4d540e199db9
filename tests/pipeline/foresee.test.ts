// A rule about trends on a simulated fridge, sweep by sweep: it learns once, stores its state, and gives the same after a restart.

import { beforeAll, describe, test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { InsightRule } from '../../core/alert-rule.ts';
import { knownOf } from '../../core/insight/observe.ts';
import { createSiteDuties } from '../../core/insight/site-duties.ts';
import type { Outlook } from '../../core/outlook.ts';
import { createRecent } from '../../core/recent.ts';
import { compileRule } from '../../core/rule-data.ts';
import { decimalOf } from '../../core/decimal.ts';
import type { Window } from '../../core/window.ts';
import { fridgeSteps, STEP } from '../../device-sim/fridge.ts';
import { outlooksOf, withEntered, type LearningProgress } from '../../pipeline/foresee.ts';
import { memoryLearned } from '../support/memory-learned.ts';

const START = Date.parse('2026-11-20T00:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const FAILS_AT = 4.3 * DAY;
const rule = compileRule({
  id: 'soon-warm',
  predicted: { metric: 'temperature', above: 8 },
}) as InsightRule;

/** The windows of a fridge that leaks from `FAILS_AT` on, of five days. */
let windows: Window[];

beforeAll(() => {
  windows = [];
  const failure = { kind: 'leak', at: FAILS_AT / 1000 } as const;
  for (const { second, readings, lost } of fridgeSteps({ seed: 7, site: 7, defrosts: 'regular', failure })) {
    if (second >= (5 * DAY) / 1000) break;
    if (lost) continue;
    const values = readings.map((reading) => decimalOf(Number(reading.toFixed(4)))!);
    const windowStart = START + second * 1000;
    const aggregate = {
      min: values.reduce((a, b) => (a < b ? a : b)),
      max: values.reduce((a, b) => (a > b ? a : b)),
      sum: values.reduce((a, b) => a + b),
      count: values.length,
    };
    windows.push({
      ...{ deviceId: 'store-7', site: 'seattle', windowStart, readings: values.length },
      ...{ firstReadingAt: windowStart, lastReadingAt: windowStart + STEP * 1000 - 1, lastFingerprint: '' },
      ...{ last: new Map(), metrics: new Map([['temperature', aggregate]]) },
    });
  }
});

/** The first index of a window from the time on. */
function indexFrom(time: number): number {
  let [low, high] = [0, windows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (windows[middle]!.windowStart < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Sweeps every minute of a span, with what was learned before. */
function sweeps(learnedStore = memoryLearned()) {
  let read = 0;
  const before = async (_deviceId: string, end: number, limit: number) => {
    const to = indexFrom(end);
    const found = windows.slice(Math.max(0, to - limit), to);
    read += found.length;
    return found;
  };
  let progress = createRecent<LearningProgress>(10);
  let now = START;
  const parts = () => ({
    ...{ windows: { before }, windowSeconds: STEP, learnedStore, progress, now: () => now },
    duties: createSiteDuties(),
  });
  return {
    learnedStore,
    read: () => read,
    /** As a new environment has it. */
    forget: () => void (progress = createRecent<LearningProgress>(10)),
    run: async (from: number, to: number, each: InsightRule = rule): Promise<Outlook[]> => {
      const outlooks: Outlook[] = [];
      for (now = START + from; now < START + to; now += MINUTE)
        outlooks.push(...(await outlooksOf(parts(), { rule: each, deviceId: 'store-7' })));
      return outlooks;
    },
  };
}

const seen = (outlooks: readonly Outlook[]) =>
  outlooks.map(({ minute, reason, ahead }) => [minute, reason, ahead?.crossesAt, ahead?.words(' °C')]);

describe('a rule that predicts', () => {
  test('looks at each minute once, learns for two days, and announces the leak before the limit is crossed', async () => {
    const { run, read, learnedStore } = sweeps();
    const outlooks = await run(0, 5 * DAY);
    const minutes = outlooks.map(({ minute }) => minute);
    assert.deepEqual(
      minutes,
      [...new Set(minutes)].sort((a, b) => a - b),
    );
    assert.ok(read() <= (5 * DAY) / (STEP * 1000), `${read()} windows were read of ${windows.length}`);
    const learning = outlooks.filter(({ reason }) => reason === 'learning');
    assert.ok(learning.every(({ minute }) => minute < START + 2.2 * DAY));
    const first = outlooks.find(({ ahead }) => ahead);
    const crossed = windows.find(
      ({ windowStart, metrics }) =>
        windowStart > START + FAILS_AT && metrics.get('temperature')!.min > decimalOf(8)!,
    );
    assert.ok(first && crossed, 'nothing was announced, or nothing crossed');
    assert.ok(first.minute >= START + FAILS_AT, 'it was announced before it failed');
    assert.ok(first.minute <= crossed.windowStart - 10 * MINUTE, 'it was announced too late');
    assert.match(first.ahead!.words(' °C'), /^above its normal band for \d+ (?:minutes?|hours?);/);
    // Every quarter of an hour, and each step through the history.
    assert.ok(learnedStore.written.count <= 5 * 96 + 12);
    assert.ok(learnedStore.written.longest <= 1100, `${learnedStore.written.longest} bytes`);
  });

  test('gives the same results after a restart at any time', async () => {
    const whole = await sweeps().run(0, 4.6 * DAY);
    const { run, forget } = sweeps();
    const parts: Outlook[] = [];
    for (const [from, to] of [
      [0, 2.51 * DAY],
      [2.51 * DAY, 4.337 * DAY],
      [4.337 * DAY, 4.6 * DAY],
    ] as const) {
      parts.push(...(await run(from, to)));
      forget();
    }
    const last = new Map(parts.map((outlook) => [outlook.minute, outlook]));
    assert.deepEqual(seen([...last.values()]), seen(whole));
  });

  test('learns from existing windows without announcing past events', async () => {
    const { run } = sweeps();
    const outlooks = await run(4.2 * DAY, 4.29 * DAY);
    assert.ok(outlooks.every(({ minute }) => minute > START + 4.2 * DAY - 20 * MINUTE));
    assert.notEqual(outlooks.at(-1)?.reason, 'learning');
  });

  test('learns again when the rule watches something else', async () => {
    const { run } = sweeps();
    await run(4 * DAY, 4.1 * DAY);
    const other = compileRule({
      id: 'soon-warm',
      predicted: { metric: 'humidity', above: 8 },
    }) as InsightRule;
    assert.deepEqual(await run(4.1 * DAY, 4.2 * DAY, other), []);
  });
});

test('a reset by a user is not overwritten with what was learned before', async () => {
  const { run, learnedStore } = sweeps();
  await run(2.9 * DAY, 3 * DAY);
  const known = (await learnedStore.load('store-7', rule.id))!;
  await learnedStore.restart('store-7', rule.id, { ...known, learned: {}, until: START + 3 * DAY });
  const outlooks = await run(3 * DAY, 3.1 * DAY);
  assert.equal(outlooks.at(-1)?.reason, 'learning');
  assert.ok((await learnedStore.load('store-7', rule.id))!.until > START + 3 * DAY);
});

test('a wrong schedule is corrected: entered defrosts count from the next save on', async () => {
  const { run, learnedStore } = sweeps();
  await run(2.9 * DAY, 3 * DAY);
  const modeNow = async () => {
    const { learned, entered } = (await learnedStore.load('store-7', rule.id))!;
    return knownOf(withEntered(rule, entered), learned)?.trend?.mode;
  };
  assert.equal(await modeNow(), 'learned');
  const entered = { every: '8h', from: START };
  await learnedStore.enter('store-7', rule.id, entered);
  await run(3 * DAY, 3.1 * DAY);
  assert.equal(await modeNow(), 'known');
  const { until, entered: kept } = (await learnedStore.load('store-7', rule.id))!;
  assert.deepEqual([kept, until > START + 3.08 * DAY], [entered, true]);
  await learnedStore.enter('store-7', rule.id, undefined);
  await run(3.1 * DAY, 3.2 * DAY);
  assert.equal(await modeNow(), 'learned');
});

describe('a rule about habits', () => {
  const unusual = compileRule({ id: 'odd', unusual: { metric: 'temperature' } }) as InsightRule;

  test('learns for four days, then describes unusual values in words, in an item of 2 KB', async () => {
    const { run, learnedStore } = sweeps();
    const outlooks = await run(0, 5 * DAY, unusual);
    assert.equal(outlooks.find(({ minute }) => minute > START + 3.9 * DAY)?.reason, 'learning');
    const found = outlooks.filter(({ ahead }) => ahead);
    assert.ok(found.length > 0, 'a leak of hours was not found');
    assert.ok(found.every(({ minute }) => minute > START + FAILS_AT));
    assert.match(found.at(-1)!.ahead!.words(' °C'), /^(?:warmer|runs longer).*usually/);
    assert.ok(learnedStore.written.longest <= 2200, `${learnedStore.written.longest} bytes`);
  });
});
