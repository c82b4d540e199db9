// Which histories of windows raise and clear an alarm: hysteresis, closed windows, late ones, and unusual names.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { appliesTo, type LimitRule } from '../../core/alert-rule.ts';
import type { AlertState } from '../../core/alert-state.ts';
import { acknowledge } from '../../core/alert-step.ts';
import { judge } from '../../core/alert.ts';
import { decimalOf } from '../../core/decimal.ts';
import { compileRule, defaultRules } from '../../core/rule-data.ts';
import type { Window } from '../../core/window.ts';

const START = 1790000000000;
const NOW = START + 5000;
const [high, low] = defaultRules({ maxTemperature: 8, minTemperature: -1 }).map(compileRule) as [
  LimitRule,
  LimitRule,
];

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
    firstReadingAt: START + n * 10_000,
    lastReadingAt: START + n * 10_000 + 9000,
    lastFingerprint: '0000000000000001',
    last: new Map([[metric, most]]),
  };
}

/** Judges each window in turn, with the windows before it closed, until nothing changes. */
function play(
  rule: LimitRule,
  windows: readonly Window[],
  first?: AlertState,
): { log: string[]; state: AlertState | undefined } {
  const log: string[] = [];
  let state = first;
  for (const [i, current] of windows.entries()) {
    const closed = windows
      .slice(0, i)
      .filter(({ windowStart }) => windowStart < current.windowStart)
      .sort((a, b) => a.windowStart - b.windowStart);
    for (;;) {
      const next = judge(rule, state, { closed, current }, { now: NOW });
      if (next === undefined || next === state) break;
      const announced = next.pending.slice(state?.pending.length ?? 0);
      state = next;
      for (const { notification } of announced) {
        const { transition, value, limit, windowStart } = notification;
        log.push(`${(windowStart - START) / 10_000} ${transition} ${value}/${limit}`);
      }
    }
  }
  return { log, state };
}

test('a pending state has the value that is beyond its limit, on either side', () => {
  const band: LimitRule = { ...low, levels: [{ severity: 'major', above: 8, below: -1 }], forWindows: 2 };
  const { stat: _stat, ...both } = band;
  for (const [beyond, value] of [
    [window(0, -3, 4), '-3'],
    [window(0, 4, 9), '9'],
  ] as const) {
    const begun = judge(both, undefined, { closed: [beyond] }, { now: NOW });
    assert.deepEqual([begun?.state, begun?.value], ['pending', value]);
  }
});

const histories: [title: string, rule: LimitRule, windows: Window[], log: string[]][] = [
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
    'no recovery on a window that is partly below',
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
    [window(5, 9), window(6, 4), window(7, 4), window(5, 99), window(4, 99)],
    ['5 raised 9/8', '6 cleared 4/7'],
  ],
  [
    'one more alarm by the window that cleared it if that gets worse readings',
    high,
    [window(5, 9), window(6, 4), window(7, 4), window(6, 99), window(6, 99), window(7, 4), window(8, 4)],
    ['5 raised 9/8', '6 cleared 4/7', '6 raised 99/8', '7 cleared 4/7'],
  ],
  [
    'an alarm for a late window if nothing happened since',
    high,
    [window(5, 4), window(3, 9)],
    ['3 raised 9/8'],
  ],
];
for (const [title, rule, windows, log] of histories) {
  test(`makes ${title}`, () => assert.deepEqual(play(rule, windows).log, log));
}

test('a transition has a pending notification, which names everything that people need', () => {
  const { state } = play(high, [window(0, 4.5, 9.25)]);
  const [queued] = state!.pending;
  assert.deepEqual(
    { ...state, pending: undefined, alarm: undefined, unrecorded: undefined },
    {
      deviceId: 'store-1',
      ruleId: 'temperature-high',
      state: 'alarm',
      severity: 'critical',
      version: 1,
      windowStart: START,
      value: '9.25',
      pending: undefined,
      alarm: undefined,
      unrecorded: undefined,
    },
  );
  assert.equal(queued?.heldUntil, 0);
  assert.deepEqual(state!.alarm, {
    ...{ raisedAt: NOW, firstNotifiedAt: NOW, notifiedAt: NOW },
    announced: queued.notification,
    levels: high.levels,
  });
  assert.deepEqual(
    state!.unrecorded.map(({ entryId, what, at }) => [entryId, what, at]),
    [[queued.notification.alertId, 'raised', NOW]],
  );
  const { alertId, ...notification } = queued.notification;
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
    since: START,
    decidedAt: NOW,
  });
});

