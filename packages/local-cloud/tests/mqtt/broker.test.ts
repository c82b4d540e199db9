// The broker as its clients see it over MQTT 3.1.1: connecting, publishing, subscribing, wills and takeover.

import { afterEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { eventually } from '../../../../tests/support/waiting.ts';
import { createManualClock } from '../../clock.ts';
import type { Packet } from 'mqtt-packet';
import { type Harness, type HarnessOptions, startHarness } from './harness.ts';
import type { RawClient } from './raw-client.ts';

let harness: Harness;
const start = async (options: HarnessOptions = {}) => (harness = await startHarness(options));
afterEach(() => harness?.stop());

async function connected(clientId: string, fields: object = {}, principal = 'p1'): Promise<RawClient> {
  const client = harness.client(4, principal);
  assert.partialDeepStrictEqual(await client.connect({ clientId, ...fields }), {
    cmd: 'connack',
    returnCode: 0,
  });
  return client;
}

async function subscribed(client: RawClient, topic: string, qos: 0 | 1 = 1): Promise<void> {
  client.send({ cmd: 'subscribe', messageId: 9, subscriptions: [{ topic, qos }] });
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'suback', messageId: 9, granted: [qos] });
}

const publish = (topic: string, payload: string | Buffer, more: object = {}) =>
  ({ cmd: 'publish', topic, payload, qos: 1, dup: false, retain: false, messageId: 7, ...more }) as const;

test('sends PUBACK only when the message is on disk', async () => {
  let release = () => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  const { diskFiles } = await import('../../journal/files.ts');
  await start({
    rules: { match: () => [{ id: 'r/0', run: async () => {} }] },
    files: {
      ...diskFiles,
      async create(path) {
        const file = await diskFiles.create(path);
        return { ...file, sync: () => gate.then(() => file.sync()) };
      },
    },
  });
  const client = await connected('c1');
  client.send(publish('a/b', 'x'));
  assert.deepEqual(await client.ping(), []);
  release();
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'puback', messageId: 7 });
});

test('a full disk: no PUBACK, the connection closed, a clear line in the log', async () => {
  const { diskFiles } = await import('../../journal/files.ts');
  let full = true;
  await start({
    rules: { match: () => [{ id: 'r/0', run: async () => {} }] },
    files: {
      ...diskFiles,
      async create(path) {
        const file = await diskFiles.create(path);
        return {
          ...file,
          write: (data, at) =>
            full ? Promise.reject(new Error('ENOSPC: no space left')) : file.write(data, at),
        };
      },
    },
  });
  const client = await connected('c1');
  client.send(publish('a/b', 'x'));
  assert.equal(await client.next(), 'closed');
  assert.ok(harness.log.some(({ level, reason }) => level === 'error' && /ENOSPC/.test(String(reason))));
  full = false;
  const again = await connected('c1');
  again.send(publish('a/b', 'x'));
  assert.partialDeepStrictEqual(await again.next(), { cmd: 'puback', messageId: 7 });
});

test('acknowledges in the order in which the messages came', async () => {
  let n = 0;
  await start({ rules: { match: () => (n++ % 3 === 0 ? [{ id: 'r/0', run: async () => {} }] : []) } });
  const client = await connected('c1');
  const ids = Array.from({ length: 60 }, (_, i) => i + 1);
  client.send(...ids.map((messageId) => publish('a', 'x', { messageId })));
  const acknowledged: number[] = [];
  while (acknowledged.length < 60) {
    const packet = await client.next();
    assert.ok(packet !== 'closed' && packet.cmd === 'puback');
    acknowledged.push(packet.messageId!);
  }
  assert.deepEqual(acknowledged, ids);
});

test('gives the rules engine the publisher, message, time and source', async () => {
  await start({ clock: createManualClock(1_700_000_000_000) });
  const client = await connected('c1');
  harness.matched.length = 0;
  client.send(publish('telemetry/seattle/c1', '{"t":1}'));
  await client.next();
  const [{ traceId, payload, ...message }] = harness.matched as [(typeof harness.matched)[0]];
  assert.match(traceId, /^[0-9a-f-]{36}$/);
  assert.equal(payload.toString(), '{"t":1}');
  assert.deepEqual(
    { ...message },
    {
      topic: 'telemetry/seattle/c1',
      qos: 1,
      retain: false,
      clientId: 'c1',
      principal: 'p1',
      sourceIp: '127.0.0.1',
      receivedAt: 1_700_000_000_000,
      properties: undefined,
    },
  );
});

