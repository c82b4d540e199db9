// Hostile clients against the real program: they are answered or closed, memory stays bounded, and others are not affected.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import {
  AttachThingPrincipalCommand,
  CreateThingCommand,
  IoTClient,
  ListThingPrincipalsCommand,
} from '@aws-sdk/client-iot';
import { generate, type IConnackPacket, type IPublishPacket } from 'mqtt-packet';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import {
  closed,
  openTcp,
  openTls,
  packetsOf,
  residentMegabytes,
  startSteadyDevice,
  type SteadyDevice,
} from './abuse.ts';
import { clientSettings, createDevice, queryWindows, startTidegate, type Tidegate } from './tidegate.ts';

const certs = temporaryFolder();
const patience = 60_000;
let tidegate: Tidegate;
let steady: SteadyDevice;
let calmMegabytes: number | undefined;

const connect = (clientId: string, protocolVersion: 4 | 5 = 4) =>
  generate({ cmd: 'connect', clientId, protocolVersion, clean: true, keepalive: 60 });
const publish = (topic: string, payload: string, more: Partial<IPublishPacket> = {}) =>
  generate({ cmd: 'publish', topic, payload, qos: 1, messageId: 1, dup: false, retain: false, ...more });
const evil = () => openTls(tidegate, 'evil', certs);

/** The steady device is served on: its next messages are acknowledged. */
async function neighbourIsServed(): Promise<void> {
  const before = steady.acknowledged();
  await eventually('the neighbour to be served', () => steady.acknowledged() >= before + 5, patience);
}

beforeAll(async () => {
  tidegate = await startTidegate(temporaryFolder());
  for (const name of ['steady', 'evil']) await createDevice(tidegate, name, certs);
  steady = await startSteadyDevice(tidegate, 'steady', certs);
  await neighbourIsServed();
  calmMegabytes = residentMegabytes(tidegate);
});

afterAll(async () => {
  await tidegate.stop();
});

test('connections that begin no handshake, or never end it, are closed in time', async () => {
  const silent = Array.from({ length: 100 }, () => openTcp(tidegate));
  const half = Array.from({ length: 50 }, () => openTcp(tidegate));
  for (const socket of half) socket.write(Buffer.from([0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3])); // a ClientHello that stops
  await neighbourIsServed();
  const handshake = new Promise((_, reject) =>
    setTimeout(reject, patience, new Error('they stay open')).unref(),
  );
  await Promise.race([Promise.all([...silent, ...half].map(closed)), handshake]);
});

const malformed: readonly (readonly [what: string, bytes: Buffer])[] = [
  ['text that is not HTTP', Buffer.from('HELO x\r\nHost: x\r\n\r\n')],
  ['random bytes', randomFillSync(Buffer.alloc(1000))],
  ['a packet of 256 MB', Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f])],
  ['a remaining length of five bytes', Buffer.from([0x10, 0x80, 0x80, 0x80, 0x80, 0x01])],
  ['a publish before CONNECT', publish('telemetry/seattle/evil', '{}')],
  ['a second CONNECT', Buffer.concat([connect('evil'), connect('evil')])],
  [
    'a payload over 128 KB',
    Buffer.concat([connect('evil'), publish('telemetry/seattle/evil', 'x'.repeat(131_073))]),
  ],
  ['a QoS of 3', Buffer.concat([connect('evil'), Buffer.from([0x36, 5, 0, 1, 97, 0, 1])])],
];

for (const [what, bytes] of malformed) {
  test(`${what} ends the connection`, async () => {
    const socket = await evil();
    socket.write(bytes);
    await closed(socket);
    await neighbourIsServed();
  });
}

test('plain bytes instead of TLS end the connection', async () => {
  const socket = openTcp(tidegate);
  socket.write(connect('evil'));
  await closed(socket);
});

for (const [level, answer] of [
  [3, { returnCode: 1 }],
  [6, { returnCode: 1 }],
] as const) {
  test(`protocol level ${level} is answered with 1, then closed`, async () => {
    const socket = await evil();
    const packets = packetsOf(socket);
    const bytes = connect('evil');
    bytes[8] = level;
    socket.write(bytes);
    await closed(socket);
    assert.partialDeepStrictEqual(packets[0], { cmd: 'connack', ...answer });
  });
}

