// The texts for every transition and for digests: within each channel's limits, for all names of devices and metrics.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { SEVERITIES } from '../../core/alert-rule.ts';
import type { Notification, Transition } from '../../core/alert-state.ts';
import { printable } from '../../core/channel-text.ts';
import { decimalOf } from '../../core/decimal.ts';
import { durationOf, durationText } from '../../core/duration.ts';
import { digestsOf, digestText } from '../../core/digest.ts';
import { notificationText } from '../../core/notification.ts';
import type { Window } from '../../core/window.ts';
import { runsOf } from '../../packages/local-cloud/tests/fuzzing.ts';

const PAGE = 'http://localhost:8080';
const SETTINGS = { page: PAGE, timeZone: 'UTC' };
const TIME = 1_790_000_000_000;
const common: Omit<Notification, 'transition' | 'silence' | 'insight' | 'value' | 'limit'> = {
  alertId: '0123456789abcdef0123456789abcdef',
  ...{ deviceId: 'store-1', site: 'seattle', ruleId: 'fridge', severity: 'critical' },
  ...{ channels: ['email', 'sms'], windowStart: TIME, since: TIME, decidedAt: TIME + 5000 },
};
const warm = (transition: Transition, value: string, limit: string): Notification => ({
  ...common,
  ...{ transition, metric: 'temperature', stat: 'max', side: 'above', value, limit },
});
const cold = (transition: Transition, value: string, limit: string): Notification => ({
  ...common,
  ...{ transition, metric: 'temperature', stat: 'min', side: 'below', value, limit },
});
const gone = (silence: 'silent' | 'offline', transition: Transition, value: string): Notification => ({
  ...common,
  transition,
  silence,
  value,
  limit: '120',
});

/** Windows of ten seconds that end with the one at TIME, each with two readings of the value. */
const windowsOf = (values: readonly number[]): Window[] =>
  values.map((value, n) => {
    const windowStart = TIME - (values.length - 1 - n) * 10_000;
    const fixed = decimalOf(value)!;
    return {
      ...{ deviceId: 'store-1', site: 'seattle', windowStart, readings: 2, last: new Map() },
      ...{ firstReadingAt: windowStart + 2000, lastReadingAt: windowStart + 4000, lastFingerprint: '' },
      metrics: new Map([['temperature', { min: fixed, max: fixed, sum: 2n * fixed, count: 2 }]]),
    };
  });

const subjects: [notification: Notification, subject: string][] = [
  [warm('raised', '9.4', '8'), 'ALARM critical: temperature 9.4 above 8'],
  [warm('worsened', '11', '10'), 'WORSE critical: temperature 11 above 10'],
  [warm('eased', '9.2', '9.5'), 'BETTER critical: temperature 9.2 back below 9.5'],
  [warm('cleared', '6', '7'), 'OK critical: temperature 6 back below 7'],
  [warm('repeated', '9.4', '8'), 'STILL critical: temperature 9.4 above 8'],
  [warm('escalated', '9.4', '8'), 'UNACKNOWLEDGED critical: temperature 9.4 above 8'],
  [warm('ended', '9.4', '8'), 'ENDED critical: temperature 9.4 above 8'],
  [cold('raised', '-3', '-1'), 'ALARM critical: temperature -3 below -1'],
  [cold('cleared', '1', '0'), 'OK critical: temperature 1 back above 0'],
  [
    { ...common, transition: 'raised', stat: 'count', side: 'below', value: '1', limit: '2' },
    'ALARM critical: readings 1 below 2',
  ],
  [
    {
      ...warm('raised', '12', '6'),
      ...{ silence: undefined, stat: 'mean', perMinute: true, side: 'above' },
    },
    'ALARM critical: mean temperature per minute 12 above 6',
  ],
  [gone('silent', 'raised', '130'), 'ALARM critical: no data for 2m'],
  [gone('silent', 'cleared', '7205'), 'OK critical: data again after 2h'],
  [gone('silent', 'repeated', '119'), 'STILL critical: no data for 119s'],
  [gone('silent', 'ended', '90000'), 'ENDED critical: no data for 25h'],
  [gone('offline', 'raised', '125'), 'ALARM critical: offline for 2m'],
  [gone('offline', 'cleared', '172800'), 'OK critical: online again after 2d'],
  [gone('offline', 'escalated', '3700'), 'UNACKNOWLEDGED critical: offline for 61m'],
];
for (const [notification, subject] of subjects) {
  test(`a mail with the subject ${subject} has the same in its first line and in an SMS`, () => {
    const text = notificationText(notification, SETTINGS);
    assert.equal(text.subject, `${subject} at seattle/store-1`);
    const plain = subject.replace(' critical:', '');
    assert.equal(text.sms.split(' http')[0], `${plain}, store-1 (seattle), 2026-09-21 14:13 UTC`);
    assert.equal(text.email.split('\n')[0], `${plain.replace(' ', ': ')} at seattle, store-1`);
  });
}

