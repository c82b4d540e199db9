// The limits on nested values and on conditions of keys, with the messages that were recorded on AWS.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { Engine } from '../../dynamodb/engine.ts';
import { call, openInMemory } from './engine-calls.ts';
import { setUp } from './random-requests.ts';

let engine: Engine;
beforeAll(async () => {
  engine = openInMemory();
  for (const { operation, input } of setUp) await call(engine, operation, input);
});
afterAll(() => engine.close());

const TableName = 'plain';
const Key = { id: { S: 'a' } };

/** A text inside `count` maps and lists. */
function nested(count: number): object {
  let value: object = { S: 'leaf' };
  for (let left = count; left > 0; left -= 1) value = left % 2 === 0 ? { L: [value] } : { M: { n: value } };
  return value;
}

const TOO_DEEP =
  /^(?:1 validation error detected: )?Nesting Levels have exceeded supported limits: .* beyond supported limit$/;
const set = (path: string, value: object) => ({
  TableName,
  Key,
  UpdateExpression: `SET ${path} = :v`,
  ExpressionAttributeValues: { ':v': value },
});

test('keeps values of 32 levels, and refuses deeper ones wherever they are', async () => {
  await call(engine, 'PutItem', { TableName, Item: { ...Key, deep: nested(31) } });
  const tooDeep = { ...Key, deep: nested(32) };
  const calls = [
    ['PutItem', { TableName, Item: tooDeep }],
    ['BatchWriteItem', { RequestItems: { [TableName]: [{ PutRequest: { Item: tooDeep } }] } }],
    ['TransactWriteItems', { TransactItems: [{ Put: { TableName, Item: tooDeep } }] }],
    ['UpdateItem', set('deep', nested(32))],
  ] as const;
  for (const [operation, input] of calls)
    await assert.rejects(call(engine, operation, input), { message: TOO_DEEP }, operation);
});

test('refuses an update that would nest a value too deeply in the item', async () => {
  await call(engine, 'UpdateItem', set('m', { M: { n: { M: {} } } }));
  await call(engine, 'UpdateItem', set('m.n.o', nested(29)));
  await assert.rejects(call(engine, 'UpdateItem', set('m.n.o', nested(30))), { message: TOO_DEEP });
});

const invalid = (what: string) => `Invalid KeyConditionExpression: ${what}`;
const operand = (operator: string, type: string) =>
  invalid(
    `Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${type}`,
  );
const SCHEMA =
  'One or more parameter values were invalid: Condition parameter type does not match schema type';
const yes = { BOOL: true };

const conditions: readonly (readonly [string, object, string])[] = [
  ['begins_with(sk, :v)', { N: '1' }, operand('begins_with', 'N')],
  ['begins_with(sk, :v)', { S: 'a' }, SCHEMA],
  ['sk < :v', yes, operand('<', 'BOOL')],
  [':v >= sk', yes, operand('>=', 'BOOL')],
  ['sk BETWEEN :v AND :v', yes, operand('BETWEEN', 'BOOL')],
  ['sk = :v', yes, SCHEMA],
  ['sk = :v', { L: [] }, SCHEMA],
  [
    'sk < :v AND sk > :v',
    { N: '1' },
    invalid('KeyConditionExpressions must only contain one condition per key'),
  ],
  [
    'sk < :v AND extra = :v',
    { N: '1' },
    'The number of query conditions (3) exceeds the number of key attributes defined in the schema (2)',
  ],
];

test.each(conditions)('says what is wrong with the key condition %s', async (condition, value, message) => {
  const query = {
    TableName: 'things',
    KeyConditionExpression: `pk = :p AND ${condition}`,
    ExpressionAttributeValues: { ':p': { S: 'p' }, ':v': value },
  };
  await assert.rejects(call(engine, 'Query', query), { name: 'ValidationException', message });
});

const NOT_A_NUMBER = 'The parameter cannot be converted to a numeric value: abc';
const INVALID = 'One or more parameter values were invalid: ';
const values: readonly (readonly [object, string])[] = [
  [{ N: 'abc' }, NOT_A_NUMBER],
  [{ M: { a: { L: [{ N: 'abc' }] } } }, NOT_A_NUMBER],
  [{ SS: ['b', 'a', 'b', '0'] }, `${INVALID}Input collection ["a", "b", "b", "0"] contains duplicates.`],
  [
    { BS: ['/w==', 'AA==', 'AA=='] },
    `${INVALID}Input collection ["AA==","/w==","AA=="]of type BS contains duplicates.`,
  ],
  [{ NS: ['1', '1.0'] }, `${INVALID}Input collection contains duplicates.`],
];

