// The text of notifications, within each channel's limits, for every device name.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Notification } from '../../core/alert-state.ts';
import { notificationText as textOf } from '../../core/notification.ts';

const notificationText = (notification: Notification) =>
  textOf(notification, { page: 'http://localhost:8080', timeZone: 'UTC' });

const raised: Notification = {
  alertId: '0123456789abcdef0123456789abcdef',
  transition: 'raised',
  deviceId: 'store-sensor-seattle1',
  site: 'seattle',
  ruleId: 'temperature-high',
  metric: 'temperature',
  stat: 'max',
  value: '9.4',
  side: 'above',
  limit: '8',
  severity: 'critical',
  channels: ['email', 'sms'],
  windowStart: 1790000000000,
  since: 1790000000000,
  decidedAt: 1790000005000,
};

test('an alarm says what happened, where and when', () => {
  const { subject, sms, email } = notificationText(raised);
  assert.equal(subject, 'ALARM critical: temperature 9.4 above 8 at seattle/store-sensor-seattle1');
  assert.equal(sms, 'ALARM temperature 9.4 above 8, store-sensor-seattle1 (seattle), 2026-09-21 14:13 UTC');
  for (const part of [
    'store-sensor-seattle1',
    'seattle',
    '2026-09-21T14:13:20.000Z',
    '9.4',
    'above 8',
    'critical',
  ]) {
    assert.ok(email.includes(part), part);
  }
});

const decimals: readonly (readonly [value: string, shown: string])[] = [
  ['9.444444444444444', '9.444'],
  ['-0.000444444', '0'],
  ['9.12', '9.12'],
  ['9.125', '9.125'],
  // Rounded, it would equal the limit.
  ['8.0000001', '8.0000001'],
];
for (const [value, shown] of decimals) {
  test(`the first line shows ${value} as ${shown}, and the details have all digits`, () => {
    const { subject, email } = notificationText({ ...raised, value });
    assert.ok(subject.startsWith(`ALARM critical: temperature ${shown} above 8 at`), subject);
    assert.ok(email.includes(`max temperature = ${value}`), email);
  });
}

test('a recovery says so', () => {
  const { subject } = notificationText({ ...raised, transition: 'cleared', value: '6.9', limit: '7' });
  assert.equal(subject, 'OK critical: temperature 6.9 back below 7 at seattle/store-sensor-seattle1');
});

test('an SMS has the essentials even with the longest names', () => {
  const { sms } = notificationText({ ...raised, deviceId: 'd'.repeat(128), site: 's'.repeat(128) });
  assert.ok(`1234567890> ${sms}`.length < 160);
  assert.ok(sms.startsWith('ALARM temperature 9.4 above 8, dddd'));
});

test('no name can break a channel', () => {
  const name = fc.string({ unit: 'binary', maxLength: 128 });
  const GSM7 = /^[A-Za-z0-9 !"#$%&'()*+,\-./:;<=>?@_]+$/;
  fc.assert(
    fc.property(name, name, (deviceId, site) => {
      const { subject, sms, email } = notificationText({ ...raised, deviceId, site });
      assert.match(subject, /^[A-Za-z][ -~]{1,98}$/);
      assert.match(sms, GSM7);
      assert.ok(`1234567890> ${sms}`.length < 160);
      assert.ok(email.isWellFormed());
      assert.equal(email.split('\n').length, 15);
      assert.doesNotMatch(email.replaceAll('\n', ''), /\p{Cc}/u);
    }),
  );
});

test('control characters are escaped', () => {
  assert.ok(notificationText({ ...raised, deviceId: 'a\u001b[2J\nb' }).email.includes('a\\u001b[2J\\u000ab'));
});
