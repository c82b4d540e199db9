// MQTT over WebSocket on the web port, with mqtt.js as the browser: who may connect, what they may do, and for how long.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { MqttClient } from 'mqtt';
import { generate } from 'mqtt-packet';
import { WebSocket } from 'ws';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { createManualClock, systemClock, type ManualClock } from '../../clock.ts';
import { presign, type Signing } from './presign.ts';
import { nextMessage, openBrowser, openWebFixture, whenClosed, type WebFixture } from './web-fixture.ts';

const start = Date.parse('2026-11-20T12:00:00Z');
const own = { accessKeyId: 'local', secretAccessKey: 'local' };

for (const protocolVersion of [4, 5] as const) {
  test(`a guest receives telemetry, in MQTT version ${protocolVersion}`, async () => {
    const fixture = await openWebFixture(systemClock);
    const at = Date.now();
    const client = await openBrowser({ ...fixture, at }, await fixture.guest(), { protocolVersion });
    await client.subscribeAsync('telemetry/#', { qos: 1 });
    const heard = nextMessage(client);
    await fixture.deliver('telemetry/seattle/fridge-1', '{"temperature":4}');
    assert.equal(await heard, 'telemetry/seattle/fridge-1 {"temperature":4}');
  });
}

test('a guest that publishes is disconnected, with the reason in the log', async () => {
  const fixture = await openWebFixture(systemClock);
  const client = await openBrowser({ ...fixture, at: Date.now() }, await fixture.guest());
  const closed = whenClosed(client);
  client.publish('telemetry/seattle/fridge-1', '{"temperature":99}', { qos: 1 }, () => {});
  await closed;
  assert.deepEqual(fixture.reasons(), [
    'no policy of role DashboardGuestRole allows iot:Publish on topic/telemetry/seattle/fridge-1',
  ]);
});

test('a guest connects under its own identity only', async () => {
  const fixture = await openWebFixture(systemClock);
  const [guest, other] = [await fixture.guest(), await fixture.guest()];
  const clientId = `dashboard-${other.identityId}`;
  await assert.rejects(openBrowser({ ...fixture, at: Date.now() }, guest, { clientId }), /Not authorized/);
  assert.match(
    fixture.reasons()[0] ?? '',
    /^no policy of role DashboardGuestRole allows iot:Connect on client/,
  );
});

test('a user is let in by an attached policy, commands a device, and loses the right with the policy', async () => {
  const fixture = await openWebFixture(systemClock);
  const alice = await fixture.login('alice');
  await assert.rejects(openBrowser({ ...fixture, at: Date.now() }, alice), /Not authorized/);
  assert.deepEqual(fixture.reasons(), [`Cognito identity ${alice.identityId} has no policy attached`]);
  const attach = (policies: string[] | undefined) =>
    fixture.iot.registry.commit([{ kind: 'target', key: alice.identityId, value: policies && { policies } }]);
  await attach(['Dashboard']);
  const client = await openBrowser({ ...fixture, at: Date.now() }, alice);
  await client.subscribeAsync('commands/#');
  const heard = nextMessage(client);
  await client.publishAsync('commands/seattle/fridge-1', 'open', { qos: 1 });
  assert.equal(await heard, 'commands/seattle/fridge-1 open');
  await attach(undefined);
  const closed = whenClosed(client);
  client.publish('commands/seattle/fridge-1', 'close', { qos: 1 }, () => {});
  await closed;
});

test('the developer’s own keys may do everything, as the account may', async () => {
  const fixture = await openWebFixture(systemClock);
  const client = await openBrowser({ ...fixture, at: Date.now() }, own, { clientId: 'anything' });
  await client.subscribeAsync('#', { qos: 1 });
  const heard = nextMessage(client);
  await client.publishAsync('anywhere', 'x', { qos: 1 });
  assert.equal(await heard, 'anywhere x');
});

/** A connection that says nothing would end by its keep-alive, which IoT Core sets to 20 minutes at most. */
async function keepAlive(clock: ManualClock, minutes: number, clients: readonly MqttClient[]): Promise<void> {
  for (let passed = 0; passed < minutes; passed += 10) {
    await clock.advance(600_000);
    for (const client of clients.filter(({ connected }) => connected)) {
      const answered = new Promise<void>((resolve) => client.once('packetreceive', () => resolve()));
      client.sendPing();
      await Promise.race([answered, whenClosed(client)]);
    }
  }
}