test('delivers to subscribers with the lower of the two QoS, once for overlapping filters', async () => {
  await start();
  const client = await connected('c1');
  await subscribed(client, 'a/+', 0);
  await subscribed(client, 'a/b', 1);
  const other = await connected('c2');
  await subscribed(other, 'a/#', 0);
  client.send(publish('a/b', 'one'), publish('a/b', 'two', { qos: 0, messageId: undefined }));
  const got = [await client.next(), await client.next(), await client.next()];
  assert.partialDeepStrictEqual(
    got.filter((packet) => packet !== 'closed' && packet.cmd === 'publish'),
    [
      { topic: 'a/b', qos: 1, retain: false },
      { topic: 'a/b', qos: 0, retain: false },
    ],
  );
  assert.partialDeepStrictEqual(await other.next(), { qos: 0, payload: Buffer.from('one') });
  assert.partialDeepStrictEqual(await other.next(), { qos: 0, payload: Buffer.from('two') });
});

const beyondQos1: [what: string, packet: Packet][] = [
  ['subscribing', { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a', qos: 2 }] }],
  ['publishing', publish('a', 'x', { qos: 2 })],
];
for (const [what, packet] of beyondQos1) {
  test(`${what} with QoS 2 ends the connection without an answer`, async () => {
    await start();
    const client = await connected('c1');
    client.send(packet);
    assert.equal(await client.next(), 'closed');
  });
}

for (const topic of ['$aws/rules/r/a', '$aws/things/t/shadow/update']) {
  test(`the RETAIN flag on ${topic}, a reserved topic, ends the connection`, async () => {
    const service = { id: 's', matches: (name: string) => name.includes('shadow'), handle: async () => {} };
    await start({ prepare: ({ hub }) => hub.serve(service) });
    const client = await connected('c1');
    client.send(publish(topic, 'x'));
    assert.partialDeepStrictEqual(await client.next(), { cmd: 'puback' });
    client.send(publish(topic, 'x', { retain: true }));
    assert.equal(await client.next(), 'closed');
    const willing = harness.client();
    const will = { topic: '$aws/rules/r/a', payload: Buffer.from('x'), qos: 0 as const, retain: true };
    assert.equal(await willing.connect({ clientId: 'c2', will }), 'closed');
  });
}

test('a client whose certificate may not connect gets CONNACK 5 (not 7) and is closed, with the reason logged', async () => {
  await start({ authorize: ({ action }) => action !== 'iot:Connect' });
  const client = harness.client();
  assert.partialDeepStrictEqual(await client.connect(), {
    cmd: 'connack',
    returnCode: 5,
    sessionPresent: false,
  });
  assert.equal(await client.next(), 'closed');
  assert.partialDeepStrictEqual(harness.log[0], {
    message: 'refused',
    client: 'c1',
    action: 'iot:Connect',
    resource: 'client/c1',
    reason: 'no statement of the test allows it',
  });
});

for (const [what, packet, refusal] of [
  ['publish', publish('x/y', 'z'), { action: 'iot:Publish', resource: 'topic/x/y' }],
  [
    'retained publish',
    publish('x/y', 'z', { retain: true }),
    { action: 'iot:RetainPublish', resource: 'topic/x/y' },
  ],
  [
    'subscribe',
    { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'x/#', qos: 0 }] },
    { action: 'iot:Subscribe', resource: 'topicfilter/x/#' },
  ],
] as const) {
  test(`a refused ${what} closes a 3.1.1 connection, with the reason logged`, async () => {
    await start({ authorize: ({ action }) => action !== refusal.action });
    const client = await connected('c1');
    client.send(packet as Packet);
    assert.equal(await client.next(), 'closed');
    assert.partialDeepStrictEqual(
      harness.log.find(({ message }) => message === 'refused'),
      { client: 'c1', ...refusal },
    );
    assert.equal(harness.counters.get('mqtt.refused'), 1);
  });
}