const PACIFIC = { page: PAGE, timeZone: 'America/Los_Angeles' };

test('a text message links to the span of the alert, unless the link does not fit whole', () => {
  const link = 'http://localhost:8080/#/device/store-1?from=1789997600000&to=1790001205000';
  const { sms } = notificationText(gone('offline', 'raised', '300'), SETTINGS);
  assert.ok(sms.endsWith(` ${link}`) && sms.length <= 160, sms);
  const long = notificationText(
    { ...gone('offline', 'raised', '300'), deviceId: 'a'.repeat(60) },
    SETTINGS,
  ).sms;
  assert.ok(!long.includes('http'), long);
  assert.ok(
    !notificationText(gone('offline', 'raised', '300'), { ...SETTINGS, page: '' }).sms.includes('http'),
  );
});

test('a mail says what happened, where, what to do, what the values were, in local time, and where to look', () => {
  const { email } = notificationText(
    { ...warm('worsened', '11', '10'), since: TIME - 60_000, unit: '°C' },
    PACIFIC,
    windowsOf([3.8, 4.1, 6, 9.4, 11]),
  );
  assert.equal(
    email,
    `WORSE: temperature 11 °C above 10 °C at seattle, store-1

To do:    Check the door, the cooling and what was put in last.
Ack:      npm run alerts -- ack store-1 fridge (on AWS with --api-url and the stack's ApiUrl)
See:      http://localhost:8080/#/device/store-1?from=1789997540000&to=1790001205000

Recent:   ▁▁▃▇█ 3.8 to 11 °C, 2026-09-21 07:12:42 to 07:13:24 PDT
Value:    max temperature = 11 °C
Limit:    above 10 °C
Window:   2026-09-21 07:13:20 PDT
Since:    2026-09-21 07:12:20 PDT
Device:   store-1
Site:     seattle
Rule:     fridge (critical)
Alert:    0123456789abcdef0123456789abcdef, 2026-09-21T14:13:20.000Z
`,
  );
});

test('a mail about a silent device says when it was last there and how long it may be silent', () => {
  const { email } = notificationText(gone('offline', 'raised', '130'), SETTINGS);
  for (const line of ['Last:     2026-09-21 14:13:20 UTC', 'Gone:     2m', 'Limit:    2m'])
    assert.ok(email.split('\n').includes(line), email);
});

test('without a dashboard address no text has a link', () => {
  const none = { ...SETTINGS, page: '' };
  const { subject, email, sms } = notificationText(warm('raised', '9', '8'), none);
  assert.doesNotMatch(`${subject}${email}${sms}`, /:\/\/|See:/);
  const listed = digestText({ notifications: [warm('raised', '9', '8')], channels: [] }, none);
  assert.doesNotMatch(`${listed.subject}${listed.email}${listed.sms}`, /:\/\/|See:/);
  assert.equal(listed.sms, 'DIGEST 1 alert in a minute: 1 ALARM at seattle');
});

