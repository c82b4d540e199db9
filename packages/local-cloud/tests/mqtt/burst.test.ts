// Bursts of QoS 0: a client that reads gets all, one that does not loses only its own, and memory stays bounded.

import { afterEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { type IPublishPacket, type Packet } from 'mqtt-packet';
import { eventually } from '../../../../tests/support/waiting.ts';
import { type Harness, type HarnessOptions, startHarness } from './harness.ts';
import { createRawClient, type RawClient } from './raw-client.ts';

let harness: Harness;
const sockets: TLSSocket[] = [];
const start = async (options: HarnessOptions = {}) => (harness = await startHarness(options));
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await harness?.stop();
});

async function overTls(clientId: string): Promise<RawClient & { readonly stream: TLSSocket }> {
  const { broker, authority } = harness;
  const own = await authority.issue(clientId);
  const socket = connectTls({ host: 'localhost', port: broker.port, ca: authority.ca, ...own });
  sockets.push(socket);
  await once(socket, 'secureConnect');
  const client = createRawClient(socket);
  assert.partialDeepStrictEqual(await client.connect({ clientId }), { returnCode: 0 });
  return Object.assign(client, { stream: socket });
}

async function inMemory(clientId: string): Promise<RawClient> {
  const client = harness.client();
  assert.partialDeepStrictEqual(await client.connect({ clientId }), { returnCode: 0 });
  return client;
}

async function subscribed<C extends RawClient>(client: C, topic: string, qos: 0 | 1 = 0): Promise<C> {
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos }] });
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'suback', granted: [qos] });
  return client;
}

const message = (payload: string | Buffer, more: Partial<IPublishPacket> = {}): Packet => ({
  ...{ cmd: 'publish', topic: 'burst', payload, qos: 0, dup: false, retain: false },
  ...more,
});
const numbered = (size: number) => (_: unknown, i: number) => message(String(i).padStart(size, '0'));

async function numbersOf(client: RawClient, count: number): Promise<number[]> {
  const numbers: number[] = [];
  while (numbers.length < count) {
    const packet = await client.next();
    if (packet !== 'closed' && packet.cmd === 'pingresp') continue;
    assert.ok(packet !== 'closed' && packet.cmd === 'publish', JSON.stringify(packet));
    numbers.push(Number(packet.payload));
  }
  return numbers;
}
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
const droppedLines = () => harness.log.filter(({ message: text }) => text === 'messages dropped');

test('700 messages of 10 KB at once reach two clients that read, whole and in order, beside one that does not', async () => {
  await start({ limits: { byteBurst: 1e9 } });
  const one = await subscribed(await overTls('one'), 'burst');
  const two = await subscribed(await overTls('two'), 'burst');
  const deaf = await subscribed(await overTls('deaf'), 'burst');
  deaf.stream.pause();
  const publisher = await overTls('publisher');
  publisher.send(...Array.from({ length: 700 }, numbered(10_000)));
  assert.deepEqual(await numbersOf(one, 700), upTo(700));
  assert.deepEqual(await numbersOf(two, 700), upTo(700));
  assert.deepEqual(
    droppedLines().filter(({ client }) => client !== 'deaf'),
    [],
  );
});

test('messages of 50 publishers wait for a client that is busy, and those beyond its limit are counted', async () => {
  await start({ limits: { socketBytes: 1, waitingMessages: 300 } });
  const busy = await subscribed(await inMemory('busy'), 'burst');
  const swift = await subscribed(await inMemory('swift'), 'burst');
  busy.stream.pause();
  const publishers = await Promise.all(upTo(50).map((i) => inMemory(`publisher-${i}`)));
  for (const publisher of publishers) {
    publisher.send(...Array.from({ length: 10 }, numbered(5_000)));
    assert.deepEqual(await numbersOf(swift, 10), upTo(10));
  }
  const dropped = harness.counters.get('mqtt.dropped');
  assert.ok(dropped > 150 && dropped < 200, `${dropped}`);
  busy.stream.resume();
  assert.equal((await numbersOf(busy, 500 - dropped)).length, 500 - dropped);
  await eventually('a line says so', () => droppedLines().length > 0);
  assert.partialDeepStrictEqual(droppedLines(), [{ client: 'busy', messages: dropped }]);
});