test('every transition has its own alert id, and the same id if it is judged again', () => {
  const history = [window(0, 9), window(1, 4), window(2, 9)];
  const ids = play(high, history).state!.pending.map(({ notification }) => notification.alertId);
  assert.equal(new Set(ids).size, 3);
  assert.deepEqual(
    play(high, history).state!.pending.map(({ notification }) => notification.alertId),
    ids,
  );
});

test('beyond twenty pending notifications, the newest replaces all that follow and has the last state', () => {
  const flapping = Array.from({ length: 60 }, (_, n) => window(n, n % 2 === 0 ? 9 : 4));
  const { state } = play(high, [...flapping, window(60, 20), window(61, 20)]);
  const [newest, ...others] = [...state!.pending].reverse().map(({ notification }) => notification);
  assert.deepEqual([state!.state, others.length], ['alarm', 19]);
  assert.deepEqual([newest!.transition, newest!.value], ['raised', '20']);
  assert.deepEqual(newest!.folded, { changes: 42, since: NOW, worst: 'critical' });
  assert.ok(others.every(({ folded }) => folded === undefined));
});

for (const name of ['__proto__', 'constructor', 'toString']) {
  test(`${name} may be the name of a rule, a device and a metric`, () => {
    const rule: LimitRule = { ...high, id: name, metric: name };
    assert.deepEqual(play(rule, [window(0, 4, 4, 'temperature', name)]).log, []);
    const { state } = play(rule, [window(0, 9, 9, name, name)]);
    assert.deepEqual(
      [state!.deviceId, state!.ruleId, (state!.pending[0]!.notification as { metric?: string }).metric],
      [name, name, name],
    );
  });
}

test('a rule with two limits raises on either side and clears within both', () => {
  const band: LimitRule = { ...high, levels: [{ ...high.levels[0]!, below: -1 }] };
  assert.deepEqual(play(band, [window(0, 9), window(1, -2), window(2, 0, 6), window(3, 0)]).log, [
    '0 raised 9/8',
    '2 cleared 6/7',
  ]);
  assert.deepEqual(play({ ...band, stat: 'min' }, [window(0, -2)]).log, ['0 raised -2/-1']);
});

test('a rule without a clear limit clears at its limit', () => {
  const rule: LimitRule = { ...high, levels: [{ severity: 'minor', above: 8 }] };
  assert.deepEqual(play(rule, [window(0, 9), window(1, 8), window(2, 8)]).log, [
    '0 raised 9/8',
    '1 cleared 8/8',
  ]);
});

