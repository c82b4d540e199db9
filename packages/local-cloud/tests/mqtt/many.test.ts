// Thousands of connections over real TLS sockets: all are served, none costs much, and nothing stays behind.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { eventually } from '../../../../tests/support/waiting.ts';
import { descriptorLimit } from '../../mqtt/descriptors.ts';
import { type Harness, startHarness } from './harness.ts';
import { createRawClient, type RawClient } from './raw-client.ts';

/** Both ends of each connection are in this process; some descriptors are for everything else. */
const connections = Math.min(2_000, Math.floor((descriptorLimit() - 200) / 2));

let harness: Harness;
const sockets: TLSSocket[] = [];
beforeAll(async () => (harness = await startHarness({ limits: { connections } })));
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await harness.stop();
});

async function openClient(n: number, credentials: { cert: string; key: string }): Promise<RawClient> {
  const { broker, authority } = harness;
  const socket = connectTls({ host: 'localhost', port: broker.port, ca: authority.ca, ...credentials });
  sockets.push(socket);
  await once(socket, 'secureConnect');
  const client = createRawClient(socket);
  assert.partialDeepStrictEqual(await client.connect({ clientId: `c${n}` }), { returnCode: 0 });
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: `own/${n}`, qos: 1 }] });
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'suback', granted: [1] });
  return client;
}

test(`${connections} connections at the same time each get their own messages, at a bounded cost`, async () => {
  const credentials = await harness.authority.issue('sensor-1');
  const clients: RawClient[] = [];
  const memoryBefore = process.memoryUsage().rss;
  for (let n = 0; n < connections; n += 50) {
    const batch = Array.from({ length: Math.min(50, connections - n) }, (_, i) =>
      openClient(n + i, credentials),
    );
    clients.push(...(await Promise.all(batch)));
  }
  const each = (process.memoryUsage().rss - memoryBefore) / connections;
  assert.ok(each < 400_000, `${Math.round(each)} bytes for both ends of a connection`);

  const message = { cmd: 'publish', qos: 1, dup: false, retain: false } as const;
  for (const [n, client] of clients.entries()) {
    const topic = `own/${(n + 1) % connections}`;
    client.send({ ...message, topic, payload: `from ${n}`, messageId: 7 });
  }
  for (const [n, client] of clients.entries()) {
    const received = [await client.next(), await client.next()];
    const heard = received.find((packet) => packet !== 'closed' && packet.cmd === 'publish');
    const from = (n + connections - 1) % connections;
    assert.partialDeepStrictEqual(heard!, { topic: `own/${n}`, payload: Buffer.from(`from ${from}`) });
  }

  for (const socket of sockets) socket.destroy();
  await eventually(
    'the broker knows that all are gone',
    () => harness.counters.get('mqtt.disconnections') === connections,
  );
  assert.equal(harness.mqtt.clients.subscriptionsOf('c0'), undefined);
  assert.deepEqual(
    harness.log.filter(({ level }) => level === 'error'),
    [],
  );
});