test('a subscriber gets no topic that its policy does not let it receive', async () => {
  await start({
    authorize: ({ action, resource }) => action !== 'iot:Receive' || resource === 'topic/a/open',
  });
  const client = await connected('c1');
  await subscribed(client, 'a/#', 0);
  client.send(publish('a/secret', 'x', { qos: 0 }), publish('a/open', 'y', { qos: 0 }));
  assert.partialDeepStrictEqual(await client.next(), { topic: 'a/open' });
});

test('a shared subscription is judged by its whole filter, and its messages by their topic', async () => {
  const asked: string[] = [];
  await start({
    authorize: ({ action, resource }) => {
      if (action === 'iot:Subscribe' || action === 'iot:Receive') asked.push(`${action} ${resource}`);
      return true;
    },
  });
  const client = await connected('c1');
  await subscribed(client, '$share/g/a/+', 0);
  client.send(publish('a/b', 'x', { qos: 0 }));
  assert.partialDeepStrictEqual(await client.next(), { topic: 'a/b' });
  assert.deepEqual(asked, ['iot:Subscribe topicfilter/$share/g/a/+', 'iot:Receive topic/a/b']);
});

test('a payload of 131,072 bytes is accepted; one byte more closes and is counted as refused', async () => {
  await start();
  const client = await connected('c1');
  client.send(publish('a', Buffer.alloc(131_072)));
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'puback' });
  client.send(publish('a', Buffer.alloc(131_073)));
  assert.equal(await client.next(), 'closed');
  assert.equal(harness.counters.get('mqtt.refused'), 1);
});

for (const topic of [
  'a/+',
  '#',
  '',
  'a\u0000b',
  '$SYS/x',
  '$aws/things/t/shadow/update',
  'x'.repeat(257),
  '1/2/3/4/5/6/7/8/9',
]) {
  test(`publishing to ${JSON.stringify(topic.slice(0, 30))} closes the connection`, async () => {
    await start();
    const client = await connected('c1');
    client.send(publish(topic, 'x'));
    assert.equal(await client.next(), 'closed');
    assert.equal(harness.counters.get('mqtt.refused'), 1);
  });
}

test('Basic Ingest goes to the rules and to no subscriber, and its prefix counts for no limit', async () => {
  await start();
  const client = await connected('c1');
  await subscribed(client, '#', 0);
  harness.matched.length = 0;
  const topic = `$aws/rules/TelemetryRule/1/2/3/4/5/6/7/${'x'.repeat(200)}`;
  client.send(publish(topic, 'x'), publish('$aws/rules/R', 'x'));
  for (let i = 0; i < 2; i += 1) assert.partialDeepStrictEqual(await client.next(), { cmd: 'puback' });
  assert.deepEqual(
    harness.matched.map((message) => message.topic),
    [topic, '$aws/rules/R'],
  );
});

test('sensor/# does not match sensor, as on IoT Core', async () => {
  await start();
  const client = await connected('c1');
  await subscribed(client, 'sensor/#', 0);
  client.send(publish('sensor', 'x', { qos: 0 }), publish('sensor/1', 'y', { qos: 0 }));
  assert.partialDeepStrictEqual(await client.next(), { topic: 'sensor/1' });
});

test('nine filters in one SUBSCRIBE close the connection; eight do not; a 51st subscription is refused', async () => {
  await start();
  const filters = (from: number, n: number) =>
    Array.from({ length: n }, (_, i) => ({ topic: `f/${from + i}`, qos: 0 as const }));
  const client = await connected('c1');
  for (let i = 0; i < 48; i += 8) {
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: filters(i, 8) });
    await client.next();
  }
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [...filters(0, 1), ...filters(48, 4)] });
  assert.partialDeepStrictEqual(await client.next(), { granted: [0, 0, 0, 128, 128] });
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: filters(0, 9) });
  assert.equal(await client.next(), 'closed');
});

test('unsubscribing ends delivery and is confirmed', async () => {
  await start();
  const client = await connected('c1');
  await subscribed(client, 'a', 0);
  client.send(
    { cmd: 'unsubscribe', messageId: 4, unsubscriptions: ['a', 'never'] },
    publish('a', 'x', { qos: 0 }),
  );
  assert.deepEqual(
    (await client.ping()).map(({ cmd, messageId }) => [cmd, messageId]),
    [['unsuback', 4]],
  );
});

