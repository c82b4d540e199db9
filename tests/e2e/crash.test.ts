// kill -9 at any moment: acknowledged messages are in the archive, and the windows equal its recomputation.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { MqttClient } from 'mqtt';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import {
  archivedMessages,
  connectDevice,
  createDevice,
  queryWindows,
  startTidegate,
  type Tidegate,
} from './tidegate.ts';

const devices = ['crash-1', 'crash-2', 'crash-3'];
const start = Math.floor(Date.now() / 10_000) * 10_000 - 600_000;

/** Publishes until the connection breaks; gives the ids that were acknowledged. */
async function publishUntilClosed(client: MqttClient, name: string): Promise<string[]> {
  const acknowledged: string[] = [];
  let closed = false;
  client.on('close', () => (closed = true));
  for (let n = 0; !closed; n += 1) {
    const id = `${name}-${n}`;
    const message = JSON.stringify({ id, timestamp: start + n * 200, temperature: (n % 70) / 10 });
    client.publish(`telemetry/seattle/${name}`, message, { qos: 1 }, (error) => {
      if (!error) acknowledged.push(id);
    });
    if (n % 5 === 4) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  client.end(true);
  return acknowledged;
}

interface Expected {
  count: number;
  min: number;
  max: number;
  /** In tenths, so that the sum is exact. */
  tenths: number;
}

function recompute(messages: readonly Record<string, unknown>[]): Map<string, Expected> {
  const windows = new Map<string, Expected>();
  const unique = new Map(messages.map((message) => [String(message['id']), message]));
  for (const message of unique.values()) {
    const at = Math.floor(Number(message['timestamp']) / 10_000) * 10_000;
    const value = Number(message['temperature']);
    const key = `${String(message['deviceId'])} ${at}`;
    const old = windows.get(key) ?? { count: 0, min: Infinity, max: -Infinity, tenths: 0 };
    windows.set(key, {
      count: old.count + 1,
      min: Math.min(old.min, value),
      max: Math.max(old.max, value),
      tenths: old.tenths + Math.round(value * 10),
    });
  }
  return windows;
}

async function storedWindows(tidegate: Tidegate): Promise<Map<string, Expected>> {
  const items = (await Promise.all(devices.map((device) => queryWindows(tidegate, device)))).flat();
  return new Map(
    items.map((item) => [
      `${item['deviceId']!.S} ${item['windowStart']!.N}`,
      {
        count: Number(item['temperature.count']!.N),
        min: Number(item['temperature.min']!.N),
        max: Number(item['temperature.max']!.N),
        tenths: Math.round(Number(item['temperature.sum']!.N) * 10),
      },
    ]),
  );
}

test('loses nothing acknowledged and counts nothing twice over three kills', async () => {
  const dataDir = temporaryFolder();
  const certs = temporaryFolder();
  const acknowledged = new Set<string>();
  let tidegate = await startTidegate(dataDir);
  for (const device of devices) await createDevice(tidegate, device, certs);
  for (const delay of [700, 1_100, 400]) {
    const clients = await Promise.all(devices.map((device) => connectDevice(tidegate, device, certs)));
    const publishing = clients.map((client, index) => publishUntilClosed(client, devices[index]!));
    await new Promise((resolve) => setTimeout(resolve, delay)); // a bad moment is any moment
    assert.equal(await tidegate.stop('SIGKILL'), 'SIGKILL');
    for (const ids of await Promise.all(publishing)) for (const id of ids) acknowledged.add(id);
    tidegate = await startTidegate(dataDir);
  }
  assert.ok(acknowledged.size > 100, `${acknowledged.size} messages were acknowledged`);
  await eventually(
    'all windows to hold what was acknowledged',
    async () => {
      const stored = await storedWindows(tidegate);
      const counted = [...stored.values()].reduce((sum, { count }) => sum + count, 0);
      return counted >= acknowledged.size;
    },
    60_000,
  );
  assert.equal(await tidegate.stop('SIGTERM'), 0);
  const archive = archivedMessages(tidegate);
  const archived = new Set(archive.map(({ id }) => String(id)));
  assert.deepEqual(
    [...acknowledged].filter((id) => !archived.has(id)),
    [],
  );
  tidegate = await startTidegate(dataDir);
  const sorted = (windows: Map<string, Expected>) => [...windows].sort(([a], [b]) => (a < b ? -1 : 1));
  assert.deepEqual(sorted(await storedWindows(tidegate)), sorted(recompute(archive)));
  await tidegate.stop();
});
