// Which devices a sweep announces, over the tables: by their connections, the registry's data, and the start of monitoring.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { createDeviceStore } from '../../adapters/device-store.ts';
import type { RuleData } from '../../core/rule-data.ts';
import { servicesOn } from '../http-api/alert-services.ts';
import type { DeviceStore } from '../../pipeline/ports.ts';
import { createAlertWorld, MINUTE, START } from './alert-world.ts';
import { openTables, type Tables } from '../adapters/tables.ts';

type Rule = Omit<RuleData, 'id'>;

/** A world over tables of its own. */
async function world(use: (life: Awaited<ReturnType<typeof lifeOn>>) => Promise<void>, ...rules: Rule[]) {
  const tables = await openTables();
  try {
    await use(await lifeOn(tables, rules));
  } finally {
    await tables.close();
  }
}

async function lifeOn(tables: Tables, rules: readonly Rule[]) {
  const own = createAlertWorld({ rules, services: servicesOn(tables) });
  const devices: DeviceStore = createDeviceStore({ client: tables.client, table: 'devices' });
  const environment = own.environment();
  await environment.sweep('first');
  return {
    ...own,
    client: tables.client,
    environment,
    /** `+` or `-` and the version of a connection, in the order in which the events come. */
    connections: async (events: string, groups: readonly string[] = []): Promise<void> => {
      for (const event of events.split(' ')) {
        const version = Number(event.slice(1));
        const online = event.startsWith('+');
        const at = START + version * 1000 + (online ? 0 : 500);
        const presence = { deviceId: 'device', online, at, version, sessionId: `s${version}` };
        await devices.applyPresence(presence, { type: 'fridge', groups, attributes: {} });
      }
    },
    minutes: async (count: number): Promise<void> => {
      for (let minute = 0; minute < count; minute += 1) {
        own.clock.time += MINUTE;
        await environment.sweep(`sweep-${own.clock.time}`);
      }
    },
    announced: () => own.sent.map(({ notification }) => notification.transition),
  };
}

test('the alert of a removed device ends with a notification and is not raised again', async () => {
  await world(
    async ({ client, connections, minutes, announced }) => {
      await connections('+1 -1');
      await minutes(7);
      assert.deepEqual(announced(), ['raised']);
      // Only its record: as when a sweep raised the alert while the device was removed.
      await createDeviceStore({ client, table: 'devices' }).remove('device');
      await minutes(30);
      assert.deepEqual(announced(), ['raised', 'ended']);
    },
    { offlineFor: '2m' },
  );
});

/** Connection events in order of arrival, with duplicates and out of order, and the notifications within seven minutes. */
const presences: readonly (readonly [events: string, announced: readonly string[]])[] = [
  ['+1', []],
  ['+1 -1', ['raised']],
  ['+1 -1 -1', ['raised']],
  ['-1 +1', ['raised']],
  ['+1 -1 +2', []],
  ['+1 +2 -1', []],
  ['+2 -1 +1 -1', []],
  ['+1 -1 +2 -2 -1 +2', ['raised']],
];
for (const [events, announced] of presences) {
  test(`a device with the connection events ${events}: ${announced.join() || 'nothing'}`, async () =>
    world(
      async ({ connections, minutes, announced: announcedNow }) => {
        await connections(events);
        await minutes(7);
        assert.deepEqual(announcedNow(), announced);
      },
      { offlineFor: '5m' },
    ));
}

test('an offline device is announced once, and once more after it has been back for as long', async () =>
  world(
    async ({ clock, connections, minutes, announced }) => {
      await connections('+1 -1');
      await minutes(30);
      assert.deepEqual(announced(), ['raised']);
      const back = Math.floor((clock.time - START) / 1000);
      await connections(`+${back}`);
      await minutes(4);
      assert.deepEqual(announced(), ['raised']);
      await minutes(2);
      assert.deepEqual(announced(), ['raised', 'cleared']);
    },
    { offlineFor: '5m' },
  ));

test('a backend that was off for hours announces no device at its start, and later those that stay silent', async () =>
  world(
    async ({ clock, measure, minutes, announced }) => {
      await measure(0, 4);
      await minutes(2);
      clock.time += 300 * MINUTE;
      await minutes(5);
      assert.deepEqual(announced(), []);
      await minutes(2);
      assert.deepEqual(announced(), ['raised']);
    },
    { noDataFor: '5m' },
  ));

test('a device that never sent anything is not silent', async () =>
  world(
    async ({ connections, minutes, announced }) => {
      await connections('+1 -1');
      await minutes(20);
      assert.deepEqual(announced(), []);
    },
    { noDataFor: '5m' },
  ));

/** Of a device at seattle, of type fridge and in groups north and cold. */
const matches: readonly (readonly [match: NonNullable<Rule['match']>, isAnnounced: boolean])[] = [
  [{ type: 'fridge' }, true],
  [{ type: 'freezer' }, false],
  [{ group: 'co*' }, true],
  [{ group: 'south' }, false],
  [{ type: 'fridge', group: 'north', site: 'seattle', device: 'dev*' }, true],
  [{ type: 'fridge', site: 'tacoma' }, false],
];
for (const [match, isAnnounced] of matches) {
  test(`${JSON.stringify(match)} ${isAnnounced ? 'matches' : 'does not match'}, for messages and for sweeps`, async () =>
    world(
      async ({ connections, environment, measure, minutes, sent }) => {
        await connections('+1', ['north', 'cold']);
        await environment.judge([await measure(0, 9)], 'event');
        await minutes(7);
        assert.deepEqual(
          sent.map(({ notification }) => `${notification.ruleId} ${notification.transition}`),
          isAnnounced ? ['rule-0 raised', 'rule-1 raised'] : [],
        );
      },
      { match, metric: 'temperature', stat: 'max', above: 8, clearBelow: 7 },
      { match, noDataFor: '5m' },
    ));
}

for (const judgeLate of [false, true]) {
  test(`a late window is ${judgeLate ? '' : 'not '}evaluated by a rule with judgeLate ${judgeLate}`, async () =>
    world(
      async ({ clock, environment, measure, log }) => {
        clock.time += 60 * MINUTE;
        const window = await measure(0, 9);
        await environment.judge([window], 'event', { late: new Set([window]) });
        assert.deepEqual(log(), judgeLate ? ['raised 9'] : []);
      },
      { metric: 'temperature', stat: 'max', above: 8, clearBelow: 7, ...(judgeLate && { judgeLate }) },
    ));
}

test('a state that cannot be read fails the sweep by its name, and costs no other device anything', async () =>
  world(
    async ({ clock, environment, measure, log, client }) => {
      for (const device of ['north', 'south', 'west']) await measure(0, 4, device);
      const Item = {
        deviceId: { S: 'south' },
        ruleId: { S: 'rule-0' },
        state: { S: 'alarm' },
        pending: { S: '[' },
      };
      await client.send(new PutItemCommand({ TableName: 'alerts', Item }));
      for (let minute = 1; minute < 8; minute += 1) {
        clock.time += MINUTE;
        await assert.rejects(
          environment.sweep('sweep'),
          /state of rule rule-0 and device south cannot be read/,
        );
      }
      assert.deepEqual(log(), ['raised 360', 'raised 360']);
    },
    { noDataFor: '5m' },
  ));