test('a retained message reaches a later subscriber of the topic, not a wildcard subscriber, and 0 bytes clear it', async () => {
  await start();
  const client = await connected('c1');
  client.send(publish('r/1', 'kept', { retain: true }));
  await client.next();
  await subscribed(client, 'r/+');
  assert.deepEqual(await client.ping(), []);
  await subscribed(client, 'r/1');
  assert.partialDeepStrictEqual(await client.next(), { payload: Buffer.from('kept'), retain: true, qos: 1 });
  harness = await harness.restart();
  const again = await connected('c2');
  await subscribed(again, 'r/1');
  assert.partialDeepStrictEqual(await again.next(), { payload: Buffer.from('kept'), retain: true });
  again.send(
    { cmd: 'unsubscribe', messageId: 4, unsubscriptions: ['r/1'] },
    publish('r/1', '', { retain: true }),
  );
  for (const cmd of ['unsuback', 'puback']) assert.partialDeepStrictEqual(await again.next(), { cmd });
  await subscribed(again, 'r/1');
  assert.deepEqual(await again.ping(), []);
});

test('the will is published when a client is lost, and not when it says goodbye', async () => {
  await start();
  const watcher = await connected('watcher');
  await subscribed(watcher, 'will/#');
  const will = { topic: 'will/1', payload: Buffer.from('gone'), qos: 1 as const, retain: false };
  const polite = await connected('polite', { will });
  polite.send({ cmd: 'disconnect' });
  assert.equal(await polite.next(), 'closed');
  assert.deepEqual(await watcher.ping(), []);
  const lost = await connected('lost', { will });
  await lost.drop();
  assert.partialDeepStrictEqual(await watcher.next(), { topic: 'will/1', payload: Buffer.from('gone') });
});

test('a client whose policy does not allow its will is refused', async () => {
  await start({ authorize: ({ resource }) => resource !== 'topic/will' });
  const client = harness.client();
  const will = { topic: 'will', payload: Buffer.from('x'), qos: 0 as const, retain: false };
  assert.partialDeepStrictEqual(await client.connect({ will }), { cmd: 'connack', returnCode: 5 });
  assert.ok(harness.matched.some(({ topic }) => topic === '$aws/events/presence/connect_failed/c1'));
});

test('a will is judged at CONNECT, and is published even if the client may no longer publish it', async () => {
  let isAllowed = true;
  await start({ authorize: ({ principal }) => isAllowed || principal !== 'revoked' });
  const watcher = await connected('watcher');
  await subscribed(watcher, 'will');
  const will = { topic: 'will', payload: Buffer.from('x'), qos: 0 as const, retain: false };
  await connected('c1', { will }, 'revoked');
  isAllowed = false;
  harness.broker.disconnectPrincipal('revoked', 'the certificate was revoked');
  assert.partialDeepStrictEqual(await watcher.next(), { topic: 'will' });
});

test('the newer of two connections with one client ID stays; the older one is closed and its will published', async () => {
  await start();
  const watcher = await connected('watcher');
  await subscribed(watcher, 'will');
  const older = await connected('c1', {
    will: { topic: 'will', payload: Buffer.from('x'), qos: 0, retain: false },
  });
  const newer = await connected('c1');
  assert.equal(await older.next(), 'closed');
  assert.partialDeepStrictEqual(await watcher.next(), { topic: 'will' });
  await newer.ping();
  const event = harness.matched.findLast(({ topic }) => topic === '$aws/events/presence/disconnected/c1')!;
  assert.partialDeepStrictEqual(JSON.parse(event.payload.toString()), {
    disconnectReason: 'DUPLICATE_CLIENTID',
    clientInitiatedDisconnect: false,
    versionNumber: 0,
  });
});

for (const [asked, seconds] of [
  [60, 90],
  [5, 45],
  [0, 1800],
  [65_535, 1800],
] as const) {
  test(`keep-alive ${asked}: closed after ${seconds} seconds of silence, no sooner`, async () => {
    const clock = createManualClock(0);
    await start({ clock });
    const client = await connected('c1', { keepalive: asked });
    await clock.advance(seconds * 1000 - 1);
    await client.ping();
    await clock.advance(seconds * 1000 - 1);
    await client.ping();
    await clock.advance(seconds * 1000);
    assert.equal(await client.next(), 'closed');
    const event = harness.matched.findLast(({ topic }) => topic.includes('disconnected'))!;
    assert.partialDeepStrictEqual(JSON.parse(event.payload.toString()), {
      disconnectReason: 'MQTT_KEEP_ALIVE_TIMEOUT',
    });
  });
}

