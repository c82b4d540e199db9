// Sessions that outlive their connection, and the process: nothing that was acknowledged to a publisher is lost to them.

import { afterEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { eventually } from '../../../../tests/support/waiting.ts';
import { createManualClock } from '../../clock.ts';
import { type Harness, type HarnessOptions, startHarness } from './harness.ts';
import type { RawClient } from './raw-client.ts';

let harness: Harness;
const start = async (options: HarnessOptions = {}) => (harness = await startHarness(options));
afterEach(() => harness?.stop());

async function connected(clientId: string, sessionPresent: boolean, clean = false): Promise<RawClient> {
  const client = harness.client();
  assert.partialDeepStrictEqual(await client.connect({ clientId, clean }), { returnCode: 0, sessionPresent });
  return client;
}

async function subscribe(client: RawClient, topic = 'a'): Promise<void> {
  client.send({ cmd: 'subscribe', messageId: 9, subscriptions: [{ topic, qos: 1 }] });
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'suback', granted: [1] });
}

async function publishAll(payloads: readonly string[], topic = 'a'): Promise<void> {
  const client = await connected('publisher', false, true);
  for (const payload of payloads) {
    client.send({ cmd: 'publish', topic, payload, qos: 1, dup: false, retain: false, messageId: 1 });
    assert.partialDeepStrictEqual(await client.next(), { cmd: 'puback' });
  }
  client.send({ cmd: 'disconnect' });
  await client.next();
}

async function received(client: RawClient, count: number) {
  const got: { text: string; dup: boolean; messageId: number }[] = [];
  while (got.length < count) {
    const packet = await client.next();
    assert.ok(packet !== 'closed' && packet.cmd === 'publish');
    got.push({ text: String(packet.payload), dup: packet.dup, messageId: packet.messageId! });
  }
  return got;
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `m${i}`);

test('a kept session gets what was published while it was away, in order, and its subscriptions still hold', async () => {
  await start();
  const first = await connected('c1', false);
  await subscribe(first);
  await first.drop();
  await publishAll(['one', 'two']);
  const second = await connected('c1', true);
  assert.deepEqual(
    (await received(second, 2)).map(({ text, dup }) => [text, dup]),
    [
      ['one', false],
      ['two', false],
    ],
  );
  await publishAll(['three']);
  assert.equal((await received(second, 1))[0]!.text, 'three');
});

test('an unacknowledged message comes again with DUP and the same packet identifier, an acknowledged one does not', async () => {
  await start();
  const first = await connected('c1', false);
  await subscribe(first);
  await publishAll(['one', 'two', 'three']);
  const before = await received(first, 3);
  first.send({ cmd: 'puback', messageId: before[1]!.messageId });
  await first.ping();
  await first.drop();
  const second = await connected('c1', true);
  assert.deepEqual(await received(second, 2), [
    { text: 'one', dup: true, messageId: before[0]!.messageId },
    { text: 'three', dup: true, messageId: before[2]!.messageId },
  ]);
  for (const { messageId } of before) second.send({ cmd: 'puback', messageId });
  await second.ping();
  await second.drop();
  assert.deepEqual(await (await connected('c1', true)).ping(), []);
});

test('subscriptions and queued messages outlive the process', async () => {
  await start();
  const first = await connected('c1', false);
  await subscribe(first, 'a/+');
  await publishAll(['before'], 'a/1');
  await received(first, 1);
  await first.drop();
  await publishAll(['away'], 'a/2');
  harness = await harness.restart();
  await publishAll(['after'], 'a/3');
  const second = await connected('c1', true);
  assert.deepEqual(
    (await received(second, 3)).map(({ text }) => text),
    ['before', 'away', 'after'],
  );
});

test('nothing is pending once a session has acknowledged it', async () => {
  await start();
  const client = await connected('c1', false);
  await subscribe(client);
  await publishAll(numbered(300));
  for (let i = 0; i < 300; i += 1) {
    const { messageId } = (await received(client, 1))[0]!;
    client.send({ cmd: 'puback', messageId });
  }
  await client.ping();
  assert.equal(harness.journal.size().entries, 0);
});

