// The IoT data plane through the AWS SDK and the AWS CLI, on the AWS port.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { duplexPair } from 'node:stream';
import { promisify } from 'node:util';
import {
  DeleteConnectionCommand,
  DeleteThingShadowCommand,
  GetRetainedMessageCommand,
  GetThingShadowCommand,
  IoTDataPlaneClient,
  ListNamedShadowsForThingCommand,
  ListRetainedMessagesCommand,
  PublishCommand,
  UpdateThingShadowCommand,
} from '@aws-sdk/client-iot-data-plane';
import type { IPublishPacket } from 'mqtt-packet';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { isInstalled, testIf } from '../../../../tests/support/conditions.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { createAwsServer } from '../../aws/server.ts';
import { signingNames } from '../../iot-data/api.ts';
import { silentLog } from '../../log.ts';
import { createRawClient } from '../mqtt/raw-client.ts';
import { listen, seconds, start, startCloud, type Cloud } from './fixture.ts';

async function serve(): Promise<Cloud & { url: string; client: IoTDataPlaneClient }> {
  const cloud = await startCloud();
  const services = Object.fromEntries(signingNames.map((name) => [name, cloud.dataPlane.handler]));
  const server = await createAwsServer({
    host: '127.0.0.1',
    port: 0,
    services,
    log: silentLog,
    count: () => {},
  });
  const client = new IoTDataPlaneClient({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  cleanup(async () => {
    client.destroy();
    await server.close();
  });
  return { ...cloud, url: server.url, client };
}

const json = (payload: Uint8Array | undefined) =>
  JSON.parse(Buffer.from(payload ?? []).toString()) as Record<string, unknown>;
const bytes = (value: object) => Buffer.from(JSON.stringify(value));

test('the SDK updates, reads, lists and deletes shadows, and devices are notified', async () => {
  const { client, connect } = await serve();
  const heard = await listen(await connect('t1'), '$aws/things/t1/shadow/name/config');
  const thingName = 't1';
  const shadowName = 'config';
  const payload = bytes({ state: { desired: { a: 1 } } });
  const updated = await client.send(new UpdateThingShadowCommand({ thingName, shadowName, payload }));
  assert.equal(json(updated.payload)['version'], 1);
  await eventually('three messages', () => heard.length === 3);
  assert.deepEqual(
    heard.map(({ topic }) => topic),
    ['update/accepted', 'update/delta', 'update/documents'],
  );
  const got = await client.send(new GetThingShadowCommand({ thingName, shadowName }));
  assert.deepEqual(json(got.payload), {
    state: { desired: { a: 1 }, delta: { a: 1 } },
    metadata: { desired: { a: { timestamp: seconds } } },
    version: 1,
    timestamp: seconds,
  });
  for (const name of ['alpha', 'beta']) {
    await client.send(new UpdateThingShadowCommand({ thingName, shadowName: name, payload }));
  }
  const page = await client.send(new ListNamedShadowsForThingCommand({ thingName, pageSize: 2 }));
  assert.deepEqual([page.results, page.timestamp], [['alpha', 'beta'], seconds]);
  const rest = await client.send(
    new ListNamedShadowsForThingCommand({ thingName, pageSize: 2, nextToken: page.nextToken }),
  );
  assert.deepEqual([rest.results, rest.nextToken], [['config'], undefined]);
  const deleted = await client.send(new DeleteThingShadowCommand({ thingName, shadowName }));
  assert.deepEqual(json(deleted.payload), { version: 1, timestamp: seconds });
  const empty = await client.send(new ListNamedShadowsForThingCommand({ thingName: 'nobody' }));
  assert.deepEqual(empty.results, []);
});

test('reading over HTTP publishes nothing over MQTT, and neither does a refused update', async () => {
  const { client, messages } = await serve();
  const thingName = 't1';
  await client.send(new UpdateThingShadowCommand({ thingName, payload: bytes({ state: {} }) }));
  messages.length = 0;
  await client.send(new GetThingShadowCommand({ thingName }));
  await assert.rejects(client.send(new UpdateThingShadowCommand({ thingName, payload: bytes({}) })));
  assert.deepEqual(messages, []);
});

test('errors carry the codes and messages of AWS', async () => {
  const { client } = await serve();
  const update = (thingName: string, payload: Buffer, shadowName?: string) =>
    new UpdateThingShadowCommand({ thingName, payload, shadowName });
  await client.send(update('t1', bytes({ state: { desired: { a: 1 } } })));
  const large = bytes({ state: { desired: { a: 'x'.repeat(9_000) } } });
  const cases: readonly [() => Promise<unknown>, string, RegExp][] = [
    [
      () => client.send(new GetThingShadowCommand({ thingName: 't2' })),
      'ResourceNotFoundException',
      /name: 't2'/,
    ],
    [
      () => client.send(new DeleteThingShadowCommand({ thingName: 't2', shadowName: 'x' })),
      'ResourceNotFoundException',
      /name: 't2~x'/,
    ],
    [
      () => client.send(update('t1', bytes({ state: {}, version: 5 }))),
      'ConflictException',
      /^Version conflict$/,
    ],
    [() => client.send(update('t1', Buffer.from('x'))), 'InvalidRequestException', /^Invalid JSON$/],
    [
      () => client.send(update('t1', Buffer.alloc(300_000, 0x20))),
      'RequestEntityTooLargeException',
      /maximum/,
    ],
    [() => client.send(update('t1', large)), 'RequestEntityTooLargeException', /maximum size allowed/],
    [() => client.send(update('t1', Buffer.from([0xff]))), 'UnsupportedDocumentEncodingException', /UTF-8/],
    [() => client.send(update('a b', bytes({ state: {} }))), 'InvalidRequestException', /thingName/],
    [() => client.send(update('../t1', bytes({ state: {} }))), 'InvalidRequestException', /thingName/],
    [() => client.send(update('t1', bytes({ state: {} }), 'a/b')), 'InvalidRequestException', /shadow name/],
    [
      () => client.send(new ListNamedShadowsForThingCommand({ thingName: 't1', pageSize: 101 })),
      'InvalidRequestException',
      /pageSize/,
    ],
    [() => client.send(new GetRetainedMessageCommand({ topic: 'a/b' })), 'ResourceNotFoundException', /a\/b/],
    [
      () => client.send(new DeleteConnectionCommand({ clientId: 'nobody' })),
      'ResourceNotFoundException',
      /nobody/,
    ],
    [() => client.send(new PublishCommand({ topic: 'a/#' })), 'InvalidRequestException', /wildcard/],
    [() => client.send(new PublishCommand({ topic: '$aws/nowhere' })), 'InvalidRequestException', /reserved/],
    [() => client.send(new PublishCommand({ topic: 'a/'.repeat(8) })), 'InvalidRequestException', /slashes/],
    [() => client.send(new PublishCommand({ topic: 'a', qos: 2 })), 'InvalidRequestException', /qos/],
    [
      () => client.send(new PublishCommand({ topic: 'a', payload: Buffer.alloc(131_073) })),
      'RequestEntityTooLargeException',
      /131072/,
    ],
  ];
  for (const [sent, name, message] of cases) {
    await assert.rejects(sent(), (error: Error) => {
      assert.deepEqual(
        [error.name, message.test(error.message)],
        [name, true],
        `${error.name}: ${error.message}`,
      );
      return true;
    });
  }
});

test('a message published over HTTP arrives as if it came over MQTT, with its MQTT 5 properties', async () => {
  const { client, connect, messages } = await serve();
  const device = await connect('d1', { protocolVersion: 5 });
  const received: { topic: string; payload: string; packet: IPublishPacket }[] = [];
  device.on('message', (topic, payload, packet) => {
    received.push({ topic, payload: payload.toString(), packet });
  });
  await device.subscribeAsync('commands/#', { qos: 1 });
  const topic = 'commands/d1/été +1'.replace('+', '');
  await client.send(
    new PublishCommand({
      topic,
      qos: 1,
      payload: Buffer.from('on'),
      contentType: 'text/plain',
      responseTopic: 'answers/d1',
      messageExpiry: 60,
      correlationData: Buffer.from('c1').toString('base64'),
      payloadFormatIndicator: 'UTF8_DATA',
      userProperties: JSON.stringify([{ a: '1' }, { a: '2', b: '3' }]),
    }),
  );
  const { packet, ...message } = await eventually('the message', () => received[0]);
  assert.deepEqual(message, { topic, payload: 'on' });
  assert.equal(packet.qos, 1);
  const { userProperties, ...properties } = packet.properties!;
  assert.deepEqual(JSON.parse(JSON.stringify(userProperties)), { a: ['1', '2'], b: '3' });
  assert.deepEqual(properties, {
    contentType: 'text/plain',
    responseTopic: 'answers/d1',
    messageExpiryInterval: 60,
    correlationData: Buffer.from('c1'),
    payloadFormatIndicator: true,
  });
  const { clientId, principal, receivedAt } = messages.find((each) => each.topic === topic)!;
  assert.deepEqual([clientId, principal, receivedAt], ['n/a', 'local', start]);
});

test('a shadow request and Basic Ingest can be published over HTTP too', async () => {
  const { client, messages, dataPlane } = await serve();
  const payload = bytes({ state: { desired: { a: 1 } } });
  await client.send(new PublishCommand({ topic: '$aws/things/t1/shadow/update', payload, qos: 1 }));
  await eventually('documents', () => messages.some(({ topic }) => topic.endsWith('/documents')));
  assert.match(await dataPlane.shadows.get({ thingName: 't1' }), /"a":1/);
  await client.send(new PublishCommand({ topic: '$aws/rules/TelemetryRule/telemetry/s/t1', payload }));
  assert.equal(messages.at(-1)!.topic, '$aws/rules/TelemetryRule/telemetry/s/t1');
});

test('retained messages are listed and read, and an empty one clears its topic', async () => {
  const { client, clock } = await serve();
  const publish = (topic: string, text: string, userProperties?: string) =>
    client.send(
      new PublishCommand({ topic, payload: Buffer.from(text), retain: true, qos: 1, userProperties }),
    );
  await publish('status/b', 'two');
  await clock.advance(5);
  await publish('status/a', 'one', '[{"k":"v"}]');
  const first = await client.send(new ListRetainedMessagesCommand({ maxResults: 1 }));
  assert.deepEqual(first.retainedTopics, [
    { topic: 'status/a', payloadSize: 3, qos: 1, lastModifiedTime: start + 5 },
  ]);
  const { nextToken } = first;
  const second = await client.send(new ListRetainedMessagesCommand({ maxResults: 1, nextToken }));
  assert.deepEqual(
    [second.retainedTopics?.map(({ topic }) => topic), second.nextToken],
    [['status/b'], undefined],
  );
  const { payload, userProperties, ...rest } = await client.send(
    new GetRetainedMessageCommand({ topic: 'status/a' }),
  );
  assert.equal(Buffer.from(payload!).toString(), 'one');
  assert.deepEqual(JSON.parse(Buffer.from(userProperties!).toString()), [{ k: 'v' }]);
  assert.deepEqual([rest.topic, rest.qos, rest.lastModifiedTime], ['status/a', 1, start + 5]);
  await publish('status/a', '');
  const left = await client.send(new ListRetainedMessagesCommand({}));
  assert.deepEqual(
    left.retainedTopics?.map(({ topic }) => topic),
    ['status/b'],
  );
});

for (const preventWillMessage of [false, true]) {
  test(`disconnecting a client ${preventWillMessage ? 'without' : 'with'} its will`, async () => {
    const { client, connect, messages } = await serve();
    const device = await connect('d1', {
      clean: false,
      will: { topic: 'gone/d1', payload: Buffer.from('x'), qos: 1, retain: false },
    });
    device.on('error', () => {});
    await client.send(
      new DeleteConnectionCommand({ clientId: 'd1', cleanSession: preventWillMessage, preventWillMessage }),
    );
    const isGone = ({ topic }: { topic: string }) => topic === '$aws/events/presence/disconnected/d1';
    const event = await eventually('its leaving', () => messages.find(isGone));
    assert.match(event.payload.toString(), /"disconnectReason":"API_INITIATED_DISCONNECT"/);
    assert.equal(
      messages.some(({ topic }) => topic === 'gone/d1'),
      !preventWillMessage,
    );
  });
}

test('cleanSession ends the session with the connection, which lives on otherwise', async () => {
  const { client, broker } = await serve();
  const connect = async () => {
    const [ours, theirs] = duplexPair();
    broker.accept(theirs, { principal: 'd1', sourceIp: '127.0.0.1' });
    const raw = createRawClient(ours);
    return raw.connect({ clientId: 'd1', clean: false });
  };
  const present: unknown[] = [];
  for (const cleanSession of [false, true, false]) {
    const answer = await connect();
    present.push(answer !== 'closed' && answer.cmd === 'connack' && answer.sessionPresent);
    await client.send(new DeleteConnectionCommand({ clientId: 'd1', cleanSession }));
  }
  assert.deepEqual(present, [false, true, false]);
});

/** Directly to the port: requests that no SDK sends. */
function raw(url: string, method: string, target: string, headers: Record<string, string> = {}) {
  const scope = 'Credential=local/20261120/us-east-1/iotdevicegateway/aws4_request';
  const authorization = `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=0`;
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const sent = request(`${url}${target}`, { method, headers: { authorization, ...headers } }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode!, body }));
    });
    sent.on('error', reject);
    sent.end(method === 'POST' ? '{}' : undefined);
  });
}

