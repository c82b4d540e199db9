// When a device counts as silent or offline, and when as back: one alarm, however often it connects and disconnects.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { judgeSilence, presenceOf } from '../../core/silence.ts';
import type { SilenceRule } from '../../core/alert-rule.ts';
import type { AlertState } from '../../core/alert-state.ts';
import type { Device } from '../../core/device.ts';
import { end, remind } from '../../core/reminder.ts';
import { runsOf } from '../../packages/local-cloud/tests/fuzzing.ts';

const START = 1_790_000_000_000;
const SECOND = 1000;
const MINUTE = 60_000;
const common = { channels: ['email'], severity: 'major', longest: 2 * MINUTE } as const;
const silent: SilenceRule = { id: 'silent', silence: 'silent', ...common };
const offline: SilenceRule = { id: 'offline', silence: 'offline', ...common };

/** The known state of the device at a time: when it was last seen, or whether it is connected and since when. */
type Known = (now: number) => { readonly heardAt?: number; readonly online?: readonly [boolean, number] };

/** Judges the device at intervals, and logs the notifications with the second of each. */
function watch(
  rule: SilenceRule,
  known: Known,
  { until, every = 10 * SECOND, watchedSince = 0 }: { until: number; every?: number; watchedSince?: number },
) {
  const log: string[] = [];
  let state: AlertState | undefined;
  for (let now = START; now <= START + until; now += every) {
    const { heardAt, online } = known(now);
    const device: Device = {
      ...{ deviceId: 'store-1', site: 'seattle' },
      ...(online && { online: online[0], presenceSince: online[1] }),
    };
    const presence = presenceOf(rule, device, heardAt, { now, watchedSince });
    if (!presence) continue;
    for (;;) {
      const next = judgeSilence(rule, state, device, presence, { now });
      if (next === undefined || next === state) break;
      assert.equal(next.version, (state?.version ?? 0) + 1);
      for (const { notification } of next.pending)
        log.push(`${(now - START) / SECOND} ${notification.transition} ${notification.value}`);
      state = { ...next, pending: [], unrecorded: [] };
    }
  }
  return { log, state };
}

/** The newest of these times, in seconds after the start, that is not in the future. */
const lastOf = (times: readonly number[], now: number) =>
  times.map((time) => START + time * SECOND).findLast((time) => time <= now);
const heardAt =
  (...times: number[]): Known =>
  (now) => ({ heardAt: lastOf(times, now)! });
/** Every `step` seconds from `from` to `to`. */
const steadily = (from: number, to: number, step = 10) =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
/** Connects at the first time, disconnects at the second, and so on. */
const connected =
  (...times: number[]): Known =>
  (now) => {
    const since = lastOf(times, now);
    if (since === undefined) return {};
    return { online: [times.indexOf((since - START) / SECOND) % 2 === 0, since] };
  };

const histories: [title: string, rule: SilenceRule, known: Known, log: string[]][] = [
  ['nothing for a device that reports', silent, heardAt(...steadily(0, 900)), []],
  ['nothing for a pause of exactly two minutes', silent, heardAt(0, ...steadily(120, 900)), []],
  ['one alarm for a device that stops', silent, heardAt(0), ['130 raised 130']],
  [
    'its return once it has reported for two minutes',
    silent,
    heardAt(0, ...steadily(300, 900)),
    ['130 raised 130', '420 cleared 420'],
  ],
  ['no return by occasional readings', silent, heardAt(0, 300, 500, 700), ['130 raised 130']],
  [
    'no return before two minutes without a pause',
    silent,
    heardAt(0, ...steadily(300, 400), ...steadily(600, 900)),
    ['130 raised 130', '720 cleared 720'],
  ],
  ['nothing for a device that was never seen', silent, () => ({}), []],
  ['nothing for a device that was never connected', offline, () => ({}), []],
  ['nothing for a device that is connected', offline, connected(0), []],
  ['one alarm for a device that disconnects', offline, connected(0, 100), ['230 raised 130']],
  [
    'its return once it has been connected for two minutes',
    offline,
    connected(0, 100, 400),
    ['230 raised 130', '520 cleared 420'],
  ],
  [
    'no return for a device that connects and disconnects every minute',
    offline,
    connected(0, 100, ...steadily(400, 900, 60)),
    ['230 raised 130'],
  ],
  [
    'nothing for a device that connects and disconnects every minute',
    offline,
    connected(...steadily(0, 840, 60)),
    [],
  ],
];
for (const [title, rule, known, log] of histories) {
  test(`announces ${title}`, () => assert.deepEqual(watch(rule, known, { until: 900 * SECOND }).log, log));
}