test('a client that sends no CONNECT within ten seconds is closed', async () => {
  const clock = createManualClock(0);
  await start({ clock });
  const client = harness.client();
  await clock.advance(10_000);
  assert.equal(await client.next(), 'closed');
});

test('lifecycle events carry the fields of IoT Core and the same version number for coming and going', async () => {
  const clock = createManualClock(1_700_000_000_000);
  await start({ clock });
  const client = await connected('c1');
  await subscribed(client, 'a', 0);
  client.send({ cmd: 'disconnect' });
  assert.equal(await client.next(), 'closed');
  await eventually('three events were published', () => harness.matched.length === 3);
  const events = harness.matched.map(
    ({ topic, payload }) => [topic, JSON.parse(payload.toString())] as const,
  );
  const { sessionIdentifier } = events[0]![1] as { sessionIdentifier: string };
  const common = {
    clientId: 'c1',
    timestamp: 1_700_000_000_000,
    principalIdentifier: 'p1',
    sessionIdentifier,
  };
  assert.deepEqual(events, [
    [
      '$aws/events/presence/connected/c1',
      { ...common, eventType: 'connected', ipAddress: '127.0.0.1', versionNumber: 0 },
    ],
    ['$aws/events/subscriptions/subscribed/c1', { ...common, eventType: 'subscribed', topics: ['a'] }],
    [
      '$aws/events/presence/disconnected/c1',
      {
        ...common,
        eventType: 'disconnected',
        clientInitiatedDisconnect: true,
        disconnectReason: 'CLIENT_INITIATED_DISCONNECT',
        versionNumber: 0,
      },
    ],
  ]);
});

test('version numbers rise with each connection, over a restart too, and begin again an hour after the last', async () => {
  const clock = createManualClock(0);
  await start({ clock });
  const versions = () =>
    harness.matched
      .filter(({ topic }) => topic.includes('presence/connected'))
      .map(({ payload }) => (JSON.parse(payload.toString()) as { versionNumber: number }).versionNumber);
  for (let i = 0; i < 2; i += 1) await (await connected('c1')).drop();
  await clock.advance(3_600_000);
  await (await connected('c1')).drop();
  assert.deepEqual(versions(), [0, 1, 0]);
  harness = await harness.restart();
  await connected('c1');
  assert.deepEqual(versions(), [1_000_000]);
});

test('the version number of a client with a kept session outlasts the hour, and ends with the session', async () => {
  const clock = createManualClock(0);
  await start({ clock });
  const versions = () =>
    harness.matched
      .filter(({ topic }) => topic.includes('presence/connected'))
      .map(({ payload }) => (JSON.parse(payload.toString()) as { versionNumber: number }).versionNumber);
  const visit = async () => {
    const client = harness.client(5);
    await client.connect({ properties: { sessionExpiryInterval: 86_400 } });
    await client.drop();
  };
  await visit();
  await clock.advance(86_399_000);
  await visit();
  await clock.advance(86_400_000);
  await visit();
  assert.deepEqual(versions(), [0, 1, 0]);
});

for (const [what, will] of [
  ['its policy does not let connect', undefined],
  ['may not publish its will', { topic: 'will', payload: Buffer.from('x'), qos: 0 as const, retain: false }],
] as const) {
  test(`connect_failed is published for a client that ${what}, with the fields of IoT Core`, async () => {
    await start({
      clock: createManualClock(5),
      authorize: ({ action }) => action !== (will ? 'iot:Publish' : 'iot:Connect'),
    });
    await harness.client().connect({ will });
    const [event] = harness.matched;
    const { sessionIdentifier, ...rest } = JSON.parse(event!.payload.toString()) as Record<string, unknown>;
    assert.equal(event!.topic, '$aws/events/presence/connect_failed/c1');
    assert.equal(typeof sessionIdentifier, 'string');
    assert.deepEqual(rest, {
      clientId: 'c1',
      timestamp: 5,
      eventType: 'connect_failed',
      connectFailureReason: 'AUTHORIZATION_FAILED',
      principalIdentifier: 'p1',
      ipAddress: '127.0.0.1',
    });
  });
}

