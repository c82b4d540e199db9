// What MQTT 5 adds: reason codes, expiry, flow control, aliases, properties, delayed wills, shared subscriptions.

import { afterEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { generate, type IConnectPacket, type IPublishPacket, type Packet } from 'mqtt-packet';
import { eventually } from '../../../../tests/support/waiting.ts';
import { createManualClock } from '../../clock.ts';
import { type Harness, type HarnessOptions, startHarness } from './harness.ts';
import type { RawClient } from './raw-client.ts';

let harness: Harness;
const start = async (options: HarnessOptions = {}) => (harness = await startHarness(options));
afterEach(() => harness?.stop());

async function connected(clientId: string, fields: Partial<IConnectPacket> = {}): Promise<RawClient> {
  const client = harness.client(5);
  assert.partialDeepStrictEqual(await client.connect({ clientId, ...fields }), {
    cmd: 'connack',
    reasonCode: 0,
  });
  return client;
}

async function subscribed(client: RawClient, topic: string, options: object = {}): Promise<void> {
  client.send({ cmd: 'subscribe', messageId: 9, subscriptions: [{ topic, qos: 1, ...options }] });
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'suback', granted: [1] });
}

const publish = (topic: string, payload: string | Buffer, more: Partial<IPublishPacket> = {}) =>
  ({ cmd: 'publish', topic, payload, qos: 1, dup: false, retain: false, messageId: 7, ...more }) as const;

async function ended(client: RawClient, reasonCode: number): Promise<void> {
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'disconnect', reasonCode });
  assert.equal(await client.next(), 'closed');
}

const will = (more: object = {}) =>
  ({ topic: 'will', payload: Buffer.from('x'), qos: 1, retain: false, ...more }) as const;

test('CONNACK has the limits of the broker', async () => {
  await start();
  const client = harness.client(5);
  const answer = await client.connect({
    clientId: '',
    keepalive: 5000,
    properties: { sessionExpiryInterval: 4_000_000_000 },
  });
  assert.ok(answer !== 'closed' && answer.cmd === 'connack');
  const { assignedClientIdentifier, ...rest } = answer.properties!;
  assert.match(assignedClientIdentifier!, /^[0-9a-f-]{36}$/);
  assert.deepEqual(
    { ...rest },
    {
      sessionExpiryInterval: 604_800,
      receiveMaximum: 100,
      maximumQoS: 1,
      retainAvailable: true,
      maximumPacketSize: 149_504,
      topicAliasMaximum: 8,
      wildcardSubscriptionAvailable: true,
      subscriptionIdentifiersAvailable: false,
      sharedSubscriptionAvailable: true,
      serverKeepAlive: 1200,
    },
  );
});

for (const [what, fields, code] of [
  ['a client ID that begins with $', { clientId: '$x' }, 0x85],
  ['enhanced authentication', { properties: { authenticationMethod: 'SCRAM' } }, 0x8c],
  ['a will with QoS 2', { will: will({ qos: 2 }) }, 0x9b],
  ['a will on a wildcard', { will: will({ topic: 'a/#' }) }, 0x90],
  ['a will kept on a reserved topic', { will: will({ topic: '$aws/rules/r/a', retain: true }) }, 0x90],
  ['a will that the policy refuses', { will: will({ topic: 'forbidden' }) }, 0x87],
  ['a client that the policy refuses', { clientId: 'forbidden' }, 0x87],
] as const) {
  test(`${what}: CONNACK ${code}`, async () => {
    await start({ authorize: ({ resource }) => !resource.endsWith('forbidden') });
    const client = harness.client(5);
    assert.partialDeepStrictEqual(await client.connect(fields), { cmd: 'connack', reasonCode: code });
    assert.equal(await client.next(), 'closed');
  });
}

for (const [what, packet, code] of [
  ['a refused topic', publish('forbidden', 'x'), 0x87],
  ['a topic with a wildcard', publish('a/+', 'x'), 0x90],
  ['a payload of 128 KB and a byte', publish('a', Buffer.alloc(131_073)), 0x97],
  [
    'user properties over 8 KB',
    publish('a', 'x', { properties: { userProperties: { k: 'x'.repeat(8200) } } }),
    0x97,
  ],
  ['to a reserved topic with the RETAIN flag', publish('$aws/rules/r/a', 'x', { retain: true }), 0x90],
  ['a response topic with a wildcard', publish('a', 'x', { properties: { responseTopic: '#' } }), 0x90],
] as const) {
  test(`publishing ${what}: PUBACK ${code}, and the connection stays`, async () => {
    await start({ authorize: ({ resource }) => !resource.endsWith('forbidden') });
    const client = await connected('c1');
    client.send(packet);
    assert.partialDeepStrictEqual(await client.next(), { cmd: 'puback', messageId: 7, reasonCode: code });
    await client.ping();
    assert.equal(harness.counters.get('mqtt.refused'), 1);
  });
}

