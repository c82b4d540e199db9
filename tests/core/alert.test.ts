// Histories of windows, and when they raise and clear: hysteresis, closed windows, late ones, and names from hell.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultRules, judge, type AlertRule, type AlertState } from '../../core/alert.ts';
import { decimalOf } from '../../core/decimal.ts';
import type { Window } from '../../core/window.ts';

const START = 1790000000000;
const NOW = START + 5000;
const [high, low] = defaultRules({ maxTemperature: 8, minTemperature: -1 }) as [AlertRule, AlertRule];

/** The n-th window, with its lowest and highest value. */
function window(
  n: number,
  min: number,
  max: number = min,
  metric = 'temperature',
  deviceId = 'store-1',
): Window {
  const [least, most] = [decimalOf(min)!, decimalOf(max)!];
  return {
    deviceId,
    site: 'seattle',
    windowStart: START + n * 10_000,
    readings: 2,
    metrics: new Map([[metric, { min: least, max: most, sum: least + most, count: 2 }]]),
  };
}

/** Judges each window in turn, the one before it being the newest closed one, until nothing changes. */
function play(rule: AlertRule, windows: readonly Window[]): { log: string[]; state: AlertState | undefined } {
  const log: string[] = [];
  let state: AlertState | undefined;
  for (const [i, current] of windows.entries()) {
    const closed = windows
      .slice(0, i)
      .filter(
        ({ windowStart }) => windowStart < current.windowStart && windowStart > (state?.windowStart ?? 0),
      )
      .sort((a, b) => b.windowStart - a.windowStart)[0];
    for (;;) {
      const judgement = judge(rule, state, current, closed, NOW);
      if (!judgement.notification) break;
      state = judgement.state;
      const { transition, value, limit, windowStart } = judgement.notification;
      log.push(`${(windowStart - START) / 10_000} ${transition} ${value}/${limit}`);
    }
  }
  return { log, state };
}

const histories: [title: string, rule: AlertRule, windows: Window[], log: string[]][] = [
  ['nothing while within limits', high, [window(0, 4), window(1, 8)], []],
  ['an alarm on an open window over the limit', high, [window(0, 4, 8.1)], ['0 raised 8.1/8']],
  ['an alarm on an open window under the limit', low, [window(0, -1.1, 4)], ['0 raised -1.1/-1']],
  ['one alarm while it stays over', high, [window(0, 9), window(1, 10), window(2, 11)], ['0 raised 9/8']],
  ['no recovery before the window is closed', high, [window(0, 9), window(1, 4)], ['0 raised 9/8']],
  [
    'recovery on the first closed window wholly below',
    high,
    [window(0, 9), window(1, 4, 6.9), window(2, 5)],
    ['0 raised 9/8', '1 cleared 6.9/7'],
  ],
  [
    'no recovery between the two limits',
    high,
    [window(0, 9), window(1, 7), window(2, 7.5), window(3, 8), window(4, 7.9)],
    ['0 raised 9/8'],
  ],
  [
    'no recovery on a window that is below in part',
    high,
    [window(0, 9), window(1, 2, 7.5), window(2, 3)],
    ['0 raised 9/8'],
  ],
  [
    'one alarm for a value that flaps at the limit',
    high,
    [window(0, 8.1), window(1, 7.9), window(2, 8.2), window(3, 7.8), window(4, 8.1)],
    ['0 raised 8.1/8'],
  ],
  [
    'a new alarm after a recovery, by the window that closed the last',
    high,
    [window(0, 9), window(1, 4), window(2, 9.5)],
    ['0 raised 9/8', '1 cleared 4/7', '2 raised 9.5/8'],
  ],
  [
    'recovery upwards for a lower limit',
    low,
    [window(0, -3), window(1, -0.5, 5), window(2, 0.1, 3), window(3, 4)],
    ['0 raised -3/-1', '2 cleared 0.1/0'],
  ],
  ['nothing for another metric', high, [window(0, 99, 99, 'humidity')], []],
  [
    'no recovery by a window that lacks the metric',
    high,
    [window(0, 9), window(1, 1, 1, 'humidity'), window(2, 1, 1, 'humidity')],
    ['0 raised 9/8'],
  ],
  [
    'nothing for a late window before the last transition',
    high,
    [window(5, 9), window(6, 4), window(7, 4), window(5, 99), window(4, 99), window(6, 99)],
    ['5 raised 9/8', '6 cleared 4/7'],
  ],
  [
    'an alarm for a late window while nothing happened since',
    high,
    [window(5, 4), window(3, 9)],
    ['3 raised 9/8'],
  ],
];
for (const [title, rule, windows, log] of histories) {
  test(`makes ${title}`, () => assert.deepEqual(play(rule, windows).log, log));
}

