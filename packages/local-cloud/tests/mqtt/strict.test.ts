// Malformed MQTT of every kind: answered as the specification says or closed, without harm to other clients.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { generate } from 'mqtt-packet';
import { type Harness, startHarness } from './harness.ts';
import type { RawClient } from './raw-client.ts';

let harness: Harness;
let neighbour: RawClient;
beforeAll(async () => {
  harness = await startHarness();
  neighbour = harness.client();
  await neighbour.connect({ clientId: 'neighbour' });
});
afterAll(() => harness.stop());

const text = (value: string | Buffer) => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
};
const packet = (first: number, ...parts: (Buffer | number[])[]) => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  assert.ok(body.length < 128);
  return Buffer.concat([Buffer.from([first, body.length]), body]);
};
const connect = (fields: { name?: string; level?: number; flags?: number; rest?: Buffer[] } = {}) =>
  packet(
    0x10,
    text(fields.name ?? 'MQTT'),
    [fields.level ?? 4, fields.flags ?? 2, 0, 60],
    ...(fields.rest ?? [text('c1')]),
  );

const beforeConnect: Record<string, Buffer> = {
  'a packet before CONNECT': Buffer.from([0xc0, 0]),
  HTTP: Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
  zeros: Buffer.alloc(64),
  'a remaining length of five bytes': Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0x01]),
  'a remaining length over the limit': Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]),
  'reserved flags in the fixed header of CONNECT': packet(0x11, connect().subarray(2)),
  'the reserved connect flag': connect({ flags: 3 }),
  'another protocol name': connect({ name: 'MQTF' }),
  'a will QoS without a will': connect({ flags: 0x0a }),
  'a will retain without a will': connect({ flags: 0x22 }),
  'a will with QoS 3': connect({ flags: 0x1e, rest: [text('c1'), text('w'), text('x')] }),
  'a will that is missing': connect({ flags: 6 }),
  'a password without a user name': connect({ flags: 0x42, rest: [text('c1'), text('secret')] }),
  'a user name that is missing': connect({ flags: 0x82 }),
  'a client ID that is not UTF-8': connect({ rest: [text(Buffer.from([0xc3, 0x28]))] }),
  'a client ID with a surrogate': connect({ rest: [text(Buffer.from([0xed, 0xa0, 0x80]))] }),
  'a client ID with U+0000': connect({ rest: [text('a\0b')] }),
  'a client ID longer than the packet': connect({ rest: [Buffer.from([0, 200, 65])] }),
  'bytes after the last field': connect({ rest: [text('c1'), Buffer.from('more')] }),
  'no fields at all': packet(0x10),
  'CONNACK from a client': packet(0x20, [0, 0]),
};

for (const [what, bytes] of Object.entries(beforeConnect)) {
  test(`${what}: closed without an answer`, async () => {
    const client = harness.client();
    client.send(bytes);
    assert.equal(await client.next(), 'closed');
    await neighbour.ping();
  });
}

for (const [what, bytes, returnCode] of [
  ['MQTT 3.1', connect({ name: 'MQIsdp', level: 3 }), 1],
  ['protocol level 6', connect({ level: 6 }), 1],
  ['protocol level 3 under the name MQTT', connect({ level: 3 }), 1],
  ['a bridge (level 0x84)', connect({ level: 0x84 }), 1],
  ['a bridge of MQTT 5 (level 0x85)', connect({ level: 0x85 }), 1],
  ['a bridge of MQTT 3.1 (level 0x83)', connect({ name: 'MQIsdp', level: 0x83 }), 1],
  ['an empty client ID with CleanSession 0', connect({ flags: 0, rest: [text('')] }), 2],
  ['a client ID that begins with $', connect({ rest: [text('$c')] }), 2],
  ['a client ID of 129 bytes', Buffer.from(generate({ cmd: 'connect', clientId: 'x'.repeat(129) })), 2],
] as const) {
  test(`${what}: CONNACK ${returnCode}, then closed`, async () => {
    const client = harness.client();
    client.send(bytes);
    assert.partialDeepStrictEqual(await client.next(), { cmd: 'connack', returnCode, sessionPresent: false });
    assert.equal(await client.next(), 'closed');
  });
}