test('a session ends an hour after its connection, with its messages and subscriptions', async () => {
  const clock = createManualClock(0);
  await start({ clock });
  const first = await connected('c1', false);
  await subscribe(first);
  await first.drop();
  await eventually('the client is gone', () => harness.counters.get('mqtt.disconnections') === 1);
  await publishAll(['one']);
  await clock.advance(3_599_000);
  assert.equal(harness.journal.size().entries, 1);
  await clock.advance(1_000);
  assert.equal(harness.journal.size().entries, 0);
  const second = await connected('c1', false);
  assert.deepEqual(await second.ping(), []);
});

test('the hour continues over a restart', async () => {
  const clock = createManualClock(0);
  await start({ clock });
  const client = await connected('c1', false);
  await subscribe(client);
  for (let minute = 0; minute < 70; minute += 1) {
    await clock.advance(60_000); // connected all the time: the hour has not begun
    await client.ping();
  }
  harness = await harness.restart();
  await clock.advance(1_800_000);
  harness = await harness.restart();
  await clock.advance(1_770_000);
  harness = await harness.restart();
  await connected('c1', true);
});

test('CleanSession 1 ends the kept session and its pending messages', async () => {
  await start();
  const first = await connected('c1', false);
  await subscribe(first);
  await first.drop();
  await publishAll(['one']);
  const clean = await connected('c1', false, true);
  assert.deepEqual(await clean.ping(), []);
  assert.equal(harness.journal.size().entries, 0);
  await clean.drop();
  await connected('c1', false);
});

test('sends no more than the in-flight limit before an acknowledgement, and the rest from disk after', async () => {
  await start({ limits: { inflight: 10, queuedBytes: 20 } });
  const client = await connected('c1', false);
  await subscribe(client);
  await publishAll(numbered(50));
  assert.equal((await client.ping()).length, 10);
  await client.drop();
  const again = await connected('c1', true);
  const texts: string[] = [];
  while (texts.length < 50) {
    const { text, messageId } = (await received(again, 1))[0]!;
    texts.push(text);
    again.send({ cmd: 'puback', messageId });
  }
  assert.deepEqual(texts, numbered(50));
});

test('a kept session has room for so many messages: more are dropped and counted', async () => {
  await start({ limits: { queuedMessages: 10 } });
  const first = await connected('c1', false);
  await subscribe(first);
  await first.drop();
  await publishAll(numbered(15));
  assert.equal(harness.counters.get('mqtt.dropped'), 5);
  assert.equal((await received(await connected('c1', true), 10)).length, 10);
});

test('too many kept sessions: the next client gets the code for an unavailable server', async () => {
  await start({ limits: { sessions: 2 } });
  for (const id of ['c1', 'c2']) await (await connected(id, false)).drop();
  const client = harness.client();
  assert.partialDeepStrictEqual(await client.connect({ clientId: 'c3', clean: false }), { returnCode: 3 });
  await connected('c1', true);
});

test('an unacknowledged message is not sent again while the client is connected', async () => {
  const clock = createManualClock(0);
  await start({ clock });
  const client = await connected('c1', false);
  await subscribe(client);
  await publishAll(['one']);
  assert.deepEqual(await received(client, 1), [{ text: 'one', dup: false, messageId: 1 }]);
  for (let minutes = 0; minutes < 120; minutes += 1) {
    await clock.advance(60_000);
    assert.deepEqual(await client.ping(), []);
  }
});

test('a message waits as long as its session: seven days, where AWS gives up after an hour', async () => {
  const clock = createManualClock(0);
  await start({ clock });
  const kept = { properties: { sessionExpiryInterval: 604_800 } };
  const first = harness.client(5);
  await first.connect({ clientId: 'c5', ...kept });
  await subscribe(first);
  await first.drop();
  await publishAll(['one']);
  await clock.advance(604_799_000);
  const second = harness.client(5);
  await second.connect({ clientId: 'c5', clean: false, ...kept });
  assert.equal((await received(second, 1))[0]?.text, 'one');
});

