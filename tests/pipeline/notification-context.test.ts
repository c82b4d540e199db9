// The context of notifications: the device's time zone, the rule's comment, and the last windows.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { RuleData } from '../../core/rule-data.ts';
import { servicesInMemory } from '../http-api/alert-services.ts';
import { createAlertWorld, MINUTE } from './alert-world.ts';

/** A world with this time zone for its device, and with rules that remind. */
function worldOf(rule: Omit<RuleData, 'id'>, timeZone: string | undefined) {
  const services = servicesInMemory();
  const zone = { timeZone };
  const known = <Found extends object>(device: Found) => ({
    ...device,
    ...(zone.timeZone !== undefined && { timeZone: zone.timeZone }),
  });
  const devices: typeof services.devices = {
    ...services.devices,
    async load(deviceId) {
      const found = await services.devices.load(deviceId);
      return found && known(found);
    },
    async list(page) {
      const found = await services.devices.list(page);
      return { ...found, devices: found.devices.map(known) };
    },
  };
  return { world: createAlertWorld({ rules: [rule], services: { ...services, devices } }), zone };
}

const high = { metric: 'temperature', above: 8, clearBelow: 7, repeatEvery: '30m' } as const;
const silent = { noDataFor: '5m', comment: 'Ask the shop.' } as const;

const contextOf = (world: ReturnType<typeof worldOf>['world']) =>
  world.sent.map(({ notification: { transition, timeZone, comment } }) => [transition, timeZone, comment]);

test('an alert that a message raises has the zone of its device and the comment of its rule', async () => {
  const { world } = worldOf({ ...high, comment: 'Call Ann.' }, 'Asia/Tokyo');
  await world.environment().judge([await world.measure(0, 9)], 'event');
  assert.deepEqual(contextOf(world), [['raised', 'Asia/Tokyo', 'Call Ann.']]);
});

test('one that time raises has them too', async () => {
  const { world } = worldOf(silent, 'Asia/Tokyo');
  await world.measure(0, 4);
  world.clock.time += 10 * MINUTE;
  await world.environment().sweep('sweep');
  assert.deepEqual(contextOf(world), [['raised', 'Asia/Tokyo', 'Ask the shop.']]);
});

test('without recent windows it has none', async () => {
  const { world } = worldOf(high, undefined);
  await world.environment().judge([await world.measure(0, 9)], 'event');
  assert.deepEqual(contextOf(world), [['raised', undefined, undefined]]);
});

test('a reminder has those of now, not those of the alert that it repeats', async () => {
  const { world, zone } = worldOf({ ...high, comment: 'Call Ann.' }, 'Asia/Tokyo');
  const environment = world.environment();
  await environment.judge([await world.measure(0, 9)], 'event');
  zone.timeZone = 'Europe/Berlin';
  world.rules.data = [{ id: 'rule-0', ...high, comment: 'Call Bob.' }];
  world.clock.time += 31 * MINUTE;
  await environment.sweep('sweep-1');
  zone.timeZone = undefined;
  world.rules.data = [{ id: 'rule-0', ...high }];
  world.clock.time += 31 * MINUTE;
  await environment.sweep('sweep-2');
  assert.deepEqual(contextOf(world), [
    ['raised', 'Asia/Tokyo', 'Call Ann.'],
    ['repeated', 'Europe/Berlin', 'Call Bob.'],
    ['repeated', undefined, undefined],
  ]);
});