test('a connection outlives its credentials, and renewed ones open the next', async () => {
  const clock = createManualClock(start);
  const fixture = await openWebFixture(clock);
  const first = await fixture.guest();
  const client = await openBrowser({ ...fixture, at: start }, first, { keepalive: 0, clean: false });
  await client.subscribeAsync('telemetry/#', { qos: 1 });
  await keepAlive(clock, 50, [client]);
  const renewed = await fixture.renew(first.identityId);
  await keepAlive(clock, 20, [client]);
  const heard = nextMessage(client);
  await fixture.deliver('telemetry/seattle/fridge-1', 'after an hour');
  assert.equal(await heard, 'telemetry/seattle/fridge-1 after an hour');
  await assert.rejects(openBrowser({ ...fixture, at: clock.now() }, first));
  assert.deepEqual(fixture.reasons(), ['the credentials expired at 2026-11-20T13:00:00.000Z']);
  const closed = whenClosed(client);
  const next = await openBrowser({ ...fixture, at: clock.now() }, renewed, { clean: false });
  await closed; // the newer connection of the same client takes its place, session and all
  const again = nextMessage(next);
  await fixture.deliver('telemetry/seattle/fridge-1', 'on the next');
  assert.equal(await again, 'telemetry/seattle/fridge-1 on the next');
});

test('a connection ends after a day, and the presence event says why', async () => {
  const clock = createManualClock(start);
  const fixture = await openWebFixture(clock);
  const guest = await fixture.guest();
  const client = await openBrowser({ ...fixture, at: start }, guest, { keepalive: 0 });
  await keepAlive(clock, 12 * 60, [client]);
  const options = { clientId: 'watcher', keepalive: 0 };
  const watcher = await openBrowser({ ...fixture, at: clock.now() }, own, options);
  await watcher.subscribeAsync('$aws/events/presence/disconnected/#');
  const heard = nextMessage(watcher);
  await keepAlive(clock, 12 * 60 - 10, [client, watcher]);
  assert.equal(client.connected, true);
  const closed = whenClosed(client);
  await keepAlive(clock, 10, [watcher]);
  await closed;
  const [, event = ''] = /^\S+ (.*)$/.exec(await heard) ?? [];
  const { clientId, disconnectReason } = JSON.parse(event) as Record<string, unknown>;
  assert.equal(clientId, `dashboard-${guest.identityId}`);
  assert.equal(disconnectReason, 'WEBSOCKET_TTL_EXPIRATION');
});

for (const [what, reason, hasWill] of [
  ['with a Close frame', 'CLIENT_INITIATED_DISCONNECT', false],
  ['without one', 'CONNECTION_LOST', true],
] as const) {
  test(`a WebSocket that ends ${what} is reported as ${reason}, ${hasWill ? 'with' : 'without'} the will`, async () => {
    const fixture = await openWebFixture(systemClock);
    const at = Date.now();
    const heard: string[] = [];
    const watcher = await openBrowser({ ...fixture, at }, own, { clientId: 'watcher' });
    await watcher.subscribeAsync(['$aws/events/presence/disconnected/leaver', 'wills/leaver', 'end']);
    watcher.on('message', (topic, payload) => {
      const event = topic.startsWith('$') ? (JSON.parse(payload.toString()) as Record<string, string>) : {};
      heard.push(event['disconnectReason'] ?? topic);
    });
    const socket = new WebSocket(await presign(fixture.address, own), 'mqtt');
    await once(socket, 'open');
    const will = { topic: 'wills/leaver', payload: Buffer.from('x'), qos: 0, retain: false } as const;
    socket.send(generate({ cmd: 'connect', clientId: 'leaver', clean: true, keepalive: 60, will }));
    await once(socket, 'message');
    if (hasWill) socket.terminate();
    else socket.close();
    const end = Date.now() + 5_000;
    while (heard.length < (hasWill ? 2 : 1) && Date.now() < end) await new Promise(setImmediate);
    await watcher.publishAsync('end', '', { qos: 1 });
    while (!heard.includes('end') && Date.now() < end) await new Promise(setImmediate);
    assert.deepEqual(heard.toSorted(), [reason, 'end', ...(hasWill ? ['wills/leaver'] : [])]);
  });
}

interface Attempt {
  readonly path?: string;
  readonly origin?: string;
  readonly host?: string;
  readonly protocols?: string[];
  readonly signing?: Signing;
}

/** Opens a WebSocket. @returns the HTTP status of the answer; 101 if it is accepted */
async function attempt(fixture: WebFixture, draft: Attempt): Promise<number> {
  const { path = '/mqtt', origin, host, protocols = ['mqtt'], signing } = draft;
  const url = (await presign(fixture.address, own, signing)).replace('/mqtt?', `${path}?`);
  const headers = host === undefined ? {} : { host };
  const socket = new WebSocket(url, protocols, { origin, headers });
  cleanup(() => socket.terminate());
  return new Promise((resolve) => {
    socket.on('open', () => resolve(101));
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    socket.on('error', () => {});
  });
}