const properties5 = (bytes: number[]) => [bytes.length, ...bytes];
for (const [what, packet, code] of [
  ['QoS 0 to a refused topic', publish('forbidden', 'x', { qos: 0 }), 0x87],
  ['QoS 2', publish('a', 'x', { qos: 2 }), 0x9b],
  ['QoS 2 in SUBSCRIBE', { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a', qos: 2 }] }, 0x9b],
  ['topic alias 9', publish('a', 'x', { properties: { topicAlias: 9 } }), 0x94],
  ['topic alias 0', publish('a', 'x', { properties: { topicAlias: 0 } }), 0x94],
  ['an alias that was never set', publish('', 'x', { properties: { topicAlias: 3 } }), 0x82],
  ['a packet over the maximum', publish('a', Buffer.alloc(150_000)), 0x95],
  ['a second CONNECT', { cmd: 'connect', clientId: 'c1', protocolVersion: 5 }, 0x82],
  ['AUTH', { cmd: 'auth', reasonCode: 0x18 }, 0x82],
  [
    'a subscription identifier',
    {
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [{ topic: 'a', qos: 0 }],
      properties: { subscriptionIdentifier: 1 },
    },
    0xa1,
  ],
  [
    'No Local with a shared subscription',
    { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '$share/g/a', qos: 0, nl: true }] },
    0x82,
  ],
  [
    'a session expiry at DISCONNECT where there was none',
    { cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 5 } },
    0x82,
  ],
  [
    'a property in the wrong packet',
    Buffer.from([0x30, 9, 0, 1, 97, ...properties5([0x11, 0, 0, 0, 1])]),
    0x81,
  ],
  ['a property twice', Buffer.from([0x30, 8, 0, 1, 97, ...properties5([0x01, 1, 0x01, 1])]), 0x82],
  ['an unknown property', Buffer.from([0x30, 6, 0, 1, 97, ...properties5([0x7f, 1])]), 0x81],
  ['properties longer than the packet', Buffer.from([0x30, 5, 0, 1, 97, 100, 0x01]), 0x81],
] as const) {
  test(`${what}: DISCONNECT ${code}`, async () => {
    await start({ authorize: ({ resource }) => !resource.endsWith('forbidden') });
    const client = await connected('c1');
    client.send(Buffer.isBuffer(packet) ? packet : (packet as Packet));
    await ended(client, code);
  });
}

test('SUBACK and UNSUBACK give a code for each filter, and the connection stays', async () => {
  await start({ authorize: ({ resource }) => !resource.endsWith('forbidden'), limits: { subscriptions: 2 } });
  const client = await connected('c1');
  const filters = ['a', 'forbidden', 'b/#/c', 'a', '$share/g/x', 'c', '$aws/rules/r'];
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: filters.map((topic) => ({ topic, qos: 1 })) });
  assert.partialDeepStrictEqual(await client.next(), { granted: [1, 0x87, 0x8f, 1, 1, 0x97, 0x8f] });
  client.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['a', 'never'] });
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'unsuback', granted: [0, 0x11] });
});

test('the older connection of a client ID gets 142, a silent one 141, one that DeleteConnection ends 152', async () => {
  const clock = createManualClock(0);
  await start({ clock });
  const older = await connected('c1');
  const newer = await connected('c1');
  await ended(older, 0x8e);
  harness.broker.disconnectClient('c1', 'asked to');
  await ended(newer, 0x98);
  const silent = await connected('c2', { keepalive: 30 });
  await clock.advance(45_000);
  await ended(silent, 0x8d);
});

