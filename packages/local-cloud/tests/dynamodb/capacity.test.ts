// Consumed capacity: a write consumes units of the table and of each index that it changes, a transaction twice as many.

import { afterEach, beforeEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { Engine } from '../../dynamodb/engine.ts';
import { answerOf, call, openInMemory } from './engine-calls.ts';

const TableName = 'capacity';
const keys = (hash: string, range?: string) => [
  { AttributeName: hash, KeyType: 'HASH' },
  ...(range === undefined ? [] : [{ AttributeName: range, KeyType: 'RANGE' }]),
];
const include = { ProjectionType: 'INCLUDE', NonKeyAttributes: ['shown'] };

let engine: Engine;
beforeEach(async () => {
  engine = openInMemory();
  await call(engine, 'CreateTable', {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['pk', 'sk', 'gk', 'lk'].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S',
    })),
    KeySchema: keys('pk', 'sk'),
    GlobalSecondaryIndexes: [{ IndexName: 'global', KeySchema: keys('gk'), Projection: include }],
    LocalSecondaryIndexes: [
      { IndexName: 'local', KeySchema: keys('pk', 'lk'), Projection: { ProjectionType: 'ALL' } },
    ],
  });
});
afterEach(() => engine.close());

const S = (text: string) => ({ S: text });
const Key = { pk: S('a'), sk: S('1') };
const item = { ...Key, gk: S('g'), lk: S('l'), shown: S('s'), unseen: S('h') };
interface Consumed {
  readonly CapacityUnits: number;
  readonly [arm: string]: unknown;
}
const consumedBy = async (operation: string, input: object) =>
  (await call(engine, operation, { ReturnConsumedCapacity: 'INDEXES', ...input }))['ConsumedCapacity'];

/** `total table global local`, such as `3 1 1 1`. */
async function unitsOf(operation: string, input: object): Promise<string> {
  const consumed = (await consumedBy(operation, { TableName, ...input })) as Consumed;
  const arm = (name: string, index: string) =>
    (consumed[name] as Readonly<Record<string, Consumed>> | undefined)?.[index]?.CapacityUnits ?? '-';
  const { CapacityUnits: table } = consumed['Table'] as Consumed;
  const indexes = `${arm('GlobalSecondaryIndexes', 'global')} ${arm('LocalSecondaryIndexes', 'local')}`;
  return `${consumed.CapacityUnits} ${table} ${indexes}`;
}

test('an item is counted once more for each index that contains it', async () => {
  const { gk, lk } = item;
  const table = [
    [Key, '1 1 - -'],
    [{ ...Key, sk: S('2'), gk }, '2 1 1 -'],
    [{ ...Key, sk: S('3'), lk }, '2 1 - 1'],
    [{ ...Key, sk: S('4'), gk, lk }, '3 1 1 1'],
    [{ ...Key, sk: S('5'), gk, lk, unseen: S('x'.repeat(2_000)) }, '5 2 1 2'],
  ] as const;
  for (const [Item, units] of table) assert.equal(await unitsOf('PutItem', { Item }), units);
});

test('an update is counted for the indexes whose entry it changes, twice if its key changes', async () => {
  const update = (UpdateExpression: string, isValued = true) => ({
    Key,
    UpdateExpression,
    ...(isValued && { ExpressionAttributeValues: { ':v': S('new') } }),
  });
  const table = [
    [update('SET unseen = :v'), '2 1 - 1'],
    [update('SET shown = :v'), '3 1 1 1'],
    [update('SET gk = :v'), '4 1 2 1'],
    [update('SET lk = :v'), '3 1 - 2'],
    [update('REMOVE gk', false), '3 1 1 1'],
    [update('REMOVE nothing', false), '1 1 - -'],
  ] as const;
  for (const [input, units] of table) {
    await call(engine, 'PutItem', { TableName, Item: item });
    assert.equal(await unitsOf('UpdateItem', input), units, input.UpdateExpression);
  }
});

test('a deletion is counted for the indexes that had the item', async () => {
  await call(engine, 'PutItem', { TableName, Item: item });
  assert.equal(await unitsOf('DeleteItem', { Key }), '3 1 1 1');
  assert.equal(await unitsOf('DeleteItem', { Key }), '1 1 - -');
});

test('a batch adds up the capacity of its writes, and TOTAL does not list indexes', async () => {
  const ask = (kind: string, ...places: readonly string[]) =>
    consumedBy('BatchWriteItem', {
      RequestItems: { [TableName]: places.map((sk) => ({ PutRequest: { Item: { ...item, sk: S(sk) } } })) },
      ReturnConsumedCapacity: kind,
    });
  const indexes = {
    GlobalSecondaryIndexes: { global: { CapacityUnits: 2 } },
    LocalSecondaryIndexes: { local: { CapacityUnits: 2 } },
  };
  const own = { TableName, Table: { CapacityUnits: 2 } };
  assert.deepEqual(await ask('INDEXES', '1', '2'), [{ CapacityUnits: 6, ...own, ...indexes }]);
  assert.deepEqual(await ask('TOTAL', '3', '4'), [{ CapacityUnits: 6, TableName }]);
});

test('a transaction names the kind of its units, and a repeated one only consumes reads', async () => {
  const TransactItems = ['1', '2'].map((sk) => ({ Put: { TableName, Item: { ...Key, sk: S(sk) } } }));
  const write = { TransactItems, ClientRequestToken: 'once', ReturnConsumedCapacity: 'TOTAL' };
  const units = { CapacityUnits: 4, TableName };
  assert.deepEqual(await consumedBy('TransactWriteItems', write), [{ ...units, WriteCapacityUnits: 4 }]);
  assert.deepEqual(await consumedBy('TransactWriteItems', write), [{ ...units, ReadCapacityUnits: 4 }]);
  const silent = { ...write, ReturnConsumedCapacity: 'NONE' };
  assert.deepEqual((await answerOf(engine, 'TransactWriteItems', silent)).body, {});
  const gets = { TransactItems: [{ Get: { TableName, Key } }] };
  const read = { CapacityUnits: 2, ReadCapacityUnits: 2 };
  assert.deepEqual(await consumedBy('TransactGetItems', gets), [{ ...read, TableName, Table: read }]);
});
