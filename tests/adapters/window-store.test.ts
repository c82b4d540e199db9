// The window store over the local DynamoDB: with repeated, reordered or interrupted calls, a window equals its recomputation.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import {
  DeleteItemCommand,
  UpdateItemCommand,
  type AttributeValue,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { isNameable } from '../../adapters/window-parts.ts';
import { createWindowStore } from '../../adapters/window-store.ts';
import { decimalOf } from '../../core/decimal.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import type { Reading } from '../../core/reading.ts';
import { deltaOf, foldReadings, type Delta, type Window } from '../../core/window.ts';
import type { WindowStore } from '../../pipeline/ports.ts';
import { openTables, type Tables } from './tables.ts';

const START = 1790000000000;
const SECONDS = 10;

let tables: Tables;
let store: WindowStore;
beforeAll(async () => {
  tables = await openTables();
  store = createWindowStore({
    client: tables.client,
    table: 'windows',
    fingerprintsTable: 'fingerprints',
    windowSeconds: 10,
    retentionDays: 30,
  });
});
afterAll(() => tables.close());

function reading(
  deviceId: string,
  n: number,
  values: Record<string, number>,
  timestamp = START + n,
): Reading {
  const metrics = Object.entries(values).map(([name, value]) => ({ name, value: decimalOf(value)! }));
  return { deviceId, site: 'seattle', timestamp, fingerprint: fingerprint(`${deviceId}/${n}`), metrics };
}

/** Readings with decimals that floating point cannot add exactly, in an order that is not theirs. */
function scattered(deviceId: string, count: number): Reading[] {
  return Array.from({ length: count }, (_, n) => {
    const i = (n * 7) % count;
    return reading(deviceId, i, {
      temperature: Number(`${(i * 37) % 101}e-1`),
      humidity: Number(`${i}.000000000000001`),
    });
  });
}

