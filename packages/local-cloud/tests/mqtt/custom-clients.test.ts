// Clients without a certificate: their CONNECT is read, judged, and answered once they are let in.

import { afterEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:tls';
import { generate } from 'mqtt-packet';
import { eventually } from '../../../../tests/support/waiting.ts';
import { createManualClock } from '../../clock.ts';
import type { CustomClients } from '../../mqtt/custom-clients.ts';
import { type Harness, type HarnessOptions, startHarness } from './harness.ts';
import { createRawClient } from './raw-client.ts';

const opened: Harness[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.stop();
});

const LASTS_MS = 400_000;

/** Lets in every client but one without a user name. */
const custom: CustomClients = {
  isUsed: () => true,
  ofConnect({ username }) {
    if (username === undefined) return Promise.reject(new Error('no user name'));
    return Promise.resolve({
      ...{ identity: { principal: username, sourceIp: '127.0.0.1' }, lastsMs: LASTS_MS },
    });
  },
  serveHttps: (socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\n'),
};

async function open(options: HarnessOptions = {}): Promise<Harness> {
  const harness = await startHarness({ custom, ...options });
  opened.push(harness);
  return harness;
}

async function dial({ broker, authority }: Harness) {
  const socket = connect({ host: 'localhost', port: broker.port, ca: authority.ca });
  socket.on('error', () => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

const hasLogged = ({ log }: Harness, pattern: RegExp) =>
  eventually('a line in the log', () => log.some(({ reason }) => pattern.test(String(reason))));

test('a CONNECT in pieces, with what follows it', async () => {
  const harness = await open();
  const client = createRawClient(await dial(harness));
  const bytes = generate({ cmd: 'connect', clientId: 'c1', username: 'u1', keepalive: 60 });
  client.send(bytes.subarray(0, 5));
  await new Promise((resolve) => setTimeout(resolve, 20));
  client.send(Buffer.concat([bytes.subarray(5), generate({ cmd: 'pingreq' })]));
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'connack', returnCode: 0 });
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'pingresp' });
  await client.drop();
});

test('a client that is not let in, and the reason in the log', async () => {
  const harness = await open();
  const client = createRawClient(await dial(harness));
  assert.equal(await client.connect({ clientId: 'c1' }), 'closed');
  await hasLogged(harness, /no user name/);
});

for (const [what, bytes, pattern] of [
  ['a packet before CONNECT', generate({ cmd: 'pingreq' }), /CONNECT/],
  ['a packet that is not MQTT', Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0xff]), /remaining length/],
] as const) {
  test(what, async () => {
    const harness = await open();
    const client = createRawClient(await dial(harness));
    client.send(bytes);
    assert.equal(await client.next(), 'closed');
    await hasLogged(harness, pattern);
  });
}

test('a client that stops in the middle of CONNECT', async () => {
  const harness = await open({ limits: { connectTimeoutMs: 100 } });
  const client = createRawClient(await dial(harness));
  client.send(Buffer.from([0x10, 20]));
  assert.equal(await client.next(), 'closed');
  await hasLogged(harness, /no CONNECT within 100 ms/);
});

test('an HTTP request', async () => {
  const socket = await dial(await open());
  socket.write('GET / HTTP/1.1\r\n\r\n');
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  assert.match(chunk.toString(), /200 OK/);
  socket.destroy();
});

test('a client with a certificate while authorizers exist', async () => {
  const harness = await open();
  const credentials = await harness.authority.issue('sensor-1');
  const { port } = harness.broker;
  const socket = connect({ host: 'localhost', port, ca: harness.authority.ca, ...credentials });
  const client = createRawClient(socket);
  assert.partialDeepStrictEqual(await client.connect({ clientId: 'c1' }), { returnCode: 0 });
  await client.drop();
});

test('the end of the time that an authorizer gave', async () => {
  const clock = createManualClock(0);
  const harness = await open({ clock });
  const client = createRawClient(await dial(harness), 5);
  const connected = client.connect({ clientId: 'c1', username: 'u1', keepalive: 1_200 });
  assert.partialDeepStrictEqual(await connected, { reasonCode: 0 });
  await clock.advance(LASTS_MS - 1);
  await client.ping();
  await clock.advance(1);
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'disconnect', reasonCode: 0x98 });
  await eventually('the end in the events', () =>
    harness.matched.some(({ payload }) => payload.toString().includes('CUSTOMAUTH_TTL_EXPIRATION')),
  );
});
