// Who may send a notification, and when: at least once, and by one sender at a time.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { AlertState, Notification } from '../../core/alert-state.ts';
import { claim, heldBy, canSend, released, withoutSent } from '../../core/outbox.ts';

const NOW = 1790000005000;
const note = (alertId: string) => ({ alertId }) as Notification;
const withTwoPending: AlertState = {
  deviceId: 'store-1',
  ruleId: 'temperature-high',
  state: 'alarm',
  version: 3,
  windowStart: 1790000000000,
  value: '9',
  pending: [
    { notification: note('a'), sender: '', heldUntil: 0 },
    { notification: note('b'), sender: '', heldUntil: 0 },
  ],
  unrecorded: [],
};
const claimed = claim(withTwoPending, { name: 'event-1', now: NOW });

test('the first sender holds the pending notifications, in order', () => {
  assert.ok(canSend(withTwoPending, { name: 'event-1', now: NOW }));
  assert.deepEqual(heldBy(claimed, 'event-1'), [note('a'), note('b')]);
  assert.equal(claimed.version, 4);
});

test('another sender has to wait for a minute', () => {
  assert.ok(!canSend(claimed, { name: 'event-2', now: NOW + 59_999 }));
  assert.ok(canSend(claimed, { name: 'event-2', now: NOW + 60_000 }));
  assert.deepEqual(heldBy(claim(claimed, { name: 'event-2', now: NOW + 1 }), 'event-2'), []);
});

test('a clock that steps back by more than a minute delays no sender', () => {
  assert.ok(!canSend(claimed, { name: 'event-2', now: NOW - 60_000 }));
  assert.ok(canSend(claimed, { name: 'event-2', now: NOW - 60_001 }));
});

test('a sender whose clock is behind waits like any other', () =>
  assert.ok(!canSend(claimed, { name: 'event-2', now: NOW - 5 })));

test('a sender may continue with the notifications that it holds', () =>
  assert.ok(canSend(claimed, { name: 'event-1', now: NOW + 1 })));

test('no sender has to wait for one that gave up', () => {
  const free = released(claimed, 'event-1')!;
  assert.ok(canSend(free, { name: 'event-2', now: NOW + 1 }));
  assert.equal(free.version, 5);
  assert.equal(released(free, 'event-1'), undefined);
});

test('a sent notification is no longer pending', () => {
  const rest = withoutSent(claimed, [note('a')])!;
  assert.deepEqual(heldBy(rest, 'event-1'), [note('b')]);
  assert.equal(rest.version, 5);
  assert.equal(withoutSent(rest, [note('a')]), undefined);
  assert.ok(!canSend(withoutSent(rest, [note('b')])!, { name: 'event-1', now: NOW }));
});
