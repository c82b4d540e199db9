// A rule that is changed while its alert is active: every sentence that people then read is true.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { LimitRule } from '../../core/alert-rule.ts';
import type { AlertState, Notification } from '../../core/alert-state.ts';
import { judge } from '../../core/alert.ts';
import { judgeSilence } from '../../core/silence.ts';
import { decimalOf } from '../../core/decimal.ts';
import { happening, notificationText } from '../../core/notification.ts';
import { remind } from '../../core/reminder.ts';
import { compileRule, type RuleData } from '../../core/rule-data.ts';
import type { Window } from '../../core/window.ts';
import { runsOf } from '../../packages/local-cloud/tests/fuzzing.ts';

const START = 1_790_000_000_000;
type Data = Omit<RuleData, 'id'>;
const metric = 'temperature';

function window(n: number, temperature: number): Window {
  const windowStart = START + n * 10_000;
  const values = (value: number) => {
    const decimal = decimalOf(value)!;
    return { min: decimal, max: decimal, sum: decimal, count: 1 };
  };
  return {
    ...{ deviceId: 'store-1', site: 'seattle', windowStart, readings: 1 },
    metrics: new Map([
      [metric, values(temperature)],
      ['humidity', values(50)],
    ]),
    ...{ firstReadingAt: windowStart, lastReadingAt: windowStart, lastFingerprint: '0000000000000001' },
    last: new Map([[metric, decimalOf(temperature)!]]),
  };
}

/** Each step: the rule at that time, and the temperature of the next window. */
function play(steps: readonly (readonly [rule: Data, temperature: number])[]): Notification[] {
  const announced: Notification[] = [];
  let state: AlertState | undefined;
  const windows: Window[] = [];
  for (const [n, [data, temperature]] of steps.entries()) {
    windows.push(window(n, temperature));
    const rule = compileRule({ id: 'rule', ...data }) as LimitRule;
    for (;;) {
      const next = judge(rule, state, { closed: windows }, { now: START + n * 10_000 + 10_000 });
      if (next === undefined || next === state) break;
      announced.push(...next.pending.map(({ notification }) => notification));
      state = { ...next, pending: [], unrecorded: [] };
    }
  }
  return announced;
}

const SETTINGS = { page: '', timeZone: 'UTC' };
/** The first line, without the place. */
const first = (notification: Notification) =>
  notificationText(notification, SETTINGS).email.split(' at seattle, store-1\n')[0];

const critical8: Data = { metric, above: 8, severity: 'critical' };
const cases: [title: string, before: Data, after: Data, temperatures: number[], lines: string[]][] = [
  [
    'stricter and less severe',
    critical8,
    { metric, above: 6, severity: 'warning' },
    [13],
    ['NOW warning: temperature 13 above 6'],
  ],
  [
    'less severe only',
    critical8,
    { ...critical8, severity: 'minor' },
    [9],
    ['NOW minor: temperature 9 above 8'],
  ],
  [
    'stricter and more severe',
    { metric, above: 8, severity: 'warning' },
    { metric, above: 6, severity: 'critical' },
    [7],
    ['NOW critical: temperature 7 above 6'],
  ],
  ['looser, and so over', critical8, { ...critical8, above: 20 }, [13], ['OK: temperature 13 not above 20']],
  [
    'looser with a limit to clear at',
    critical8,
    { ...critical8, above: 20, clearBelow: 15 },
    [13],
    ['OK: temperature 13 not above 20'],
  ],
  [
    'less severe, and neither beyond the limit nor clear of it',
    critical8,
    { metric, above: 10, clearBelow: 6, severity: 'warning' },
    [7],
    ['NOW warning: temperature 7 not back below 6'],
  ],
  [
    'less severe, and clear for too few windows',
    critical8,
    { metric, above: 6, severity: 'warning', clearAfter: 2 },
    [5],
    ['NOW warning: temperature 5 back below 6, but not for long enough yet'],
  ],
  [
    'only to be stricter, which shows when it clears',
    critical8,
    { ...critical8, above: 6 },
    [7, 6],
    ['OK: temperature 6 not above 6'],
  ],
  [
    'to another metric',
    critical8,
    { ...critical8, metric: 'humidity', above: 60 },
    [13],
    ['ENDED: temperature 9 above 8'],
  ],
  [
    'to another metric that is beyond its limit',
    critical8,
    { ...critical8, metric: 'humidity', above: 40 },
    [13],
    ['ENDED: temperature 9 above 8', 'ALARM: humidity 50 above 40'],
  ],
  ['to the other side', critical8, { metric, below: 2 }, [5], ['ENDED: temperature 9 above 8']],
  [
    'to a rate',
    critical8,
    { ...critical8, stat: 'max', perMinute: true },
    [13],
    ['ENDED: temperature 9 above 8', 'ALARM: temperature per minute 24 above 8'],
  ],
  ['to a mean', critical8, { ...critical8, stat: 'mean' }, [5], ['ENDED: temperature 9 above 8']],
  ['in nothing', critical8, critical8, [8], ['OK: temperature 8 back at 8']],
];
for (const [title, before, after, temperatures, lines] of cases) {
  test(`a rule changed ${title}: ${lines.join('; ') || 'nothing'}`, () => {
    const [raised, ...announced] = play([
      [before, 9],
      ...temperatures.map((value) => [after, value] as const),
    ]);
    assert.equal(first(raised!), 'ALARM: temperature 9 above 8');
    assert.deepEqual(announced.map(first), lines);
    assert.ok(announced.every((each) => notificationText(each, SETTINGS).subject.length < 100));
  });
}

