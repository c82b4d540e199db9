// The same messages in both ingest modes, on the real program: the same windows, also when the stream's program is killed.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import {
  archivedMessages,
  connectDevice,
  createDevice,
  filesOf,
  queryWindows,
  startTidegate,
  type Tidegate,
} from './tidegate.ts';

const devices = ['two-ways-1', 'two-ways-2', 'two-ways-3'];
const start = Math.floor(Date.now() / 10_000) * 10_000 - 600_000;
const streamFlags = [
  '--no-demo',
  '--parameter-overrides',
  'IngestMode=stream',
  'StreamShards=2',
  'StreamBatchingSeconds=1',
];

/** Readings out of order, some twice, some packed, and now and then something that is not a reading. */
function messagesOf(device: number): string[] {
  const reading = (n: number) => ({
    id: `${device}-${n}`,
    timestamp: start + n * 700,
    temperature: (((n * 37 + device * 11) % 80) - 1) / 10,
    humidity: (n * 7) % 50,
  });
  const singles = Array.from({ length: 90 }, (_, n) => JSON.stringify(reading((n * 53) % 90)));
  const packs = Array.from({ length: 5 }, (_, n) =>
    JSON.stringify({ readings: Array.from({ length: 12 }, (_, i) => reading(90 + n * 12 + i)) }),
  );
  const bad = ['{"temperature":', '[1]', '{"temperature":null}'];
  return [...singles, ...packs, ...singles.slice(10, 30), ...packs.slice(1, 3), ...bad];
}

async function publishAll(tidegate: Tidegate, certs: string, part: (messages: string[]) => string[]) {
  await Promise.all(
    devices.map(async (name, index) => {
      const client = await connectDevice(tidegate, name, certs);
      const messages = part(messagesOf(index));
      await Promise.all(
        messages.map((text) => client.publishAsync(`telemetry/seattle/${name}`, text, { qos: 1 })),
      );
      await client.endAsync();
    }),
  );
}

/** What is stored, but for the order of a set. */
async function stored(tidegate: Tidegate): Promise<Record<string, AttributeValue | string[]>[]> {
  const items = (await Promise.all(devices.map((device) => queryWindows(tidegate, device)))).flat();
  return items.map((item) => ({
    ...item,
    seen: item['seen']!.BS!.map((bytes) => Buffer.from(bytes).toString('hex')).sort(),
  }));
}

async function allCounted(tidegate: Tidegate): Promise<Awaited<ReturnType<typeof stored>>> {
  const expected = devices.length * 150;
  return eventually(
    `${expected} readings in the windows`,
    async () => {
      const windows = await stored(tidegate);
      const readings = windows.reduce((sum, item) => sum + (item['seen'] as string[]).length, 0);
      const rejects = filesOf(tidegate, 'ErrorsBucket').filter((file) => file.includes('/rejected/'));
      return readings === expected && rejects.length === devices.length * 3 && windows;
    },
    60_000,
  );
}

const reasonsOf = (tidegate: Tidegate) =>
  filesOf(tidegate, 'ErrorsBucket')
    .filter((file) => file.includes('/rejected/'))
    .flatMap(
      (file) => (JSON.parse(readFileSync(file, 'utf8')) as { rejected: { reason: string }[] }).rejected,
    )
    .map(({ reason }) => reason)
    .sort();

test('both ingest modes store the same windows and the same rejects', async () => {
  const [direct, stream] = [temporaryFolder(), temporaryFolder()];
  const [directCerts, certs] = [temporaryFolder(), temporaryFolder()];
  let tidegate = await startTidegate(direct);
  for (const device of devices) await createDevice(tidegate, device, directCerts);
  await publishAll(tidegate, directCerts, (messages) => messages);
  const windows = await allCounted(tidegate);
  const reasons = reasonsOf(tidegate);
  assert.equal(await tidegate.stop(), 0);

  tidegate = await startTidegate(stream, streamFlags);
  assert.match(tidegate.endpoints.outputs['IngestStreamFunction'] ?? '', /IngestStreamFunction$/);
  for (const device of devices) await createDevice(tidegate, device, certs);
  await publishAll(tidegate, certs, (messages) => messages.slice(0, 70));
  // Some are on the stream, some on their way to a window, some in one.
  assert.equal(await tidegate.stop('SIGKILL'), 'SIGKILL');
  tidegate = await startTidegate(stream, streamFlags);
  await publishAll(tidegate, certs, (messages) => messages.slice(60));
  assert.deepEqual(await allCounted(tidegate), windows);
  assert.deepEqual(reasonsOf(tidegate), reasons);
  assert.equal(await tidegate.stop(), 0);
  const archived = new Set(
    archivedMessages(tidegate).map((message) => JSON.stringify(message['id'] ?? null)),
  );
  assert.ok(archived.size > devices.length * 90);
});
