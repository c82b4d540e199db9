// When quiet hours end, also if clocks change, and which notifications are sent then: those of alarms that are still active, in order.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { AlertState, PendingNotification, Transition } from '../../core/alert-state.ts';
import { acknowledge, stateAfter, type Step } from '../../core/alert-step.ts';
import { isTimeZone, minuteOf, quietUntil, type QuietHours } from '../../core/quiet-hours.ts';
import { remind } from '../../core/reminder.ts';
import { rescheduled } from '../../core/deferral.ts';
import { runsOf } from '../../packages/local-cloud/tests/fuzzing.ts';

const MINUTE = 60_000;
const quiet = (from: string, to: string, timeZone: string): QuietHours => ({
  from: minuteOf(from)!,
  to: minuteOf(to)!,
  timeZone,
});
const night = (timeZone: string) => quiet('22:00', '07:00', timeZone);

const ends: [title: string, hours: QuietHours, now: string, end: string | undefined][] = [
  ['a usual night', night('Europe/Berlin'), '2026-06-10T21:00Z', '2026-06-11T05:00Z'],
  ['their first minute', night('Europe/Berlin'), '2026-06-10T20:00Z', '2026-06-11T05:00Z'],
  ['the minute before them', night('Europe/Berlin'), '2026-06-10T19:59:59.999Z', undefined],
  ['their last moment', night('Europe/Berlin'), '2026-06-11T04:59:59.999Z', '2026-06-11T05:00Z'],
  ['their end', night('Europe/Berlin'), '2026-06-11T05:00Z', undefined],
  ['an hour at noon', quiet('12:00', '13:00', 'UTC'), '2026-06-11T12:30Z', '2026-06-11T13:00Z'],
  ['the hour before noon', quiet('12:00', '13:00', 'UTC'), '2026-06-11T11:30Z', undefined],
  ['Berlin in spring', night('Europe/Berlin'), '2026-03-28T22:00Z', '2026-03-29T05:00Z'],
  ['Berlin in autumn', night('Europe/Berlin'), '2026-10-24T22:00Z', '2026-10-25T06:00Z'],
  ['Los Angeles in spring', night('America/Los_Angeles'), '2026-03-08T07:00Z', '2026-03-08T14:00Z'],
  ['Los Angeles in autumn', night('America/Los_Angeles'), '2026-11-01T06:00Z', '2026-11-01T15:00Z'],
  ['Lord Howe in spring', night('Australia/Lord_Howe'), '2026-10-03T12:30Z', '2026-10-03T20:00Z'],
  ['Lord Howe in autumn', night('Australia/Lord_Howe'), '2026-04-04T12:00Z', '2026-04-04T20:30Z'],
  ['Kolkata', night('Asia/Kolkata'), '2026-03-28T17:30Z', '2026-03-29T01:30Z'],
  ['Kathmandu', night('Asia/Kathmandu'), '2026-03-28T17:30Z', '2026-03-29T01:15Z'],
  ['Kiritimati', night('Pacific/Kiritimati'), '2026-03-28T09:00Z', '2026-03-28T17:00Z'],
  [
    'an end that the clocks skip',
    quiet('22:00', '02:30', 'America/Los_Angeles'),
    '2026-03-08T09:00Z',
    '2026-03-08T10:00Z',
  ],
  [
    'the first of an end that comes twice',
    quiet('22:00', '01:30', 'America/Los_Angeles'),
    '2026-11-01T08:00Z',
    '2026-11-01T08:30Z',
  ],
  [
    'the second of an end that comes twice',
    quiet('22:00', '01:30', 'America/Los_Angeles'),
    '2026-11-01T09:10Z',
    '2026-11-01T09:30Z',
  ],
  [
    'a beginning that the clocks skip',
    quiet('02:30', '05:00', 'America/Los_Angeles'),
    '2026-03-08T10:00Z',
    '2026-03-08T12:00Z',
  ],
];
for (const [title, hours, now, end] of ends) {
  test(`${title}: ${now} is ${end === undefined ? 'not quiet' : `quiet until ${end}`}`, () => {
    const found = quietUntil(hours, Date.parse(now));
    assert.equal(
      found === undefined ? undefined : new Date(found).toISOString(),
      end && new Date(end).toISOString(),
    );
  });
}

const texts = new Map<string, Intl.DateTimeFormat>();

/** The local time of day in minutes, taken from the text of a whole date. */
function localMinutes(time: number, timeZone: string): number {
  const known = texts.get(timeZone);
  const format =
    known ?? new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  if (!known) texts.set(timeZone, format);
  const text = format.format(time);
  return Number(text.slice(11, 13)) * 60 + Number(text.slice(14, 16));
}