test('a packet identifier in use is answered with 145, one message over the receive maximum with 147', async () => {
  const { diskFiles } = await import('../../journal/files.ts');
  let release = () => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  await start({
    limits: { inflight: 3 },
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
  client.send(publish('a', 'x', { messageId: 1 }), publish('a', 'x', { messageId: 1 }));
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'puback', messageId: 1, reasonCode: 0x91 });
  client.send(...[2, 3, 4].map((messageId) => publish('a', 'x', { messageId })));
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'disconnect', reasonCode: 0x93 });
  release();
});

test('a topic alias means its topic until it gets another', async () => {
  await start();
  const client = await connected('c1');
  harness.matched.length = 0;
  for (const [topic, topicAlias] of [
    ['a', 1],
    ['', 1],
    ['b', 1],
    ['', 1],
  ] as const) {
    client.send(publish(topic, 'x', { properties: { topicAlias } }));
    assert.partialDeepStrictEqual(await client.next(), { cmd: 'puback' });
  }
  assert.deepEqual(
    harness.matched.map(({ topic }) => topic),
    ['a', 'a', 'b', 'b'],
  );
});

test('properties travel to MQTT 5 subscribers whole, in order, and to the rules; not the alias', async () => {
  await start();
  const client = await connected('c1');
  await subscribed(client, 'a');
  const properties = {
    payloadFormatIndicator: true,
    messageExpiryInterval: 60,
    contentType: 'application/json',
    responseTopic: 'answers/c1',
    correlationData: Buffer.from([0, 255]),
    userProperties: { z: '1', __proto__x: '2', many: ['3', '4'] },
  };
  client.send(publish('a', '{}', { properties: { ...properties, topicAlias: 2 } }));
  const got = [await client.next(), await client.next()].find((p) => p !== 'closed' && p.cmd === 'publish');
  assert.deepEqual(
    JSON.parse(JSON.stringify((got as IPublishPacket).properties)),
    JSON.parse(JSON.stringify(properties)),
  );
  assert.deepEqual(harness.matched.at(-1)?.properties?.userProperties, [
    ['z', '1'],
    ['__proto__x', '2'],
    ['many', '3'],
    ['many', '4'],
  ]);
  const old = harness.client(4);
  await old.connect({ clientId: 'c4' });
  old.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'b', qos: 0 }] });
  await old.next();
  client.send(publish('b', 'x', { properties }));
  assert.partialDeepStrictEqual(await old.next(), { cmd: 'publish', topic: 'b', payload: Buffer.from('x') });
});

test('user properties reach the subscriber in the order in which they were sent, whatever their names', async () => {
  await start();
  const client = await connected('c1');
  await subscribed(client, 'a');
  const sent: Buffer[] = [];
  client.stream.on('data', (bytes: Buffer) => sent.push(bytes));
  const text = (value: string) => [0, value.length, ...Buffer.from(value)];
  const names = ['9', 'b', '1', 'a', 'b', '9'];
  const block = properties5(names.flatMap((name, n) => [0x26, ...text(name), ...text(`${n}`)]));
  client.send(Buffer.from([0x30, 3 + block.length + 1, 0, 1, 97, ...block, 120]));
  await client.next();
  assert.ok(Buffer.concat(sent).includes(Buffer.from([0, 1, 97, ...block, 120])));
});

test('a user property may be called __proto__', async () => {
  await start();
  const client = await connected('c1');
  await subscribed(client, 'a');
  const pair = (text: string) => [0, text.length, ...Buffer.from(text)];
  const block = properties5([0x26, ...pair('__proto__'), ...pair('v')]);
  client.send(Buffer.from([0x30, 3 + block.length + 1, 0, 1, 97, ...block, 120]));
  const got = (await client.next()) as IPublishPacket;
  assert.equal(Object.entries(got.properties!.userProperties!).flat().join(), '__proto__,v');
});

test('an expired message is not delivered; one that waited has its remaining lifetime', async () => {
  const clock = createManualClock(0);
  await start({ clock });
  const reader = await connected('reader', { clean: false, properties: { sessionExpiryInterval: 3600 } });
  await subscribed(reader, 'a');
  await reader.drop();
  await eventually('the reader is gone', () => harness.counters.get('mqtt.disconnections') === 1);
  const client = await connected('c1');
  for (const [payload, messageExpiryInterval] of [
    ['short', 5],
    ['long', 100],
  ] as const) {
    client.send(publish('a', payload, { properties: { messageExpiryInterval } }));
    await client.next();
  }
  await clock.advance(30_000);
  const again = await connected('reader', { clean: false });
  assert.partialDeepStrictEqual(await again.next(), {
    payload: Buffer.from('long'),
    properties: { messageExpiryInterval: 70 },
  });
  assert.equal(harness.counters.get('mqtt.expired'), 1);
});