const limits: [string, Parameters<typeof defaultRules>[0], string[]][] = [
  ['both limits', { maxTemperature: 8, minTemperature: -1 }, ['temperature-high', 'temperature-low']],
  ['no limits', {}, []],
  ['a limit that is not a number', { maxTemperature: NaN, minTemperature: -1 }, ['temperature-low']],
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

const fridge: LimitRule = {
  id: 'fridge',
  metric: 'temperature',
  stat: 'max',
  levels: [
    { severity: 'warning', above: 8, clearBelow: 7 },
    { severity: 'critical', above: 10, clearBelow: 9.5 },
  ],
  channels: ['email'],
};
const three: LimitRule = { ...fridge, forWindows: 3, clearAfter: 2 };
const mean: LimitRule = { ...high, stat: 'mean' };
const few: LimitRule = {
  id: 'few',
  stat: 'count',
  levels: [{ severity: 'minor', below: 2 }],
  channels: ['email'],
};
const rate: LimitRule = {
  id: 'rate',
  metric: 'temperature',
  stat: 'mean',
  perMinute: true,
  levels: [{ severity: 'major', above: 6, clearBelow: 1 }],
  channels: ['sms'],
};
const series = (...temperatures: number[]) => temperatures.map((temperature, n) => window(n, temperature));
const counts = (...readings: number[]) => readings.map((count, n) => ({ ...window(n, 4), readings: count }));

const machines: [title: string, rule: LimitRule, windows: Window[], log: string[]][] = [
  [
    'one alert that worsens and eases by its levels',
    fridge,
    series(4, 9, 11, 9.7, 9.2, 8.5, 7.5, 6, 5),
    ['1 raised 9/8', '2 worsened 11/10', '4 eased 9.2/9.5', '7 cleared 6/7'],
  ],
  ['the worst level at once', fridge, series(4, 12), ['1 raised 12/10']],
  [
    'a warning critical within one window',
    fridge,
    [window(0, 4, 9), window(0, 4, 11)],
    ['0 raised 9/8', '0 worsened 11/10'],
  ],
  ['all levels clear at once', fridge, series(12, 4, 4), ['0 raised 12/10', '1 cleared 4/9.5']],
  ['nothing for two windows if the rule requires three', three, series(9, 9, 4, 9, 9, 4), []],
  ['an alarm by the third window in a row', three, series(4, 9, 9, 9.5), ['3 raised 9.5/8']],
  [
    'worse only by three windows in a row',
    three,
    series(9, 9, 9, 11, 11, 9, 11, 11, 11),
    ['2 raised 9/8', '8 worsened 11/10'],
  ],
  [
    'clear only by two closed windows in a row',
    three,
    series(9, 9, 9, 4, 9, 4, 4, 4),
    ['2 raised 9/8', '6 cleared 4/7'],
  ],
  [
    'consecutive windows despite one without the metric',
    three,
    [window(0, 9), window(1, 1, 1, 'humidity'), window(2, 9), window(3, 9)],
    ['3 raised 9/8'],
  ],
  ['nothing for a mean before its window is closed', mean, [window(0, 4), window(1, 7, 11)], []],
  ['an alarm for a mean once its window is closed', mean, [window(0, 7, 11), window(1, 4)], ['0 raised 9/8']],
  ['nothing for a mean within the limit', mean, [window(0, 5, 11), window(1, 4)], []],
  [
    'an alarm for a third barely beyond, with six decimals',
    { ...mean, levels: [{ severity: 'minor', above: 0.333333333333333 }] },
    [thirds(0), window(1, 4)],
    ['0 raised 0.333333/0.333333333333333'],
  ],
  [
    'an alarm for too few readings once the window is closed',
    few,
    counts(3, 1, 5, 5),
    ['1 raised 1/2', '2 cleared 5/2'],
  ],
  [
    'an alarm for a rise of more than a degree in ten seconds',
    rate,
    series(4, 4.5, 6, 6.1, 6.1),
    ['2 raised 9/6', '3 cleared 0.6/1'],
  ],
  [
    'a rate over the time between if windows are missing',
    rate,
    [window(0, 4), window(6, 9), window(7, 20), window(8, 20)],
    ['7 raised 66/6'],
  ],
];
for (const [title, rule, windows, log] of machines) {
  test(`makes ${title}`, () => assert.deepEqual(play(rule, windows).log, log));
}

/** Three readings with a sum of one. */
function thirds(n: number): Window {
  const one = decimalOf(1)!;
  return {
    ...window(n, 0),
    metrics: new Map([['temperature', { min: 0n, max: one, sum: one, count: 3 }]]),
  };
}

test('an acknowledged alarm stays acknowledged until it worsens or ends', () => {
  const { state } = play(fridge, series(4, 9));
  const taken = acknowledge(state!, { by: 'ann', at: NOW, comment: 'door was open' })!;
  assert.equal(taken.version, state!.version + 1);
  const same = play(fridge, [window(2, 9), window(3, 9)], taken).state!;
  assert.deepEqual([same.state, same.acknowledged?.by], ['acknowledged', 'ann']);
  const worse = play(fridge, [window(2, 11)], taken).state!;
  assert.deepEqual([worse.state, worse.severity, worse.acknowledged], ['alarm', 'critical', undefined]);
  const over = play(fridge, [window(2, 4), window(3, 4)], taken).state!;
  assert.deepEqual([over.state, over.severity, over.acknowledged], ['ok', undefined, undefined]);
  assert.equal(acknowledge(over, { by: 'ann', at: NOW }), undefined);
});

test('a critical alarm that eases stays acknowledged', () => {
  const { state } = play(fridge, series(4, 11));
  const taken = acknowledge(state!, { by: 'ann', at: NOW })!;
  const eased = play(fridge, [window(2, 8.5), window(3, 8.5)], taken).state!;
  assert.deepEqual([eased.state, eased.severity, eased.acknowledged?.by], ['acknowledged', 'warning', 'ann']);
});

const matches: [site: string | undefined, device: string | undefined, does: boolean][] = [
  [undefined, undefined, true],
  ['seattle', undefined, true],
  ['sea', undefined, false],
  ['sea*', 'store-*', true],
  ['*', '*-1', true],
  [undefined, 'st*r*-1', true],
  [undefined, 'st*re*re-1', false],
  [undefined, 'store-1*1', false],
  [undefined, '**', true],
  [undefined, '', false],
];
for (const [site, device, does] of matches) {
  test(`site ${site} and device ${device} ${does ? 'match' : 'do not match'} store-1 in seattle`, () => {
    const match = { ...(site !== undefined && { site }), ...(device !== undefined && { device }) };
    assert.equal(appliesTo({ ...high, match }, { deviceId: 'store-1', site: 'seattle' }, NOW), does);
  });
}

test('matching many asterisks takes time linear in the text', () => {
  const rule = { ...high, match: { device: `${'a*'.repeat(5000)}b` } };
  assert.equal(appliesTo(rule, { deviceId: 'a'.repeat(100_000), site: 's' }, NOW), false);
});
