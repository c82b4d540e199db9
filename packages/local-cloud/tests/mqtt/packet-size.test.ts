// The largest packet that a client of MQTT 5 takes holds for everything the broker sends [MQTT-3.1.2-24].

import { afterEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { IConnectPacket, Packet } from 'mqtt-packet';
import { type Harness, startHarness } from './harness.ts';
import type { RawClient } from './raw-client.ts';

let harness: Harness;
afterEach(() => harness?.stop());

/** Sizes of the packets that come, as bytes on the wire. */
function sizesOf(stream: Duplex): number[] {
  const sizes: number[] = [];
  let rest = Buffer.alloc(0);
  stream.prependListener('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 2 && rest.length >= 2 + rest[1]!) {
      sizes.push(2 + rest[1]!);
      rest = rest.subarray(2 + rest[1]!);
    }
  });
  return sizes;
}

async function connecting(maximumPacketSize: number, more: Partial<IConnectPacket> = {}) {
  harness = await startHarness({ authorize: ({ resource }) => !resource.includes('forbidden') });
  const client = harness.client(5);
  const sizes = sizesOf(client.stream);
  const answer = await client.connect({ clientId: 'c1', properties: { maximumPacketSize }, ...more });
  return { client, sizes, answer };
}
const subscribe = (...topics: string[]): Packet => ({
  ...{ cmd: 'subscribe', messageId: 1, subscriptions: topics.map((topic) => ({ topic, qos: 1 as const })) },
});
const publish = (topic: string): Packet => ({
  ...{ cmd: 'publish', topic, payload: 'x', qos: 1, messageId: 7, dup: false, retain: false },
});

test('CONNACK leaves out default values', async () => {
  const { answer, sizes } = await connecting(24);
  assert.partialDeepStrictEqual(answer, {
    reasonCode: 0,
    properties: { receiveMaximum: 100, maximumQoS: 1, subscriptionIdentifiersAvailable: false },
  });
  assert.ok(sizes[0]! <= 24, `${sizes[0]}`);
});

test('a client that cannot take CONNACK is refused with 149, and takes no connection over', async () => {
  const { answer, client, sizes } = await connecting(12);
  assert.partialDeepStrictEqual(answer, { cmd: 'connack', reasonCode: 0x95 });
  assert.equal(await client.next(), 'closed');
  assert.deepEqual(sizes, [5]);
  assert.ok(harness.log.some(({ reason }) => String(reason).includes('12 bytes is less than CONNACK needs')));

  const first = harness.client(5);
  await first.connect({ clientId: 'c2' });
  await harness.client(5).connect({ clientId: 'c2', properties: { maximumPacketSize: 12 } });
  await first.ping();
});

test('a client that takes less than a refusal is closed without one', async () => {
  const { answer, sizes } = await connecting(4);
  assert.equal(answer, 'closed');
  assert.deepEqual(sizes, []);
});

test('an assigned client ID counts', async () => {
  const { answer } = await connecting(50, { clientId: '' });
  assert.partialDeepStrictEqual(answer, { cmd: 'connack', reasonCode: 0x95 });
});

const answers: Record<string, (client: RawClient) => void> = {
  SUBACK: (client) => client.send(subscribe(...Array.from({ length: 8 }, (_, i) => `t/${i}`))),
  UNSUBACK: (client) =>
    client.send({
      cmd: 'unsubscribe',
      messageId: 2,
      unsubscriptions: Array.from({ length: 60 }, (_, i) => `t/${i}`),
    }),
};

test('SUBACK and PUBACK are sent as long as they fit', async () => {
  const { client, sizes } = await connecting(24);
  answers['SUBACK']!(client);
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'suback' });
  client.send(publish('a'));
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'puback' });
  client.send(publish('forbidden'));
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'puback', reasonCode: 0x87 });
  assert.ok(sizes.every((size) => size <= 24));
});

test('an answer that does not fit ends the connection with 149, and the log says which', async () => {
  const { client, sizes } = await connecting(24);
  answers['UNSUBACK']!(client);
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'disconnect', reasonCode: 0x95 });
  if (!client.stream.readableEnded) await once(client.stream, 'close');
  assert.ok(sizes.every((size) => size <= 24));
  assert.ok(harness.log.some(({ reason }) => String(reason).startsWith('unsuback is larger')));
});