const zones: [of: string | undefined, stack: string, time: string][] = [
  [undefined, 'UTC', '2026-09-21 14:13:20 UTC'],
  [undefined, 'America/Los_Angeles', '2026-09-21 07:13:20 PDT'],
  ['Europe/Berlin', 'America/Los_Angeles', '2026-09-21 16:13:20 GMT+2'],
  ['Asia/Kathmandu', 'UTC', '2026-09-21 19:58:20 GMT+5:45'],
  ['Pacific/Auckland', 'UTC', '2026-09-22 02:13:20 GMT+12'],
];
for (const [timeZone, stack, time] of zones) {
  test(`a device of ${timeZone ?? 'no zone'} in a stack of ${stack} has the time ${time} in mails, texts and digests`, () => {
    const notification = { ...warm('raised', '9', '8'), ...(timeZone !== undefined && { timeZone }) };
    const settings = { page: '', timeZone: stack };
    const { email, sms } = notificationText(notification, settings);
    assert.ok(email.includes(`\nSince:    ${time}\n`), email);
    assert.ok(sms.endsWith(`, ${time.replace(/:20 /, ' ')}`), sms);
    const listed = digestText({ notifications: [notification], channels: [] }, settings);
    assert.ok(listed.email.includes(`/store-1, since ${time}\n`), listed.email);
  });
}

test('a mail has the time in UTC once', () =>
  assert.deepEqual(
    notificationText(warm('raised', '9', '8'), PACIFIC).email.match(/\d{4}-\d\d-\d\dT[^\n]*/g),
    ['2026-09-21T14:13:20.000Z'],
  ));

const toDo: [notification: Notification, advice: string][] = [
  [warm('raised', '9', '8'), 'Check the door, the cooling and what was put in last.'],
  [{ ...warm('raised', '9', '8'), comment: 'Call Ann, 555 0100' }, 'Call Ann, 555 0100'],
  [{ ...warm('raised', '9', '8'), comment: 'Shut it.\nThen wait' }, 'Shut it.\\u000aThen wait'],
  [{ ...warm('raised', '9', '8'), comment: '  ' }, 'Check the door, the cooling and what was put in last.'],
  [cold('eased', '-3', '-1'), 'Check the thermostat and, if there is one, the heating.'],
  [
    { ...cold('raised', '10', '20'), metric: 'BatteryPercent' },
    'Charge the battery of the device, or put in a new one.',
  ],
  [
    { ...warm('raised', '900', '800'), metric: 'co2' },
    'Look at the device and at what it measures; rule fridge has the limit.',
  ],
  [
    { ...warm('raised', '70', '60'), metric: 'humidity' },
    'Check the door, the ventilation and whether there is water.',
  ],
  [
    { ...common, transition: 'raised', stat: 'count', side: 'below', value: '1', limit: '2' },
    'Check why the device sends fewer readings than it should.',
  ],
  [
    gone('silent', 'raised', '130'),
    'Check the power and the network of the device, and whether it still sends.',
  ],
  [gone('offline', 'repeated', '130'), 'Check the power and the network of the device.'],
  [
    { ...gone('silent', 'raised', '130'), metric: 'door', isReporting: true } as Notification,
    'Check what measures door at the device: the device itself works.',
  ],
  [{ ...warm('cleared', '6', '7'), comment: 'Call Ann' }, 'Nothing: this alert is over.'],
  [warm('ended', '9', '8'), 'Nothing: this alert is over.'],
];
for (const [notification, advice] of toDo) {
  const { transition, metric = 'the device', comment } = notification;
  test(`what to do about ${transition} of ${metric}${comment === undefined ? '' : ' with a comment'}: ${advice}`, () =>
    assert.equal(/^To do: {4}(.*)$/m.exec(notificationText(notification, SETTINGS).email)?.[1], advice));
}