const withoutNewer: readonly (readonly [after: Data, line: string])[] = [
  [{ ...critical8, above: 20 }, 'OK: temperature 9 not above 20'],
  [{ ...critical8, severity: 'minor' }, 'NOW minor: temperature 9 above 8'],
];
for (const [after, line] of withoutNewer) {
  test(`a changed rule judges the window that raised the alert if no newer one exists: ${line}`, () => {
    const now = { now: START + 60_000 };
    const rule = (data: Data) => compileRule({ id: 'rule', ...data }) as LimitRule;
    const raised = judge(rule(critical8), undefined, { closed: [window(0, 9)] }, now)!;
    const changed = judge(rule(after), raised, { closed: [window(0, 9)] }, now)!;
    assert.equal(first(changed.pending.at(-1)!.notification), line);
    assert.equal(judge(rule(after), changed, { closed: [window(0, 9)] }, now), changed);
    // The unchanged rule changes nothing by its own window.
    assert.equal(judge(rule(critical8), raised, { closed: [window(0, 9)] }, now), raised);
  });
}

test('limits that are changed back and forth announce the same window each time, as separate alerts', () => {
  let state: AlertState | undefined;
  for (const above of [8, 20, 8, 20, 8]) {
    const rule = compileRule({ id: 'rule', ...critical8, above }) as LimitRule;
    state = judge(rule, state, { closed: [window(0, 9)] }, { now: START + 60_000 })!;
  }
  const announced = state!.pending.map(({ notification }) => notification);
  const transitions = announced.map(({ transition }) => transition);
  assert.deepEqual(transitions, ['raised', 'cleared', 'raised', 'cleared', 'raised']);
  assert.equal(new Set(announced.map(({ alertId }) => alertId)).size, 5);
  assert.equal(new Set(state!.unrecorded.map(({ entryId }) => entryId)).size, 5);
});

test('a rule with anySpelling continues its alarm, whichever spelling was judged', () => {
  const rule = compileRule({ id: 'rule', metric, anySpelling: true, above: 8 }) as LimitRule;
  const spelled = (n: number, temperature: number): Window => {
    const { metrics, ...rest } = window(n, temperature);
    return { ...rest, metrics: new Map([['BME280_Temperature', metrics.get(metric)!]]) };
  };
  const raised = judge(rule, undefined, { closed: [spelled(0, 9)] }, { now: START })!;
  assert.equal(first(raised.pending[0]!.notification), 'ALARM: BME280_Temperature 9 above 8');
  const cleared = judge(rule, raised, { closed: [spelled(0, 9), window(1, 4)] }, { now: START })!;
  assert.equal(first(cleared.pending[1]!.notification), 'OK: temperature 4 back below 8');
});