const afterConnect: Record<string, Buffer> = {
  'a second CONNECT': connect(),
  'packet type 0': packet(0x00),
  AUTH: packet(0xf0),
  PUBREL: packet(0x62, [0, 1]),
  'SUBACK from a client': packet(0x90, [0, 1, 0]),
  'PINGREQ with a body': packet(0xc0, [0]),
  'DISCONNECT with a body': packet(0xe0, [0]),
  'PUBLISH with QoS 3': packet(0x36, text('a'), [0, 1]),
  'PUBLISH with QoS 2': packet(0x34, text('a'), [0, 1]),
  'PUBLISH with DUP and QoS 0': packet(0x38, text('a')),
  'PUBLISH with packet identifier 0': packet(0x32, text('a'), [0, 0]),
  'PUBLISH without its packet identifier': packet(0x32, text('a'), [1]),
  'PUBLISH to a topic that is not UTF-8': packet(0x30, text(Buffer.from([0xff]))),
  'PUBLISH to a topic that is not UTF-8 with the replacement in its payload': packet(
    0x30,
    text(Buffer.from([0xff])),
    text('\ufffd'),
  ),
  'PUBLISH to a topic longer than the packet': packet(0x30, [0, 9, 65]),
  'PUBLISH without a topic': packet(0x30),
  'SUBSCRIBE with the wrong flags': packet(0x80, [0, 1], text('a'), [0]),
  'SUBSCRIBE without filters': packet(0x82, [0, 1]),
  'SUBSCRIBE with packet identifier 0': packet(0x82, [0, 0], text('a'), [0]),
  'SUBSCRIBE with QoS 3': packet(0x82, [0, 1], text('a'), [3]),
  'SUBSCRIBE with reserved option bits': packet(0x82, [0, 1], text('a'), [4]),
  'SUBSCRIBE without its last QoS': packet(0x82, [0, 1], text('a')),
  'SUBSCRIBE to a/#/b': packet(0x82, [0, 1], text('a/#/b'), [0]),
  'SUBSCRIBE to a+': packet(0x82, [0, 1], text('a+'), [0]),
  'SUBSCRIBE to an empty filter': packet(0x82, [0, 1], text(''), [0]),
  'SUBSCRIBE to $share/g': packet(0x82, [0, 1], text('$share/g'), [0]),
  'SUBSCRIBE to a Basic Ingest topic': packet(0x82, [0, 1], text('$aws/rules/r/#'), [0]),
  'UNSUBSCRIBE without filters': packet(0xa2, [0, 1]),
  'PUBACK with a long body': packet(0x40, [0, 1, 0]),
  'PUBACK with packet identifier 0': packet(0x40, [0, 0]),
};

for (const [what, bytes] of Object.entries(afterConnect)) {
  test(`${what}: the connection is closed`, async () => {
    const client = harness.client();
    client.send(connect());
    assert.partialDeepStrictEqual(await client.next(), { cmd: 'connack', returnCode: 0 });
    client.send(bytes);
    assert.equal(await client.next(), 'closed');
    await neighbour.ping();
  });
}

test('an empty client ID with CleanSession 1 is given one of its own', async () => {
  const client = harness.client();
  assert.partialDeepStrictEqual(await client.connect({ clientId: '' }), { returnCode: 0 });
  await client.ping();
});

test('a PUBACK for nothing, an UNSUBSCRIBE from nothing and a resend with DUP are not errors', async () => {
  const client = harness.client();
  await client.connect({ clientId: 'c3' });
  client.send(packet(0x40, [0, 77]), packet(0xa2, [0, 5], text('never')));
  assert.deepEqual(
    (await client.ping()).map(({ cmd }) => cmd),
    ['unsuback'],
  );
  client.send(packet(0x3a, text('a'), [0, 7]), packet(0x3a, text('a'), [0, 7]));
  for (let i = 0; i < 2; i += 1)
    assert.partialDeepStrictEqual(await client.next(), { cmd: 'puback', messageId: 7 });
});

test('packets in one-byte pieces, and many packets in one piece, are read the same', async () => {
  const client = harness.client();
  const publish = generate({
    cmd: 'publish',
    topic: 'pieces',
    payload: 'x'.repeat(300),
    qos: 1,
    dup: false,
    retain: false,
    messageId: 3,
  });
  for (const byte of Buffer.concat([connect({ rest: [text('c4')] }), publish]))
    client.send(Buffer.from([byte]));
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'connack' });
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'puback', messageId: 3 });
  client.send(Buffer.concat(Array.from({ length: 50 }, () => publish)));
  for (let i = 0; i < 50; i += 1) assert.partialDeepStrictEqual(await client.next(), { cmd: 'puback' });
  assert.equal(
    harness.matched.filter(({ topic, payload }) => topic === 'pieces' && payload.length === 300).length,
    51,
  );
});

const badFilters = [
  '',
  '#/a',
  'a/#/b',
  'a+',
  '$share/g',
  '$aws/rules/r',
  'a/b/c/d/e/f/g/h/i',
  'x'.repeat(257),
];

for (const filter of badFilters) {
  test(`UNSUBSCRIBE from ${JSON.stringify(filter.slice(0, 20))}: closed in MQTT 3.1.1 as SUBSCRIBE is, 143 in MQTT 5`, async () => {
    const older = harness.client();
    await older.connect({ clientId: 'older' });
    older.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'good', qos: 1 }] });
    await older.next();
    older.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['good', filter] });
    assert.equal(await older.next(), 'closed');

    const newer = harness.client(5);
    await newer.connect({ clientId: 'newer' });
    newer.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'good', qos: 1 }] });
    await newer.next();
    newer.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: [filter, 'good', 'never'] });
    assert.partialDeepStrictEqual(await newer.next(), { cmd: 'unsuback', granted: [0x8f, 0, 0x11] });
    assert.ok(harness.log.some(({ message }) => message === 'unsubscription refused'));
    await newer.drop();
  });
}
