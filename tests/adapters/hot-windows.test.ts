// Windows with more readings than an item has room for fingerprints: few calls, small items, every reading once, and a limit.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { createWindowStore, MAX_SEEN, type WindowStoreOptions } from '../../adapters/window-store.ts';
import { decimalOf } from '../../core/decimal.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import type { Reading } from '../../core/reading.ts';
import { foldReadings, type Delta } from '../../core/window.ts';
import type { WindowStore } from '../../pipeline/ports.ts';
import { openTables, type Tables } from './tables.ts';

const START = 1_790_000_000_000;
const SECONDS = 10;

let tables: Tables;
beforeAll(async () => {
  tables = await openTables();
});
afterAll(() => tables.close());

type Item = Record<string, AttributeValue>;
type Call = 'update' | 'get' | 'put' | 'query';
const kinds: readonly (readonly [new (input: never) => unknown, Call])[] = [
  [UpdateItemCommand, 'update'],
  [GetItemCommand, 'get'],
  [PutItemCommand, 'put'],
  [QueryCommand, 'query'],
];

/** An environment of the function, and the calls that it makes; `fail` may throw before or after one. */
function open(
  options: Partial<WindowStoreOptions> = {},
  fail: (call: Call, moment: 'before' | 'after') => void = () => {},
): { readonly store: WindowStore; readonly calls: () => Call[] } {
  let calls: Call[] = [];
  const pass = tables.client.send.bind(tables.client) as unknown as (command: unknown) => Promise<unknown>;
  const send = async (command: unknown) => {
    const call = kinds.find(([kind]) => command instanceof kind)![1];
    calls.push(call);
    fail(call, 'before');
    const answer = await pass(command);
    fail(call, 'after');
    return answer;
  };
  const client = { send } as unknown as DynamoDBClient;
  const store = createWindowStore({
    ...{ client, table: 'windows', fingerprintsTable: 'fingerprints' },
    ...{ retentionDays: 30, windowSeconds: SECONDS, ...options },
  });
  return {
    store,
    calls() {
      const made = calls;
      calls = [];
      return made;
    },
  };
}

const reading = (deviceId: string, n: number): Reading => ({
  deviceId,
  site: 'seattle',
  timestamp: START + (n % 10_000),
  fingerprint: fingerprint(`${deviceId}/${n}`),
  metrics: [{ name: 't', value: decimalOf(((n * 37) % 1009) / 10)! }],
});
const readings = (deviceId: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => reading(deviceId, from + n));
const deltaOf = (all: readonly Reading[]): Delta => foldReadings(all, SECONDS)[0]!;

const itemOf = async (deviceId: string): Promise<Item> =>
  (await tables.item('windows', { deviceId: { S: deviceId }, windowStart: { N: String(START) } }))!;

async function assertExact(deviceId: string, all: readonly Reading[]): Promise<void> {
  const item = await itemOf(deviceId);
  const values = all.map(({ metrics }) => Number(metrics[0]!.value / 10n ** 14n));
  assert.deepEqual(
    ['readings', 't.count', 't.min', 't.max', 't.sum'].map((name) => Number(item[name]!.N)),
    [
      all.length,
      all.length,
      Math.min(...values) / 10,
      Math.max(...values) / 10,
      values.reduce((sum, value) => sum + value, 0) / 10,
    ],
  );
  assert.ok((item['seen']?.BS ?? []).length <= MAX_SEEN);
}

test('ten packs of a thousand readings take three calls each, and an item that does not grow', async () => {
  const { store, calls } = open();
  const sizes: number[] = [];
  for (let pack = 0; pack < 10; pack += 1) {
    const { applied } = await store.apply(deltaOf(readings('packs', pack * 1000, (pack + 1) * 1000)));
    assert.equal(applied, 1000);
    assert.deepEqual(calls(), ['get', 'put', 'update']);
    sizes.push(JSON.stringify(await itemOf('packs')).length);
  }
  assert.ok(sizes[9]! < sizes[0]! + 50, sizes.join());
  await assertExact('packs', readings('packs', 0, 10_000));
  for (let pack = 0; pack < 10; pack += 1) {
    const { applied, overflow } = await store.apply(
      deltaOf(readings('packs', pack * 1000, (pack + 1) * 1000)),
    );
    assert.deepEqual([applied, overflow], [0, []]);
    assert.deepEqual(calls(), ['get']);
  }
});

