// Somebody sets the machine's time: active clients stay connected, silent ones are closed in time, and nothing waits for ever.

import { afterEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { IConnectPacket } from 'mqtt-packet';
import { eventually } from '../../../../tests/support/waiting.ts';
import { createManualClock } from '../../clock.ts';
import { type Harness, type HarnessOptions, startHarness } from './harness.ts';
import type { RawClient } from './raw-client.ts';

const start = 1_700_000_000_000;
const hour = 3_600_000;
let harness: Harness;
const open = async (options: HarnessOptions) => (harness = await startHarness(options));
afterEach(() => harness?.stop());

async function connected(clientId: string, fields: Partial<IConnectPacket> = {}): Promise<RawClient> {
  const client = harness.client(5);
  assert.partialDeepStrictEqual(await client.connect({ clientId, ...fields }), {
    cmd: 'connack',
    reasonCode: 0,
  });
  return client;
}

async function subscribed(client: RawClient, topic: string): Promise<void> {
  client.send({ cmd: 'subscribe', messageId: 9, subscriptions: [{ topic, qos: 1 }] });
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'suback', granted: [1] });
}

const publish = (topic: string, messageExpiryInterval: number) =>
  ({
    cmd: 'publish',
    topic,
    payload: 'x',
    qos: 1,
    dup: false,
    retain: false,
    messageId: 7,
    properties: { messageExpiryInterval },
  }) as const;

for (const [what, by] of [
  ['back', -24 * hour],
  ['forward', 24 * hour],
] as const) {
  test(`the time set ${what} a day: a client that pings stays, a silent one is closed after its keep-alive, no later`, async () => {
    const clock = createManualClock(start);
    await open({ clock });
    const alive = await connected('alive', { keepalive: 60 });
    const silent = await connected('silent', { keepalive: 60 });
    await clock.advance(60_000);
    await alive.ping();
    clock.step(by);
    await clock.advance(29_999);
    await alive.ping();
    assert.deepEqual(await silent.ping(), []);
    await clock.advance(89_999);
    await alive.ping();
    await clock.advance(1);
    assert.partialDeepStrictEqual(await silent.next(), { cmd: 'disconnect', reasonCode: 0x8d });
    await alive.ping();
  });

  test(`the time set ${what} a day: a kept session ends an hour after its connection`, async () => {
    const clock = createManualClock(start);
    await open({ clock });
    const session = { clean: false, properties: { sessionExpiryInterval: 3600 } };
    await (await connected('c1', session)).drop();
    await eventually('it is gone', () => harness.counters.get('mqtt.disconnections') === 1);
    clock.step(by);
    await clock.advance(hour - 1);
    const again = harness.client(5);
    assert.partialDeepStrictEqual(await again.connect({ clientId: 'c1', ...session }), {
      sessionPresent: true,
    });
    await again.drop();
    await eventually('it is gone again', () => harness.counters.get('mqtt.disconnections') === 2);
    clock.step(by);
    await clock.advance(hour);
    const late = harness.client(5);
    assert.partialDeepStrictEqual(await late.connect({ clientId: 'c1', ...session }), {
      sessionPresent: false,
    });
  });
}

test('the time set back over a restart: a kept session lives no longer than its expiry', async () => {
  const clock = createManualClock(start);
  await open({ clock });
  const session = { clean: false, properties: { sessionExpiryInterval: 100 } };
  await (await connected('c1', session)).drop();
  await eventually('it is gone', () => harness.counters.get('mqtt.disconnections') === 1);
  clock.step(-24 * hour);
  harness = await harness.restart();
  await clock.advance(100_000);
  const late = harness.client(5);
  assert.partialDeepStrictEqual(await late.connect({ clientId: 'c1', ...session }), {
    sessionPresent: false,
  });
});

test('the time set back while a message waits: its lifetime is not longer than its publisher said', async () => {
  const clock = createManualClock(start);
  await open({ clock });
  const session = { clean: false, properties: { sessionExpiryInterval: 3600 } };
  const reader = await connected('reader', session);
  await subscribed(reader, 'a');
  await reader.drop();
  await eventually('it is gone', () => harness.counters.get('mqtt.disconnections') === 1);
  const writer = await connected('writer');
  writer.send(publish('a', 50));
  await writer.next();
  clock.step(-hour);
  const again = await connected('reader', session);
  assert.partialDeepStrictEqual(await again.next(), {
    cmd: 'publish',
    properties: { messageExpiryInterval: 50 },
  });
});

test('the time set back: messages are still put on disk, acknowledged and finished', async () => {
  const clock = createManualClock(start);
  await open({ clock, rules: { match: () => [{ id: 'r/0', run: async () => {} }] } });
  const client = await connected('c1');
  clock.step(-365 * 24 * hour);
  client.send(publish('a', 50));
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'puback', messageId: 7 });
  await eventually('nothing is owed', () => harness.journal.pending().length === 0);
  await clock.advance(200);
  await harness.journal.flush();
});
