// Every way in which a connection ends: the reason in the lifecycle event, and whether the will is published.
// https://docs.aws.amazon.com/iot/latest/developerguide/life-cycle-events.html

import { afterEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { Packet } from 'mqtt-packet';
import { eventually } from '../../../../tests/support/waiting.ts';
import { createManualClock, type ManualClock } from '../../clock.ts';
import { type Harness, startHarness } from './harness.ts';
import type { RawClient } from './raw-client.ts';

let harness: Harness;
let clock: ManualClock;
afterEach(() => harness?.stop());

const publish = (topic: string, payload: string | Buffer): Packet => ({
  ...{ cmd: 'publish', topic, payload, qos: 1, dup: false, retain: false, messageId: 1 },
});
const will = { topic: 'will', payload: Buffer.from('x'), qos: 1 as const, retain: false };

const endings: readonly (readonly [
  what: string,
  reason: string,
  hasWill: boolean,
  end: (client: RawClient) => unknown,
])[] = [
  ['DISCONNECT', 'CLIENT_INITIATED_DISCONNECT', false, (client) => client.send({ cmd: 'disconnect' })],
  ['the end of the stream', 'CONNECTION_LOST', true, (client) => client.drop()],
  ['a refused publish', 'AUTH_ERROR', true, (client) => client.send(publish('forbidden', 'x'))],
  [
    'a certificate that is revoked',
    'AUTH_ERROR',
    true,
    () => harness.broker.disconnectPrincipal('p1', 'it was revoked'),
  ],
  [
    'a payload over 128 KB',
    'CLIENT_ERROR',
    true,
    (client) => client.send(publish('a', Buffer.alloc(131_073))),
  ],
  ['a second CONNECT', 'CLIENT_ERROR', true, (client) => void client.connect()],
  ['the same client ID', 'DUPLICATE_CLIENTID', true, () => harness.client(4, 'p2').connect()],
  ['silence', 'MQTT_KEEP_ALIVE_TIMEOUT', true, () => clock.advance(90_000)],
  [
    'a call of the API',
    'API_INITIATED_DISCONNECT',
    true,
    () => harness.broker.disconnectClient('c1', 'asked'),
  ],
  ['the end of the program', 'SERVER_INITIATED_DISCONNECT', true, () => harness.broker.close()],
];
for (const [what, reason, hasWill, end] of endings) {
  test(`${what} is ${reason}, ${hasWill ? 'with' : 'without'} the will`, async () => {
    clock = createManualClock(0);
    harness = await startHarness({ clock, authorize: ({ resource }) => resource !== 'topic/forbidden' });
    const client = harness.client();
    assert.partialDeepStrictEqual(await client.connect({ clientId: 'c1', will }), { returnCode: 0 });
    await end(client);
    const event = () => harness.matched.find(({ topic }) => topic.includes('/disconnected/'));
    await eventually('the event was published', () => event() !== undefined);
    assert.partialDeepStrictEqual(JSON.parse(event()!.payload.toString()), {
      disconnectReason: reason,
      clientInitiatedDisconnect: reason === 'CLIENT_INITIATED_DISCONNECT',
    });
    assert.equal(
      harness.matched.some(({ topic }) => topic === 'will'),
      hasWill,
    );
  });
}