const attempts: readonly (readonly [title: string, draft: Attempt, status: number, reason?: RegExp])[] = [
  ['lets in a client that is not a browser', {}, 101],
  ['lets in one of several subprotocols', { protocols: ['other', 'mqtt'] }, 101],
  ['refuses a foreign page', { origin: 'http://example.com' }, 403, /^page of http:\/\/example\.com is not/],
  [
    'refuses a page of another local port',
    { origin: 'http://localhost:1' },
    403,
    /^page of http:\/\/localhost:1 /,
  ],
  ['refuses a page without an origin', { origin: 'null' }, 403, /^page of null is not of this port$/],
  [
    'refuses a name that was pointed here',
    { host: 'evil.example' },
    403,
    /^host evil\.example is not served here$/,
  ],
  ['refuses another path', { path: '/mqtt/x' }, 404, /^only \/mqtt is served over WebSocket$/],
  [
    'refuses another subprotocol',
    { protocols: ['chat'] },
    400,
    /^subprotocol mqtt is not offered \[MQTT-6\.0\.0-3\]$/,
  ],
  [
    'refuses a URL of yesterday',
    { signing: { at: start } },
    403,
    /^the URL of 20261120T120000Z expired after/,
  ],
  ['refuses another region', { signing: { region: 'eu-west-1' } }, 403, /^signed for region eu-west-1/],
];
for (const [title, draft, status, reason] of attempts) {
  test(title, async () => {
    const fixture = await openWebFixture(systemClock);
    assert.equal(await attempt(fixture, draft), status);
    assert.equal(fixture.reasons().length, reason ? 1 : 0);
    if (reason) assert.match(fixture.reasons()[0]!, reason);
    assert.equal(fixture.counters.all()['mqtt.refused'] ?? 0, reason ? 1 : 0);
  });
}

test('lets in the pages of its own port, by every name of this machine', async () => {
  const fixture = await openWebFixture(systemClock);
  for (const origin of fixture.web.origins) assert.equal(await attempt(fixture, { origin }), 101, origin);
});

test('a text message ends the connection, and its neighbour works on', async () => {
  const fixture = await openWebFixture(systemClock);
  const neighbour = await openBrowser({ ...fixture, at: Date.now() }, await fixture.guest());
  const socket = new WebSocket(await presign(fixture.address, own), 'mqtt');
  await once(socket, 'open');
  socket.send('text');
  await once(socket, 'close');
  await neighbour.subscribeAsync('telemetry/#');
});

test('a message over 256 KB, and bytes that are no MQTT, end the connection', async () => {
  const fixture = await openWebFixture(systemClock);
  for (const bytes of [Buffer.alloc(262_145), Buffer.from('GET / HTTP/1.1\r\n\r\n')]) {
    const socket = new WebSocket(await presign(fixture.address, own), 'mqtt');
    await once(socket, 'open');
    socket.on('error', () => {});
    socket.send(bytes);
    await once(socket, 'close');
  }
});

test('packets in one-byte messages, and several in one message, are understood', async () => {
  const fixture = await openWebFixture(systemClock);
  const socket = new WebSocket(await presign(fixture.address, own), 'mqtt');
  await once(socket, 'open');
  const connect = Buffer.from([0x10, 13, 0, 4, 77, 81, 84, 84, 4, 2, 0, 60, 0, 1, 120]);
  const answers: number[] = [];
  socket.on('message', (data: Buffer) => answers.push(...data));
  for (const byte of connect) socket.send(Buffer.from([byte]));
  socket.send(Buffer.from([0xc0, 0, 0xc0, 0]));
  const end = Date.now() + 5_000;
  while (answers.length < 8 && Date.now() < end) await new Promise(setImmediate);
  assert.deepEqual(answers, [0x20, 2, 0, 0, 0xd0, 0, 0xd0, 0]);
  socket.terminate();
});

test('a burst of QoS 0 reaches a browser whole, beside one that does not read', async () => {
  const fixture = await openWebFixture(systemClock);
  const at = Date.now();
  const [reader, deaf] = [
    await openBrowser({ ...fixture, at }, own, { clientId: 'reader' }),
    await openBrowser({ ...fixture, at }, own, { clientId: 'deaf' }),
  ];
  for (const client of [reader, deaf]) await client.subscribeAsync('burst');
  (deaf.stream as Duplex).pause();
  const numbers: number[] = [];
  const whole = new Promise<void>((resolve) => {
    reader.on('message', (_topic, payload) => {
      numbers.push(Number(payload));
      if (numbers.length === 700) resolve();
    });
  });
  const publisher = await openBrowser({ ...fixture, at }, own, { clientId: 'publisher' });
  const payloads = Array.from({ length: 700 }, (_, i) => String(i).padStart(10_000, '0'));
  for (const payload of payloads) publisher.publish('burst', payload, { qos: 0 });
  await whole;
  assert.deepEqual(numbers, payloads.map(Number));
});
