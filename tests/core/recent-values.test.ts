// What a mail shows of the windows before an alert: one bar per window, between the lowest and the highest value.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Notification } from '../../core/alert-state.ts';
import { decimalOf } from '../../core/decimal.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import { MAX_VALUES, recentValues } from '../../core/recent-values.ts';
import { deltaOf, merge, type Delta, type Window } from '../../core/window.ts';
import { runsOf } from '../../packages/local-cloud/tests/fuzzing.ts';

const START = Date.parse('2026-09-21T14:00:00Z');
const notification = {
  ...{ alertId: 'a1', transition: 'raised', deviceId: 'store-1', site: 'seattle', ruleId: 'warm' },
  ...{ severity: 'major', channels: ['email'], windowStart: START, since: START, decidedAt: START },
  ...{ metric: 'temperature', stat: 'max', value: '9', side: 'above', limit: '8' },
} as Notification;

/** One window per minute, with one reading for each of its values. */
function windowsOf(windows: readonly (readonly number[])[], name = 'temperature'): Window[] {
  return windows.map((values, n) => {
    const deltas = values.map((value, index): Delta => {
      const timestamp = START + n * 60_000 + index * 1000;
      const metrics = [{ name, value: decimalOf(value)! }];
      const print = fingerprint(`${n}/${index}`);
      return deltaOf({ deviceId: 'store-1', site: 'seattle', timestamp, metrics, fingerprint: print }, 10);
    });
    const { readings, ...rest } = deltas.reduce(merge);
    return { ...rest, readings: readings.size };
  });
}
const shown = (of: Partial<Notification>, windows: readonly Window[]) =>
  recentValues({ ...notification, ...of } as Notification, windows, 'America/Los_Angeles');

const cases: [title: string, of: Partial<Notification>, windows: Window[], line: string | undefined][] = [
  [
    'each bar lies between the lowest and the highest',
    {},
    windowsOf([[0], [1], [2], [3], [4], [5], [6], [7]]),
    '▁▂▃▄▅▆▇█ 0 to 7, 2026-09-21 07:00:00 to 07:07:00 PDT',
  ],
  [
    'below zero',
    { unit: '°C' },
    windowsOf([[-3], [-1]]),
    '▁█ -3 to -1 °C, 2026-09-21 07:00:00 to 07:01:00 PDT',
  ],
  ['values that are all the same', {}, windowsOf([[4], [4]]), '▄▄ 4, 2026-09-21 07:00:00 to 07:01:00 PDT'],
  [
    'the highest of each window',
    { stat: 'max' },
    windowsOf([
      [1, 2],
      [3, 9],
    ]),
    '▁█ 2 to 9, 2026-09-21 07:00:00 to 07:01:01 PDT',
  ],
  [
    'the lowest of each window',
    { stat: 'min' },
    windowsOf([
      [1, 2],
      [3, 9],
    ]),
    '▁█ 1 to 3, 2026-09-21 07:00:00 to 07:01:01 PDT',
  ],
  [
    'means',
    { stat: 'mean' },
    windowsOf([
      [1, 2],
      [3, 9],
    ]),
    '▁█ 1.5 to 6, 2026-09-21 07:00:00 to 07:01:01 PDT',
  ],
  [
    'readings, if these are counted',
    { stat: 'count', metric: undefined },
    windowsOf([[1], [1, 1, 1]]),
    '▁█ 1 to 3, 2026-09-21 07:00:00 to 07:01:02 PDT',
  ],
  [
    'for a silent metric',
    { silence: 'silent' },
    windowsOf([[1], [2]]),
    '▁█ 1 to 2, 2026-09-21 07:00:00 to 07:01:00 PDT',
  ],
  [
    'nothing for a silent device',
    { silence: 'offline', metric: undefined },
    windowsOf([[1], [2]]),
    undefined,
  ],
  [
    'one bar and one value for a single window',
    { unit: '°C' },
    windowsOf([[9]]),
    '▄ 9 °C, 2026-09-21 07:00:00 PDT',
  ],
  ['nothing without windows', {}, [], undefined],
  ['nothing for windows without the metric', {}, windowsOf([[1], [2]], 'humidity'), undefined],
];
for (const [title, of, windows, line] of cases)
  test(`the last values: ${title}`, () => assert.equal(shown(of, windows), line));

test('the newest windows are shown, and no more than fit a line', () => {
  const line = shown({}, windowsOf(Array.from({ length: 40 }, (_, n) => [n])));
  assert.match(line ?? '', /^[▁▂▃▄▅▆▇█]+ 16 to 39, 2026-09-21 07:16:00 to 07:39:00 PDT$/);
  assert.equal(line!.split(' ')[0]!.length, MAX_VALUES);
});

test('a greater value never has a lower bar, and the extremes have the lowest and the highest bar', () => {
  const value = fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }).map((n) => n / 1000);
  fc.assert(
    fc.property(fc.array(value, { minLength: 2, maxLength: MAX_VALUES }), (values) => {
      const bars = shown({}, windowsOf(values.map((each) => [each])))!
        .split(' ')[0]!
        .split('');
      assert.equal(bars.length, values.length);
      const sorted = values.map((each, n) => [each, bars[n]!] as const).sort(([a], [b]) => a - b);
      const inOrder = sorted.map(([, bar]) => bar);
      assert.deepEqual(inOrder, [...inOrder].sort());
      const isFlat = sorted[0]![0] === sorted.at(-1)![0];
      assert.deepEqual([inOrder[0], inOrder.at(-1)], isFlat ? ['▄', '▄'] : ['▁', '█']);
    }),
    runsOf(51, 200),
  );
});