test('a client ID with a wildcard gets no lifecycle events', async () => {
  await start();
  await (await connected('a+b')).ping();
  assert.deepEqual(harness.matched, []);
});

test('reading pauses while too much is unfinished, and resumes afterwards', async () => {
  const running: (() => void)[] = [];
  await start({
    limits: { unfinishedMessages: 10 },
    rules: {
      match: ({ topic }) =>
        topic === 'a' ? [{ id: 'r/0', run: () => new Promise((done) => running.push(done)) }] : [],
    },
  });
  const client = await connected('c1');
  client.send(...Array.from({ length: 30 }, (_, i) => publish('a', 'x', { messageId: i + 1 })));
  await eventually('ten actions run', () => running.length === 10);
  await new Promise(setImmediate);
  assert.equal(harness.counters.get('mqtt.received'), 10);
  for (let done = 0; done < 30; done += 1) {
    await eventually('another action runs', () => running.length > 0);
    running.shift()!();
  }
  for (let i = 0; i < 30; i += 1)
    assert.partialDeepStrictEqual(await client.next(), { cmd: 'puback', messageId: i + 1 });
});

test('reading pauses while too much waits for one action, though another takes its time', async () => {
  const waiting: (() => void)[] = [];
  await start({
    isFull: () => waiting.length >= 3,
    rules: {
      match: ({ topic }) =>
        topic === 'a'
          ? [
              { id: 'r/0', run: () => new Promise<void>(() => {}) },
              { id: 'r/1', run: () => new Promise((done) => waiting.push(done)) },
            ]
          : [],
    },
  });
  const client = await connected('c1');
  const acknowledged = async (messageId: number) =>
    assert.partialDeepStrictEqual(await client.next(), { cmd: 'puback', messageId });
  for (let i = 1; i <= 3; i += 1) {
    client.send(publish('a', 'x', { messageId: i }));
    await acknowledged(i);
  }
  client.send(...Array.from({ length: 6 }, (_, i) => publish('a', 'x', { messageId: i + 4 })));
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
  assert.equal(harness.counters.get('mqtt.received'), 3);
  for (let i = 4; i <= 9; i += 1) {
    waiting.splice(0).forEach((done) => done());
    await acknowledged(i);
  }
});

test('a consumer that waits on purpose is asked to hurry once reading pauses', async () => {
  const running: (() => void)[] = [];
  const held: number[] = [];
  await start({
    limits: { unfinishedMessages: 10 },
    rules: { match: () => [{ id: 'r/0', run: () => new Promise((done) => running.push(done)) }] },
    relieve() {
      held.push(running.length);
      running.splice(0).forEach((done) => done());
    },
  });
  const client = await connected('c1');
  client.send(...Array.from({ length: 9 }, (_, i) => publish('a', 'x', { messageId: i + 1 })));
  for (let i = 0; i < 9; i += 1)
    assert.partialDeepStrictEqual(await client.next(), { cmd: 'puback', messageId: i + 1 });
  await eventually('relief, though reading never paused', () => held.length > 0);
});

test('a connection may send a burst of publishes, and then reading keeps it to its rate', async () => {
  const clock = createManualClock(0);
  await start({ clock, limits: { publishesPerSecond: 5, publishBurst: 20 } });
  const client = await connected('c1');
  client.send(...Array.from({ length: 42 }, (_, i) => publish('a', 'x', { messageId: i + 1 })));
  for (const [second, total] of [20, 25, 30].entries()) {
    if (second > 0) await clock.advance(1000);
    await eventually(`${total} were read`, () => harness.counters.get('mqtt.received') === total);
  }
  for (let seconds = 0; seconds < 3; seconds += 1) await clock.advance(1000);
  await eventually('all were read', () => harness.counters.get('mqtt.received') === 42);
  const other = await connected('c2');
  other.send(publish('a', 'x'));
  assert.partialDeepStrictEqual(await other.next(), { cmd: 'puback' });
});

