// Dry runs: stored windows give the same notifications as arriving ones, without quiet hours and reminders.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { decimalOf } from '../../core/decimal.ts';
import { runDry } from '../../core/dry-run.ts';
import { compileRule, type RuleData } from '../../core/rule-data.ts';
import { NO_SPAN } from '../../core/span.ts';
import type { Window } from '../../core/window.ts';

const START = 1_790_000_000_000;

/** The n-th window of ten seconds, with one reading of the temperature, or of the humidity if none is given. */
function window(n: number, temperature?: number): Window {
  const windowStart = START + n * 10_000;
  const value = decimalOf(temperature ?? 50)!;
  const metric = temperature === undefined ? 'humidity' : 'temperature';
  return {
    ...{ deviceId: 'store-1', site: 'seattle', windowStart, readings: 1 },
    metrics: new Map([[metric, { min: value, max: value, sum: value, count: 1 }]]),
    ...NO_SPAN,
    ...{ firstReadingAt: windowStart, lastReadingAt: windowStart, last: new Map([[metric, value]]) },
  };
}
const series = (...temperatures: (number | undefined)[]) =>
  temperatures.map((temperature, n) => window(n, temperature));

/** The second of the decision, the transition and the value. */
function announced(
  data: Omit<RuleData, 'id'>,
  windows: readonly Window[],
  until = START + 3_600_000,
): string[] {
  const rule = compileRule({ id: 'rule', ...data });
  return runDry(rule, windows, { windowSeconds: 10, until }).map(
    ({ decidedAt, transition, value }) => `${(decidedAt - START) / 1000} ${transition} ${value}`,
  );
}

const high = { metric: 'temperature', stat: 'max', above: 8, clearBelow: 7 } as const;
const always = { from: '00:00', to: '23:59', timeZone: 'UTC' };

const cases: [title: string, data: Omit<RuleData, 'id'>, windows: Window[], log: string[]][] = [
  ['nothing without windows', high, [], []],
  [
    'an excursion, once its windows are closed',
    high,
    series(4, 9, 9, 7.5, 6, 9),
    ['20 raised 9', '50 cleared 6', '60 raised 9'],
  ],
  [
    'no reminders',
    { ...high, repeatEvery: '10s', escalateAfter: '10s' },
    series(9, 9, 9, 9),
    ['10 raised 9'],
  ],
  ['quiet hours too', { ...high, quietHours: always }, series(9, 4), ['10 raised 9', '20 cleared 4']],
  [
    'consecutive windows with others between them that lack the metric',
    { ...high, forWindows: 3 },
    series(
      9,
      ...Array.from({ length: 40 }, () => undefined),
      9,
      ...Array.from({ length: 40 }, () => undefined),
      9,
    ),
    ['830 raised 9'],
  ],
  [
    'a rise over windows that lack the metric',
    { metric: 'temperature', stat: 'mean', perMinute: true, above: 5 },
    series(4, undefined, undefined, undefined, undefined, undefined, 10),
    ['70 raised 6'],
  ],
  [
    'a device that was silent and came back',
    { noDataFor: '2m' },
    [window(0, 4), ...Array.from({ length: 30 }, (_, n) => window(30 + n, 4))],
    ['120.001 raised 120', '420 cleared 420', '710.001 raised 120'],
  ],
];
for (const [title, data, windows, log] of cases) {
  test(`a dry run shows ${title}`, () => assert.deepEqual(announced(data, windows), log));
}

test('a silence that is not long enough at the end is not announced', () => {
  assert.deepEqual(announced({ noDataFor: '2m' }, [window(0, 4)], START + 120_000), []);
});

test('a window that is still open counts only if more readings cannot undo its breach', () => {
  const windows = series(4, 9);
  assert.deepEqual(announced(high, windows, START + 15_000), ['15 raised 9']);
  assert.deepEqual(announced({ ...high, stat: 'mean' }, windows, START + 15_000), []);
  assert.deepEqual(announced({ ...high, stat: 'mean' }, windows, START + 20_000), ['20 raised 9']);
});

test('more than twenty alarms are all announced', () => {
  const flapping = Array.from({ length: 100 }, (_, n) => window(n, n % 2 === 0 ? 9 : 4));
  assert.equal(announced(high, flapping).length, 100);
});

test('a dry run of a rule about connections is refused with the reason', () => {
  assert.throws(() => announced({ offlineFor: '2m' }, []), /history is not stored/);
});
