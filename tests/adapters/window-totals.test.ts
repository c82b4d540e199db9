// What the audit reads from the windows table: every window of the span, with the parts that the archive has too.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { createWindowStore } from '../../adapters/window-store.ts';
import { keyOf } from '../../adapters/window-item.ts';
import { createTotalsReader, type ReadTotals } from '../../adapters/window-totals.ts';
import { decimalOf } from '../../core/decimal.ts';
import { deltaOf } from '../../core/window.ts';
import { openTables, type Tables } from './tables.ts';

const START = 1_790_000_000_000;
const RETENTION_DAYS = 90;
const EXPIRY = START + RETENTION_DAYS * 86_400_000;

let tables: Tables;
let readTotals: ReadTotals;
beforeAll(async () => {
  tables = await openTables();
  readTotals = createTotalsReader({ client: tables.client, table: 'windows', now: () => EXPIRY - 1 });
});
afterAll(() => tables.close());

/** Counts a reading a window, of `length` windows. */
async function store(deviceId: string, length: number): Promise<void> {
  const windows = createWindowStore({
    client: tables.client,
    table: 'windows',
    fingerprintsTable: 'fingerprints',
    windowSeconds: 10,
    retentionDays: RETENTION_DAYS,
  });
  for (let n = 0; n < length; n += 1) {
    const timestamp = START + n * 10_000 + 500;
    const metrics = [{ name: 'temperature', value: decimalOf(n / 10)! }];
    const fingerprint = n.toString(16).padStart(16, '0');
    await windows.apply(deltaOf({ deviceId, site: 'seattle', timestamp, fingerprint, metrics }, 10));
  }
}

test('a window has its counts, statistics and times, but no site and no last values', async () => {
  await store('one', 1);
  const value = decimalOf(0)!;
  assert.deepEqual(await readTotals({ deviceId: 'one', from: START, to: START + 10_000 }), [
    {
      deviceId: 'one',
      windowStart: START,
      readings: 1,
      metrics: new Map([['temperature', { min: value, max: value, sum: value, count: 1 }]]),
      firstReadingAt: START + 500,
      lastReadingAt: START + 500,
    },
  ]);
});

test('a window stored by a version without times has no times', async () => {
  await store('old', 1);
  await tables.client.send(
    new UpdateItemCommand({
      TableName: 'windows',
      Key: keyOf({ deviceId: 'old', site: '', windowStart: START }),
      UpdateExpression: 'REMOVE firstReadingAt, lastReadingAt, lastFingerprint, #last',
      ExpressionAttributeNames: { '#last': 'last' },
    }),
  );
  const [window] = await readTotals({ deviceId: 'old', from: START, to: START + 10_000 });
  assert.deepEqual(Object.keys(window!), ['deviceId', 'windowStart', 'readings', 'metrics']);
});

test('windows are listed oldest first, from `from` until before `to`, over any number of pages', async () => {
  await store('many', 8);
  const pages: number[] = [];
  const { client } = tables;
  const paged = Object.create(client, {
    send: {
      value: async (command: { input: { Limit?: number } }) => {
        command.input.Limit = 3;
        const page = (await client.send(command as never)) as { Items: unknown[] };
        pages.push(page.Items.length);
        return page;
      },
    },
  }) as typeof client;
  const read = createTotalsReader({ client: paged, table: 'windows', now: () => EXPIRY - 1 });
  const windows = await read({ deviceId: 'many', from: START + 10_000, to: START + 70_000 });
  assert.deepEqual(
    windows.map(({ windowStart }) => (windowStart - START) / 10_000),
    [1, 2, 3, 4, 5, 6],
  );
  assert.deepEqual(pages.slice(0, 2), [3, 3]);
});

test('expired windows are omitted even if they still exist', async () => {
  await store('expired', 3);
  const read = createTotalsReader({ client: tables.client, table: 'windows', now: () => EXPIRY + 10_000 });
  const windows = await read({ deviceId: 'expired', from: START, to: START + 30_000 });
  assert.deepEqual(
    windows.map(({ windowStart }) => windowStart),
    [START + 20_000],
  );
});
