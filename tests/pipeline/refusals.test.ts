// Notifications that SNS refuses: recorded and counted, retried for a day, without blocking others.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { Notification, Refusal } from '../../core/alert-state.ts';
import { createAlertWorld, MINUTE, START, type AlertWorld } from './alert-world.ts';

const DAY = 1440 * MINUTE;
const high = { metric: 'temperature', stat: 'max', above: 8, clearBelow: 7 } as const;
const forbidden: Refusal = { of: 'topic', reason: 'AuthorizationError: not allowed' };
const strange: Refusal = { of: 'message', reason: 'InvalidParameter: Subject' };

function worldThat(
  refusalOf: (notifications: readonly Notification[]) => Refusal | undefined,
  perMinute?: number,
) {
  const tried: string[] = [];
  const world = createAlertWorld({
    rules: [high],
    ...(perMinute !== undefined && { perMinute }),
    refusalOf: (notifications) => {
      tried.push(notifications.map(({ deviceId, transition }) => `${deviceId} ${transition}`).join());
      return refusalOf(notifications);
    },
  });
  const failed: string[] = [];
  const events = { onFailed: ({ reason = '' }) => void failed.push(reason) };
  return { world, tried, failed, events };
}

async function failures(world: AlertWorld, deviceId: string): Promise<string[]> {
  const { entries } = await world.services.history.read({ deviceId, from: 0, to: START * 2, limit: 1000 });
  return entries.filter(({ what }) => what === 'delivery-failed').map(({ reason = '' }) => reason);
}

test('notifications that the topic refuses are retried with growing delays, and sent once it is repaired', async () => {
  let isMended = false;
  const { world, tried, failed, events } = worldThat(() => (isMended ? undefined : forbidden));
  const environment = world.environment();
  await environment.judge([await world.measure(0, 9)], 'event', events);
  const expected = 'raised: AuthorizationError: not allowed (tried again for a day)';
  assert.deepEqual(failed, [expected]);
  for (let minute = 0; minute < 60; minute += 1) {
    world.clock.time += MINUTE;
    await environment.sweep('sweep', events);
  }
  assert.deepEqual(await failures(world, 'device'), [expected]);
  assert.equal(tried.length, 8);
  isMended = true;
  world.clock.time += 15 * MINUTE;
  await environment.sweep('sweep', events);
  assert.deepEqual([world.log(), failed.length], [['raised 9'], 1]);
});

test('a notification that is refused for a day is discarded, and the history records it', async () => {
  const { world, failed, events } = worldThat(() => forbidden);
  const environment = world.environment();
  await environment.judge([await world.measure(0, 9)], 'event', events);
  world.clock.time += DAY;
  await environment.sweep('sweep-1', events);
  await environment.sweep('sweep-2', events);
  const reasons = await failures(world, 'device');
  assert.deepEqual(reasons.toSorted(), [
    'raised: AuthorizationError: not allowed (not tried again)',
    'raised: AuthorizationError: not allowed (tried again for a day)',
  ]);
  assert.deepEqual(failed.toSorted(), reasons.toSorted());
  const state = (await world.services.alerts.load('device')).states.get('rule-0')!;
  assert.deepEqual([state.state, state.pending, state.unrecorded], ['alarm', [], []]);
});

test('a message that SNS never accepts is discarded at once, and later ones are sent', async () => {
  const { world, failed, events } = worldThat(([first]) =>
    first!.transition === 'raised' ? strange : undefined,
  );
  const environment = world.environment();
  const windows = [await world.measure(0, 9), await world.measure(1, 4), await world.measure(2, 4)];
  await environment.judge(windows, 'event', events);
  assert.deepEqual(world.log(), ['cleared 4']);
  assert.deepEqual(failed, ['raised: InvalidParameter: Subject (not tried again)']);
  await environment.sweep('sweep', events);
  assert.deepEqual(await failures(world, 'device'), failed);
});

test('one notification that SNS never takes costs a digest no other', async () => {
  const { world, failed, events } = worldThat(
    (notifications) => (notifications.some(({ deviceId }) => deviceId === 'fridge-7') ? strange : undefined),
    0,
  );
  const environment = world.environment();
  const fridges = Array.from({ length: 20 }, (_, n) => `fridge-${n}`);
  for (const fridge of fridges) await environment.judge([await world.measure(0, 9, fridge)], fridge, events);
  world.clock.time += MINUTE;
  await environment.sweep('sweep', events);
  const announced = world.sent.map(({ notification }) => notification.deviceId);
  assert.deepEqual(announced.toSorted(), fridges.filter((fridge) => fridge !== 'fridge-7').toSorted());
  assert.equal(failed.length, 1);
});

test('a digest that the topic refuses is tried again whole, in one publish a time', async () => {
  let isMended = false;
  const { world, tried, failed, events } = worldThat(() => (isMended ? undefined : forbidden), 0);
  const environment = world.environment();
  for (const fridge of ['a', 'b'])
    await environment.judge([await world.measure(0, 9, fridge)], fridge, events);
  world.clock.time += MINUTE;
  await environment.sweep('sweep-1', events);
  assert.deepEqual([tried.length, failed.length, world.sent.length], [1, 2, 0]);
  isMended = true;
  world.clock.time += MINUTE;
  await environment.sweep('sweep-2', events);
  assert.deepEqual(
    world.sent.map(({ publish }) => publish),
    [1, 1],
  );
});
