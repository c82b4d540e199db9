// Unreliable connections, on the real program: resends and takeovers change no window and lose no acknowledged message.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import {
  connectDevice,
  createDevice,
  queryWindows,
  startTidegate,
  whenClosed,
  type Tidegate,
} from './tidegate.ts';

const certs = temporaryFolder();
const windowStart = Math.floor(Date.now() / 10_000) * 10_000 - 600_000;
let tidegate: Tidegate;

beforeAll(async () => {
  tidegate = await startTidegate(temporaryFolder());
  for (const device of ['resender', 'double']) await createDevice(tidegate, device, certs);
});
afterAll(async () => {
  await tidegate.stop();
});

const reading = (n: number) => JSON.stringify({ id: `r${n}`, timestamp: windowStart + n, temperature: n });

async function windowOf(device: string) {
  const [window, ...others] = await queryWindows(tidegate, device);
  assert.equal(others.length, 0);
  return window;
}

test('a resend with DUP, also over a new connection, leaves the window as it was', async () => {
  const topic = 'telemetry/seattle/resender';
  const withoutId = JSON.stringify({ timestamp: windowStart + 5, temperature: 5 });
  const first = await connectDevice(tidegate, 'resender', certs);
  for (const payload of [reading(1), withoutId]) await first.publishAsync(topic, payload, { qos: 1 });
  const before = await eventually('both readings in the window', async () => {
    const window = await windowOf('resender');
    return window?.['readings']?.N === '2' && window;
  });
  await first.publishAsync(topic, reading(1), { qos: 1, dup: true });
  first.stream.destroy();
  const second = await connectDevice(tidegate, 'resender', certs);
  for (const payload of [reading(1), withoutId, reading(1)])
    await second.publishAsync(topic, payload, { qos: 1, dup: true });
  // Of another window, so that it shows when those before it are finished.
  await second.publishAsync(topic, JSON.stringify({ timestamp: windowStart + 10_000, temperature: 0 }), {
    qos: 1,
  });
  await eventually(
    'the reading after them',
    async () => (await queryWindows(tidegate, 'resender')).length === 2,
  );
  assert.deepEqual((await queryWindows(tidegate, 'resender'))[0], before);
  await second.endAsync();
});

test('a client id that connects twice loses nothing that the older connection got acknowledged', async () => {
  const topic = 'telemetry/seattle/double';
  const older = await connectDevice(tidegate, 'double', certs);
  const closed = whenClosed(older);
  const acknowledged = new Set<number>();
  const publish = async (n: number) => {
    await older.publishAsync(topic, reading(n), { qos: 1 });
    acknowledged.add(n);
  };
  const published = Array.from({ length: 200 }, (_, n) => publish(n).catch(() => {}));
  await eventually('some acknowledged', () => acknowledged.size >= 20);
  const newer = await connectDevice(tidegate, 'double', certs);
  await closed;
  older.end(true);
  await Promise.all(published);
  const counted = await eventually('all that was acknowledged', async () => {
    const readings = Number((await windowOf('double'))?.['readings']?.N ?? 0);
    return readings >= acknowledged.size && readings;
  });
  assert.ok(counted <= 200);
  for (let n = 0; n < 200; n += 1) await newer.publishAsync(topic, reading(n), { qos: 1 });
  const window = await eventually('each reading once', async () => {
    const item = await windowOf('double');
    return item?.['readings']?.N === '200' && item;
  });
  assert.equal(window['temperature.sum']?.N, String((199 * 200) / 2));
  await newer.endAsync();
});