test('announces nothing for a time in which no sweep ran', () => {
  const hours = 3_600 * SECOND;
  const away = { until: 600 * SECOND, watchedSince: START };
  for (const [rule, known] of [
    [silent, { heardAt: START - 5 * hours }],
    [offline, { online: [false, START - 5 * hours] as const }],
  ] as const) {
    assert.deepEqual(watch(rule, () => known, away).log, ['130 raised 130']);
  }
});

test('a pause of the sweeps does not bring a silent device back', () => {
  const first = watch(silent, heardAt(0), { until: 300 * SECOND }).state!;
  const device: Device = { deviceId: 'store-1' };
  let state = first;
  const since = START + 4000 * SECOND;
  for (let now = since; now <= since + 600 * SECOND; now += 120 * SECOND) {
    const presence = presenceOf(silent, device, START, { now, watchedSince: since })!;
    state = judgeSilence(silent, state, device, presence, { now })!;
  }
  assert.equal(state, first);
});

test('a clock that steps back brings a device back by the new time', () => {
  const ahead = START + 365 * 86_400 * SECOND;
  const device: Device = { deviceId: 'store-1' };
  const here = { lastAt: START, isBack: true };
  let state = judgeSilence(silent, undefined, device, { lastAt: START, isBack: false }, { now: ahead })!;
  state = { ...judgeSilence(silent, state, device, here, { now: ahead })!, pending: [] };
  state = judgeSilence(silent, state, device, here, { now: START })!;
  const later = { lastAt: START + 2 * MINUTE, isBack: true };
  state = judgeSilence(silent, state, device, later, { now: START + 2 * MINUTE })!;
  assert.equal(state.state, 'ok');
});

test('reminders and the end of a rule say how long the device has been silent by then', () => {
  const { state } = watch(silent, heardAt(0), { until: 300 * SECOND });
  const now = START + 3_600 * SECOND;
  const announced = (next: AlertState) =>
    next.pending.map(({ notification: { transition, value, limit } }) => [transition, value, limit]);
  assert.deepEqual(announced(remind({ ...silent, repeatEvery: 30 * MINUTE }, state!, { now })), [
    ['repeated', '3600', '120'],
  ]);
  const ended = end(silent, state!, { now });
  assert.deepEqual(
    [announced(ended), ended.state, ended.alarm],
    [[['ended', '3600', '120']], 'ok', undefined],
  );
  assert.equal(end(silent, ended, { now }), ended);
});

test('between two alarms of a device there are always two full periods of the allowed silence', () => {
  const times = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 60 }).map((pauses) => {
    let at = 0;
    return [0, ...pauses.map((pause) => (at += pause))];
  });
  fc.assert(
    fc.property(times, fc.constantFrom(silent, offline), fc.constantFrom(5, 10, 60), (at, rule, every) => {
      const known = rule === silent ? heardAt(...at) : connected(...at);
      const until = (at.at(-1)! + 600) * SECOND;
      const { log } = watch(rule, known, { until, every: every * SECOND });
      const announced = log.map((line) => line.split(' ') as [string, string, string]);
      for (const [index, [second, transition, value]] of announced.entries()) {
        assert.equal(transition, index % 2 === 0 ? 'raised' : 'cleared');
        assert.ok(Number(value) >= 120);
        const before = announced[index - 1];
        if (before) assert.ok(Number(second) - Number(before[0]) >= 120, log.join('; '));
      }
    }),
    runsOf(45, 300),
  );
});