test('a transition owes its notification, which names everything that people need', () => {
  const { state } = play(high, [window(0, 4.5, 9.25)]);
  const [debt] = state!.pending;
  assert.deepEqual(
    { ...state, pending: undefined },
    {
      deviceId: 'store-1',
      ruleId: 'temperature-high',
      state: 'alarm',
      version: 1,
      windowStart: START,
      value: '9.25',
      pending: undefined,
    },
  );
  assert.equal(debt?.heldUntil, 0);
  const { alertId, ...notification } = debt.notification;
  assert.match(alertId, /^[0-9a-f]{32}$/);
  assert.deepEqual(notification, {
    transition: 'raised',
    deviceId: 'store-1',
    site: 'seattle',
    ruleId: 'temperature-high',
    metric: 'temperature',
    stat: 'max',
    value: '9.25',
    side: 'above',
    limit: '8',
    severity: 'critical',
    channels: ['email', 'sms'],
    windowStart: START,
    decidedAt: NOW,
  });
});

test('every transition has an alert id of its own, and the same again when judged again', () => {
  const history = [window(0, 9), window(1, 4), window(2, 9)];
  const ids = play(high, history).state!.pending.map(({ notification }) => notification.alertId);
  assert.equal(new Set(ids).size, 3);
  assert.deepEqual(
    play(high, history).state!.pending.map(({ notification }) => notification.alertId),
    ids,
  );
});

test('a state that owes twenty notifications stands still', () => {
  const flapping = Array.from({ length: 60 }, (_, n) => window(n, n % 2 === 0 ? 9 : 4));
  assert.equal(play(high, flapping).state!.pending.length, 20);
});

for (const name of ['__proto__', 'constructor', 'toString']) {
  test(`${name} may be the name of a rule, a device and a metric`, () => {
    const rule: AlertRule = { ...high, id: name, metric: name };
    assert.deepEqual(play(rule, [window(0, 4, 4, 'temperature', name)]).log, []);
    const { state } = play(rule, [window(0, 9, 9, name, name)]);
    assert.deepEqual(
      [state!.deviceId, state!.ruleId, state!.pending[0]!.notification.metric],
      [name, name, name],
    );
  });
}

test('a rule with two limits raises on either side and clears within both', () => {
  const band: AlertRule = { ...high, stat: 'max', below: -1 };
  assert.deepEqual(play(band, [window(0, 9), window(1, -2), window(2, 0, 6), window(3, 0)]).log, [
    '0 raised 9/8',
    '2 cleared 6/7',
  ]);
  assert.deepEqual(play({ ...band, stat: 'min' }, [window(0, -2)]).log, ['0 raised -2/-1']);
});

test('a rule without a clear limit clears at its limit', () => {
  const rule: AlertRule = { ...high, clearBelow: undefined };
  assert.deepEqual(play(rule, [window(0, 9), window(1, 8), window(2, 8)]).log, [
    '0 raised 9/8',
    '1 cleared 8/8',
  ]);
});

const limits: [string, Parameters<typeof defaultRules>[0], string[]][] = [
  ['both limits', { maxTemperature: 8, minTemperature: -1 }, ['temperature-high', 'temperature-low']],
  ['no limits', {}, []],
  ['a limit that is no number', { maxTemperature: NaN, minTemperature: -1 }, ['temperature-low']],
  ['an infinite limit', { maxTemperature: Infinity }, []],
];
for (const [title, input, ids] of limits) {
  test(`${title} make the rules ${ids.join(' and ') || 'none'}`, () => {
    assert.deepEqual(
      defaultRules(input).map((rule) => rule.id),
      ids,
    );
  });
}

test('the clear limits lie one degree inside, in decimals', () => {
  const rules = defaultRules({ maxTemperature: 0.3, minTemperature: -1.1 });
  assert.equal(rules[0]?.clearBelow, -0.7);
  assert.equal(rules[1]?.clearAbove, -0.1);
});