for (const [waitedMs, left] of [
  [0, 30],
  [20_000, 10],
  [28_999, 2],
  [29_000, 1],
  [29_001, 0],
] as const) {
  test(`a message that expires in 30 s says ${left} after ${waitedMs} ms`, async () => {
    const clock = createManualClock(0);
    await start({ clock });
    const kept = { clean: false, properties: { sessionExpiryInterval: 3600 } };
    const reader = await connected('reader', kept);
    await subscribed(reader, 'a');
    await reader.drop();
    await eventually('the reader is gone', () => harness.counters.get('mqtt.disconnections') === 1);
    const client = await connected('c1');
    client.send(publish('a', 'x', { properties: { messageExpiryInterval: 30 } }));
    await client.next();
    await clock.advance(waitedMs);
    const again = await connected('reader', kept);
    assert.partialDeepStrictEqual(await again.next(), { properties: { messageExpiryInterval: left } });
  });
}

test('a session lives as long as its session expiry says, and DISCONNECT may change that', async () => {
  const clock = createManualClock(0);
  await start({ clock });
  const session = { clean: false, properties: { sessionExpiryInterval: 100 } };
  const present = async (fields: Partial<IConnectPacket>) => {
    const client = harness.client(5);
    const answer = await client.connect(fields);
    return [client, answer !== 'closed' && answer.cmd === 'connack' && answer.sessionPresent] as const;
  };
  const leave = async (client: RawClient, seconds?: number) => {
    client.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: seconds } });
    assert.equal(await client.next(), 'closed');
  };
  const [first] = await present(session);
  await leave(first);
  await clock.advance(99_000);
  const [second, wasThere] = await present(session);
  assert.equal(wasThere, true);
  await leave(second, 500);
  await clock.advance(400_000);
  const [third, stillThere] = await present(session);
  assert.equal(stillThere, true);
  await leave(third, 0);
  assert.equal((await present(session))[1], false);
});

test('a session is not resumed by the other protocol version', async () => {
  await start();
  await (await connected('c1', { clean: false, properties: { sessionExpiryInterval: 100 } })).drop();
  const old = harness.client(4);
  assert.partialDeepStrictEqual(await old.connect({ clean: false }), {
    returnCode: 0,
    sessionPresent: false,
  });
});

test('a will waits for its delay, is cancelled when the session goes on, and does not wait longer than the session', async () => {
  const clock = createManualClock(0);
  await start({ clock });
  const wills = () => harness.matched.filter(({ topic }) => topic === 'will').length;
  const fields = (sessionExpiryInterval: number) => ({
    clean: false,
    properties: { sessionExpiryInterval },
    will: will({ properties: { willDelayInterval: 10 } }),
  });
  const gone = async (count: number) => {
    await eventually('it is gone', () => harness.counters.get('mqtt.disconnections') === count);
  };
  await (await connected('c1', fields(100))).drop();
  await gone(1);
  await clock.advance(9_000);
  assert.equal(wills(), 0);
  const back = await connected('c1', fields(100));
  await clock.advance(20_000);
  assert.equal(wills(), 0);
  await back.drop();
  await gone(2);
  await clock.advance(10_000);
  assert.equal(wills(), 1);
  await (await connected('c2', fields(5))).drop();
  await gone(3);
  await clock.advance(5_000);
  assert.equal(wills(), 2);
});

test('a will is published on DISCONNECT 4 and not on DISCONNECT 0', async () => {
  await start();
  for (const [reasonCode, expected] of [
    [0, 0],
    [4, 1],
  ] as const) {
    const client = await connected('c1', { will: will() });
    client.send({ cmd: 'disconnect', reasonCode });
    assert.equal(await client.next(), 'closed');
    assert.equal(harness.matched.filter(({ topic }) => topic === 'will').length, expected);
  }
});