test('sessionIdentifier is new with each connection, also if a session continues', async () => {
  await start();
  await (await connected('c1', false)).drop();
  await eventually('the first connection is gone', () => harness.counters.get('mqtt.disconnections') === 1);
  await connected('c1', true);
  const events = harness.matched.map(
    ({ payload }) => JSON.parse(payload.toString()) as Record<string, string>,
  );
  const ids = events.map(({ sessionIdentifier }) => sessionIdentifier);
  assert.deepEqual(
    events.map(({ eventType }) => eventType),
    ['connected', 'disconnected', 'connected'],
  );
  assert.equal(ids[0], ids[1]);
  assert.notEqual(ids[1], ids[2]);
});

test('a rule that runs again after a crash gets the same time and trace', async () => {
  const told: string[] = [];
  const rules = {
    match: ({ topic, receivedAt, traceId }: { topic: string; receivedAt: number; traceId: string }) => {
      if (topic === 'a') told.push(`${receivedAt} ${traceId}`);
      return topic === 'a' ? [{ id: 'r/0', run: () => new Promise<void>(() => {}) }] : [];
    },
  };
  await start({ rules, clock: createManualClock(1_000) });
  await publishAll(['one']);
  harness = await harness.restart({ clock: createManualClock(9_000) });
  assert.match(told[0]!, /^1000 /);
  assert.deepEqual(told, [told[0], told[0]]);
});

test('an unfinished rule action runs again after a restart, and only that one', async () => {
  const runs: string[] = [];
  const rules = (finishes: readonly string[]) => ({
    match: ({ topic, payload }: { topic: string; payload: Buffer }) =>
      topic !== 'a'
        ? []
        : ['r/0', 'r/1'].map((id) => ({
            id,
            run: () => {
              runs.push(`${id} ${payload.toString()}`);
              return finishes.includes(id) ? Promise.resolve() : new Promise<void>(() => {});
            },
          })),
  });
  await start({ rules: rules(['r/0']) });
  await publishAll(['one', 'two']);
  assert.deepEqual(runs.sort(), ['r/0 one', 'r/0 two', 'r/1 one', 'r/1 two']);
  runs.length = 0;
  harness = await harness.restart({ rules: rules(['r/1']) });
  assert.deepEqual(runs, ['r/1 one', 'r/1 two']);
  await harness.mqtt.hub.drain();
  runs.length = 0;
  harness = await harness.restart();
  assert.deepEqual(runs, []);
});

test('messages for a rule that does not exist after a restart are dropped, with a line in the log', async () => {
  await start({ rules: { match: () => [{ id: 'gone/0', run: () => new Promise(() => {}) }] } });
  await publishAll(['one']);
  harness = await harness.restart({ rules: { match: () => [] } });
  assert.ok(
    harness.log.some(({ message, consumer }) => message.startsWith('dropped') && consumer === 'rule:gone/0'),
  );
  assert.equal(harness.journal.size().entries, 0);
});

test('a retained message whose file was not written yet is written after a restart', async () => {
  await start();
  const { seq, durable } = harness.journal.append({
    meta: {
      topic: 'r',
      qos: 1,
      retain: true,
      clientId: 'c',
      principal: 'p',
      sourceIp: '',
      receivedAt: 0,
      traceId: 't',
    },
    payload: Buffer.from('kept'),
    consumers: ['retained'],
  });
  await durable;
  assert.equal(seq > 0, true);
  harness = await harness.restart();
  const client = await connected('c1', false, true);
  await subscribe(client, 'r');
  assert.partialDeepStrictEqual(await client.next(), { retain: true, payload: Buffer.from('kept') });
});

test('names of the prototype are ordinary client IDs, topics and filters', async () => {
  await start();
  for (const name of ['__proto__', 'constructor', 'toString']) {
    const client = await connected(name, false);
    await subscribe(client, `${name}/+`);
    await publishAll([name], `${name}/${name}`);
    assert.equal((await received(client, 1))[0]!.text, name);
  }
  harness = await harness.restart();
  for (const name of ['__proto__', 'constructor', 'toString']) {
    assert.equal((await received(await connected(name, true), 1))[0]!.text, name);
  }
});
