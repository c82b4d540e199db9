// The broker behind real TLS with certificates, spoken to by mqtt.js and by the mosquitto clients.

import { afterAll, afterEach, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { promisify } from 'node:util';
import {
  connectAsync as connectClient,
  type IClientOptions,
  type IPublishPacket,
  type MqttClient,
} from 'mqtt';
import { generate } from 'mqtt-packet';
import { isInstalled, testIf } from '../../../../tests/support/conditions.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { createManualClock } from '../../clock.ts';
import { createAuthority, type Credentials } from './certificates.ts';
import { type Harness, startHarness } from './harness.ts';
import { createRawClient } from './raw-client.ts';

let harness: Harness;
let own: Credentials;
const dir = temporaryFolder();

beforeAll(async () => {
  harness = await startHarness({ limits: { handshakeTimeoutMs: 300, connections: 20 } });
  own = await harness.authority.issue('sensor-1');
  for (const [name, text] of Object.entries({ ...own, ca: harness.authority.ca })) {
    writeFileSync(join(dir, name), text, { mode: 0o600 });
  }
});
afterAll(() => harness.stop());

const options = (clientId: string, more: IClientOptions = {}): IClientOptions => ({
  host: 'localhost',
  protocol: 'mqtts',
  port: harness.broker.port,
  ca: harness.authority.ca,
  ...own,
  clientId,
  protocolVersion: 4,
  reconnectPeriod: 0,
  ...more,
});
/** Whatever a test opens and, where it fails, leaves open: the broker would wait for it for ever. */
const opened: { destroy(): unknown }[] = [];
afterEach(() => opened.splice(0).forEach((each) => each.destroy()));
const connectAsync = async (given: IClientOptions) => {
  const client = await connectClient(given);
  opened.push({ destroy: () => client.end(true) });
  return client;
};
const quiet = <S extends Socket>(socket: S): S => {
  opened.push(socket);
  return socket.on('error', () => {});
};
const tls = (more: ConnectionOptions = {}) =>
  quiet(
    connectTls({ host: 'localhost', port: harness.broker.port, ca: harness.authority.ca, ...own, ...more }),
  );
const tcp = () => quiet(connectTcp(harness.broker.port, 'localhost'));
/** What `listen` gives, in five seconds at most. */
const soon = <T>(what: string, listen: (resolve: (value: T) => void) => void) =>
  new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), 5_000);
    listen((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
const closed = (socket: Socket) =>
  soon<void>('the end of a connection', (resolve) => socket.once('close', () => resolve()));
const nextMessage = (client: MqttClient) =>
  soon<IPublishPacket>('a message', (resolve) =>
    client.once('message', (_topic, _payload, packet) => resolve(packet)),
  );
const refusals = () =>
  harness.log.filter(({ action }) => action === 'TLS').map(({ reason }) => String(reason));

test('mqtt.js publishes and subscribes with QoS 1, and the principal is the one of the certificate', async () => {
  const client = await connectAsync(options('c1'));
  await client.subscribeAsync('a/#', { qos: 1 });
  const arrived = nextMessage(client);
  await client.publishAsync('a/b', 'hello', { qos: 1 });
  const { topic, payload } = await arrived;
  assert.deepEqual([topic, String(payload)], ['a/b', 'hello']);
  assert.equal(harness.matched.find((message) => message.topic === 'a/b')?.principal, 'sensor-1');
  await client.endAsync();
});

test('mqtt.js with MQTT 5 gets properties through', async () => {
  const client = await connectAsync(options('c5', { protocolVersion: 5 }));
  await client.subscribeAsync('five', { qos: 1 });
  const arrived = nextMessage(client);
  await client.publishAsync('five', 'x', {
    qos: 1,
    properties: { contentType: 'text/plain', userProperties: { a: 'b' } },
  });
  const packet = await arrived;
  assert.partialDeepStrictEqual(packet.properties!, {
    contentType: 'text/plain',
    userProperties: { a: 'b' },
  });
  await client.endAsync();
});

const testWithMosquitto = testIf(isInstalled('mosquitto_pub'), 'the mosquitto clients are not installed');
for (const version of ['mqttv311', 'mqttv5']) {
  testWithMosquitto(
    `mosquitto_pub and mosquitto_sub (${version}) work with the files of a device`,
    async () => {
      const common = [
        '-V',
        version,
        '-h',
        'localhost',
        '-p',
        `${harness.broker.port}`,
        '-q',
        '1',
        '-t',
        `m/${version}`,
      ];
      const files = ['--cafile', join(dir, 'ca'), '--cert', join(dir, 'cert'), '--key', join(dir, 'key')];
      const run = promisify(execFile);
      const listening = run('mosquitto_sub', [...common, ...files, '-i', 'sub', '-C', '1', '-W', '10']);
      const topics = () => harness.matched.map(({ topic, payload }) => `${topic} ${payload.toString()}`);
      await eventually('it subscribed', () =>
        topics().some((line) => line.includes('subscribed/sub') && line.includes(version)),
      );
      await run('mosquitto_pub', [
        ...common,
        ...files,
        '-i',
        'pub',
        '-m',
        'tide',
        '--tls-alpn',
        'x-amzn-mqtt-ca',
      ]);
      assert.equal((await listening).stdout, 'tide\n');
    },
  );
}

test('no client certificate: refused with the reason in the log', async () => {
  const socket = tls({ cert: undefined, key: undefined });
  await closed(socket);
  assert.ok(refusals().includes('no client certificate'));
});

test('a certificate of another authority: refused with the reason in the log', async () => {
  const foreign = await (await createAuthority('another authority')).issue('sensor-1');
  const socket = tls(foreign);
  await closed(socket);
  assert.ok(refusals().includes('the certificate is of another authority'));
});

test('TLS 1.1 and plain MQTT are refused, and others do not notice', async () => {
  const neighbour = await connectAsync(options('neighbour'));
  const old = tls({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
  await closed(old);
  const plain = tcp();
  plain.write(generate({ cmd: 'connect', clientId: 'plain' }));
  await closed(plain);
  assert.ok(refusals().includes('TLS handshake failed: unsupported protocol'));
  assert.ok(refusals().includes('TLS handshake failed: wrong version number'));
  await neighbour.publishAsync('n', 'x', { qos: 1 });
  await neighbour.endAsync();
});

test('a TCP connection that begins no handshake is closed in time', async () => {
  const socket = tcp();
  await closed(socket);
});

for (const [what, ALPNProtocols] of [
  ['nothing in ALPN', undefined],
  ['MQTT in ALPN', ['mqtt']],
] as const) {
  test(`a client that says ${what} and then nothing at all is closed in time`, async () => {
    const clock = createManualClock(0);
    const quietBroker = await startHarness({ clock });
    const named = ALPNProtocols && { ALPNProtocols: [...ALPNProtocols] };
    const socket = tls({ port: quietBroker.broker.port, ...named });
    let isClosed = false;
    socket.once('close', () => (isClosed = true));
    await once(socket, 'secureConnect');
    await clock.advance(5_000);
    assert.equal(isClosed, false);
    const deadline = Date.now() + 5_000;
    while (!isClosed && Date.now() < deadline) await clock.advance(1_000);
    await quietBroker.stop();
    assert.equal(isClosed, true);
  });
}

test('HTTP is refused where nothing serves it', async () => {
  const socket = tls();
  await once(socket, 'secureConnect');
  socket.write('GET /topics/a HTTP/1.1\r\n\r\n');
  await closed(socket);
  await eventually('the reason', () =>
    harness.log.some(({ reason }) => reason === 'HTTP, which is not served here'),
  );
});

test('TLS records of one byte each are read right', async () => {
  const socket = tls();
  socket.setNoDelay(true);
  await once(socket, 'secureConnect');
  const client = createRawClient(socket);
  const publish = { cmd: 'publish', topic: 'one', payload: 'x'.repeat(200), qos: 1, messageId: 5 } as const;
  const bytes = Buffer.concat([
    generate({ cmd: 'connect', clientId: 'bytes' }),
    generate({ ...publish, dup: false, retain: false }),
  ]);
  for (const byte of bytes) {
    socket.write(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'connack', returnCode: 0 });
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'puback', messageId: 5 });
  socket.destroy();
});

test('a port full of connections that do not end their handshake still serves those that do', async () => {
  const served = await connectAsync(options('before'));
  const hello = Buffer.from([0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3]);
  const half: Socket[] = [];
  for (let count = 0; count < 100; count += 1) {
    const socket = quiet(tcp());
    await once(socket, 'connect');
    if (count % 2 === 0) socket.write(hello);
    half.push(socket);
    if (count % 25 !== 24) continue;
    const between = await eventually('a client between them', () =>
      connectAsync(options(`between-${count}`)).catch(() => undefined),
    );
    await between.endAsync();
  }
  await served.publishAsync('a/b', 'still here', { qos: 1 });
  assert.ok(
    harness.log.some(({ reason }) => String(reason).startsWith('its TLS handshake was not finished when')),
  );
  for (const socket of half) socket.destroy();
  await served.endAsync();
});

test('more connections than the limit are refused and counted, and there is room again when one goes', async () => {
  // With the usual time for a handshake: on a busy machine twenty take longer than the others of this file may.
  const full = await startHarness({ limits: { connections: 20 } });
  const { port } = full.broker;
  const sockets = Array.from({ length: 20 }, () => tls({ port }));
  await Promise.all(sockets.map((socket) => once(socket, 'secureConnect')));
  await closed(quiet(connectTcp(port, 'localhost')));
  await eventually('it was counted', () => full.counters.get('mqtt.refused') === 1);
  for (const socket of sockets) socket.destroy();
  await eventually('the refusal was logged', () =>
    full.log.some(({ reason }) => reason === '20 connections are open'),
  );
  let client;
  for (let i = 0; !client && i < 50; i += 1)
    client = await connectAsync(options('later', { port })).catch(() => undefined);
  assert.ok(client, 'a later client connects');
  await client.endAsync();
  await full.stop();
});

test('a port in use is reported with the code of the system', async () => {
  const other = startHarness();
  await assert.rejects(
    (await other).mqtt.listen({
      tls: { ...own, ca: harness.authority.ca },
      hosts: ['127.0.0.1'],
      port: harness.broker.port,
      identify: () => ({ refused: 'x' }),
    }),
    { code: 'EADDRINUSE', port: harness.broker.port },
  );
  await (await other).stop();
});

test('a connection ends when its certificate does, and the log says so', async () => {
  const clock = createManualClock(Date.parse('2026-01-01T00:00:00Z'));
  const validUntil = Date.parse('2026-03-01T00:00:00Z');
  const other = await startHarness({ clock, validUntil });
  opened.push({ destroy: () => other.stop() });
  const { port } = other.broker;
  const credentials = await other.authority.issue('sensor-1');
  const socket = quiet(connectTls({ host: 'localhost', port, ca: other.authority.ca, ...credentials }));
  await once(socket, 'secureConnect');
  const client = createRawClient(socket, 5);
  assert.partialDeepStrictEqual(await client.connect({ clientId: 'c1', keepalive: 1_200 }), {
    reasonCode: 0,
  });
  for (const step of [1, 30 * 86_400_000]) {
    clock.step(step);
    await clock.advance(600_000);
    await client.ping();
  }
  clock.step(29 * 86_400_000);
  for (let i = 0; i < 6; i += 1) {
    client.send({ cmd: 'pingreq' });
    await eventually('the ping was read', () => socket.writableLength === 0);
    await clock.advance(600_000);
  }
  let last = await client.next();
  while (last !== 'closed' && last.cmd === 'pingresp') last = await client.next();
  assert.partialDeepStrictEqual(last, { cmd: 'disconnect', reasonCode: 0x87 });
  assert.ok(
    other.log.some(({ reason }) => reason === 'its certificate expired at 2026-03-01T00:00:00.000Z'),
    JSON.stringify(other.log),
  );
});