test('quiet hours end at the first minute that is not quiet, for every zone and day', () => {
  const zones = [
    ...['America/Los_Angeles', 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kolkata', 'America/St_Johns'],
    ...['Africa/Casablanca', 'Pacific/Chatham', 'America/Santiago', 'UTC'],
  ];
  /** Days on which clocks change in some of these zones, and days without a change. */
  const days = [
    '2026-03-08',
    '2026-03-29',
    '2026-04-05',
    '2026-06-10',
    '2026-10-04',
    '2026-10-25',
    '2026-11-01',
  ];
  fc.assert(
    fc.property(
      fc.record({ from: fc.nat(1439), to: fc.nat(1439), timeZone: fc.constantFrom(...zones) }),
      fc.constantFrom(...days),
      fc.integer({ min: -1440, max: 2880 }),
      fc.nat(59_999),
      (hours, day, minutes, ms) => {
        fc.pre(hours.from !== hours.to);
        const { from, to, timeZone } = hours;
        const isQuiet = (time: number) => {
          const minute = localMinutes(time, timeZone);
          return from < to ? from <= minute && minute < to : !(to <= minute && minute < from);
        };
        const start = Date.parse(day) + minutes * MINUTE;
        let end = start;
        while (isQuiet(end)) end += MINUTE;
        assert.equal(quietUntil(hours, start + ms), end === start ? undefined : end);
      },
    ),
    runsOf(44, 60),
  );
});

test('only IANA time zones are accepted', () => {
  for (const name of ['UTC', 'Europe/Berlin', 'Australia/Lord_Howe']) assert.ok(isTimeZone(name), name);
  for (const name of ['', 'Mars/Olympus', 'Europe/Berlin\n', '__proto__']) assert.ok(!isTimeZone(name), name);
});

const clocks: [text: string, minute: number | undefined][] = [
  ['00:00', 0],
  ['23:59', 1439],
  ['24:00', undefined],
  ['7:00', undefined],
  ['07:60', undefined],
  ['07:00 ', undefined],
  ['٠٧:٠٠', undefined],
];
for (const [text, minute] of clocks) {
  test(`${JSON.stringify(text)} is ${minute === undefined ? 'not a time of day' : `minute ${minute}`}`, () =>
    assert.equal(minuteOf(text), minute));
}

const START = Date.parse('2026-06-10T12:00Z');
const rule = { id: 'fridge', channels: ['email'], quietHours: quiet('22:00', '07:00', 'UTC') };
const NIGHT = Date.parse('2026-06-10T23:00Z');
const MORNING = Date.parse('2026-06-11T07:00Z');

const step = (transition: Transition, n: number): Step => ({
  ...{ transition, deviceId: 'store-1', site: 'seattle', severity: 'critical', since: START },
  ...{ windowStart: START + n * 10_000 },
  finding: { metric: 'temperature', stat: 'max', value: '9', side: 'above', limit: '8' },
});

/** The pending notifications after these transitions: `now`, or the time until which each is deferred. */
function pendingAfter(...steps: [transition: Transition, at: number, snoozedUntil?: number][]): string[] {
  return shown(after(...steps).pending);
}

function after(...steps: [transition: Transition, at: number, snoozedUntil?: number][]): AlertState {
  let state: AlertState | undefined;
  for (const [n, [transition, now, snoozedUntil]] of steps.entries())
    state = stateAfter(rule, state, step(transition, n), { now, ...(snoozedUntil && { snoozedUntil }) });
  return state!;
}

function shown(pending: readonly PendingNotification[]): string[] {
  return pending.map(({ notification, notBefore }) => {
    const time = notBefore === undefined ? 'now' : new Date(notBefore).toISOString().slice(11, 16);
    return `${notification.transition} ${time}`;
  });
}

const queued: [title: string, steps: Parameters<typeof pendingAfter>, pending: string[]][] = [
  ['by day an alarm is sent at once', [['raised', START]], ['raised now']],
  ['in quiet hours it is deferred to their end', [['raised', NIGHT]], ['raised 07:00']],
  [
    'an alarm that is raised and cleared in quiet hours is not sent',
    [
      ['raised', NIGHT],
      ['worsened', NIGHT],
      ['eased', NIGHT],
      ['cleared', NIGHT + MINUTE],
    ],
    [],
  ],
  [
    'an alarm that is raised in a snooze and cleared after its cancellation is not sent',
    [
      ['raised', START, START + 60 * MINUTE],
      ['cleared', START + MINUTE],
    ],
    [],
  ],
  [
    'the end of an alarm that was sent before quiet hours is deferred',
    [
      ['raised', START],
      ['cleared', NIGHT],
    ],
    ['raised now', 'cleared 07:00'],
  ],
  [
    'of two alarms in quiet hours only the active one is sent',
    [
      ['raised', NIGHT],
      ['cleared', NIGHT],
      ['raised', NIGHT],
    ],
    ['raised 07:00'],
  ],
  [
    'a notification that is due earlier makes the deferred ones before it due',
    [
      ['raised', START, START + 60 * MINUTE],
      ['worsened', START],
    ],
    ['raised now', 'worsened now'],
  ],
  [
    'an alarm whose rule is removed in quiet hours is not sent',
    [
      ['raised', NIGHT],
      ['ended', NIGHT],
    ],
    [],
  ],
];
for (const [title, steps, expected] of queued) {
  test(title, () => assert.deepEqual(pendingAfter(...steps), expected));
}

test('an alarm that is raised and cleared in quiet hours is in the history', () => {
  const { unrecorded, state } = after(['raised', NIGHT], ['cleared', NIGHT + MINUTE]);
  assert.deepEqual([unrecorded.map(({ what }) => what), state], [['raised', 'cleared'], 'ok']);
});

test('a notification deferred by a snooze is sent when the snooze is cancelled, and later if it is extended', () => {
  const state = after(['raised', START, START + 60 * MINUTE]);
  const shorter = rescheduled(rule, state, { now: START + MINUTE });
  assert.deepEqual(shown(shorter.pending), ['raised now']);
  assert.equal(shorter.alarm!.notifiedAt, START + MINUTE);
  const longer = rescheduled(rule, state, { now: START + MINUTE, snoozedUntil: START + 120 * MINUTE });
  assert.deepEqual(shown(longer.pending), ['raised 14:00']);
  const due = START + 60 * MINUTE;
  assert.equal(rescheduled(rule, state, { now: due }), state);
  assert.equal(rescheduled(rule, longer, { now: due, snoozedUntil: START + 120 * MINUTE }), longer);
});

test('a notification that a sender holds, or that was never deferred, is not deferred', () => {
  const waiting = after(['raised', NIGHT]);
  const held = { ...waiting, pending: waiting.pending.map((queued) => ({ ...queued, sender: 'sweep' })) };
  const moment = { now: MORNING, snoozedUntil: MORNING + MINUTE };
  assert.equal(rescheduled(rule, held, moment), held);
  const due = after(['raised', START]);
  assert.equal(rescheduled(rule, due, moment), due);
});

test('a clock that was a year ahead defers nothing for a year', () => {
  const ahead = after(['raised', NIGHT + 365 * 86_400_000]);
  assert.deepEqual(shown(rescheduled(rule, ahead, { now: START }).pending), ['raised now']);
});

const reminding = {
  ...rule,
  levels: [{ severity: 'critical' as const, above: 8 }],
  repeatEvery: 30 * MINUTE,
  escalation: { after: 15 * MINUTE, channels: ['sms'] },
};
const sent = (state: AlertState): AlertState => ({ ...state, pending: [] });

test('reminders count from when people were notified, which is after quiet hours', () => {
  const state = sent(after(['raised', NIGHT]));
  assert.equal(remind(reminding, state, { now: MORNING + 15 * MINUTE - 1 }), state);
  const escalated = remind(reminding, state, { now: MORNING + 15 * MINUTE });
  assert.deepEqual(
    escalated.pending.map(({ notification }) => [notification.transition, notification.channels]),
    [['escalated', ['sms']]],
  );
});

test('reminders repeat until somebody acknowledges, and an escalation is sent once', () => {
  let state = sent(after(['raised', START]));
  const log: string[] = [];
  for (let minute = 1; minute <= 120; minute += 1) {
    const now = START + minute * MINUTE;
    if (minute === 100) state = acknowledge(state, { by: 'ann', at: now })!;
    const next = remind(reminding, state, { now });
    log.push(...next.pending.map(({ notification }) => `${minute} ${notification.transition}`));
    state = sent(next);
  }
  assert.deepEqual(log, ['15 escalated', '45 repeated', '75 repeated']);
});

test('no reminder is sent while a notification is pending or the device is snoozed', () => {
  const pendingState = after(['raised', START]);
  const now = START + 24 * 60 * MINUTE;
  assert.equal(remind(reminding, pendingState, { now }), pendingState);
  const state = sent(pendingState);
  assert.equal(remind(reminding, state, { now, snoozedUntil: now + 1 }), state);
  assert.notEqual(remind(reminding, state, { now, snoozedUntil: now }), state);
});

test('a clock that steps back stops no reminder', () => {
  const ahead = sent(after(['raised', START + 365 * 86_400_000]));
  assert.equal(remind(reminding, ahead, { now: START }).pending[0]?.notification.transition, 'escalated');
});

test('a reminder does not move the alarm to an older window', () => {
  const steps: Parameters<typeof after> = [
    ['raised', START],
    ['eased', START + MINUTE],
  ];
  const state = sent(after(...steps));
  const { windowStart, pending } = remind(reminding, state, { now: START + 60 * MINUTE });
  assert.deepEqual([windowStart, pending[0]!.notification.windowStart], [START + 10_000, START]);
});