test('single readings take one write each, and two more calls for every full item of fingerprints', async () => {
  const { store, calls } = open();
  const all = readings('alone', 0, MAX_SEEN * 3 + 5);
  for (const one of all) assert.equal((await store.apply(deltaOf([one]))).applied, 1);
  const made = calls();
  assert.deepEqual(
    (['update', 'get', 'put', 'query'] as const).map((call) => made.filter((each) => each === call).length),
    [all.length, 3, 3, 0],
  );
  await assertExact('alone', all);
  assert.equal((await itemOf('alone'))['seen']!.BS!.length, 5);
});

test('a window that is not hot is written as ever, and nothing is in the table of fingerprints', async () => {
  const { store, calls } = open();
  for (const one of readings('usual', 0, MAX_SEEN)) await store.apply(deltaOf([one]));
  assert.deepEqual(new Set(calls()), new Set(['update']));
  assert.equal((await itemOf('usual'))['chunk'], undefined);
});

test('an environment reads the chunks of a hot window once, when it first writes to it', async () => {
  const { store } = open();
  for (let n = 0; n < 1000; n += 50) await store.apply(deltaOf(readings('stranger', n, n + 50)));
  const stranger = open();
  assert.equal((await stranger.store.apply(deltaOf(readings('stranger', 990, 1010)))).applied, 10);
  const made = stranger.calls();
  assert.equal(made.filter((call) => call === 'query').length, 1);
  assert.ok(made.length <= 8, made.join());
  assert.equal((await stranger.store.apply(deltaOf([reading('stranger', 1010)]))).applied, 1);
  assert.deepEqual(stranger.calls(), ['update']);
  await assertExact('stranger', readings('stranger', 0, 1011));
});

test('an item of a version that kept all fingerprints in it stays usable, and its fingerprints are moved out at once', async () => {
  const all = readings('old', 0, 700);
  const { store } = open({ maxSeen: 1000 });
  for (let n = 0; n < 700; n += 100) await store.apply(deltaOf(all.slice(n, n + 100)));
  assert.equal((await itemOf('old'))['seen']!.BS!.length, 700);
  const now = open();
  assert.equal((await now.store.apply(deltaOf(all.slice(650)))).applied, 0);
  assert.equal((await now.store.apply(deltaOf([...all.slice(600), reading('old', 700)]))).applied, 1);
  assert.equal((await itemOf('old'))['seen']!.BS!.length, 1);
  await assertExact('old', readings('old', 0, 701));
});

test('eight environments that write packs and single readings at once count each reading once', async () => {
  const all = readings('race', 0, 3000);
  const parts = Array.from({ length: 8 }, (_, n) => [
    all.slice(n * 300, n * 300 + 600),
    ...Array.from({ length: 20 }, (_, i) => [all[(n * 211 + i * 17) % 3000]!]),
  ]);
  const rest = all.slice(2700);
  const applied = await Promise.all(
    [...parts, [rest]].map(async (part) => {
      const { store } = open();
      let counted = 0;
      for (const some of part) counted += (await store.apply(deltaOf(some))).applied;
      return counted;
    }),
  );
  assert.equal(
    applied.reduce((sum, each) => sum + each, 0),
    3000,
  );
  await assertExact('race', all);
});