function figures(window: Window | Delta): unknown {
  const { deviceId, site, windowStart, metrics, firstReadingAt, lastReadingAt, lastFingerprint, last } =
    window;
  const readings = typeof window.readings === 'number' ? window.readings : window.readings.size;
  return {
    deviceId,
    site,
    windowStart,
    readings,
    ...{ firstReadingAt, lastReadingAt, lastFingerprint, last },
    metrics: new Map([...metrics].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

async function stored(deviceId: string): Promise<Window> {
  return (await store.before(deviceId, START + 1, 1))[0]!;
}

async function applyAll(readings: readonly Reading[]): Promise<number> {
  const results = await Promise.all(readings.map((one) => store.apply(deltaOf(one, SECONDS))));
  return results.reduce((sum, { applied }) => sum + applied, 0);
}

const expected = (readings: readonly Reading[]) => figures(foldReadings(readings, SECONDS)[0]!);

test('an item holds flat exact statistics, the fingerprints and its expiry', async () => {
  const one = reading('layout', 1, { temperature: 4.2, size: -0.1 });
  const { window, applied } = await store.apply(deltaOf(one, SECONDS));
  assert.equal(applied, 1);
  assert.deepEqual(figures(window), expected([one]));
  const item = await tables.item('windows', { deviceId: { S: 'layout' }, windowStart: { N: String(START) } });
  assert.deepEqual(item, {
    deviceId: { S: 'layout' },
    windowStart: { N: String(START) },
    site: { S: 'seattle' },
    readings: { N: '1' },
    seen: { BS: [new Uint8Array(Buffer.from(one.fingerprint, 'hex'))] },
    firstReadingAt: { N: String(one.timestamp) },
    lastReadingAt: { N: String(one.timestamp) },
    lastFingerprint: { B: new Uint8Array(Buffer.from(one.fingerprint, 'hex')) },
    last: { M: { temperature: { N: '4.2' }, size: { N: '-0.1' } } },
    'temperature.min': { N: '4.2' },
    'temperature.max': { N: '4.2' },
    'temperature.sum': { N: '4.2' },
    'temperature.count': { N: '1' },
    'size.min': { N: '-0.1' },
    'size.max': { N: '-0.1' },
    'size.sum': { N: '-0.1' },
    'size.count': { N: '1' },
    expiresAt: { N: String(START / 1000 + 30 * 86_400) },
  });
});

/** Bytes as DynamoDB bills them: names and text, half a byte a digit, set members as they are, 3 bytes a map and 1 a member. */
function bytesOf(item: Record<string, AttributeValue>): number {
  const sizeOf = ({ S, N, B, BS, M }: AttributeValue): number => {
    if (S !== undefined) return Buffer.byteLength(S);
    if (N !== undefined) return Math.ceil(N.replace(/\D/g, '').length / 2) + 2;
    if (B) return B.length;
    if (BS) return BS.reduce((sum, bytes) => sum + bytes.length, 3);
    return 3 + bytesOf(M!) + Object.keys(M!).length;
  };
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + sizeOf(value),
    0,
  );
}

test('a window of two metrics fills no second kilobyte at five readings a second', async () => {
  const all = Array.from({ length: 50 }, (_, n) =>
    reading('store-sensor-seattle1', n, { temperature: (n * 37) / 100, humidity: n }),
  );
  for (const delta of foldReadings(all, SECONDS)) await store.apply(delta);
  const key = { deviceId: { S: 'store-sensor-seattle1' }, windowStart: { N: String(START) } };
  const bytes = bytesOf((await tables.item('windows', key))!);
  assert.ok(bytes < 1024, `${bytes} bytes`);
});

test('concurrent writers and their duplicates give the exact window', async () => {
  const all = scattered('concurrent', 24);
  const applied = await applyAll([...all, ...all.slice(5, 17), ...all.slice(0, 9)]);
  assert.equal(applied, 24);
  assert.deepEqual(figures(await stored('concurrent')), expected(all));
});

test('packed messages that overlap count each reading once', async () => {
  const all = scattered('packed', 30);
  const packs = [all.slice(0, 20), all.slice(10, 30), all.slice(5, 15), all].map(
    (part) => foldReadings(part, SECONDS)[0]!,
  );
  const results = await Promise.all(packs.map((pack) => store.apply(pack)));
  assert.equal(
    results.reduce((sum, { applied }) => sum + applied, 0),
    30,
  );
  assert.deepEqual(figures(await stored('packed')), expected(all));
});

test('the reverse order gives the same window', async () => {
  const all = scattered('reversed', 12).sort((a, b) => b.timestamp - a.timestamp);
  for (const one of all) await store.apply(deltaOf(one, SECONDS));
  assert.deepEqual(figures(await stored('reversed')), expected(all));
});

test('a thousand readings of one window pass in updates that DynamoDB takes', async () => {
  const names = Array.from({ length: 32 }, (_, i) => `${'m'.repeat(60)}${i}`);
  const wide = reading('thousand', 5000, Object.fromEntries(names.map((name) => [name, 1])));
  const all = [...scattered('thousand', 1000), wide];
  const deltas = foldReadings(all, SECONDS);
  for (const delta of deltas) await store.apply(delta);
  const window = await stored('thousand');
  assert.equal(window.readings, 1001);
  assert.equal(window.metrics.get('temperature')?.count, 1000);
});

for (const metrics of [1, 2, 32]) {
  test(`every update of ${metrics} metrics stays within 4 KB and 300 operators an expression`, async () => {
    const names = Array.from({ length: metrics }, (_, i) => `m${i}`);
    const all = Array.from({ length: 400 }, (_, n) =>
      reading(`limits-${metrics}`, n, Object.fromEntries(names.map((name) => [name, n]))),
    );
    // The first delta, but for a reading in its middle, which comes before it.
    let count = 1;
    while (isNameable(foldReadings(all.slice(0, count + 1), SECONDS)[0]!)) count += 1;
    const middle = Math.floor(count / 2);
    const one = all.slice(middle, middle + 1);
    const full = all.slice(0, count + 1).filter((each) => each !== one[0]);
    const sent: UpdateItemCommandInput[] = [];
    const open = () =>
      createWindowStore({
        client: watched(sent),
        table: 'windows',
        fingerprintsTable: 'fingerprints',
        windowSeconds: 10,
        retentionDays: 30,
      });
    const deltas = [one, full].map((part) => foldReadings(part, SECONDS));
    assert.deepEqual(
      deltas.map(({ length }) => length),
      [1, 1],
    );
    for (const [delta] of deltas) await open().apply(delta!);
    assert.equal(sent.length, 3);
    const known = open();
    for (const [delta] of deltas) await known.apply({ ...delta!, deviceId: `foreseen-${metrics}` });
    assert.equal(sent.length, 5);
    for (const { UpdateExpression = '', ConditionExpression = '' } of sent) {
      assert.ok(UpdateExpression.length < 4096, UpdateExpression);
      assert.ok(ConditionExpression.length < 4096, String(ConditionExpression.length));
      const operators = /\b(if_not_exists|contains|NOT|AND|OR)\b|[=<>]/g;
      assert.ok(UpdateExpression.match(operators)!.length <= 300);
      assert.ok(ConditionExpression.match(operators)!.length <= 300);
    }
  });
}

/** Writes of one-reading deltas in turn, each applied by the environment that `environments` names for it. */
async function writesOf(deviceId: string, temperatures: number[], environments: number[]): Promise<number[]> {
  const sent: UpdateItemCommandInput[] = [];
  const stores = new Map<number, WindowStore>();
  const writes: number[] = [];
  const readings = temperatures.map((temperature, n) => reading(deviceId, n, { temperature }));
  for (const [n, one] of readings.entries()) {
    const environment = environments[n]!;
    const known = stores.get(environment);
    const watching =
      known ??
      createWindowStore({
        client: watched(sent),
        table: 'windows',
        fingerprintsTable: 'fingerprints',
        windowSeconds: 10,
        retentionDays: 30,
      });
    stores.set(environment, watching);
    await watching.apply(deltaOf(one, SECONDS));
    writes.push(sent.splice(0).length);
  }
  assert.deepEqual(figures(await stored(deviceId)), expected(readings));
  return writes;
}

test('an environment that does not know the window writes once, and twice when an extreme improves', async () => {
  assert.deepEqual(await writesOf('strangers', [5, 5, 6, 5.5, 4], [0, 1, 2, 3, 4]), [1, 1, 2, 1, 2]);
});

test('a reading out of order costs a second write if the environment does not know the window', async () => {
  const [times, environments] = [
    [5, 6, 2, 3, 9],
    [0, 1, 2, 3, 3],
  ];
  const readings = times.map((second, n) =>
    reading('late', n, { t: n === 0 ? 5 : 4 }, START + second * 1000),
  );
  const sent: UpdateItemCommandInput[] = [];
  const open = () =>
    createWindowStore({
      client: watched(sent),
      table: 'windows',
      fingerprintsTable: 'fingerprints',
      windowSeconds: 10,
      retentionDays: 30,
    });
  const stores = environments.map(open);
  const writes: number[] = [];
  for (const [n, one] of readings.entries()) {
    await stores[environments[n]!]!.apply(deltaOf(one, SECONDS));
    writes.push(sent.splice(0).length);
  }
  // The second lowers the minimum; the third is the first in time; the fourth lies between, and then its environment knows.
  assert.deepEqual(writes, [1, 2, 2, 2, 1]);
  assert.deepEqual(figures((await store.before('late', START + 1, 1))[0]!), expected(readings));
});

test('of two readings with the same time the same one is the last, in any order', async () => {
  const both = [1, 2].map((n) => reading('tie', n, { [`m${n}`]: n }, START + 5000));
  const prints = both.map(({ fingerprint }) => fingerprint).sort();
  for (const [run, order] of [both, both.toReversed()].entries()) {
    const deviceId = `tie-${run}`;
    for (const one of order) await store.apply(deltaOf({ ...one, deviceId }, SECONDS));
    const { lastFingerprint, last } = await stored(deviceId);
    assert.equal(lastFingerprint, prints[1]);
    assert.deepEqual(
      [...last.keys()],
      both.filter(({ fingerprint }) => fingerprint === prints[1]).map(({ metrics }) => metrics[0]!.name),
    );
  }
});

test('a window that was stored before windows had times has those of the readings from then on', async () => {
  const old = reading('before-times', 1, { t: 5 }, START + 9000);
  const Key = { deviceId: { S: 'before-times' }, windowStart: { N: String(START) } };
  await store.apply(deltaOf(old, SECONDS));
  await tables.client.send(
    new UpdateItemCommand({
      TableName: 'windows',
      Key,
      UpdateExpression: 'REMOVE firstReadingAt, lastReadingAt, lastFingerprint, #last',
      ExpressionAttributeNames: { '#last': 'last' },
    }),
  );
  const { firstReadingAt, lastReadingAt, last } = await stored('before-times');
  assert.deepEqual([firstReadingAt, lastReadingAt, last.size], [Infinity, -Infinity, 0]);
  const [newer, earlier] = [3000, 2000].map((ms) => reading('before-times', ms, { t: 6 }, START + ms));
  const knowing = createWindowStore({
    client: tables.client,
    table: 'windows',
    fingerprintsTable: 'fingerprints',
    windowSeconds: 10,
    retentionDays: 30,
  });
  await knowing.apply(deltaOf(old, SECONDS));
  for (const one of [newer!, earlier!]) assert.equal((await knowing.apply(deltaOf(one, SECONDS))).applied, 1);
  const now = await stored('before-times');
  assert.deepEqual(
    [now.readings, now.firstReadingAt - START, now.lastReadingAt - START, now.last],
    [3, 2000, 3000, new Map([['t', decimalOf(6)!]])],
  );
});

test('an environment that knows the window writes once for any improvement', async () => {
  assert.deepEqual(await writesOf('known', [5, 5, 6, 5.5, 4, 7], [0, 0, 0, 0, 0, 0]), [1, 1, 1, 1, 1, 1]);
});

test("an environment's knowledge of a window may be outdated", async () => {
  // The third improves what its environment knows, not what is stored: refused, counted, nothing to widen.
  assert.deepEqual(await writesOf('outdated', [5, 9, 7, 10, 1], [0, 1, 0, 1, 0]), [1, 2, 2, 1, 1]);
});

test('a window that was deleted meanwhile is begun again by an environment that remembers it', async () => {
  const watching = createWindowStore({
    client: tables.client,
    table: 'windows',
    fingerprintsTable: 'fingerprints',
    windowSeconds: 10,
    retentionDays: 30,
  });
  await watching.apply(deltaOf(reading('deleted', 1, { t: 5 }), SECONDS));
  const Key = { deviceId: { S: 'deleted' }, windowStart: { N: String(START) } };
  await tables.client.send(new DeleteItemCommand({ TableName: 'windows', Key }));
  const next = reading('deleted', 2, { t: 6 });
  const { window, applied } = await watching.apply(deltaOf(next, SECONDS));
  assert.equal(applied, 1);
  assert.deepEqual(figures(window), expected([next]));
});

test('a crash at any call leaves a reading counted with its extremes, or not at all', async () => {
  const all = [5, 9, 1].map((temperature, n) => reading('crash', n, { temperature }));
  await store.apply(deltaOf(all[0]!, SECONDS));
  for (const one of all.slice(1)) {
    const crashing = createWindowStore({
      client: failingAt(2),
      table: 'windows',
      fingerprintsTable: 'fingerprints',
      windowSeconds: 10,
      retentionDays: 30,
    });
    await assert.rejects(crashing.apply(deltaOf(one, SECONDS)), /connection lost/);
  }
  assert.deepEqual(figures(await stored('crash')), expected(all.slice(0, 1)));
  assert.equal(await applyAll(all), 2);
  assert.deepEqual(figures(await stored('crash')), expected(all));
});

test('a reading with a counted ID changes nothing, with any values', async () => {
  const first = reading('same-id', 1, { temperature: 4.2 });
  const other = reading('same-id', 1, { temperature: 99, humidity: 50 });
  await store.apply(deltaOf(first, SECONDS));
  const { window, applied } = await store.apply(deltaOf(other, SECONDS));
  assert.equal(applied, 0);
  assert.deepEqual(figures(window), expected([first]));
  assert.deepEqual(figures(await stored('same-id')), expected([first]));
});

test('a repeat after an answer that was lost counts nothing twice', async () => {
  const all = scattered('lost-answer', 6);
  for (const one of all) {
    const lossy = createWindowStore({
      client: losingAnswers(),
      table: 'windows',
      fingerprintsTable: 'fingerprints',
      windowSeconds: 10,
      retentionDays: 30,
    });
    await assert.rejects(lossy.apply(deltaOf(one, SECONDS)), /answer lost/);
    assert.equal((await store.apply(deltaOf(one, SECONDS))).applied, 0);
  }
  assert.deepEqual(figures(await stored('lost-answer')), expected(all));
});

for (const name of ['__proto__', 'constructor', 'toString']) {
  test(`a device called ${name} has windows like any other`, async () => {
    const one = reading(name, 1, { constructor: 1, toString: 2, count: 3, min: 4, readings: 5, seen: 6 });
    await store.apply(deltaOf(one, SECONDS));
    assert.deepEqual(figures(await stored(name)), expected([one]));
  });
}

test('the newest windows before another are found, oldest first', async () => {
  for (const n of [0, 1, 2, 5]) {
    await store.apply(deltaOf(reading('closed', n, { t: n }, START + n * 10_000), SECONDS));
  }
  const before = async (n: number, limit: number) =>
    (await store.before('closed', START + n * 10_000, limit)).map(
      ({ windowStart }) => (windowStart - START) / 10_000,
    );
  assert.deepEqual(await before(5, 2), [1, 2]);
  assert.deepEqual(await before(2, 5), [0, 1]);
  assert.deepEqual(await before(0, 1), []);
  assert.deepEqual(await before(9, 1), [5]);
  assert.deepEqual(await store.before('nobody', START, 1), []);
});

test("a reading for an expired window leaves the window's expiry in the past", async () => {
  const one = reading('expired', 1, { t: 1 }, 1_000_000_005_000);
  await store.apply(deltaOf(one, SECONDS));
  const item = await tables.item('windows', {
    deviceId: { S: 'expired' },
    windowStart: { N: '1000000000000' },
  });
  assert.equal(item?.['expiresAt']?.N, String(1_000_000_000 + 30 * 86_400));
});

type Send = (command: { input: unknown }) => Promise<unknown>;

/** The client with a hook before each command. */
function through(send: (command: { input: unknown }, pass: Send) => Promise<unknown>): Tables['client'] {
  const pass = tables.client.send.bind(tables.client) as unknown as Send;
  return { send: (command: { input: unknown }) => send(command, pass) } as unknown as Tables['client'];
}

function watched(sent: UpdateItemCommandInput[]): Tables['client'] {
  return through((command, pass) => {
    if (command instanceof UpdateItemCommand) sent.push(command.input);
    return pass(command);
  });
}

function failingAt(n: number): Tables['client'] {
  let count = 0;
  return through(async (command, pass) => {
    if (++count === n) throw new Error('connection lost');
    return pass(command);
  });
}

function losingAnswers(): Tables['client'] {
  return through(async (command, pass) => {
    const answer = await pass(command);
    if (command instanceof UpdateItemCommand) throw new Error('answer lost');
    return answer;
  });
}