const acknowledgements: [deviceId: string, transition: Transition, line: string | undefined][] = [
  [
    'store:probe-1',
    'raised',
    "npm run alerts -- ack store:probe-1 fridge (on AWS with --api-url and the stack's ApiUrl)",
  ],
  ['a b', 'repeated', 'POST /devices/a%20b/alerts/fridge/acknowledge of the HTTP API'],
  ['$(reboot)', 'escalated', 'POST /devices/%24(reboot)/alerts/fridge/acknowledge of the HTTP API'],
  ['--help', 'raised', 'POST /devices/--help/alerts/fridge/acknowledge of the HTTP API'],
  ['store-1', 'cleared', undefined],
  ['store-1', 'ended', undefined],
];
for (const [deviceId, transition, line] of acknowledgements) {
  test(`how to acknowledge ${transition} of ${deviceId}: ${line ?? 'not at all'}`, () => {
    const { email } = notificationText({ ...warm(transition, '9', '8'), deviceId }, SETTINGS);
    assert.equal(/^Ack: {6}(.*)$/m.exec(email)?.[1], line);
  });
}

const name = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 128 }),
  fc.constantFrom(
    'a'.repeat(128),
    '\u202etxt.exe',
    '../../etc',
    '${x}',
    '"}],',
    '\u0000',
    '',
    '😀'.repeat(64),
  ),
);
const transitions = fc.constantFrom<Transition>(
  ...(['raised', 'worsened', 'eased', 'cleared', 'repeated', 'escalated', 'ended'] as const),
);
const findings = fc.oneof(
  fc.record({
    metric: fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,63}$/),
    stat: fc.constantFrom('min', 'max', 'mean', 'last', 'count'),
    value: fc.constantFrom('9', '-0.333333', '999999999999999.999999999999999'),
    side: fc.constantFrom('above', 'below'),
    limit: fc.constantFrom('8', '-999999999999999.999999999999999'),
    perMinute: fc.constantFrom(true as const, undefined),
  }),
  fc.record({
    insight: fc.constantFrom('predicted', 'unusual'),
    metric: fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,63}$/),
    stat: fc.constant('mean'),
    value: fc.constantFrom('6.4', '-999999999999999.999'),
    side: fc.constantFrom('above', 'below'),
    limit: fc.constantFrom('8', '-999999999999999.999999999999999'),
    words: fc.constantFrom(
      'above its normal band for 12 minutes; 8 °C in about 25 minutes at this rate',
      'as usual again',
    ),
    crossesAt: fc.constant(TIME + 1_500_000),
  }),
  fc.record({
    silence: fc.constantFrom('silent', 'offline'),
    value: fc.nat(100_000_000).map(String),
    limit: fc.nat(100_000).map(String),
  }),
);
const notifications: fc.Arbitrary<Notification> = fc
  .tuple(
    findings,
    fc.record({ deviceId: name, site: name, ruleId: name }),
    transitions,
    fc.constantFrom(...SEVERITIES),
  )
  .map(([{ ...finding }, names, transition, severity]) => {
    const notification = { ...finding, ...common, ...names, transition, severity };
    if ('perMinute' in notification && notification.perMinute === undefined) delete notification.perMinute;
    return notification;
  });

