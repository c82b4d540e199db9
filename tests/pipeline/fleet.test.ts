// A small fleet is read for each request, a large one comes from the stored snapshot, and no device is read twice.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { Device } from '../../core/device.ts';
import { NO_SPAN } from '../../core/span.ts';
import type { Window } from '../../core/window.ts';
import { createKeepFleet, createReadFleet } from '../../pipeline/fleet.ts';
import type { Fleet } from '../../pipeline/rollup-ports.ts';

const NOW = 1_790_000_000_000;

function world(count: number) {
  const all: Device[] = Array.from({ length: count }, (_, n) => ({
    deviceId: `d-${String(n).padStart(5, '0')}`,
    site: 'seattle',
    skipped: ['rssi'],
  }));
  const looked: string[] = [];
  const kept: Fleet[] = [];
  let value = 1n;
  const parts = {
    devices: {
      async list({ limit, after = '' }: { limit: number; after?: string }) {
        const left = all.filter(({ deviceId }) => deviceId > after);
        const page = left.slice(0, limit);
        // The table's order means nothing.
        return { devices: page.toReversed(), ...(left.length > limit && { last: page.at(-1)!.deviceId }) };
      },
    },
    history: {
      async last(deviceId: string): Promise<Window | undefined> {
        looked.push(deviceId);
        const aggregate = { min: value, max: value, sum: value, count: 1 };
        const metrics = new Map([['t', aggregate]]);
        return { deviceId, site: 's', windowStart: NOW, readings: 1, metrics, ...NO_SPAN };
      },
    },
    snapshots: {
      load: async () => kept.at(-1),
      keep: async (fleet: Fleet) => void kept.push(fleet),
    },
    now: () => NOW,
  };
  return { all, parts, looked, kept, measure: (next: bigint) => void (value = next) };
}

const valueOf = (fleet: Fleet | undefined, index: number) =>
  fleet?.entries[index]?.lastWindow?.metrics['t']?.max;

test('a fleet of 200 devices is read for each request and not stored', async () => {
  const { parts, looked, kept, all } = world(200);
  await createKeepFleet(parts)(all, { endsAt: Infinity });
  assert.deepEqual([looked, kept], [[], []]);
  const { asOf, entries } = await createReadFleet(parts)();
  assert.deepEqual([asOf, entries.length, looked.length], [NOW, 200, 200]);
  assert.deepEqual(
    entries.map(({ device }) => device.deviceId),
    all.map(({ deviceId }) => deviceId),
  );
  assert.deepEqual(entries[0]!.device, { deviceId: 'd-00000', site: 'seattle' });
});

test('a larger fleet comes from the stored snapshot, without a read per device', async () => {
  const { parts, looked, all } = world(201);
  const read = createReadFleet(parts);
  const before = await read();
  assert.deepEqual([before.entries.length, before.entries[0]!.lastWindow, looked], [201, undefined, []]);
  await createKeepFleet(parts)(all, { endsAt: Infinity });
  looked.length = 0;
  const fleet = await read();
  assert.equal(valueOf(fleet, 200), '0.000000000000001');
  assert.deepEqual(looked, []);
});

test('devices without time keep their window, and are first in the next run', async () => {
  const { parts, looked, kept, all, measure } = world(300);
  let now = NOW;
  const { history } = parts;
  const slow = { ...history };
  const keep = createKeepFleet({
    ...parts,
    history: { last: async (deviceId) => slow.last(deviceId) },
    now: () => now,
  });
  await keep(all, { endsAt: Infinity });
  measure(2n);
  looked.length = 0;
  slow.last = async (deviceId) => {
    if (looked.length === 99) now = NOW + 1000;
    return history.last(deviceId);
  };
  await keep(all, { endsAt: NOW + 1000 });
  assert.ok(looked.length >= 100 && looked.length < 300, String(looked.length));
  assert.deepEqual([valueOf(kept[1], 0), valueOf(kept[1], 299)], ['0.000000000000002', '0.000000000000001']);
  const left = all.map(({ deviceId }) => deviceId).find((id) => !looked.includes(id));
  looked.length = 0;
  now = NOW;
  await keep(all, { endsAt: NOW + 1000 });
  assert.equal(looked[0], left);
});
