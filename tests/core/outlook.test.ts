// When a prediction is announced, with which severity, and when it clears.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { AlertState, Notification } from '../../core/alert-state.ts';
import { acknowledge } from '../../core/alert-step.ts';
import { judgeOutlook, type Ahead, type Outlook } from '../../core/outlook.ts';
import { notificationText } from '../../core/notification.ts';
import { end } from '../../core/reminder.ts';
import { compileRule, type RuleData } from '../../core/rule-data.ts';
import type { InsightRule } from '../../core/alert-rule.ts';

const START = Date.parse('2026-11-20T13:00:00Z');
const MINUTE = 60_000;
const device = { deviceId: 'store-7', site: 'seattle' };
const units = { temperature: '°C' };
const ruleOf = (data: Omit<RuleData, 'id'>) => compileRule({ id: 'soon-warm', ...data }) as InsightRule;
const rule = ruleOf({ predicted: { metric: 'temperature', above: 8, within: '30m' }, severity: 'critical' });

const ahead = (minute: number, minutes: number | undefined): Ahead => ({
  ...{ side: 'above', limit: 8, since: START - 12 * MINUTE },
  ...(minutes !== undefined && { crossesAt: minute + minutes * MINUTE }),
  words: (unit) => `above its normal band; 8${unit} in about ${minutes ?? '?'} minutes`,
});

type Said = number | 'calm' | 'unclear' | 'defrost' | 'learning';

/** The notifications for insight's findings from minute to minute: in how many minutes the limit is crossed, or none. */
function heard(said: readonly Said[], { judged = rule, from = undefined as AlertState | undefined } = {}) {
  let state = from;
  const notifications: Notification[] = [];
  for (const [index, each] of said.entries()) {
    const minute = START + index * MINUTE;
    const outlook: Outlook = {
      ...{ minute, value: 6.4 },
      ...(typeof each === 'number' && { ahead: ahead(minute, each) }),
      ...(each === 'unclear' && { ahead: ahead(minute, undefined) }),
      ...((each === 'learning' || each === 'defrost') && { reason: each }),
    };
    for (;;) {
      const next = judgeOutlook(judged, state, device, outlook, { now: minute + 90_000, units });
      if (next === undefined || next === state) break;
      assert.equal(next.version, (state?.version ?? 0) + 1);
      notifications.push(...next.pending.map(({ notification }) => notification));
      state = { ...next, pending: [], unrecorded: [] };
    }
  }
  return {
    notifications,
    state,
    log: notifications.map(({ transition, severity }) => `${transition} ${severity}`),
  };
}

const calm = (minutes: number): Said[] => Array<Said>(minutes).fill('calm');

const cases: [title: string, said: Said[], log: string[]][] = [
  ['a crossing within the time of the rule has its severity', [25], ['raised critical']],
  ['a crossing beyond it is one severity milder', [360], ['raised major']],
  ['a crossing at an unknown time is one severity milder', ['unclear'], ['raised major']],
  ['a slow one that becomes a fast one worsens', [360, 200, 29], ['raised major', 'worsened critical']],
  ['a fast one that becomes a slow one eases', [25, 25, 240], ['raised critical', 'eased major']],
  ['an unchanged finding is announced once', [25, 24, 23, 22, 21], ['raised critical']],
  ['a few calm minutes do not clear it', [25, ...calm(9), 25], ['raised critical']],
  ['ten calm minutes clear it', [25, ...calm(11)], ['raised critical', 'cleared critical']],
  [
    'minutes that may be a defrost change nothing',
    [25, ...calm(5), 'defrost', 'defrost', 24],
    ['raised critical'],
  ],
  [
    'it ends when learning restarts',
    [25, ...Array<Said>(11).fill('learning')],
    ['raised critical', 'cleared critical'],
  ],
  ['nothing is announced while learning', ['learning', 'learning'], []],
  [
    'it is raised again after clearing',
    [25, ...calm(11), 25],
    ['raised critical', 'cleared critical', 'raised critical'],
  ],
];
test.each(cases)('%s', (_title, said, log) => {
  assert.deepEqual(heard(said).log, log);
});

test('the same minutes judged again change nothing', () => {
  const { state } = heard([25, ...calm(4)]);
  assert.deepEqual(heard([25, ...calm(4)], { from: state }).log, []);
});

test('an acknowledged alarm stays acknowledged when it eases, but not when it worsens', () => {
  const { state } = heard([25]);
  const acknowledged = acknowledge(state!, { by: 'jo', at: START + MINUTE })!;
  assert.equal(heard([25, 25, 240], { from: acknowledged }).state?.state, 'acknowledged');
  const slow = acknowledge(heard([360]).state!, { by: 'jo', at: START + MINUTE })!;
  assert.equal(heard([360, 360, 20], { from: slow }).state?.state, 'alarm');
});

test('an alarm ends when its rule judges another limit, metric or side', () => {
  const { state } = heard([25]);
  const others: InsightRule[] = [
    ruleOf({ predicted: { metric: 'temperature', above: 9 } }),
    ruleOf({ predicted: { metric: 'temperature', below: 8 } }),
    ruleOf({ predicted: { metric: 'probe', above: 8 } }),
    ruleOf({ unusual: { metric: 'temperature' } }),
  ];
  for (const judged of others)
    assert.equal(heard([25, 'calm'], { judged, from: state }).log[0], 'ended critical');
  const wider = ruleOf({
    predicted: { metric: 'temperature', above: 8, within: '2h' },
    severity: 'critical',
  });
  assert.deepEqual(heard([25, 40], { judged: wider, from: state }).log, []);
});

test('a rule that is removed ends its alarm', () => {
  const ended = end(rule, heard([25]).state!, { now: START + MINUTE });
  assert.equal(ended.pending[0]?.notification.transition, 'ended');
});

test('an unusual metric has the severity of its rule and the usual bound as the limit', () => {
  const judged = ruleOf({ unusual: { metric: 'temperature' }, severity: 'minor' });
  const [first] = heard(['unclear'], { judged }).notifications;
  assert.deepEqual([first?.severity, first?.limit, first?.insight], ['minor', '8', 'unusual']);
});

test('mail and SMS have the prediction and its time', () => {
  const settings = { page: 'http://localhost:8080', timeZone: 'UTC' };
  const { notifications } = heard([25, ...calm(11)]);
  const [raised, cleared] = notifications.map((each) => notificationText(each, settings));
  assert.equal(
    raised!.subject,
    'ALARM critical: temperature 6.4 C, 8 C in about 25 minutes at seattle/store-7',
  );
  assert.match(
    raised!.email,
    /^ALARM: temperature 6\.4 °C, above its normal band; 8 °C in about 25 minutes, at seattle, store-7\n/,
  );
  assert.match(raised!.email, /^To do: {4}Check the door, the cooling .* move the goods in time\.$/m);
  assert.match(raised!.email, /^Limit: {4}above 8 °C$/m);
  assert.match(raised!.email, /^Expected: 2026-11-20 13:25:00 UTC, at the present rate$/m);
  assert.match(cleared!.email, /^OK: temperature 6\.4 °C, back in its normal band, at seattle, store-7\n/);
  assert.doesNotMatch(cleared!.email, /Expected/);
});
