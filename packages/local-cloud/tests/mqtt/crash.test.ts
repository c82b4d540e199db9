// The events that the next run publishes about connections that a crash ended.

import { afterEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { createManualClock, type ManualClock } from '../../clock.ts';
import { type Harness, startHarness } from './harness.ts';

const running: Harness[] = [];
const start = async (options: Parameters<typeof startHarness>[0]) => {
  const harness = await startHarness(options);
  running.push(harness);
  return harness;
};
afterEach(async () => {
  for (const harness of running.splice(0)) await harness.stop();
});

const event = (kind: string, clientId: string) => `$aws/events/presence/${kind}/${clientId}`;
const topics = (harness: Harness) => harness.matched.map(({ topic }) => topic);
const willOf = (clientId: string) =>
  ({ topic: `will/${clientId}`, payload: Buffer.from([0, 255]), qos: 1, retain: false }) as const;

/** Until the last line about the connection of `clientId` says that it is there, or that it has ended. */
const writtenDown = (harness: Harness, clientId: string, isThere = true) =>
  eventually(`${clientId} is ${isThere ? '' : 'not '}written down`, () => {
    const lines = readFileSync(join(harness.dir, 'mqtt/sessions.log'), 'utf8').split('\n');
    const last = lines.findLast((line) => line.includes(`["connection","${clientId}",`));
    return last !== undefined && last.includes(`["connection","${clientId}",null]`) !== isThere;
  });

/** The disk after a crash at this moment, opened by another run. */
async function crashed(harness: Harness, clock: ManualClock): Promise<Harness> {
  const dir = temporaryFolder();
  cpSync(harness.dir, dir, { recursive: true });
  return start({ clock, dir });
}

test('after a crash the next run reports the connections that ended, and publishes their wills', async () => {
  const clock = createManualClock(0);
  const first = await start({ clock });
  await first.client().connect({ clientId: 'lost', will: willOf('lost') });
  const polite = first.client();
  await polite.connect({ clientId: 'polite', will: willOf('polite') });
  polite.send({ cmd: 'disconnect' });
  const arrival = first.matched.find(({ topic }) => topic === event('connected', 'lost'))!;
  await writtenDown(first, 'polite', false);
  await writtenDown(first, 'lost');

  const second = await crashed(first, clock);
  assert.deepEqual(
    topics(second)
      .filter((topic) => /lost|polite/.test(topic))
      .toSorted(),
    [event('disconnected', 'lost'), 'will/lost'],
  );
  const departure = second.matched.find(({ topic }) => topic === event('disconnected', 'lost'))!;
  const { sessionIdentifier, versionNumber } = JSON.parse(arrival.payload.toString()) as Record<
    string,
    unknown
  >;
  assert.partialDeepStrictEqual(JSON.parse(departure.payload.toString()), {
    clientId: 'lost',
    disconnectReason: 'SERVER_ERROR',
    clientInitiatedDisconnect: false,
    sessionIdentifier,
    versionNumber,
  });
  const will = second.matched.find(({ topic }) => topic === 'will/lost')!;
  assert.deepEqual(will.payload, Buffer.from([0, 255]));
  assert.deepEqual(will.principal, 'p1');
});

test('a will that waits for its delay waits again after a crash, and is cancelled when the client is in time', async () => {
  const clock = createManualClock(0);
  const first = await start({ clock });
  for (const clientId of ['prompt', 'late']) {
    const will = { ...willOf(clientId), properties: { willDelayInterval: 10 } };
    await first.client(5).connect({ clientId, clean: true, will, properties: { sessionExpiryInterval: 60 } });
  }
  await writtenDown(first, 'late');
  const second = await crashed(first, clock);
  const back = { clientId: 'prompt', clean: false, properties: { sessionExpiryInterval: 60 } };
  await second.client(5).connect(back);
  await clock.advance(9_999);
  assert.equal(
    topics(second).some((topic) => topic.startsWith('will/')),
    false,
  );
  await clock.advance(1);
  assert.deepEqual(
    topics(second).filter((topic) => topic.startsWith('will/')),
    ['will/late'],
  );
});

test('an event that one run published is not published again by the next', async () => {
  const clock = createManualClock(0);
  const first = await start({ clock });
  await first.client().connect({ clientId: 'lost', will: willOf('lost') });
  await writtenDown(first, 'lost');
  const second = await crashed(first, clock);
  assert.ok(topics(second).includes('will/lost'));
  const third = await second.restart();
  running[running.indexOf(second)] = third;
  assert.deepEqual(topics(third), []);
});

test('a clean stop leaves no connection to report', async () => {
  const first = await start({ clock: createManualClock(0) });
  await first.client().connect({ clientId: 'here', will: willOf('here') });
  const second = await first.restart();
  running[running.indexOf(first)] = second;
  assert.deepEqual(topics(second), []);
});
