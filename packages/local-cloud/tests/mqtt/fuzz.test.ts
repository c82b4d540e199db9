// Sends generated garbage to the packet path: the broker always answers or closes, and another client is served.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { generate, type Packet } from 'mqtt-packet';
import { eventually } from '../../../../tests/support/waiting.ts';
import { runsOf } from '../fuzzing.ts';
import { type Harness, startHarness } from './harness.ts';
import type { RawClient } from './raw-client.ts';

const { numRuns: rounds, seed: offset } = runsOf(0, 400);

let harness: Harness;
let neighbour: RawClient;
beforeAll(async () => {
  harness = await startHarness({ limits: { queuedMessages: 100 } });
  neighbour = harness.client();
  await neighbour.connect({ clientId: 'neighbour' });
});
afterAll(() => harness.stop());

/** mulberry32: the same numbers for the same seed. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

function samples(version: 4 | 5): Buffer[] {
  const properties = version === 5 ? { userProperties: { a: 'b' }, messageExpiryInterval: 5 } : undefined;
  const packets: Packet[] = [
    {
      cmd: 'connect',
      clientId: 'fuzz',
      protocolVersion: version,
      will: { topic: 'w', payload: Buffer.from('x'), qos: 1, retain: true },
      username: 'u',
      password: Buffer.from('p'),
    },
    {
      cmd: 'publish',
      topic: 'a/b',
      payload: 'hello',
      qos: 1,
      dup: false,
      retain: true,
      messageId: 7,
      properties,
    },
    { cmd: 'publish', topic: 'a/b', payload: 'hello', qos: 0, dup: false, retain: false },
    {
      cmd: 'subscribe',
      messageId: 8,
      subscriptions: [
        { topic: 'a/#', qos: 1 },
        { topic: '$share/g/a', qos: 0 },
      ],
    },
    { cmd: 'unsubscribe', messageId: 9, unsubscriptions: ['a/#'] },
    { cmd: 'puback', messageId: 1, reasonCode: 0 },
    { cmd: 'pingreq' },
    { cmd: 'disconnect', reasonCode: 0 },
  ];
  return packets.map((packet) => generate(packet, { protocolVersion: version }));
}

function mutate(bytes: Buffer, random: (below: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  for (let i = random(3); i > 0; i -= 1) copy[random(copy.length)] = random(256);
  return random(8) === 0 ? copy.subarray(0, random(copy.length)) : copy;
}

for (const version of [4, 5] as const) {
  test(`survives mutated packets of MQTT ${version === 4 ? '3.1.1' : '5'}`, async () => {
    const random = createRandom(offset + version);
    const parts = samples(version);
    for (let round = 0; round < rounds; round += 1) {
      const client = harness.client(version, `p${random(3)}`);
      client.stream.removeAllListeners('data');
      client.stream.resume();
      const stream: Buffer[] =
        random(10) === 0 ? [] : [random(4) === 0 ? mutate(parts[0]!, random) : parts[0]!];
      for (let i = random(6); i >= 0; i -= 1) stream.push(mutate(parts[random(parts.length)]!, random));
      const bytes = Buffer.concat(stream);
      const cut = random(bytes.length + 1);
      client.send(bytes.subarray(0, cut), bytes.subarray(cut));
      if (round % 20 === 0) await neighbour.ping();
      client.stream.end();
    }
    await neighbour.ping();
    await eventually(
      'all but the neighbour are gone',
      () => harness.counters.get('mqtt.connections') - harness.counters.get('mqtt.disconnections') === 1,
    );
    assert.deepEqual(
      harness.log.filter(({ level }) => level === 'error'),
      [],
    );
  });
}

test('survives random bytes before and after CONNECT', async () => {
  const random = createRandom(offset + 99);
  for (let round = 0; round < rounds; round += 1) {
    const client = harness.client();
    client.stream.removeAllListeners('data');
    client.stream.resume();
    if (random(2) === 0) client.send(samples(4)[0]!);
    client.send(Buffer.from(Array.from({ length: random(200) }, () => random(256))));
    client.stream.end();
  }
  await neighbour.ping();
  assert.deepEqual(
    harness.log.filter(({ level }) => level === 'error'),
    [],
  );
});