/** The ASCII characters that GSM-7 carries in one unit each. */
const GSM7 = /^[A-Za-z0-9 !"#$%&'()*+,\-./:;<=>?@_]+$/;

function assertFits({ subject, sms, email }: ReturnType<typeof notificationText>): void {
  assert.match(subject, /^[A-Z][ -~]{1,98}$/);
  assert.match(sms, GSM7);
  assert.ok(`1234567890> ${sms}`.length < 160, sms);
  assert.ok(email.isWellFormed());
  assert.doesNotMatch(email.replaceAll('\n', ''), /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u);
}

test('no name and no transition breaks a channel', () => {
  fc.assert(
    fc.property(notifications, (notification) => {
      const text = notificationText(notification, SETTINGS);
      assertFits(text);
      const notes = ['repeated', 'escalated', 'ended'].includes(notification.transition) ? 1 : 0;
      const acknowledge = ['cleared', 'ended'].includes(notification.transition) ? 0 : 1;
      const expected = 'crossesAt' in notification ? 1 : 0;
      assert.equal(text.email.split('\n').length, 14 + notes + acknowledge + expected);
    }),
    runsOf(46, 300),
  );
});

const digest = (notifications: readonly Notification[]) =>
  digestText({ notifications, channels: [] }, SETTINGS);

test('no names break a digest, and each device is in a mail', () => {
  fc.assert(
    fc.property(fc.array(notifications, { minLength: 1, maxLength: 150 }), (all) => {
      const digests = digestsOf(all.map((each) => [each]));
      const mails = digests.filter(({ isSummary }) => !isSummary);
      for (const each of digests) assertFits(digestText(each, SETTINGS));
      for (const each of mails) {
        const { email } = digestText(each, SETTINGS);
        assert.ok(Buffer.byteLength(JSON.stringify(email)) < 50_000);
        for (const { deviceId } of each.notifications)
          assert.ok(email.includes(`/${printable(deviceId)}, since `));
      }
      const named = mails.flatMap((each) => each.notifications);
      assert.deepEqual(new Set(named), new Set(all));
      assert.equal(named.length, all.length);
    }),
    runsOf(47, 15),
  );
});

test('a digest counts what happened, and names each with what, where and since when', () => {
  const { subject, email, sms } = digest([
    warm('raised', '9.4', '8'),
    { ...warm('raised', '9', '8'), deviceId: 'store-2' },
    { ...gone('silent', 'cleared', '7205'), site: 'tacoma' },
  ]);
  assert.equal(subject, 'DIGEST 3 alerts in a minute: 2 ALARM, 1 OK');
  assert.equal(
    sms,
    'DIGEST 3 alerts in a minute: 2 ALARM, 1 OK at seattle, tacoma http://localhost:8080/#/alerts?from=1789999980000',
  );
  assert.equal(
    email,
    `3 alerts in a minute: 2 ALARM, 1 OK

critical, seattle:
ALARM critical: temperature 9.4 above 8 at seattle/store-1, since 2026-09-21 14:13:20 UTC
ALARM critical: temperature 9 above 8 at seattle/store-2, since 2026-09-21 14:13:20 UTC

critical, tacoma:
OK critical: data again after 2h at tacoma/store-1, since 2026-09-21 14:13:20 UTC

See: http://localhost:8080/#/alerts?from=1789999980000
`,
  );
});

test('several changes of one alert stay together and in order, in the section of the worst', () => {
  const minor = { ...warm('raised', '9', '8'), severity: 'minor' } as const;
  const worse = { ...warm('worsened', '12', '8'), severity: 'critical' } as const;
  const other = { ...warm('raised', '10', '8'), deviceId: 'store-2', severity: 'major' } as const;
  const [listed, ...more] = digestsOf([[other], [minor, worse]]);
  assert.deepEqual(more, []);
  const lines = digestText(listed!, SETTINGS).email.split('\n').slice(2, 7);
  assert.deepEqual(
    lines.map((line) => line.replace(/ at .*/, '')),
    [
      'critical, seattle:',
      'ALARM minor: temperature 9 above 8',
      'WORSE critical: temperature 12 above 8',
      '',
      'major, seattle:',
    ],
  );
});

test('a digest of one alert uses the singular', () =>
  assert.equal(digest([warm('raised', '9', '8')]).subject, 'DIGEST 1 alert in a minute: 1 ALARM'));

test('a thousand devices fill several mails, the worst first, by site, with one text message', () => {
  const all = Array.from({ length: 1000 }, (_, n) => ({
    ...warm('raised', '9', '8'),
    ...{ deviceId: `store-${n}`, site: `site-${n % 7}`, severity: SEVERITIES[n % 4]! },
  }));
  const [summary, ...mails] = digestsOf(all.map((each) => [each]));
  assert.deepEqual([summary!.isSummary, summary!.channels], [true, ['sms']]);
  assert.deepEqual(
    mails.map(({ part, channels }) => [part, channels]),
    mails.map((_, index) => [{ number: index + 1, of: mails.length, total: 1000 }, ['email']]),
  );
  const order = mails.flatMap(({ notifications: named }) =>
    named.map(({ severity, site }) => `${severity} ${site}`),
  );
  const sections = order.filter((section, index) => section !== order[index - 1]);
  const expected = SEVERITIES.toReversed().flatMap((severity) =>
    Array.from({ length: 7 }, (_, n) => `${severity} site-${n}`),
  );
  assert.deepEqual(sections, expected);
  assert.equal(new Set(mails.flatMap(({ notifications: named }) => named)).size, 1000);
  assert.equal(
    digestText(summary!, SETTINGS).sms,
    'DIGEST 1000 alerts in a minute: 1000 ALARM at site-0, site-1, site-2, site-3 and 3 more sites http://localhost:8080/#/alerts?from=1789999980000',
  );
  assert.match(
    digestText(mails[1]!, SETTINGS).subject,
    /^DIGEST [0-9]+ of 1000 alerts in a minute \(mail 2 of [0-9]\): /,
  );
});

test('a digest of one site links to the list of that site, and leaves a link that does not fit out of the text', () => {
  const { email, sms } = digest([{ ...warm('raised', '9', '8'), site: 'a & b' }]);
  assert.ok(email.includes('/#/alerts?from=1789999980000&site=a%20%26%20b\n'), email);
  assert.ok(sms.endsWith('&site=a%20%26%20b'), sms);
  const long = digestText(
    { notifications: [warm('raised', '9', '8')], channels: [] },
    { ...SETTINGS, page: `https://${'d'.repeat(90)}` },
  );
  assert.equal(long.sms, 'DIGEST 1 alert in a minute: 1 ALARM at seattle');
});

const durations: [text: string, ms: number | undefined][] = [
  ['0s', 0],
  ['90s', 90_000],
  ['30m', 1_800_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
  ['9999999d', 863_999_913_600_000],
  ['10000000s', undefined],
  ['1.5h', undefined],
  ['-1m', undefined],
  ['1 m', undefined],
  ['1M', undefined],
  ['m', undefined],
  ['', undefined],
  ['1m\n', undefined],
  ['١m', undefined],
];
for (const [text, ms] of durations) {
  test(`${JSON.stringify(text)} is ${ms === undefined ? 'not a duration' : `${ms} ms`}`, () =>
    assert.equal(durationOf(text), ms));
}

test('the text of a duration means the same', () => {
  fc.assert(
    fc.property(fc.nat(10_000_000), (seconds) =>
      assert.equal(durationOf(durationText(seconds * 1000)), seconds * 1000),
    ),
    runsOf(48, 500),
  );
});

test('a mail has the unit as people read it, and a text message in characters that GSM-7 carries', () => {
  const { subject, email, sms } = notificationText({ ...warm('raised', '9.1', '8'), unit: '°C' }, SETTINGS);
  assert.match(subject, /^ALARM critical: temperature 9\.1 C above 8 C at /);
  assert.match(email, /^ALARM: temperature 9\.1 °C above 8 °C at seattle, store-1$/m);
  assert.match(email, /^Value: {4}max temperature = 9\.1 °C$/m);
  assert.match(email, /^Limit: {4}above 8 °C$/m);
  assert.match(sms, /^ALARM temperature 9\.1 C above 8 C, /);
  const dust = notificationText({ ...warm('raised', '40', '35'), unit: 'µg/m³' }, SETTINGS);
  assert.match(dust.sms, /^ALARM temperature 40 ug\/m3 above 35 ug\/m3, /);
});
