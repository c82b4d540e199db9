// Parts of the cloud that take requests on reserved topics, as clients of the broker see them.

import { afterEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { eventually } from '../../../../tests/support/waiting.ts';
import type { InboundMessage } from '../../mqtt/message.ts';
import type { TopicService } from '../../mqtt/jobs.ts';
import { type Harness, type HarnessOptions, startHarness } from './harness.ts';
import type { RawClient } from './raw-client.ts';

let harness: Harness;
const start = async (options: HarnessOptions = {}) => (harness = await startHarness(options));
afterEach(() => harness?.stop());

const request = (topic: string, qos: 0 | 1 = 1) =>
  ({ cmd: 'publish', topic, payload: '{}', qos, dup: false, retain: false, messageId: 7 }) as const;

async function connected(clientId: string): Promise<RawClient> {
  const client = harness.client(4);
  await client.connect({ clientId });
  return client;
}

async function subscribed(client: RawClient, topic: string): Promise<void> {
  client.send({ cmd: 'subscribe', messageId: 9, subscriptions: [{ topic, qos: 1 }] });
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'suback', granted: [1] });
}

const service = (handle: (message: InboundMessage) => Promise<void>): TopicService => ({
  id: 'echo',
  matches: (topic) => topic === '$aws/echo',
  handle,
});

const answer = (message: InboundMessage): InboundMessage => ({
  ...message,
  topic: '$aws/echo/accepted',
  payload: Buffer.from('yes'),
  principal: 'local-cloud',
});

test('a reserved topic that nothing takes ends the connection', async () => {
  await start();
  const client = await connected('c1');
  client.send(request('$aws/echo'));
  assert.equal(await client.next(), 'closed');
  assert.ok(harness.log.some(({ reason }) => /reserved topic/.test(String(reason))));
});

test('an answer goes to the client that asked and to no other, and not to the disk', async () => {
  await start();
  const { hub } = harness.mqtt;
  hub.serve(service(async (message) => hub.answer(message.clientId, answer(message))));
  const [asking, listening] = [await connected('c1'), await connected('c2')];
  for (const client of [asking, listening]) await subscribed(client, '$aws/echo/#');
  asking.send(request('$aws/echo'));
  const got = [await asking.next(), await asking.next()] as { cmd: string; topic?: string }[];
  assert.deepEqual(got.map(({ cmd, topic }) => topic ?? cmd).sort(), ['$aws/echo/accepted', 'puback']);
  assert.deepEqual(await listening.ping(), []);
  await harness.mqtt.hub.drain();
  assert.deepEqual(harness.journal.pending(), []);
});

test('an answer is not given to a client that has not subscribed, or may not receive it', async () => {
  await start({ authorize: ({ action }) => action !== 'iot:Receive' });
  const { hub } = harness.mqtt;
  let answered = 0;
  hub.serve(
    service(async (message) => {
      hub.answer(message.clientId, answer(message));
      answered += 1;
    }),
  );
  const [forbidden, silent] = [await connected('c1'), await connected('c2')];
  await subscribed(forbidden, '$aws/echo/accepted');
  for (const client of [forbidden, silent]) {
    client.send(request('$aws/echo'));
    assert.partialDeepStrictEqual(await client.next(), { cmd: 'puback' });
    assert.deepEqual(await client.ping(), []);
  }
  assert.equal(answered, 2);
});

test('a request that a crash interrupted is sent again', async () => {
  await start();
  harness.mqtt.hub.serve(service(() => new Promise(() => {})));
  const client = await connected('c1');
  client.send(request('$aws/echo', 0));
  await eventually('the request is on disk', () => harness.journal.pending().length === 1);
  const handled: string[] = [];
  harness = await harness.restart({
    prepare: ({ hub }) => hub.serve(service(async ({ topic }) => void handled.push(topic))),
  });
  await harness.mqtt.hub.drain();
  assert.deepEqual(handled, ['$aws/echo']);
  assert.deepEqual(harness.journal.pending(), []);
});
