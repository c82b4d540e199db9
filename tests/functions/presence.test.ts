// The presence function on its sample events: the record of a client, and the calls to the registry.

import { afterAll, beforeAll, beforeEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import {
  DescribeThingCommand,
  DescribeThingGroupCommand,
  IoTClient,
  ListThingGroupsForThingCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-iot';
import { mockClient } from 'aws-sdk-client-mock';
import { createDeviceStore } from '../../adapters/device-store.ts';
import { createPresenceLog } from '../../adapters/presence-log.ts';
import { openTables, type Tables } from '../adapters/tables.ts';
import { contextOf, sampleEvent, startLambda } from './lambda.ts';

const iot = mockClient(IoTClient);
let written: string[];
const context = contextOf('presence');

let tables: Tables;
let presence: (event: unknown) => Promise<void>;

beforeAll(async () => {
  tables = await openTables();
  ({ written } = startLambda({
    AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint,
    DEVICES_TABLE: 'devices',
    ALERT_HISTORY_TABLE: 'history',
  }));
  const { handler } = await import('../../functions/presence.ts');
  presence = (event) => handler(event as never, context);
});
afterAll(() => tables.close());

beforeEach(() => {
  written.length = 0;
  iot.reset();
  iot
    .on(DescribeThingCommand)
    .callsFake(({ thingName }) => ({ thingName, thingTypeName: 'sensor', attributes: { floor: '2' } }));
  iot
    .on(ListThingGroupsForThingCommand)
    .resolvesOnce({ thingGroups: [{ groupName: 'seattle' }], nextToken: 'more' })
    .resolves({ thingGroups: [{ groupName: 'cold' }] });
  iot.on(DescribeThingGroupCommand).callsFake(({ thingGroupName }: { thingGroupName: string }) => {
    const timezone = zonesOfGroups[thingGroupName];
    return { thingGroupName, ...(timezone && { thingGroupProperties: attributesOf({ timezone }) }) };
  });
});

const zonesOfGroups: Readonly<Record<string, string>> = {
  portland: 'America/Los_Angeles',
  berlin: 'Europe/Berlin',
  nowhere: 'Middle-earth',
};
const attributesOf = (attributes: Record<string, string>) => ({ attributePayload: { attributes } });

/** What the registry says of every thing from now on. */
function register(attributes: Record<string, string>, groups: readonly string[]): void {
  iot.on(DescribeThingCommand).callsFake(({ thingName }) => ({ thingName, attributes }));
  iot.on(ListThingGroupsForThingCommand).callsFake(() => ({
    thingGroups: groups.map((groupName) => ({ groupName })),
  }));
}

const sample = (name: string, clientId: string): object => ({
  ...(sampleEvent(`presence-${name}`) as object),
  clientId,
});
const item = (deviceId: string) => tables.item('devices', { deviceId: { S: deviceId } });
const counted = () =>
  written
    .filter((line) => line.includes('"_aws"'))
    .flatMap((line) => Object.entries(JSON.parse(line) as object))
    .filter(([name]) => name.startsWith('Presence'));
const noThing = new ResourceNotFoundException({ message: 'no such thing', $metadata: {} });

test("a device that connects is stored with the registry's data", async () => {
  await presence(sample('connected', 'store-sensor-seattle1'));
  assert.deepEqual(await item('store-sensor-seattle1'), {
    deviceId: { S: 'store-sensor-seattle1' },
    online: { BOOL: true },
    presenceSince: { N: '1790000000123' },
    presenceVersion: { N: '3' },
    sessionId: { S: '6b1d3a52-51cf-4ff5-9dbd-0f1d7d1e8a01' },
    ipAddress: { S: '192.0.2.17' },
    type: { S: 'sensor' },
    groups: { SS: ['cold', 'seattle'] },
    attributes: { M: { floor: { S: '2' } } },
  });
  assert.deepEqual(counted(), [['PresenceApplied', 1]]);
});

test('a disconnect makes no call to the registry', async () => {
  await presence(sample('disconnected', 'store-sensor-seattle1'));
  const { online, presenceSince, disconnectReason, type } = (await item('store-sensor-seattle1'))!;
  assert.deepEqual(
    { online, presenceSince, disconnectReason, type },
    {
      online: { BOOL: false },
      presenceSince: { N: '1790000300456' },
      disconnectReason: { S: 'CONNECTION_LOST' },
      type: { S: 'sensor' },
    },
  );
  assert.equal(iot.calls().length, 0);
});

test('a repeat of its coming changes nothing and is counted as stale', async () => {
  const before = await item('store-sensor-seattle1');
  await presence(sample('connected', 'store-sensor-seattle1'));
  assert.deepEqual(await item('store-sensor-seattle1'), before);
  assert.deepEqual(counted(), [['PresenceStale', 1]]);
});

test('the end of a connection may come before its beginning', async () => {
  await presence(sample('disconnected', 'fridge-2'));
  await presence(sample('connected', 'fridge-2'));
  const { online, type } = (await item('fridge-2'))!;
  assert.deepEqual({ online, type }, { online: { BOOL: false }, type: { S: 'sensor' } });
});

test('each connect and disconnect is stored once, listed newest first in pages, and nothing is stored for clients that are not devices', async () => {
  const log = createPresenceLog({ client: tables.client, table: 'history' });
  const device = 'fridge-log';
  const [came, went] = [sample('connected', device), sample('disconnected', device)];
  for (const event of [went, came, came, went]) await presence(event);
  iot.on(DescribeThingCommand).rejects(noThing);
  await presence(sample('connected', 'dashboard-x'));
  const first = await log.read({ deviceId: device, limit: 1 });
  const rest = await log.read({ deviceId: device, limit: 1, next: first.next });
  const sessionId = '6b1d3a52-51cf-4ff5-9dbd-0f1d7d1e8a01';
  assert.deepEqual(first.entries, [
    {
      ...{ online: false, at: 1_790_000_300_456, sessionId, disconnectReason: 'CONNECTION_LOST' },
      ipAddress: '192.0.2.17',
    },
  ]);
  assert.deepEqual(rest, {
    entries: [{ online: true, at: 1_790_000_000_123, sessionId, ipAddress: '192.0.2.17' }],
  });
  assert.deepEqual((await log.read({ deviceId: 'dashboard-x', limit: 9 })).entries, []);
});

test("a device that sent messages first gets the registry's data with whichever presence event comes first", async () => {
  const { client } = tables;
  await createDeviceStore({ client, table: 'devices' }).noteSeen('fridge-5', 'seattle', 1_790_000_000_200);
  await presence(sample('disconnected', 'fridge-5'));
  await presence(sample('connected', 'fridge-5'));
  const { site, online, type, groups } = (await item('fridge-5'))!;
  assert.deepEqual(
    { site, online, type, groups },
    {
      site: { S: 'seattle' },
      online: { BOOL: false },
      type: { S: 'sensor' },
      groups: { SS: ['cold', 'seattle'] },
    },
  );
  assert.deepEqual(counted(), [
    ['PresenceApplied', 1],
    ['PresenceStale', 1],
  ]);
});

for (const kind of ['connected', 'disconnected']) {
  test(`a client that is not a thing and has ${kind} is ignored and counted`, async () => {
    iot.on(DescribeThingCommand).rejects(noThing);
    await presence(sample(kind, 'dashboard-1'));
    assert.equal(await item('dashboard-1'), undefined);
    assert.deepEqual(counted(), [['PresenceIgnored', 1]]);
  });
}

test('a thing that is deleted while it is read is ignored', async () => {
  iot.reset();
  iot.on(DescribeThingCommand).resolves({ thingName: 'gone' });
  iot.on(ListThingGroupsForThingCommand).rejects(noThing);
  await presence(sample('connected', 'gone'));
  assert.equal(await item('gone'), undefined);
});

test("an event that is not a thing's presence event is ignored without any calls", async () => {
  await presence(sample('connected', 'us-east-1/7'));
  await presence({ eventType: 'connect_failed', clientId: 'fridge-3' });
  assert.equal(iot.calls().length, 0);
  assert.deepEqual(counted(), [
    ['PresenceIgnored', 1],
    ['PresenceIgnored', 1],
  ]);
});

test('a registry that cannot be reached fails the event, so that Lambda repeats it', async () => {
  iot.reset();
  iot.on(DescribeThingCommand).rejects(new Error('throttled'));
  await assert.rejects(presence(sample('connected', 'fridge-4')), /throttled/);
  assert.equal(await item('fridge-4'), undefined);
});

const timeZones: [
  title: string,
  attributes: Record<string, string>,
  groups: string[],
  zone: string | undefined,
][] = [
  ['of its thing', { timezone: 'Asia/Tokyo' }, ['portland'], 'Asia/Tokyo'],
  ['of its group', { floor: '2' }, ['portland'], 'America/Los_Angeles'],
  ['of the one group that has one', {}, ['abroad', 'portland'], 'America/Los_Angeles'],
  ['of the first group by name', {}, ['portland', 'berlin'], 'Europe/Berlin'],
  ['none, where nobody wrote one', {}, ['abroad'], undefined],
  ['none, in no group', {}, [], undefined],
];
for (const [index, [title, attributes, groups, zone]] of timeZones.entries()) {
  test(`the time zone of a device is that ${title}`, async () => {
    register(attributes, groups);
    await presence(sample('connected', `zoned-${index}`));
    assert.equal((await item(`zoned-${index}`))?.['timeZone']?.S, zone);
    const { client } = tables;
    const device = await createDeviceStore({ client, table: 'devices' }).load(`zoned-${index}`);
    assert.equal(device?.timeZone, zone);
  });
}

test('a group is read once for many devices that connect at the same time', async () => {
  register({}, ['home']);
  for (let n = 0; n < 5; n += 1) await presence(sample('connected', `many-${n}`));
  assert.equal(iot.commandCalls(DescribeThingGroupCommand).length, 1);
});

test('an unknown time zone is named in the log and not used in emails', async () => {
  register({}, ['nowhere']);
  await presence(sample('connected', 'frodo'));
  const warning = written.find((line) => line.includes('not a time zone such as'));
  assert.match(warning ?? '', /"deviceId":\s?"frodo"/);
  assert.match(warning ?? '', /Middle-earth/);
  const { client } = tables;
  assert.equal((await createDeviceStore({ client, table: 'devices' }).load('frodo'))?.timeZone, undefined);
});

test('a group that is deleted while it is read has no time zone', async () => {
  register({}, ['gone']);
  iot.on(DescribeThingGroupCommand).rejects(noThing);
  await presence(sample('connected', 'zoned-gone'));
  assert.equal((await item('zoned-gone'))?.['timeZone'], undefined);
});
