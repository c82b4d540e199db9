// How LevelDB is used: one write at a time and none after one that failed, and iterators that end with what they were for.
import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { openStore, runOperation, type Store } from '../../dynamodb/dynalite.ts';
import { keepOneVersion, type Level } from '../../dynamodb/level.ts';

/** A database that holds each write until the test decides it. */
function createHeldLevel() {
  const writes: { keys: string[]; succeed: () => void; fail: (error: Error) => void }[] = [];
  const level = {
    batch: (operations: readonly { key: string }[]) =>
      new Promise<void>((succeed, fail) => {
        writes.push({ keys: operations.map(({ key }) => key), succeed, fail });
      }),
  } as unknown as Level;
  return { level, writes };
}

function put(level: Level, key: string): Promise<string> {
  return new Promise((resolve) => {
    level.put(key, {}, (error) => resolve(error ? `${key} failed: ${error.message}` : `${key} written`));
  });
}

test('writes what waits together, and only when the write before has ended', async () => {
  const { level, writes } = createHeldLevel();
  const isTorn = keepOneVersion(level);
  const [a, b] = [put(level, 'a'), put(level, 'b')];
  await eventually('the first write', () => writes.length === 1);
  const c = put(level, 'c');
  await new Promise(setImmediate);
  assert.deepEqual(
    writes.map(({ keys }) => keys),
    [['a', 'b']],
  );
  writes[0]!.succeed();
  assert.deepEqual(await Promise.all([a, b]), ['a written', 'b written']);
  await eventually('the second write', () => writes.length === 2);
  writes[1]!.succeed();
  assert.equal(await c, 'c written');
  assert.equal(isTorn(), false);
});

test('begins and acknowledges no write after one that failed, for LevelDB would lose it', async () => {
  const { level, writes } = createHeldLevel();
  const isTorn = keepOneVersion(level);
  const a = put(level, 'a');
  await eventually('the first write', () => writes.length === 1);
  const b = put(level, 'b');
  writes[0]!.fail(new Error('no space left'));
  assert.equal(await a, 'a failed: no space left');
  assert.equal(await b, 'b failed: no space left');
  assert.equal(await put(level, 'c'), 'c failed: no space left');
  assert.equal(writes.length, 1);
  assert.equal(isTorn(), true);
});

test('writes nothing while a query reads, and begins no query before what waits is written', async () => {
  const { level, writes } = createHeldLevel();
  const opened: { closed: boolean }[] = [];
  level.values = () => {
    const iterator = { closed: false };
    opened.push(iterator);
    return { nextv: async () => ['item'], close: async () => void (iterator.closed = true) };
  };
  keepOneVersion(level);
  const first = level.createValueStream();
  await eventually('the first query', () => opened.length === 1);
  const a = put(level, 'a');
  await new Promise(setImmediate);
  const second = level.createValueStream();
  await new Promise(setImmediate);
  assert.deepEqual([writes.length, opened.length], [0, 1]);
  first.destroy();
  await eventually('the write', () => writes.length === 1);
  assert.deepEqual(opened, [{ closed: true }]);
  writes[0]!.succeed();
  assert.equal(await a, 'a written');
  await eventually('the second query', () => opened.length === 2);
  second.destroy();
  await eventually('its end', () => opened[1]!.closed);
});

async function openThings(): Promise<Store> {
  const store = await openStore(temporaryFolder(), 'us-east-1', '000000000000');
  cleanup(() => store.db.close());
  await runOperation(store, 'CreateTable', {
    TableName: 'things',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'device', AttributeType: 'S' },
      { AttributeName: 'place', AttributeType: 'N' },
    ],
    KeySchema: [
      { AttributeName: 'device', KeyType: 'HASH' },
      { AttributeName: 'place', KeyType: 'RANGE' },
    ],
  });
  await eventually('the table', async () => {
    const described = await runOperation(store, 'DescribeTable', { TableName: 'things' });
    return (described['Table'] as { TableStatus: string }).TableStatus === 'ACTIVE';
  });
  return store;
}

/** Counts the place's writes in the item, which is made large. */
async function countOne(store: Store, place: number, bytes: number): Promise<number> {
  const { Attributes } = await runOperation(store, 'UpdateItem', {
    TableName: 'things',
    Key: { device: { S: 'd' }, place: { N: String(place) } },
    UpdateExpression: 'SET note = :note ADD writes :one',
    ExpressionAttributeValues: { ':one': { N: '1' }, ':note': { S: noteOf(bytes) } },
    ReturnValues: 'UPDATED_NEW',
  });
  return Number((Attributes as { writes: { N: string } }).writes.N);
}

/** The same numbers in each run. */
let state = 1;
function nextRandom(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state >>> 0;
}

/** Text that LevelDB cannot make shorter. */
const noteOf = (bytes: number) =>
  Buffer.from(Uint32Array.from({ length: bytes / 4 }, nextRandom).buffer).toString('base64');

const query = (store: Store, more: object = {}) =>
  runOperation(store, 'Query', {
    TableName: 'things',
    KeyConditionExpression: 'device = :d',
    ExpressionAttributeValues: { ':d': { S: 'd' } },
    ...more,
  });

test('ends the iterator of every Query, Scan and ListTables, whether it was read to its end or not', async () => {
  const store = await openThings();
  for (let place = 0; place < 200; place += 1) await countOne(store, place, 8);
  const open = new Set<object>();
  for (const kind of ['keys', 'values'] as const) {
    const make = store.db[kind].bind(store.db);
    store.db[kind] = (range) => {
      const iterator = make(range);
      const close = iterator.close.bind(iterator);
      open.add(iterator);
      iterator.close = async () => {
        await close();
        open.delete(iterator);
      };
      return iterator;
    };
  }
  assert.equal((await query(store))['Count'], 200);
  assert.equal((await query(store, { Limit: 3 }))['Count'], 3);
  assert.equal((await query(store, { ScanIndexForward: false, Limit: 1 }))['Count'], 1);
  assert.equal((await runOperation(store, 'Scan', { TableName: 'things' }))['Count'], 200);
  assert.deepEqual(await runOperation(store, 'ListTables', {}), { TableNames: ['things'] });
  await countOne(store, 1, 8); // waits for iterators, and would wait for ever
  await eventually('all iterators to be closed', () => open.size === 0);
});

test('reads what was written last, however often the same items are written while others are queried', async () => {
  const store = await openThings();
  const expected = new Uint32Array(2_000);
  for (let writes = 0; writes < 15_000; writes += 1) {
    const place = nextRandom() % expected.length;
    expected[place]! += 1;
    if (writes % 50 === 0) await query(store, { Limit: 1 });
    assert.equal(await countOne(store, place, 1_500), expected[place], `after ${writes} writes`);
  }
}, 120_000);
