// The size of item collections: each write to a table with local indexes returns it on request.

import { afterEach, beforeEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { Engine } from '../../dynamodb/engine.ts';
import { call, openInMemory } from './engine-calls.ts';
import { setUp } from './random-requests.ts';

let engine: Engine;
beforeEach(async () => {
  engine = openInMemory();
  for (const { operation, input } of setUp) await call(engine, operation, input);
});
afterEach(() => engine.close());

const ReturnItemCollectionMetrics = 'SIZE';
const keyOf = (pk: string, sk: number) => ({ pk: { S: pk }, sk: { N: String(sk) } });
const metricsOf = (pk: string) => ({ ItemCollectionKey: { pk: { S: pk } }, SizeEstimateRangeGB: [0, 1] });
const ask = async (operation: string, input: object) =>
  (await call(engine, operation, { ReturnItemCollectionMetrics, ...input }))['ItemCollectionMetrics'];

test('a write to a table with a local index names its item collection', async () => {
  const TableName = 'things';
  assert.deepEqual(await ask('PutItem', { TableName, Item: keyOf('a', 1) }), metricsOf('a'));
  assert.deepEqual(await ask('UpdateItem', { TableName, Key: keyOf('a', 2) }), metricsOf('a'));
  assert.deepEqual(await ask('DeleteItem', { TableName, Key: keyOf('b', 1) }), metricsOf('b'));
  const none = { ReturnItemCollectionMetrics: 'NONE' };
  assert.equal(await ask('PutItem', { TableName, Item: keyOf('a', 1), ...none }), undefined);
});

test('a table without local indexes has no collections', async () => {
  assert.equal(await ask('PutItem', { TableName: 'plain', Item: { id: { S: 'a' } } }), undefined);
});

test('a batch and a transaction name each collection once', async () => {
  const put = (pk: string, sk: number) => ({ PutRequest: { Item: keyOf(pk, sk) } });
  const things = [put('a', 1), put('a', 2), put('b', 1), { DeleteRequest: { Key: keyOf('c', 1) } }];
  const plain = [{ PutRequest: { Item: { id: { S: 'a' } } } }];
  assert.deepEqual(await ask('BatchWriteItem', { RequestItems: { things, plain } }), {
    things: [metricsOf('a'), metricsOf('b'), metricsOf('c')],
  });
  const TableName = 'things';
  const TransactItems = [
    { Put: { TableName, Item: keyOf('d', 1) } },
    { Delete: { TableName, Key: keyOf('d', 2) } },
    { ConditionCheck: { TableName, Key: keyOf('e', 1), ConditionExpression: 'attribute_not_exists(pk)' } },
  ];
  assert.deepEqual(await ask('TransactWriteItems', { TransactItems }), { things: [metricsOf('d')] });
});