test('a mail about a changed rule says that it was changed, and a reminder of it does not', () => {
  const warning: Data = { metric, above: 6, severity: 'warning', repeatEvery: '30m' };
  const [, now] = play([
    [critical8, 9],
    [warning, 13],
  ]);
  const { email, subject, sms } = notificationText(now!, SETTINGS);
  assert.equal(subject, 'NOW warning: temperature 13 above 6 at seattle/store-1');
  assert.ok(sms.startsWith('NOW warning: temperature 13 above 6, store-1'), sms);
  assert.equal(email.split('\n')[1], 'Its rule was changed since the last notification of this alert.');
  const rule = compileRule({ id: 'rule', ...warning });
  const state: AlertState = {
    ...{ deviceId: 'store-1', ruleId: 'rule', state: 'alarm', severity: 'warning', version: 1, value: '13' },
    ...{ windowStart: START, pending: [], unrecorded: [] },
    alarm: { raisedAt: START, firstNotifiedAt: START, notifiedAt: START, announced: now! },
  };
  const again = remind(rule, state, { now: START + 1_800_000 }).pending[0]!.notification;
  assert.equal(first(again), 'STILL: temperature 13 above 6');
  assert.ok(!notificationText(again, SETTINGS).email.includes('was changed'));
});

test('a silence announces a changed severity, and ends if its rule now judges limits', () => {
  const presence = { lastAt: START, isBack: false };
  const device = { deviceId: 'store-1', site: 'seattle' };
  const silence = (severity: RuleData['severity']) => {
    const rule = compileRule({ id: 'rule', noDataFor: '5m', severity: severity! });
    assert.ok('silence' in rule);
    return rule;
  };
  const raised = judgeSilence(silence('major'), undefined, device, presence, { now: START + 600_000 })!;
  const minor = judgeSilence(silence('minor'), raised, device, presence, { now: START + 660_000 })!;
  assert.equal(first(minor.pending[1]!.notification), 'NOW minor: no data for 11m');
  const limits = compileRule({ id: 'rule', ...critical8 }) as LimitRule;
  const ended = judge(limits, minor, { closed: [window(100, 9)] }, { now: START + 1_200_000 })!;
  assert.deepEqual([first(ended.pending[2]!.notification), ended.state], ['ENDED: no data for 20m', 'ok']);
});

/** Whether the sentence is true for the value that it names, from its words alone. */
function isTrue(notification: Notification): boolean {
  const sentence = /^\S+ (-?[\d.]+) (.*) (-?[\d.]+)$/.exec(happening(notification));
  if (!sentence) return true;
  const [value, words, limit] = [Number(sentence[1]), sentence[2], Number(sentence[3])];
  const truths: Readonly<Record<string, boolean>> = {
    above: value > limit,
    below: value < limit,
    'not above': value <= limit,
    'not below': value >= limit,
    'back below': value < limit,
    'back above': value > limit,
    'back at': value === limit,
    'not back below': value >= limit,
    'not back above': value <= limit,
  };
  return truths[words!] ?? false;
}

test('for every change of a rule, at any time, each sentence is true for its value', () => {
  const level = fc.record({
    above: fc.option(fc.integer({ min: 4, max: 12 }), { nil: undefined }),
    below: fc.option(fc.integer({ min: -4, max: 2 }), { nil: undefined }),
    severity: fc.constantFrom('warning', 'major', 'critical'),
    margin: fc.constantFrom(0, 0, 1, 2),
    forWindows: fc.constantFrom(1, 1, 2),
    clearAfter: fc.constantFrom(1, 1, 2),
  });
  const rule = level.map(({ above, below, margin, ...rest }): Data => {
    const upper = above ?? (below === undefined ? 8 : undefined);
    const isNarrow = upper !== undefined && below !== undefined && upper - below <= 2 * margin;
    return {
      ...{ metric, ...rest },
      ...(upper !== undefined && {
        above: upper,
        ...(margin && !isNarrow && { clearBelow: upper - margin }),
      }),
      ...(below !== undefined && { below, ...(margin && !isNarrow && { clearAbove: below + margin }) }),
    };
  });
  const seen = new Set<string>();
  fc.assert(
    fc.property(
      fc.array(fc.tuple(rule, fc.array(fc.integer({ min: -6, max: 14 }), { minLength: 1, maxLength: 6 })), {
        minLength: 2,
        maxLength: 8,
      }),
      (phases) => {
        const steps = phases.flatMap(([data, values]) => values.map((value) => [data, value] as const));
        for (const notification of play(steps)) {
          assert.ok(isTrue(notification), first(notification));
          seen.add(notificationText(notification, SETTINGS).email.split(' ')[0]!);
        }
      },
    ),
    runsOf(62, 1500),
  );
  assert.deepEqual([...seen].toSorted(), ['ALARM:', 'ENDED:', 'NOW', 'OK:']);
});
