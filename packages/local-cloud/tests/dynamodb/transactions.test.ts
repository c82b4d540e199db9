// Transactions: all writes are done or nothing is, each refusal has a reason, and a repeated request is done once.

import { afterEach, beforeEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { Engine } from '../../dynamodb/engine.ts';
import { answerOf, call, openInMemory } from './engine-calls.ts';
import { setUp } from './random-requests.ts';

let engine: Engine;
beforeEach(async () => {
  engine = openInMemory();
  for (const { operation, input } of setUp) await call(engine, operation, input);
  await call(engine, 'PutItem', { TableName: 'plain', Item: { id: { S: 'a' }, n: { N: '1' } } });
});
afterEach(() => engine.close());

const TableName = 'plain';
const keyOf = (id: string) => ({ id: { S: id } });
const values = { ExpressionAttributeValues: { ':n': { N: '1' } } };
const put = (id: string, more: object = {}) => ({ Put: { TableName, Item: keyOf(id), ...more } });
const add = (id: string, more: object = {}) => ({
  Update: { TableName, Key: keyOf(id), UpdateExpression: 'ADD n :n', ...values, ...more },
});
const remove = (id: string) => ({ Delete: { TableName, Key: keyOf(id) } });
const check = (id: string, n: string, more: object = {}) => ({
  ConditionCheck: {
    TableName,
    Key: keyOf(id),
    ConditionExpression: 'n = :n',
    ExpressionAttributeValues: { ':n': { N: n } },
    ...more,
  },
});
const transact = (TransactItems: object[], more: object = {}) =>
  answerOf(engine, 'TransactWriteItems', { TransactItems, ...more });
const stored = async () => {
  const { Items } = await call(engine, 'Scan', { TableName });
  const found = (Items as { id: { S: string }; n?: { N: string } }[]).map(
    ({ id, n }) => `${id.S}${n?.N ?? ''}`,
  );
  return found.sort().join(' ');
};

test('does all writes if all conditions hold', async () => {
  const thing = { Put: { TableName: 'things', Item: { pk: { S: 'p' }, sk: { N: '1' }, n: { N: '5' } } } };
  const { status, body } = await transact([put('b'), add('c'), check('a', '1'), thing], {
    ReturnConsumedCapacity: 'TOTAL',
  });
  assert.equal(status, 200);
  assert.deepEqual(body['ConsumedCapacity'], [
    { CapacityUnits: 6, WriteCapacityUnits: 6, TableName: 'plain' },
    { CapacityUnits: 2, WriteCapacityUnits: 2, TableName: 'things' },
  ]);
  assert.equal(await stored(), 'a1 b c1');
  const query = {
    TableName: 'things',
    IndexName: 'byNumber',
    KeyConditionExpression: 'n = :n',
    ExpressionAttributeValues: { ':n': { N: '5' } },
  };
  assert.equal((await call(engine, 'Query', query))['Count'], 1);
  assert.equal((await transact([remove('a'), remove('b')])).status, 200);
  assert.equal(await stored(), 'c1');
});

const MISMATCH = 'The provided key element does not match the schema';
const reasonsOf = ({ body }: Awaited<ReturnType<typeof transact>>) =>
  (body['CancellationReasons'] as { Code: string; Message?: string }[]).map(
    ({ Code, Message }) => `${Code}: ${Message}`,
  );

test('cancels writes and reads with keys that do not fit the schema', async () => {
  const wrong = { Key: { id: { N: '1' } } };
  const writes = await transact([
    add('c'),
    { Put: { TableName, Item: { id: { N: '1' } } } },
    { Put: { TableName, Item: { n: { N: '1' } } } },
    add('', wrong),
    { Delete: { TableName, Key: { id: { S: 'a' }, n: { N: '1' } } } },
    check('', '1', wrong),
  ]);
  const invalid = 'ValidationError: One or more parameter values were invalid: ';
  assert.deepEqual(reasonsOf(writes), [
    'None: undefined',
    `${invalid}Type mismatch for key id expected: S actual: N`,
    `${invalid}Missing the key id in the item`,
    ...Array.from({ length: 3 }, () => `ValidationError: ${MISMATCH}`),
  ]);
  const reads = [{ Get: { TableName, Key: keyOf('a') } }, { Get: { TableName, Key: {} } }];
  const read = await answerOf(engine, 'TransactGetItems', { TransactItems: reads });
  assert.deepEqual(reasonsOf(read), ['None: undefined', `ValidationError: ${MISMATCH}`]);
  const twice = await answerOf(engine, 'TransactGetItems', { TransactItems: [reads[0], reads[0]] });
  assert.match(String(twice.body['message']), /cannot include multiple operations on one item$/);
  assert.equal(await stored(), 'a1');
});

test('checks all writes before it looks up their tables', async () => {
  const nowhere = { Put: { TableName: 'nowhere', Item: keyOf('a') } };
  const { body } = await transact([nowhere, check('a', '1', { ConditionExpression: 'n = (' })]);
  assert.match(String(body['message']), /^Invalid ConditionExpression: Syntax error/);
  assert.match(String((await transact([nowhere])).body['__type']), /#ResourceNotFoundException$/);
});

test('refuses an empty key before it does anything', async () => {
  for (const write of [put(''), add(''), remove(''), check('', '1')]) {
    const { body } = await transact([write]);
    assert.match(String(body['__type']), /#ValidationException$/);
    assert.match(
      String(body['message']),
      /^One or more parameter values are not valid\. .* empty string value/,
    );
  }
});

test('does nothing if one condition does not hold, and gives a reason for each write', async () => {
  const { status, body } = await transact([
    put('b'),
    check('a', '2', { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
    add('a2', { UpdateExpression: 'SET n = n + :n' }),
    remove('c'),
  ]);
  assert.equal(status, 400);
  assert.deepEqual(body, {
    __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
    message:
      'Transaction cancelled, please refer cancellation reasons for specific reasons ' +
      '[None, ConditionalCheckFailed, ValidationError, None]',
    CancellationReasons: [
      { Code: 'None' },
      {
        Code: 'ConditionalCheckFailed',
        Message: 'The conditional request failed',
        Item: { id: { S: 'a' }, n: { N: '1' } },
      },
      {
        Code: 'ValidationError',
        Message: 'The provided expression refers to an attribute that does not exist in the item',
      },
      { Code: 'None' },
    ],
  });
  assert.equal(await stored(), 'a1');
});

test('does a repeated request with the same token once, and refuses another request with that token', async () => {
  const token = { ClientRequestToken: 'once' };
  for (let tries = 0; tries < 3; tries += 1) assert.equal((await transact([add('a')], token)).status, 200);
  assert.equal(await stored(), 'a2');
  const { body } = await transact([add('b')], token);
  assert.match(String(body['__type']), /IdempotentParameterMismatchException/);
  assert.equal((await transact([add('a')])).status, 200);
  assert.equal(await stored(), 'a3');
});

test('reads several items at one moment', async () => {
  const get = (id: string, more: object = {}) => ({ Get: { TableName, Key: keyOf(id), ...more } });
  await call(engine, 'PutItem', { TableName, Item: { ...keyOf('b'), n: { N: '2' } } });
  const TransactItems = [get('a'), get('missing'), get('b', { ProjectionExpression: 'n' })];
  assert.deepEqual(
    await call(engine, 'TransactGetItems', { TransactItems, ReturnConsumedCapacity: 'TOTAL' }),
    {
      Responses: [{ Item: { id: { S: 'a' }, n: { N: '1' } } }, {}, { Item: { n: { N: '2' } } }],
      ConsumedCapacity: [{ CapacityUnits: 6, ReadCapacityUnits: 6, TableName: 'plain' }],
    },
  );
});

const refused: readonly (readonly [string, object[], RegExp])[] = [
  ['two writes of one item', [add('a'), remove('a')], /cannot include multiple operations on one item/],
  [
    'two kinds in one',
    [{ ...add('a'), ...remove('b') }],
    /can only contain one of Check, Put, Update or Delete/,
  ],
  [
    'none',
    [],
    /'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1/,
  ],
  [
    'a check without a condition',
    [{ ConditionCheck: { TableName, Key: keyOf('a') } }],
    /ConditionExpression is required/,
  ],
  ['an update of a key', [add('a', { UpdateExpression: 'SET id = :n' })], /Cannot update attribute id/],
  ['a table that is not there', [put('a', { TableName: 'missing' })], /Requested resource not found/],
];
for (const [what, items, message] of refused) {
  test(`refuses ${what}`, async () => {
    const { status, body } = await transact([put('z'), ...items].slice(items.length === 0 ? 1 : 0));
    assert.equal(status, 400);
    assert.match(String(body['message']), message);
    assert.equal(await stored(), 'a1');
  });
}

const things = { TableName: 'things' };
const thing = { pk: { S: 'p' }, sk: { N: '1' } };
const putThing = (t: object) => ({ Put: { ...things, Item: { ...thing, t } } });
const setThing = (t: object) => ({
  Update: {
    ...things,
    Key: thing,
    UpdateExpression: 'SET t = :t',
    ExpressionAttributeValues: { ':t': t },
  },
});

test.each([putThing, setThing])(
  'a key of an index of another type is a reason, an empty one refuses all (%#)',
  async (write) => {
    for (const t of [{ N: '5' }, { L: [{ S: 'x' }] }]) {
      const { body } = await transact([put('b'), write(t)]);
      const [type] = Object.keys(t);
      const Message = `One or more parameter values were invalid: Type mismatch for Index Key t Expected: S Actual: ${type} IndexName: byText`;
      assert.deepEqual(body['CancellationReasons'], [{ Code: 'None' }, { Code: 'ValidationError', Message }]);
    }
    const { body } = await transact([put('b'), write({ S: '' })]);
    assert.match(String(body['__type']), /ValidationException$/);
    assert.match(String(body['message']), /cannot contain an empty string value\./);
    assert.equal(await stored(), 'a1');
  },
);