test('a truncated packet is not delivered', async () => {
  const socket = await evil();
  const packets = packetsOf(socket);
  socket.write(connect('evil'));
  await eventually('CONNACK', () => packets.length === 1);
  socket.write(publish('telemetry/seattle/evil', '{"temperature":99}').subarray(0, 20));
  socket.destroy();
  await neighbourIsServed();
  assert.deepEqual(await queryWindows(tidegate, 'evil'), []);
});

test('TLS records of one byte each are read right', async () => {
  const socket = await evil();
  const packets = packetsOf(socket);
  socket.setNoDelay(true);
  const bytes = Buffer.concat([
    connect('evil'),
    publish('telemetry/seattle/evil', '{"temperature":3}', { messageId: 9 }),
  ]);
  for (const byte of bytes) {
    socket.write(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  await eventually('PUBACK', () =>
    packets.some((packet) => packet.cmd === 'puback' && packet.messageId === 9),
  );
  socket.destroy();
  await eventually('its window', async () => (await queryWindows(tidegate, 'evil')).length > 0);
});

test('subscriptions beyond 50 are refused, and SUBSCRIBE with nine filters ends the connection', async () => {
  const socket = await evil();
  const packets = packetsOf(socket, 5);
  socket.write(connect('evil', 5));
  const filter = (n: number) => ({
    topic: `$aws/things/evil/shadow/name/n${n}/update/accepted`,
    qos: 1 as const,
  });
  for (let n = 0; n < 400; n += 8) {
    const subscriptions = Array.from({ length: 8 }, (_, i) => filter(n + i));
    socket.write(generate({ cmd: 'subscribe', messageId: n + 1, subscriptions }, { protocolVersion: 5 }));
  }
  const granted = () =>
    packets.flatMap((packet) => (packet.cmd === 'suback' ? (packet.granted as number[]) : []));
  await eventually('all answers', () => granted().length === 400, patience);
  assert.equal(granted().filter((code) => code === 1).length, 50);
  assert.equal(granted().filter((code) => code === 0x97).length, 350);
  const subscriptions = Array.from({ length: 9 }, (_, n) => filter(n));
  socket.write(generate({ cmd: 'subscribe', messageId: 999, subscriptions }, { protocolVersion: 5 }));
  await closed(socket);
  await neighbourIsServed();
});

/** Writes as fast as the broker takes it for `ms` milliseconds, and reads nothing; gives how many packets went out. */
async function flood(clientId: string, packet: (n: number) => Buffer, ms: number): Promise<number> {
  const socket = await openTls(tidegate, clientId, certs);
  socket.write(connect(clientId));
  socket.pause();
  let sent = 0;
  for (const end = Date.now() + ms; Date.now() < end && !socket.closed;) {
    const many = Array.from({ length: 200 }, () => packet((sent += 1)));
    if (socket.write(Buffer.concat(many))) continue;
    const drained = new AbortController();
    const patience = setTimeout(() => drained.abort(), 200);
    await once(socket, 'drain', { signal: drained.signal }).catch(() => {}); // not taken in time: on to the end
    clearTimeout(patience);
  }
  socket.destroy();
  return sent;
}

test('floods without reading the acknowledgements cost bounded memory, and the neighbour is served', async () => {
  let highest = 0;
  const watching = setInterval(() => (highest = Math.max(highest, residentMegabytes(tidegate) ?? 0)), 200);
  const reading = JSON.stringify({ temperature: 4, note: 'x'.repeat(300) });
  const shadow = JSON.stringify({ state: { reported: { note: 'x'.repeat(3000) } } });
  const before = steady.acknowledged();
  await flood(
    'evil',
    (n) => publish('telemetry/seattle/evil', reading, { messageId: (n % 65_535) + 1 }),
    4_000,
  );
  await flood(
    'evil',
    () => publish('$aws/things/evil/shadow/update', shadow, { qos: 0, messageId: undefined }),
    3_000,
  );
  await neighbourIsServed();
  clearInterval(watching);
  assert.ok(steady.acknowledged() > before + 5);
  if (calmMegabytes === undefined) return;
  const grown = highest - calmMegabytes;
  assert.ok(grown < 700, `resident memory grew by ${grown.toFixed()} MB`);
});

test('a slow reader of its own topics does not delay others', async () => {
  const socket = await evil();
  const packets = packetsOf(socket);
  socket.write(connect('evil'));
  const filters = ['update/accepted', 'update/documents', 'update/rejected'];
  const subscriptions = filters.map((name) => ({
    topic: `$aws/things/evil/shadow/name/+/${name}`,
    qos: 1 as const,
  }));
  socket.write(generate({ cmd: 'subscribe', messageId: 1, subscriptions }));
  await eventually('SUBACK', () => packets.some(({ cmd }) => cmd === 'suback'));
  socket.pause();
  const shadow = JSON.stringify({ state: { reported: { note: 'y'.repeat(6000) } } });
  const many = Buffer.concat(
    Array.from({ length: 100 }, (_, n) => publish(`$aws/things/evil/shadow/name/n${n}/update`, shadow)),
  );
  for (let n = 0; n < 30; n += 1) {
    socket.write(many);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await neighbourIsServed();
  socket.destroy();
});

const stormSize = 1000;

/** Things `storm-0` to `storm-999`, all with the certificate of `evil`. */
async function registerStorm(): Promise<void> {
  const iot = new IoTClient(clientSettings(tidegate));
  const { principals = [] } = await iot.send(new ListThingPrincipalsCommand({ thingName: 'evil' }));
  const names = Array.from({ length: stormSize }, (_, n) => `storm-${n}`);
  const register = async () => {
    for (let thingName = names.pop(); thingName; thingName = names.pop()) {
      await iot.send(new CreateThingCommand({ thingName }));
      await iot.send(new AttachThingPrincipalCommand({ thingName, principal: principals[0] }));
    }
  };
  await Promise.all(Array.from({ length: 20 }, register));
  iot.destroy();
}

/** Connects and publishes one reading, again until it works, as a device does; gives the number of attempts. */
async function weather(name: string, isOpen: (open: boolean) => void): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const socket = await evil();
      const packets = packetsOf(socket);
      const lost = closed(socket).then(() => 'lost' as const);
      socket.write(connect(name));
      socket.write(publish(`telemetry/storm/${name}`, '{"temperature":4}', { messageId: 77 }));
      const served = eventually('PUBACK', () => packets.some(({ cmd }) => cmd === 'puback'), patience);
      if ((await Promise.race([served, lost])) === 'lost') throw new Error('the connection was closed');
      assert.equal((packets[0] as IConnackPacket).returnCode, 0);
      isOpen(true);
      return attempt;
    } catch (error) {
      if (attempt === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200 * attempt));
    }
  }
}

test('a thousand devices that connect at once are all served', async () => {
  await registerStorm();
  let open = 0;
  const names = Array.from({ length: stormSize }, (_, n) => `storm-${n}`);
  await Promise.all(names.map((name) => weather(name, () => (open += 1))));
  assert.equal(open, stormSize);
  await neighbourIsServed();
  await eventually(
    'a window of the last',
    async () => (await queryWindows(tidegate, `storm-${stormSize - 1}`)).length > 0,
    patience,
  );
});

test('after all that the steady device never lost its connection, and the program ends with 0', async () => {
  await steady.stop();
  const stored = await eventually(
    'its windows to hold all its readings',
    async () => {
      const items = await queryWindows(tidegate, 'steady');
      const readings = items.reduce((sum, item) => sum + Number(item['readings']?.N), 0);
      return readings >= steady.acknowledged() && readings;
    },
    patience,
  );
  assert.equal(stored, steady.acknowledged());
  assert.doesNotMatch(tidegate.output(), /"level":"error"/);
  assert.equal(await tidegate.stop(), 0);
});