test('a connection gets all that it subscribed to, and the log says once where AWS would lose some of it', async () => {
  const clock = createManualClock(0);
  await start({ clock, limits: { publishesPerSecond: 100, publishBurst: 100 } });
  const subscriber = await connected('s1');
  await subscribed(subscriber, 'a', 0);
  const [one, two] = [await connected('c1'), await connected('c2')];
  const overfed = () => harness.log.filter(({ client, perSecond }) => client === 's1' && perSecond === 100);
  const share = async (from: RawClient, amount: number) => {
    from.send(...Array.from({ length: amount }, () => publish('a', 'x', { qos: 0 })));
    for (let i = 0; i < amount; i += 1)
      assert.partialDeepStrictEqual(await subscriber.next(), { cmd: 'publish', topic: 'a' });
  };
  await share(one, 99);
  assert.equal(overfed().length, 0);
  await share(two, 60);
  assert.equal(overfed().length, 1);
});

test('a connection may send a burst of bytes, and then reading keeps it to its rate', async () => {
  const clock = createManualClock(0);
  await start({ clock, limits: { bytesPerSecond: 1_000, byteBurst: 5_000 } });
  const client = await connected('c1');
  const oneSecond = publish('a', Buffer.alloc(992), { qos: 0 });
  client.send(...Array.from({ length: 12 }, () => oneSecond));
  await eventually('the burst was read', () => harness.counters.get('mqtt.received') === 5);
  await clock.advance(500);
  for (const total of [6, 7, 8, 9]) {
    await eventually(`${total} were read`, () => harness.counters.get('mqtt.received') === total);
    await clock.advance(1_000);
  }
  const other = await connected('c2');
  other.send(publish('a', 'x'));
  assert.partialDeepStrictEqual(await other.next(), { cmd: 'puback' });
  await clock.advance(5_000);
  await eventually('all were read', () => harness.counters.get('mqtt.received') === 13);
});

test('a subscriber that does not read costs bounded memory: QoS 0 is dropped and counted', async () => {
  await start({ limits: { socketBytes: 20_000, waitingBytes: 50_000 } });
  const slow = await connected('slow');
  await subscribed(slow, 'a', 0);
  slow.stream.pause();
  const client = await connected('c1');
  for (let i = 0; i < 100; i += 1) client.send(publish('a', Buffer.alloc(10_000), { qos: 0 }));
  await client.ping();
  const dropped = harness.counters.get('mqtt.dropped');
  assert.ok(dropped > 80 && dropped < 100, `${dropped}`);
  await eventually('a line says so', () => harness.log.some(({ message }) => message === 'messages dropped'));
  assert.deepEqual(
    harness.log.filter(({ message }) => message === 'messages dropped'),
    [
      {
        level: 'warn',
        message: 'messages dropped',
        client: 'slow',
        messages: dropped,
        reason: 'it does not read them as fast as they come',
      },
    ],
  );
});

test('a subscriber that does not acknowledge gets no more than the in-flight limit, and is closed beyond its queue', async () => {
  await start({ limits: { queuedMessages: 50, inflight: 20 } });
  const slow = await connected('slow');
  await subscribed(slow, 'a', 1);
  const client = await connected('c1');
  const send = (n: number) =>
    client.send(...Array.from({ length: n }, () => publish('a', 'x', { qos: 1, messageId: 1 })));
  send(60);
  await eventually('all were read', () => harness.counters.get('mqtt.received') === 60);
  assert.equal((await slow.ping()).length, 20);
  send(20);
  assert.equal(await slow.next(), 'closed');
  const event = harness.matched.findLast(({ topic }) => topic.includes('disconnected/slow'))!;
  assert.partialDeepStrictEqual(JSON.parse(event.payload.toString()), { disconnectReason: 'THROTTLED' });
});

test('a client that pings and does not read is not read either', async () => {
  await start({ limits: { sendBufferBytes: 1000 } });
  const client = await connected('c1');
  client.stream.pause();
  const pings = Buffer.concat(Array.from({ length: 10_000 }, () => Buffer.from([0xc0, 0])));
  for (let i = 0; i < 30; i += 1) client.stream.write(pings);
  await eventually('the client cannot write any more', () => client.stream.writableLength > 100_000);
});

test('closes a client, or all connections of a certificate, from outside', async () => {
  await start();
  const one = await connected('c1');
  const two = await connected('c2', {}, 'p2');
  assert.equal(harness.broker.disconnectClient('nobody', 'x'), false);
  assert.equal(harness.broker.disconnectClient('c1', 'asked to'), true);
  assert.equal(await one.next(), 'closed');
  assert.equal(harness.broker.disconnectPrincipal('p2', 'the certificate was revoked'), 1);
  assert.equal(await two.next(), 'closed');
});
