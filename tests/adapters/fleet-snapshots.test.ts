// A stored fleet is read back unchanged, even one of several items, and while the next one is written.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createFleetSnapshots } from '../../adapters/fleet-snapshots.ts';
import type { Fleet } from '../../pipeline/rollup-ports.ts';
import { openTables, type Tables } from './tables.ts';

let tables: Tables;
beforeAll(async () => void (tables = await openTables()));
afterAll(() => tables.close());

/** Text that does not compress, so that the fleet takes more than one item. */
const noise = (seed: string) => createHash('sha512').update(seed).digest('base64');

const fleet = (asOf: number, devices: number, length: number): Fleet => ({
  asOf,
  entries: Array.from({ length: devices }, (_, n) => ({
    device: {
      deviceId: `d${n}`,
      attributes: { note: Array.from({ length }, (_each, m) => noise(`${asOf}/${n}/${m}`)).join('') },
    },
    lastWindow: {
      ...{ start: asOf, readings: 1 },
      metrics: { t: { min: '1', max: '1.000000000000001', sum: '2', count: 2, mean: '1' } },
    },
  })),
});

test('no snapshot exists before the first is stored', async () => {
  assert.equal(await createFleetSnapshots({ client: tables.client, table: 'rollups' }).load(), undefined);
});

test('the last stored snapshot is read, of one item or several', async () => {
  const snapshots = createFleetSnapshots({ client: tables.client, table: 'rollups' });
  for (const each of [fleet(1, 3, 1), fleet(2, 500, 20), fleet(3, 2, 1)]) {
    await snapshots.keep(each);
    assert.deepEqual(await snapshots.load(), each);
  }
});

test('a reader finds a whole fleet while others are written', async () => {
  const snapshots = createFleetSnapshots({ client: tables.client, table: 'rollups' });
  await snapshots.keep(fleet(10, 300, 20));
  const writing = (async () => {
    for (let asOf = 11; asOf < 15; asOf += 1) await snapshots.keep(fleet(asOf, 300, 20));
  })();
  for (let n = 0; n < 4; n += 1) {
    const found = await snapshots.load();
    assert.deepEqual(found, fleet(found!.asOf, 300, 20));
  }
  await writing;
});