test('requests that no SDK sends are refused by name, and unescaped slashes in a topic are slashes', async () => {
  const { url, messages } = await serve();
  const cases: readonly [string, string, number, RegExp, Record<string, string>?][] = [
    ['POST', '/topics/a/b/c?qos=1', 200, /"message":"OK"/],
    ['GET', '/topics/a', 405, /GET/],
    ['POST', '/topics/%zz', 400, /percent/],
    ['POST', '/topics/', 501, /not supported/],
    ['PUT', '/things/t1/shadow', 405, /PUT/],
    ['GET', '/connections/c1/sessions', 501, /not supported by the local cloud/],
    ['POST', '/topics/a?retain=yes', 400, /retain must be true or false/],
    ['POST', '/topics/a?ttl=5', 501, /Publish: ttl/],
    ['POST', '/topics/a?messageExpiry=-1', 400, /messageExpiry/],
    ['POST', '/topics/a?responseTopic=b%2F%23', 400, /response topic/],
    ['POST', '/topics/a', 400, /base64/, { 'x-amz-mqtt5-user-properties': '!' }],
    [
      'POST',
      '/topics/a',
      400,
      /JSON/,
      { 'x-amz-mqtt5-user-properties': Buffer.from('x').toString('base64') },
    ],
    [
      'POST',
      '/topics/a',
      400,
      /text values/,
      { 'x-amz-mqtt5-user-properties': Buffer.from('[{"a":1}]').toString('base64') },
    ],
    ['POST', '/topics/a', 400, /base64/, { 'x-amz-mqtt5-correlation-data': 'no base64' }],
    [
      'POST',
      '/topics/a',
      400,
      /payloadFormatIndicator/,
      { 'x-amz-mqtt5-payload-format-indicator': 'toString' },
    ],
  ];
  for (const [method, target, status, pattern, headers] of cases) {
    const answer = await raw(url, method, target, headers);
    assert.equal(answer.status, status, `${method} ${target}: ${answer.body}`);
    assert.match(answer.body, pattern);
  }
  assert.deepEqual(
    messages.map(({ topic }) => topic),
    ['a/b/c'],
  );
});