test('no more unacknowledged messages than the client’s receive maximum, none larger than its maximum packet', async () => {
  await start();
  const client = await connected('c1', { properties: { receiveMaximum: 2, maximumPacketSize: 100 } });
  await subscribed(client, 'a');
  const publisher = await connected('p');
  for (const payload of ['one', 'x'.repeat(200), 'two', 'three']) {
    publisher.send(publish('a', payload));
    await publisher.next();
  }
  const got = (await client.ping()) as IPublishPacket[];
  assert.deepEqual(
    got.map(({ payload }) => String(payload)),
    ['one', 'two'],
  );
  client.send({ cmd: 'puback', messageId: got[0]!.messageId, reasonCode: 0 });
  assert.partialDeepStrictEqual(await client.next(), { payload: Buffer.from('three') });
  assert.equal(harness.counters.get('mqtt.dropped'), 1);
});

test('No Local, Retain As Published and Retain Handling do as they say', async () => {
  await start();
  const client = await connected('c1');
  await subscribed(client, 'own', { nl: true });
  client.send(publish('own', 'x'));
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'puback' });
  assert.deepEqual(await client.ping(), []);
  const other = await connected('c2');
  await subscribed(other, 'kept', { rap: true });
  client.send(publish('kept', 'x', { retain: true }));
  assert.partialDeepStrictEqual(await other.next(), { cmd: 'publish', retain: true });
  const third = await connected('c3');
  for (const [rh, expected] of [
    [2, 0],
    [1, 0],
    [0, 1],
  ] as const) {
    await subscribed(third, 'kept', { rh });
    assert.equal((await third.ping()).length, expected);
  }
  third.send({ cmd: 'unsubscribe', messageId: 3, unsubscriptions: ['kept'] });
  await third.next();
  await subscribed(third, 'kept', { rh: 1 });
  assert.equal((await third.ping()).length, 1);
});

test('a shared subscription spreads messages over the group, whatever the version, and skips members that are away', async () => {
  await start();
  const five = await connected('five', { clean: false, properties: { sessionExpiryInterval: 100 } });
  await subscribed(five, '$share/g/jobs/+');
  const four = harness.client(4);
  await four.connect({ clientId: 'four' });
  four.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '$share/g/jobs/+', qos: 1 }] });
  await four.next();
  const publisher = await connected('p');
  const send = async (count: number) => {
    for (let i = 0; i < count; i += 1) {
      publisher.send(publish('jobs/x', `${i}`));
      await publisher.next();
    }
  };
  await send(4);
  const taken = await five.ping();
  assert.deepEqual([taken.length, (await four.ping()).length], [2, 2]);
  for (const packet of taken) five.send({ cmd: 'puback', messageId: packet.messageId! });
  await five.ping();
  await five.drop();
  await eventually('it is gone', () => harness.counters.get('mqtt.disconnections') === 1);
  await send(3);
  assert.equal((await four.ping()).length, 3);
});

const groupFilter = '$share/g/jobs/+';
const keptFields = { clean: false, properties: { sessionExpiryInterval: 100 } };

async function publishJobs(payloads: readonly string[]): Promise<void> {
  const publisher = await connected('p');
  for (const payload of payloads) {
    publisher.send(publish('jobs/x', payload));
    await publisher.next();
  }
  await publisher.drop();
}

/** Leaves kept members of the group disconnected. */
async function leaveMembers(...clientIds: readonly string[]): Promise<void> {
  for (const clientId of clientIds) {
    const client = await connected(clientId, keptFields);
    await subscribed(client, groupFilter);
    await client.drop();
  }
  await eventually('all are gone', () => harness.counters.get('mqtt.disconnections') === clientIds.length);
}

async function heard(client: RawClient, count: number): Promise<string[]> {
  const payloads: string[] = [];
  while (payloads.length < count) payloads.push(String(((await client.next()) as IPublishPacket).payload));
  assert.deepEqual(await client.ping(), []);
  return payloads;
}

for (const isRestarted of [false, true]) {
  test(`with all of a group away, the first member that comes back gets the published messages${isRestarted ? ', over a restart too' : ''}`, async () => {
    await start();
    await leaveMembers('one', 'two');
    await publishJobs(['0', '1', '2', '3']);
    if (isRestarted) harness = await harness.restart();
    const two = await connected('two', keptFields);
    assert.deepEqual((await heard(two, 4)).toSorted(), ['0', '1', '2', '3']);
    assert.deepEqual(await (await connected('one', keptFields)).ping(), []);
  });
}

