// Fleet indexing through the SDK: what is indexed, and what a search finds and shows.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as iotApi from '@aws-sdk/client-iot';
import { openTestIot, serve } from '../iot/iot-fixture.ts';

async function open() {
  const { iot } = await openTestIot();
  const { client } = await serve(iot);
  const shadows = new Map<string, object>();
  iot.fleet.sources = {
    shadow: ({ thingName, shadowName = '' }) => {
      const state = shadows.get(`${thingName}~${shadowName}`);
      return state && { state, metadata: {}, version: 3 };
    },
    connection: (clientId) =>
      clientId === 'online'
        ? {
            ...{ clientId, connected: true, cleanSession: true, sessionExpiry: 0 },
            ...{ sourceIp: '127.0.0.1', connectedSince: 1000 },
          }
        : undefined,
  };
  const configure = (things: iotApi.ThingIndexingConfiguration) =>
    client.send(new iotApi.UpdateIndexingConfigurationCommand({ thingIndexingConfiguration: things }));
  const search = async (queryString: string, more: object = {}) =>
    client.send(new iotApi.SearchIndexCommand({ queryString, ...more }));
  const names = async (queryString: string) =>
    (await search(queryString)).things?.map(({ thingName }) => thingName);
  const create = (thingName: string, attributes: Record<string, string> = {}) =>
    client.send(new iotApi.CreateThingCommand({ thingName, attributePayload: { attributes } }));
  return { client, shadows, configure, search, names, create };
}

test('nothing is indexed until it is configured, and each mode has its schema', async () => {
  const { client, configure, search } = await open();
  const config = () => client.send(new iotApi.GetIndexingConfigurationCommand({}));
  assert.equal((await config()).thingIndexingConfiguration?.thingIndexingMode, 'OFF');
  await assert.rejects(search('*'), { name: 'ResourceNotFoundException' });
  const schema = async () =>
    (await client.send(new iotApi.DescribeIndexCommand({ indexName: 'AWS_Things' }))).schema;
  const modes: [iotApi.ThingIndexingConfiguration, string][] = [
    [{ thingIndexingMode: 'REGISTRY' }, 'REGISTRY'],
    [{ thingIndexingMode: 'REGISTRY_AND_SHADOW' }, 'REGISTRY_AND_SHADOW'],
    [
      { thingIndexingMode: 'REGISTRY', thingConnectivityIndexingMode: 'STATUS' },
      'REGISTRY_AND_CONNECTIVITY_STATUS',
    ],
    [
      {
        ...{ thingIndexingMode: 'REGISTRY', namedShadowIndexingMode: 'ON' },
        filter: { namedShadowNames: ['config'] },
      },
      'MULTI_INDEXING_MODE',
    ],
  ];
  for (const [mode, expected] of modes) {
    await configure(mode);
    assert.equal(await schema(), expected);
  }
  const refused: iotApi.ThingIndexingConfiguration[] = [
    { thingIndexingMode: 'REGISTRY_AND_LOGS' as 'REGISTRY' },
    { thingIndexingMode: 'OFF', thingConnectivityIndexingMode: 'STATUS' },
    { thingIndexingMode: 'REGISTRY', namedShadowIndexingMode: 'ON' },
  ];
  for (const mode of refused) await assert.rejects(configure(mode), { name: 'InvalidRequestException' });
  assert.equal(await schema(), 'MULTI_INDEXING_MODE');
  await configure({ thingIndexingMode: 'OFF' });
  assert.deepEqual((await client.send(new iotApi.ListIndicesCommand({}))).indexNames, []);
});

test('a search shows registry, shadow and connectivity', async () => {
  const { shadows, configure, search, create } = await open();
  await configure({ thingIndexingMode: 'REGISTRY_AND_SHADOW', thingConnectivityIndexingMode: 'STATUS' });
  await create('online', { site: 'berlin' });
  await create('offline');
  shadows.set('online~', { desired: { firmware: '2' }, reported: { firmware: '1' } });
  const [found] = (await search('shadow.desired.firmware:2 connectivity.connected:true')).things!;
  assert.deepEqual(
    { ...found, thingId: '', shadow: JSON.parse(found!.shadow!) },
    {
      ...{ thingName: 'online', thingId: '', thingGroupNames: [], attributes: { site: 'berlin' } },
      connectivity: { connected: true, timestamp: 1000 },
      shadow: {
        ...{ desired: { firmware: '2' }, reported: { firmware: '1' }, delta: { firmware: '2' } },
        ...{ metadata: {}, hasDelta: true, version: 3 },
      },
    },
  );
  const { things } = await search('connectivity.connected:false');
  assert.deepEqual(
    things?.map(({ thingName, connectivity, shadow }) => [thingName, connectivity, shadow]),
    [['offline', { connected: false }, undefined]],
  );
});

test('fields that are not indexed are refused by name', async () => {
  const { configure, search } = await open();
  await configure({ thingIndexingMode: 'REGISTRY' });
  const fields = ['connectivity.connected', 'shadow.reported.a', 'shadow.name.config.reported.a', 'colour'];
  for (const field of fields)
    await assert.rejects(search(`${field}:1`), {
      name: 'InvalidQueryException',
      message: `The index has no field ${field}: see its mode in GetIndexingConfiguration`,
    });
  await configure({
    ...{ thingIndexingMode: 'REGISTRY_AND_SHADOW', thingConnectivityIndexingMode: 'STATUS' },
    ...{ namedShadowIndexingMode: 'ON', filter: { namedShadowNames: ['config'] } },
  });
  for (const field of fields.slice(0, 3)) await search(`${field}:1`);
  for (const field of ['connectivity.online', 'shadow.reported', 'shadow.version'])
    await assert.rejects(search(`${field}:1`), { name: 'InvalidQueryException' });
});

test('a search gives pages, and groups have an index of their own', async () => {
  const { client, configure, search, names, create } = await open();
  await client.send(
    new iotApi.UpdateIndexingConfigurationCommand({
      thingGroupIndexingConfiguration: { thingGroupIndexingMode: 'ON' },
    }),
  );
  await configure({ thingIndexingMode: 'REGISTRY' });
  for (const name of ['p-1', 'p-2', 'p-3', 'q']) await create(name);
  assert.deepEqual(await names('thingName:p-*'), ['p-1', 'p-2', 'p-3']);
  const first = await search('thingName:p-*', { maxResults: 2 });
  const second = await search('thingName:p-*', { maxResults: 2, nextToken: first.nextToken });
  assert.deepEqual(
    [first.things?.length, second.things?.map(({ thingName }) => thingName), second.nextToken],
    [2, ['p-3'], undefined],
  );
  await assert.rejects(search('*', { maxResults: 101 }), { name: 'InvalidRequestException' });
  await assert.rejects(search('*', { nextToken: 'not a token' }), { name: 'InvalidRequestException' });
  await client.send(new iotApi.CreateThingGroupCommand({ thingGroupName: 'eu' }));
  await client.send(new iotApi.CreateThingGroupCommand({ thingGroupName: 'de', parentGroupName: 'eu' }));
  const { thingGroups } = await search('parentGroupNames:eu', { indexName: 'AWS_ThingGroups' });
  assert.deepEqual(
    thingGroups?.map(({ thingGroupName }) => thingGroupName),
    ['de'],
  );
});