test.each(values)(
  'says of %j what is wrong with it, to writers of one item as an error of validation',
  async (value, problem) => {
    const condition = { ConditionExpression: 'n = :v', ExpressionAttributeValues: { ':v': value } };
    const writes = [
      ['PutItem', { TableName, Item: { ...Key, v: value } }],
      ['PutItem', { TableName, Item: Key, ...condition }],
      ['PutItem', { TableName, Item: Key, Expected: { n: { Value: value } } }],
      ['UpdateItem', set('v', value)],
      ['UpdateItem', { TableName, Key, AttributeUpdates: { v: { Value: value } } }],
      ['DeleteItem', { TableName, Key, ...condition }],
      ['DeleteItem', { TableName, Key: { id: value } }],
    ] as const;
    for (const [operation, input] of writes) {
      const message = `1 validation error detected: ${problem}`;
      await assert.rejects(call(engine, operation, input), { name: 'ValidationException', message });
    }
    const query = { KeyConditionExpression: 'id = :v', ExpressionAttributeValues: { ':v': value } };
    const others = [
      ['GetItem', { TableName, Key: { id: value } }],
      ['BatchGetItem', { RequestItems: { [TableName]: { Keys: [{ id: value }] } } }],
      ['Query', { TableName, ...query }],
      ['BatchWriteItem', { RequestItems: { [TableName]: [{ PutRequest: { Item: { ...Key, v: value } } }] } }],
    ] as const;
    for (const [operation, input] of others)
      await assert.rejects(call(engine, operation, input), { name: 'ValidationException', message: problem });
  },
);

test('keeps the members of sets in their order', async () => {
  const v = {
    M: { ss: { SS: ['b', '', '😀', '｡', 'a'] }, ns: { NS: ['10', '-1', '9'] }, bs: { BS: ['/w==', 'AA=='] } },
  };
  await call(engine, 'PutItem', { TableName, Item: { ...Key, v, tags: { SS: ['b'] } } });
  const add = { UpdateExpression: 'ADD tags :v', ExpressionAttributeValues: { ':v': { SS: ['c', 'a'] } } };
  await call(engine, 'UpdateItem', { TableName, Key, ...add });
  assert.deepEqual((await call(engine, 'GetItem', { TableName, Key }))['Item'], {
    ...Key,
    v: {
      M: {
        ss: { SS: ['', 'a', 'b', '｡', '😀'] },
        ns: { NS: ['-1', '9', '10'] },
        bs: { BS: ['AA==', '/w=='] },
      },
    },
    tags: { SS: ['a', 'b', 'c'] },
  });
});

test('returns no attributes of an update that only removes', async () => {
  await call(engine, 'PutItem', { TableName, Item: { ...Key, v: { S: 'x' } } });
  const remove = { TableName, Key, UpdateExpression: 'REMOVE v', ReturnValues: 'UPDATED_NEW' };
  assert.deepEqual(await call(engine, 'UpdateItem', remove), {});
});

test('names the update expression that would empty an index key', async () => {
  const update = {
    TableName: 'things',
    Key: { pk: { S: 'p' }, sk: { N: '1' } },
    UpdateExpression: 'SET t = if_not_exists(t, :t)',
    ExpressionAttributeValues: { ':t': { S: '' } },
  };
  const message =
    'One or more parameter values are not valid. The update expression attempted to update a secondary index key to a ' +
    'value that is not supported. The AttributeValue for a key attribute cannot contain an empty string value.';
  for (const UpdateExpression of ['SET t = :t', 'SET t = if_not_exists(t, :t)'])
    await assert.rejects(call(engine, 'UpdateItem', { ...update, UpdateExpression }), { message });
});

test('stores a null as true, also one that is sent as false', async () => {
  const sent = { NULL: false };
  await call(engine, 'PutItem', { TableName, Item: { ...Key, v: sent, m: { M: { n: sent } } } });
  const { Item } = await call(engine, 'GetItem', { TableName, Key });
  assert.deepEqual(Item, { ...Key, v: { NULL: true }, m: { M: { n: { NULL: true } } } });
});

test('counts the units of a text as its size', async () => {
  await call(engine, 'PutItem', { TableName, Item: { ...Key, v: { S: 'aé😀' } } });
  const condition = { ConditionExpression: 'size(v) = :n', ExpressionAttributeValues: { ':n': { N: '4' } } };
  await call(engine, 'DeleteItem', { TableName, Key, ...condition });
});

const MAX_BYTES = 409_600;
/** The value of attribute `p` with which an item with the key `a` takes `bytes` bytes. */
const filled = (bytes: number) => ({ S: 'x'.repeat(bytes - 'ida'.length - 'p'.length) });

