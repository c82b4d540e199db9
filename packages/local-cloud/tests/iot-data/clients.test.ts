// Asking about single clients, and sending to one, through the AWS SDK.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import {
  GetConnectionCommand,
  IoTDataPlaneClient,
  ListSubscriptionsCommand,
  SendDirectMessageCommand,
} from '@aws-sdk/client-iot-data-plane';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { createAwsServer } from '../../aws/server.ts';
import { signingNames } from '../../iot-data/api.ts';
import { silentLog } from '../../log.ts';
import { createRawClient, type RawClient } from '../mqtt/raw-client.ts';
import { start, startCloud, type Cloud, type CloudOptions } from '../shadow/fixture.ts';

async function serve(options: CloudOptions = {}) {
  const cloud = await startCloud(options);
  const services = Object.fromEntries(signingNames.map((name) => [name, cloud.dataPlane.handler]));
  const listening = { host: '127.0.0.1', port: 0, log: silentLog, count: () => {} };
  const server = await createAwsServer({ ...listening, services });
  const api = new IoTDataPlaneClient({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  cleanup(async () => {
    api.destroy();
    await server.close();
  });
  return { ...cloud, api };
}

/** What the API answers, without the SDK's own fields. */
const plain = ({ $metadata: _metadata, ...answer }: { $metadata: object }) => ({ ...answer });

/** A client that acknowledges only on request. */
async function rawClient({ broker }: Cloud, clientId: string, clean = true): Promise<RawClient> {
  const [ours, theirs] = duplexPair();
  broker.accept(theirs, { principal: clientId, sourceIp: '127.0.0.1' });
  const client = createRawClient(ours);
  await client.connect({ clientId, clean });
  return client;
}

const command = (more: object = {}) =>
  new SendDirectMessageCommand({
    clientId: 'd1',
    topic: 'orders/d1',
    payload: Buffer.from('open'),
    ...more,
  });

test('a connection is described while it lasts, for half an hour after, and then no more', async () => {
  const { api, clock, connect, messages } = await serve();
  const device = await connect('d1', { keepalive: 60 });
  const ask = () => api.send(new GetConnectionCommand({ clientId: 'd1', includeSocketInformation: true }));
  const known = { clientId: 'd1', cleanSession: true, sessionExpiry: 0, keepAliveDuration: 60 };
  assert.deepEqual(plain(await ask()), {
    ...known,
    connected: true,
    connectedSince: start,
    sourceIp: '127.0.0.1',
  });
  await device.endAsync();
  await eventually('its leaving', () => messages.some(({ topic }) => topic.includes('/disconnected/')));
  await clock.advance(1_799_000);
  assert.deepEqual(plain(await api.send(new GetConnectionCommand({ clientId: 'd1' }))), {
    ...known,
    connected: false,
    disconnectedSince: start,
    disconnectReason: 'CLIENT_INITIATED_DISCONNECT',
  });
  await clock.advance(1_000);
  await assert.rejects(ask(), { name: 'ResourceNotFoundException' });
});

test('a session that waits for its client is described with its subscriptions, page by page', async () => {
  const { api, clock, connect, messages } = await serve();
  const device = await connect('d1', { clean: false });
  for (const [filter, qos] of [
    ['b/#', 1],
    ['a', 0],
    ['c/+', 1],
  ] as const)
    await device.subscribeAsync(filter, { qos });
  await device.endAsync();
  await eventually('its leaving', () => messages.some(({ topic }) => topic.includes('/disconnected/')));
  await clock.advance(1_801_000);
  assert.partialDeepStrictEqual(await api.send(new GetConnectionCommand({ clientId: 'd1' })), {
    connected: false,
    cleanSession: false,
    sessionExpiry: 3600,
  });
  const first = await api.send(new ListSubscriptionsCommand({ clientId: 'd1', maxResults: 2 }));
  assert.deepEqual(first.subscriptions, [
    { topicFilter: 'a', qos: 0 },
    { topicFilter: 'b/#', qos: 1 },
  ]);
  const { nextToken } = first;
  const second = await api.send(new ListSubscriptionsCommand({ clientId: 'd1', nextToken }));
  assert.deepEqual([second.subscriptions, second.nextToken], [[{ topicFilter: 'c/+', qos: 1 }], undefined]);
  await assert.rejects(api.send(new ListSubscriptionsCommand({ clientId: 'nobody' })), {
    name: 'ResourceNotFoundException',
  });
});

test('a direct message reaches a client that has subscribed to nothing, and no rule or other client', async () => {
  const { api, connect, messages } = await serve();
  const device = await connect('d1', { protocolVersion: 5 });
  const other = await connect('d2');
  const heard: unknown[] = [];
  device.on('message', (topic, payload, { qos, properties }) =>
    heard.push([topic, payload.toString(), qos, properties?.contentType]),
  );
  await other.subscribeAsync('#', { qos: 1 });
  other.on('message', (topic) => heard.push(`others hear ${topic}`));
  const before = messages.length;
  await api.send(command({ contentType: 'text/plain' }));
  await eventually('the message', () => heard.length > 0);
  const { message } = await api.send(command({ confirmation: true }));
  assert.equal(message, 'OK');
  assert.deepEqual(heard, [
    ['orders/d1', 'open', 0, 'text/plain'],
    ['orders/d1', 'open', 1, undefined],
  ]);
  assert.equal(messages.length, before);
});

test('a confirmation that does not come in time is a gateway timeout', async () => {
  const cloud = await serve();
  const device = await rawClient(cloud, 'd1');
  const sent = cloud.api.send(command({ confirmation: true, timeout: 3 }));
  const refused = assert.rejects(sent, { name: 'GatewayTimeoutException' });
  assert.partialDeepStrictEqual(await device.next(), { cmd: 'publish', qos: 1, topic: 'orders/d1' });
  await cloud.clock.advance(3_000);
  await refused;
});

test('a direct message is not kept for a client that comes back', async () => {
  const cloud = await serve();
  const device = await rawClient(cloud, 'd1', false);
  const refused = assert.rejects(cloud.api.send(command({ confirmation: true })), {
    name: 'GatewayTimeoutException',
  });
  await device.next();
  await device.drop();
  await eventually('its leaving', () => cloud.messages.some(({ topic }) => topic.includes('/disconnected/')));
  const again = await rawClient(cloud, 'd1', false);
  assert.deepEqual(await again.ping(), []);
  await cloud.clock.advance(5_000);
  await refused;
});

const refusals: readonly (readonly [what: string, name: string, more: object])[] = [
  ['for a client that is not connected', 'ResourceNotFoundException', { clientId: 'd2' }],
  ['that its policy does not let it receive', 'ForbiddenException', { topic: 'secret' }],
  ['on a wildcard', 'InvalidRequestException', { topic: 'orders/#' }],
  ['on a reserved topic', 'InvalidRequestException', { topic: '$aws/things/d1/shadow/x' }],
  ['with a timeout of 16 seconds', 'InvalidRequestException', { timeout: 16 }],
  ['of 131,073 bytes', 'RequestEntityTooLargeException', { payload: Buffer.alloc(131_073) }],
];
for (const [what, name, more] of refusals) {
  test(`a direct message ${what} is refused with ${name}`, async () => {
    const authorize = ({ action, resource }: { action: string; resource: string }) =>
      action !== 'iot:Receive' || !resource.includes('secret');
    const { api, connect } = await serve({ authorize });
    await connect('d1');
    await assert.rejects(api.send(command(more)), { name });
  });
}
