// The count of registrations per hour: it keeps its limit under races, and counts a device once.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createRegistrationStore } from '../../adapters/registration-store.ts';
import { inParallel } from '../../core/in-parallel.ts';
import { openTables, type Tables } from './tables.ts';

let tables: Tables;
beforeAll(async () => {
  tables = await openTables();
});
afterAll(() => tables.close());

const START = Date.UTC(2026, 10, 30, 20, 15);
const serial = (n: number) => `tg-${String(n).padStart(6, '0')}`;

function openStore(perHour: number, day: number) {
  const clock = { now: START + day * 86_400_000 };
  const store = createRegistrationStore({
    client: tables.client,
    table: 'registrations',
    perHour,
    now: () => clock.now,
  });
  return { store, clock };
}

test('as many devices are admitted as the limit allows, and a repeat does not count twice', async () => {
  const { store } = openStore(10, 0);
  const asked = Array.from({ length: 60 }, (_, n) => serial(n % 20));
  const answers = await inParallel(asked, 16, async (each) => [each, await store.admit(each)] as const);
  const admitted = new Set(answers.flatMap(([each, isIn]) => (isIn ? [each] : [])));
  assert.equal(admitted.size, 10);
  for (const each of admitted) assert.equal(await store.admit(each), true);
  const refused = Array.from({ length: 20 }, (_, n) => serial(n)).filter((each) => !admitted.has(each));
  for (const each of refused) assert.equal(await store.admit(each), false);
});

test('the count starts at zero in the next hour', async () => {
  const { store, clock } = openStore(1, 1);
  assert.deepEqual([await store.admit('tg-a'), await store.admit('tg-b')], [true, false]);
  clock.now += 45 * 60_000 - 1;
  assert.equal(await store.admit('tg-b'), false);
  clock.now += 1;
  assert.deepEqual([await store.admit('tg-b'), await store.admit('tg-a')], [true, false]);
});

test('an hour keeps the names for 30 days, for investigation', async () => {
  const { store } = openStore(5, 2);
  await store.admit('tg-a');
  await store.admit('tg-b');
  const item = await tables.item('registrations', { id: { S: 'hour/2026-12-02T20' } });
  assert.deepEqual(item?.['serialNumbers']?.SS?.toSorted(), ['tg-a', 'tg-b']);
  assert.equal(Number(item?.['expiresAt']?.N), Date.UTC(2027, 0, 1, 21) / 1000);
});

test('the largest limit with the longest names fits into an item of 400 KB', () => {
  assert.ok(2000 * 128 + 1000 < 400 * 1024);
});

test('a serial number is allowed once it is listed', async () => {
  const { store } = openStore(1, 3);
  assert.equal(await store.isAllowed('tg-a'), false);
});