test.each([
  ['SET p = :p', {}, 22],
  ['SET p = :p, q = :q', { q: { S: 'y' } }, 41],
  ['SET p = :p REMOVE r', {}, 24],
])('counts of %s also what its sections take, unless it is transacted', async (expression, more, cost) => {
  const extra = Object.entries(more).reduce((sum, [name, value]) => sum + name.length + value.S.length, 0);
  const largest = MAX_BYTES + 'ida'.length - cost;
  const update = (bytes: number) => ({
    TableName,
    Key,
    UpdateExpression: expression,
    ExpressionAttributeValues: { ':p': filled(bytes - extra), ...(extra > 0 && { ':q': { S: 'y' } }) },
  });
  const message = 'Item size to update has exceeded the maximum allowed size';
  await call(engine, 'DeleteItem', { TableName, Key });
  await assert.rejects(call(engine, 'UpdateItem', update(largest + 1)), { message });
  await call(engine, 'UpdateItem', update(largest));
  await call(engine, 'TransactWriteItems', { TransactItems: [{ Update: update(MAX_BYTES) }] });
});

test('counts one byte more for a place in a list', async () => {
  await call(engine, 'PutItem', { TableName, Item: { ...Key, p: { L: [{ S: 'x' }] } } });
  const update = (UpdateExpression: string, value: object) =>
    call(engine, 'UpdateItem', {
      TableName,
      Key,
      UpdateExpression,
      ExpressionAttributeValues: { ':v': value },
    });
  const text = { S: 'x'.repeat(MAX_BYTES - 'p'.length - 4 - 22) };
  await update('SET p = :v', { L: [text] });
  await assert.rejects(update('SET p[0] = :v', text), /Item size to update/);
});

const atTable = (constraint: string) =>
  `1 validation error detected: Value at 'TableName' failed to satisfy constraint: Member must have ${constraint}`;
const keys = Array.from({ length: 101 }, (_, index) => ({ id: { S: String(index) } }));
const alone: readonly (readonly [string, object, string | RegExp])[] = [
  ...['PutItem', 'UpdateItem', 'DeleteItem', 'GetItem', 'Query', 'Scan'].map(
    (operation) =>
      [
        operation,
        { TableName: '', ReturnConsumedCapacity: 'X' },
        atTable('length greater than or equal to 1'),
      ] as const,
  ),
  [
    'UpdateItem',
    { TableName, Key, ReturnValues: 'X', ReturnConsumedCapacity: 'X' },
    /^1 validation error detected: Value 'X' at 'returnValues' failed to satisfy constraint: Member must satisfy enum value set: /,
  ],
  [
    'PutItem',
    { TableName, Item: Key, ReturnValues: 'X', ReturnConsumedCapacity: 'X' },
    /^2 validation errors/,
  ],
  ['BatchGetItem', { RequestItems: {} }, 'The requestItems parameter is required for BatchGetItem'],
  ['BatchWriteItem', { RequestItems: {} }, 'The requestItems parameter is required for BatchWriteItem'],
  [
    'BatchGetItem',
    { RequestItems: { [TableName]: { Keys: keys } } },
    "1 validation error detected: Value at 'RequestItems.plain.member.Keys' failed to satisfy constraint: " +
      'Member must have length less than or equal to 100',
  ],
  [
    'BatchGetItem',
    {
      RequestItems: {
        [TableName]: { Keys: [Key], ProjectionExpression: 'id' },
        things: { Keys: [{ pk: { S: 'p' }, sk: { N: '1' } }], AttributesToGet: ['pk'] },
      },
    },
    /^Can not use both expression and non-expression parameters in the same request: /,
  ],
];

test.each(alone)('%s with %j is refused for one reason', async (operation, input, message) => {
  await assert.rejects(call(engine, operation, input), { name: 'ValidationException', message });
});

test('compares with values of any type in the conditions of older programs', async () => {
  const values = [{ BOOL: true }, { NULL: true }, { L: [{ S: 'a' }] }, { M: { a: { S: 'b' } } }];
  for (const v of values) {
    await call(engine, 'PutItem', { TableName, Item: { ...Key, v } });
    const found = async (ComparisonOperator: string) => {
      const ScanFilter = { v: { ComparisonOperator, AttributeValueList: [v] } };
      return (await call(engine, 'Scan', { TableName, ScanFilter }))['Count'];
    };
    assert.deepEqual([await found('EQ'), await found('NE')], [1, 0], JSON.stringify(v));
    await assert.rejects(found('LT'), /ComparisonOperator LT is not valid for \w+ AttributeValue type/);
  }
});