test('messages that wait for a group go to a member that joins it, and not to a member with QoS 0', async () => {
  await start();
  await leaveMembers('one');
  await publishJobs(['0', '1']);
  const careless = await connected('careless');
  careless.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: groupFilter, qos: 0 }] });
  await careless.next();
  assert.deepEqual(await careless.ping(), []);
  const joining = await connected('joining');
  await subscribed(joining, groupFilter);
  assert.deepEqual(await heard(joining, 2), ['0', '1']);
});

test('unacknowledged messages of a member of a kept group go to another when it leaves', async () => {
  await start();
  await leaveMembers('one');
  const passing = await connected('passing');
  await subscribed(passing, groupFilter);
  await publishJobs(['0', '1']);
  assert.deepEqual(await heard(passing, 2), ['0', '1']);
  await passing.drop();
  const one = await connected('one', keptFields);
  assert.deepEqual(await heard(one, 2), ['0', '1']);
  const other = await connected('other');
  await subscribed(other, groupFilter);
  await one.drop();
  assert.deepEqual(await heard(other, 2), ['0', '1']);
  for (const messageId of [1, 2]) other.send({ cmd: 'puback', messageId });
  await other.ping();
  harness = await harness.restart();
  assert.deepEqual(await (await connected('one', keptFields)).ping(), [], 'nothing is owed any more');
});

test('pending messages of a kept member outlast its session as long as the group has another member', async () => {
  const clock = createManualClock(0);
  await start({ clock });
  await leaveMembers('one');
  await publishJobs(['0']);
  const two = await connected('two', { clean: false, properties: { sessionExpiryInterval: 3600 } });
  await subscribed(two, groupFilter);
  assert.deepEqual(await heard(two, 1), ['0']);
  await two.drop();
  const late = { clean: false, properties: { sessionExpiryInterval: 3600 } };
  await eventually('two is gone', () => harness.counters.get('mqtt.disconnections') === 3);
  await clock.advance(101_000);
  assert.deepEqual(await heard(await connected('two', late), 1), ['0']);
});

test('a shared subscription skips a member that has no room for more', async () => {
  await start({ limits: { queuedMessages: 1, inflight: 1 } });
  const slow = await connected('slow', keptFields);
  await subscribed(slow, groupFilter);
  const quick = await connected('quick', keptFields);
  await subscribed(quick, groupFilter);
  const publisher = await connected('p');
  const taken: string[] = [];
  for (let n = 0; n < 8; n += 1) {
    publisher.send(publish('jobs/x', `${n}`));
    await publisher.next();
    for (const packet of await quick.ping()) {
      const { payload, messageId } = packet as IPublishPacket;
      taken.push(String(payload));
      quick.send({ cmd: 'puback', messageId: messageId! });
    }
  }
  assert.equal(taken.length, 6, 'slow has one in flight and one in its queue');
  assert.equal(harness.counters.get('mqtt.dropped'), 0);
});

test('the broker gives no topic alias of its own, however many a client would take', async () => {
  await start();
  const client = await connected('c1', { properties: { topicAliasMaximum: 10 } });
  await subscribed(client, 'a');
  for (let i = 0; i < 2; i += 1) {
    client.send(publish('a', 'x', { qos: 0, messageId: undefined }));
    const got = (await client.next()) as IPublishPacket;
    assert.deepEqual([got.topic, got.properties?.topicAlias], ['a', undefined]);
  }
});

test('an MQTT 5 session with its properties outlives the process', async () => {
  await start();
  const fields = { clean: false, properties: { sessionExpiryInterval: 1000 } };
  const reader = await connected('reader', fields);
  await subscribed(reader, 'a', { rap: true });
  await reader.drop();
  const client = await connected('c1');
  client.send(publish('a', 'x', { retain: true, properties: { userProperties: { k: 'v' } } }));
  await client.next();
  harness = await harness.restart();
  const again = await connected('reader', fields);
  assert.partialDeepStrictEqual(await again.next(), {
    payload: Buffer.from('x'),
    properties: { userProperties: { k: 'v' } },
  });
});

test('shutting down says so to every client', async () => {
  await start();
  const client = await connected('c1');
  const stopped = harness.broker.close();
  await ended(client, 0x8b);
  await stopped;
});

test('a CONNECT whose properties are malformed is closed', async () => {
  await start();
  const client = harness.client(5);
  const bytes = generate({ cmd: 'connect', clientId: 'c1', protocolVersion: 5 });
  bytes[12] = 90; // property length beyond the packet
  client.send(bytes);
  assert.equal(await client.next(), 'closed');
});