test('clients that read nothing hold bounded memory together, and lose before one that reads', async () => {
  await start({
    limits: { byteBurst: 1e9, waitingBytesOfAll: 8_000_000, socketBytes: 60_000, scarceSocketBytes: 60_000 },
  });
  const deaf = await Promise.all(
    upTo(40).map(async (i) => subscribed(await inMemory(`deaf-${i}`), `own/${i}`)),
  );
  for (const { stream } of deaf) stream.pause();
  const reader = await subscribed(await inMemory('reader'), 'burst');
  const publisher = await inMemory('publisher');
  for (let round = 0; round < 8; round += 1) {
    for (const i of upTo(40)) publisher.send(message(Buffer.alloc(50_000), { topic: `own/${i}` }));
    await publisher.ping();
  }
  publisher.send(...Array.from({ length: 100 }, numbered(10_000)));
  assert.deepEqual(await numbersOf(reader, 100), upTo(100));
  const dropped = harness.counters.get('mqtt.dropped');
  assert.ok(dropped > 80 && dropped < 320, `${dropped}`);
  await eventually('lines say so', () => droppedLines().length > 0);
  assert.deepEqual(
    droppedLines().filter(({ client }) => client === 'reader'),
    [],
  );
});

test('a shared subscription skips a member that is behind', async () => {
  await start({ limits: { socketBytes: 1 } });
  const deaf = await subscribed(await inMemory('deaf'), '$share/g/burst');
  const reader = await subscribed(await inMemory('reader'), '$share/g/burst');
  deaf.stream.pause();
  const publisher = await inMemory('publisher');
  for (const i of upTo(50)) {
    publisher.send(numbered(50_000)(undefined, i));
    await publisher.ping();
  }
  const got = (await reader.ping()).length;
  assert.ok(got >= 45, `${got}`);
  assert.equal(harness.counters.get('mqtt.dropped'), 0);
});

test('messages of QoS 0 and 1 that wait are sent in the order of arrival', async () => {
  await start({ limits: { socketBytes: 1 } });
  const client = await subscribed(await inMemory('c1'), 'burst', 1);
  client.stream.pause();
  const publisher = await inMemory('publisher');
  for (const i of upTo(20)) {
    publisher.send(message(String(i).padStart(20_000, '0'), i % 2 === 0 ? {} : { qos: 1, messageId: i }));
    await publisher.ping();
  }
  client.stream.resume();
  assert.deepEqual(await numbersOf(client, 20), upTo(20));
});

test('the pings of a client that reads slowly are answered while messages wait for it', async () => {
  await start({ limits: { socketBytes: 1, sendBufferBytes: 100_000 } });
  const client = await subscribed(await inMemory('c1'), 'burst');
  client.stream.pause();
  const publisher = await inMemory('publisher');
  publisher.send(...Array.from({ length: 30 }, numbered(10_000)));
  await publisher.ping();
  client.send({ cmd: 'pingreq' });
  client.send({ cmd: 'publish', topic: 'from/c1', payload: 'x', qos: 0, dup: false, retain: false });
  await eventually('it was heard', () => harness.matched.some(({ topic }) => topic === 'from/c1'));
  client.stream.resume();
  assert.deepEqual(await numbersOf(client, 30), upTo(30));
});

test('messages that wait for a client that leaves are counted', async () => {
  await start({ limits: { socketBytes: 1 } });
  const client = await subscribed(await inMemory('c1'), 'burst');
  client.stream.pause();
  const publisher = await inMemory('publisher');
  publisher.send(...Array.from({ length: 30 }, numbered(10_000)));
  await publisher.ping();
  await client.drop();
  await eventually('it has left', () => harness.counters.get('mqtt.disconnections') === 1);
  assert.equal(harness.counters.get('mqtt.dropped') + harness.counters.get('mqtt.delivered'), 30);
  assert.ok(harness.counters.get('mqtt.dropped') > 15);
});

test('messages that a client sent before it closed its side are accepted', async () => {
  await start();
  const publisher = await overTls('publisher');
  publisher.send(...Array.from({ length: 900 }, numbered(1_000)));
  publisher.stream.end();
  await eventually('all came', () => harness.counters.get('mqtt.received') === 900);
  await eventually('it is gone', () => harness.counters.get('mqtt.disconnections') === 1);
});