for (const call of ['put', 'update', 'get'] as const) {
  for (const moment of ['before', 'after'] as const) {
    test(`an environment that ends ${moment} the ${call} of a pack leaves it whole or out, and a retry counts it once`, async () => {
      const device = `ends-${moment}-${call}`;
      const all = readings(device, 0, 600);
      const { store } = open();
      await store.apply(deltaOf(all.slice(0, 200)));
      await store.apply(deltaOf(all.slice(200, 240)));
      const ending = open({}, (made, at) => {
        if (made === call && at === moment) throw new Error('the environment is gone');
      });
      await assert.rejects(ending.store.apply(deltaOf(all.slice(230, 600))), /is gone/);
      const readingsNow = Number((await itemOf(device))['readings']!.N);
      assert.equal(readingsNow, call === 'update' && moment === 'after' ? 600 : 240);
      const { applied } = await open().store.apply(deltaOf(all.slice(230, 600)));
      assert.equal(applied, 600 - readingsNow);
      await assertExact(device, all);
    });
  }
}

test('missing fingerprints stop the window with the table and the remedy instead of counting twice', async () => {
  await open().store.apply(deltaOf(readings('torn', 0, 300)));
  const { chunk } = await itemOf('torn');
  const Key = { window: { S: `${START}/torn` }, chunk: chunk! };
  await tables.client.send(new DeleteItemCommand({ TableName: 'fingerprints', Key }));
  await assert.rejects(
    open().store.apply(deltaOf([reading('torn', 5)])),
    /Table fingerprints has lost the fingerprints [0-9a-f]{32} of torn's window .*Restore the table/,
  );
});

test('chunks outlive their window', async () => {
  await open().store.apply(deltaOf(readings('expiry', 0, 300)));
  const { chunk, expiresAt } = await itemOf('expiry');
  const item = await tables.item('fingerprints', { window: { S: `${START}/expiry` }, chunk: chunk! });
  assert.equal(Number(item!['expiresAt']!.N) - Number(expiresAt!.N), 14 * 86_400);
});

test('a window takes as many readings as its limit, gives back the others, and then refuses them without a call', async () => {
  const { store, calls } = open({ maxReadings: 500 });
  const all = readings('full', 0, 900);
  assert.deepEqual((await store.apply(deltaOf(all.slice(0, 450)))).overflow, []);
  const { window, applied, overflow } = await store.apply(deltaOf(all.slice(400, 700)));
  assert.deepEqual([window.readings, applied], [500, 50]);
  assert.deepEqual(overflow, all.slice(500, 700));
  calls();
  const full = await store.apply(deltaOf([...all.slice(700), ...all.slice(0, 3)]));
  assert.deepEqual([full.window.readings, full.applied, full.overflow], [500, 0, all.slice(700)]);
  assert.deepEqual(calls(), []);
  // Another environment learns it by reading.
  const other = open({ maxReadings: 500 });
  assert.deepEqual((await other.store.apply(deltaOf(all.slice(690)))).overflow, all.slice(690));
  await assertExact('full', all.slice(0, 500));
});

test('writers that race for the last places of a window never count more than its limit', async () => {
  const all = readings('last-places', 0, 260);
  const results = await Promise.all(
    Array.from({ length: 13 }, async (_, n) => {
      const { store } = open({ maxReadings: 150, maxSeen: 40 });
      const part = all.slice(n * 20, n * 20 + 20);
      return store.apply(deltaOf(part));
    }),
  );
  const total = (of: (result: (typeof results)[number]) => number) =>
    results.reduce((sum, result) => sum + of(result), 0);
  assert.deepEqual([total(({ applied }) => applied), total(({ overflow }) => overflow.length)], [150, 110]);
  assert.equal(Number((await itemOf('last-places'))['readings']!.N), 150);
});

test('readings of more metrics than one update carries are counted in parts', async () => {
  const names = Array.from({ length: 100 }, (_, n) => `m${n}`);
  const all = readings('parts', 0, 400).map((one, n) => ({
    ...one,
    metrics: [...one.metrics, { name: names[n % 100]!, value: decimalOf(n)! }],
  }));
  const { applied, window } = await open().store.apply(deltaOf(all));
  assert.deepEqual([applied, window.metrics.size], [400, 101]);
  assert.equal((await open().store.apply(deltaOf(all))).applied, 0);
  await assertExact('parts', all);
});