const testWithCli = testIf(isInstalled('aws'), 'the AWS CLI is not installed');

testWithCli('the AWS CLI publishes and uses shadows', async () => {
  const { url, messages } = await serve();
  const dir = temporaryFolder();
  const out = path.join(dir, 'out.json');
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_PAGER: '',
  };
  const aws = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)('aws', ['iot-data', ...args, '--endpoint-url', url], {
      env,
    });
    return stdout.trim();
  };
  const file = path.join(dir, 'update.json');
  writeFileSync(file, '{"state":{"desired":{"sampleRate":2}}}');
  const thing = ['--thing-name', 't1'];
  await aws('update-thing-shadow', ...thing, '--payload', `fileb://${file}`, out);
  assert.match(readFileSync(out, 'utf8'), /"version":1/);
  await aws('get-thing-shadow', ...thing, out);
  assert.match(readFileSync(out, 'utf8'), /"delta":\{"sampleRate":2\}/);
  await assert.rejects(
    aws('get-thing-shadow', ...thing, '--shadow-name', 'x', out),
    /No shadow exists with name: 't1~x'/,
  );
  const properties = ['--user-properties', '[{"a":"1"}]', '--qos', '1'];
  await aws('publish', '--topic', 'a/b', '--payload', `fileb://${file}`, ...properties);
  const message = messages.find(({ topic }) => topic === 'a/b')!;
  assert.deepEqual(message.properties?.userProperties, [['a', '1']]);
  assert.match(await aws('list-named-shadows-for-thing', ...thing), /"results": \[\]/);
});
