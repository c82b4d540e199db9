// PartiQL: statements that read and write items one by one, in batches and in transactions, and their refusals.

import { afterEach, beforeEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { Engine } from '../../dynamodb/engine.ts';
import { answerOf, call, openInMemory } from './engine-calls.ts';

const key = (AttributeName: string, KeyType = 'HASH') => ({ AttributeName, KeyType });
const definition = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' });
const index = (IndexName: string, KeySchema: object[], ProjectionType: string, more: object = {}) => ({
  IndexName,
  KeySchema,
  Projection: { ProjectionType, ...more },
});
const S = (text: string) => ({ S: text });
const N = (number: number) => ({ N: String(number) });
type Item = Readonly<Record<string, object>>;

let engine: Engine;
beforeEach(async () => {
  engine = openInMemory();
  const common = { BillingMode: 'PAY_PER_REQUEST' };
  await call(engine, 'CreateTable', {
    ...common,
    TableName: 'plain',
    AttributeDefinitions: [definition('pk')],
    KeySchema: [key('pk')],
  });
  await call(engine, 'CreateTable', {
    ...common,
    TableName: 'songs',
    AttributeDefinitions: ['pk', 'sk', 'gk', 'lk'].map(definition),
    KeySchema: [key('pk'), key('sk', 'RANGE')],
    GlobalSecondaryIndexes: [
      index('all', [key('gk')], 'ALL'),
      index('some', [key('gk')], 'INCLUDE', { NonKeyAttributes: ['shown'] }),
    ],
    LocalSecondaryIndexes: [index('local', [key('pk'), key('lk', 'RANGE')], 'KEYS_ONLY')],
  });
  const items: readonly Item[] = [
    { pk: S('p'), sk: S('a1'), gk: S('x'), lk: S('l1'), shown: S('s1'), other: S('o1') },
    { pk: S('p'), sk: S('a2'), gk: S('x'), lk: S('l2'), shown: S('s2'), other: S('o2') },
    { pk: S('p'), sk: S('b3'), other: S('o3') },
    { pk: S('q'), sk: S('a4'), gk: S('y'), shown: S('s4'), other: S('o4') },
  ];
  for (const Item of items) await call(engine, 'PutItem', { TableName: 'songs', Item });
  await call(engine, 'PutItem', {
    TableName: 'plain',
    Item: {
      pk: S('one'),
      n: N(1),
      m: { M: { deep: S('d') } },
      l: { L: [S('x'), S('y')] },
      ss: { SS: ['a', 'b'] },
    },
  });
});
afterEach(() => engine.close());

const execute = (Statement: string, more: object = {}) =>
  call(engine, 'ExecuteStatement', { Statement, ...more });
const items = async (statement: string, ...Parameters: object[]) =>
  (await execute(statement, Parameters.length > 0 ? { Parameters } : {}))['Items'] as Item[];
const stored = async (pk: string) =>
  (await call(engine, 'GetItem', { TableName: 'plain', Key: { pk: S(pk) } }))['Item'] as Item | undefined;

const selections: readonly (readonly [string, string])[] = [
  [`pk = 'p'`, 'a1 a2 b3'],
  [`'p' = pk AND sk > 'a1'`, 'a2 b3'],
  [`pk = 'p' AND begins_with("sk", 'a')`, 'a1 a2'],
  [`pk = 'p' AND sk BETWEEN 'a2' AND 'b3' AND other <> 'o3'`, 'a2'],
  [`pk = 'p' AND sk >= 'a1' AND sk <= 'a2' AND NOT shown = 's2'`, 'a1'],
  [`pk IN ['q', 'p'] AND sk < 'a9'`, 'a4 a1 a2'],
  [`pk = 'p' AND (other = 'o1' OR (shown IS MISSING AND other = 'o3'))`, 'a1 b3'],
  [`pk IN ['q', 'q']`, 'a4'],
  [`other IN ('o2', 'o4')`, 'a2 a4'],
  [`contains(other, '3') or size(other) != 2`, 'b3'],
  [`gk is not missing AND attribute_type(gk, 'S') AND pk = 'q'`, 'a4'],
  [`shown IS NOT NULL AND pk = 'q';`, 'a4'],
  [`pk = 'it''s'`, ''],
];

test.each(selections)('finds where %s', async (where, expected) => {
  const found = await items(`SELECT sk FROM songs WHERE ${where}`);
  const inOrder = (text: string) => (where.startsWith('pk IN') ? text : text.split(' ').sort().join(' '));
  assert.equal(inOrder(found.map((item) => (item['sk'] as { S: string }).S).join(' ')), inOrder(expected));
});

test('returns all attributes, or the selected ones under the last name of their path', async () => {
  const [one, whole] = [
    await stored('one'),
    { Statement: `SELECT * FROM "plain" WHERE pk = ?`, Parameters: [S('one')] },
  ];
  assert.deepEqual(await call(engine, 'ExecuteStatement', whole), { Items: [one] });
  assert.deepEqual(await items(`select m.deep, l[1], "n", nothing from plain where pk = 'one'`), [
    { deep: S('d'), _2: S('y'), n: N(1) },
  ]);
});

test('reads the attributes that an index has, and for a local index the others from the table', async () => {
  const consumed = { ReturnConsumedCapacity: 'INDEXES' };
  assert.deepEqual(await items(`SELECT * FROM songs.some WHERE gk = 'y'`), [
    { gk: S('y'), pk: S('q'), sk: S('a4'), shown: S('s4') },
  ]);
  assert.equal((await items(`SELECT sk FROM "songs"."some" WHERE NOT other = 'o1'`)).length, 3);
  const back = await execute(`SELECT other FROM songs."local" WHERE pk = 'p'`, consumed);
  assert.deepEqual(back['Items'], [{ other: S('o1') }, { other: S('o2') }]);
  assert.deepEqual(back['ConsumedCapacity'], {
    TableName: 'songs',
    CapacityUnits: 1.5,
    Table: { CapacityUnits: 1 },
    LocalSecondaryIndexes: { local: { CapacityUnits: 0.5 } },
  });
  const keys = await execute(`SELECT lk FROM songs."local" WHERE pk = 'p'`, consumed);
  assert.deepEqual((keys['ConsumedCapacity'] as { Table: object }).Table, { CapacityUnits: 0 });
});

test('continues after a page, also in the next partition, for the same statement', async () => {
  const Statement = `SELECT sk FROM songs WHERE pk IN ['p', 'q']`;
  const found: Item[] = [];
  let NextToken: unknown;
  do {
    const page = await execute(Statement, { Limit: 1, ...(NextToken !== undefined && { NextToken }) });
    found.push(...(page['Items'] as Item[]));
    NextToken = page['NextToken'];
  } while (NextToken !== undefined && found.length < 9);
  assert.deepEqual(
    found.map(({ sk }) => sk),
    ['a1', 'a2', 'b3', 'a4'].map(S),
  );
  const { NextToken: token } = await execute(Statement, { Limit: 1 });
  await assert.rejects(
    execute(`SELECT sk FROM songs WHERE pk = 'p'`, { NextToken: token }),
    /Invalid NextToken/,
  );
});

test('ends a page of several partitions at 1 MB', async () => {
  const large = S('x'.repeat(390_000));
  for (const pk of ['l1', 'l2', 'l3', 'l4', 'l5'].map(S))
    await call(engine, 'PutItem', { TableName: 'plain', Item: { pk, large } });
  const Statement = `SELECT pk FROM plain WHERE pk IN ['l1', 'l2', 'l3', 'l4', 'l5']`;
  const first = await execute(Statement);
  assert.deepEqual(first['Items'], [{ pk: S('l1') }, { pk: S('l2') }, { pk: S('l3') }]);
  const rest = await execute(Statement, { NextToken: first['NextToken'] });
  assert.deepEqual(rest, { Items: [{ pk: S('l4') }, { pk: S('l5') }] });
});

test('refuses a token with a place that it never gave', async () => {
  const Statement = `SELECT sk FROM songs WHERE pk = 'p'`;
  const { NextToken: token } = await execute(Statement, { Limit: 1 });
  const given = JSON.parse(Buffer.from(String(token), 'base64url').toString()) as object;
  for (const wrong of [
    ...[-1, 1, null, 'x'].map((partition) => ({ partition })),
    ...[5, { pk: { S: 5 }, sk: S('a1') }, { pk: S('p'), sk: {} }].map((start) => ({ start })),
  ]) {
    const NextToken = Buffer.from(JSON.stringify({ ...given, ...wrong })).toString('base64url');
    await assert.rejects(execute(Statement, { NextToken }), /^ValidationException: Invalid NextToken/);
  }
});

test('orders by the sort key of a partition', async () => {
  const order = (rest: string) => items(`SELECT sk FROM songs WHERE pk = 'p' ORDER BY ${rest}`);
  assert.deepEqual(await order('sk DESC'), [{ sk: S('b3') }, { sk: S('a2') }, { sk: S('a1') }]);
  assert.deepEqual(await order('sk ASC'), [{ sk: S('a1') }, { sk: S('a2') }, { sk: S('b3') }]);
  await assert.rejects(order('other'), /must be part of the primary key/);
  await assert.rejects(items(`SELECT sk FROM songs WHERE sk = 'a1' ORDER BY sk`), /hash key condition/);
});

test('inserts values of all types, once', async () => {
  const value = `{'pk': 'new', 's': 'it''s', 'n': -1.50, 'yes': true, 'none': null, 'l': [1, 'a'], 'm': {'k': ?}, 'ns': <<1, 2>>}`;
  const insert = () => execute(`INSERT INTO "plain" VALUE ${value}`, { Parameters: [{ B: 'AA==' }] });
  await insert();
  assert.deepEqual(await stored('new'), {
    pk: S('new'),
    s: S(`it's`),
    n: N(-1.5),
    yes: { BOOL: true },
    none: { NULL: true },
    l: { L: [N(1), S('a')] },
    m: { M: { k: { B: 'AA==' } } },
    ns: { NS: ['1', '2'] },
  });
  await assert.rejects(insert(), {
    name: 'DuplicateItemException',
    message: 'Duplicate primary key exists in table',
  });
});

test('updates an existing item that fulfils the conditions, and returns what RETURNING names', async () => {
  const update = (rest: string, ...values: object[]) => items(`UPDATE "plain" ${rest}`, ...values);
  const changed = await update(
    `SET n = n + ? SET m.deep = 'new', l = list_append(l, ['z']) REMOVE gone SET ss = set_add(ss, <<'c'>>) ` +
      `WHERE pk = 'one' AND n = 1 RETURNING ALL NEW *`,
    N(4),
  );
  assert.deepEqual(changed, [await stored('one')]);
  assert.deepEqual(await stored('one'), {
    pk: S('one'),
    n: N(5),
    m: { M: { deep: S('new') } },
    l: { L: [S('x'), S('y'), S('z')] },
    ss: { SS: ['a', 'b', 'c'] },
  });
  assert.deepEqual(await update(`SET n = 6 WHERE pk = 'one' RETURNING MODIFIED OLD *`), [{ n: N(5) }]);
  assert.deepEqual(await update(`REMOVE n WHERE pk = 'one' RETURNING MODIFIED NEW *`), []);
  for (const where of [`pk = 'one' AND n = 1`, `pk = 'absent'`])
    await assert.rejects(update(`SET n = 1 WHERE ${where}`), { name: 'ConditionalCheckFailedException' });
  assert.equal(await stored('absent'), undefined);
});

test('deletes an item that fulfils the conditions, and ignores a missing one', async () => {
  const remove = (rest: string) => items(`DELETE FROM plain WHERE ${rest}`);
  await assert.rejects(remove(`pk = 'one' AND n = 2`), { name: 'ConditionalCheckFailedException' });
  assert.deepEqual(await remove(`pk = 'absent' AND n = 2 RETURNING ALL OLD *`), []);
  const one = await stored('one');
  assert.deepEqual(await remove(`pk = 'one' AND ss = <<'b', 'a'>> RETURNING ALL OLD *`), [one]);
  assert.equal(await stored('one'), undefined);
});

const malformed = (what: string) => `Statement wasn't well formed, can't be processed: ${what}`;
const refused: readonly (readonly [string, string | RegExp, object[]?])[] = [
  ['SELECTT * FROMM x', malformed('Expected data manipulation')],
  ['SELECT * FROM "plain', malformed('')],
  [`SELECT * FROM plain WHERE pk = 'a' 'b'`, malformed('Unexpected token: b')],
  ['SELECT * FROM plain WHERE', malformed('Unexpected end of statement')],
  [`SELECT * FROM plain WHERE ${'('.repeat(200)}`, malformed('It is nested too deep')],
  [`INSERT INTO plain VALUE {'pk': ${'['.repeat(200)}`, malformed('It is nested too deep')],
  ['SELECT * FROM "" WHERE pk = 1', 'Path component cannot be an empty string'],
  ['SELECT * FROM songs."all".more', 'A path may contain at most 2 components in the FROM clause'],
  [`SELECT * FROM songs.nothing WHERE pk = 'p'`, 'The table does not have the specified index'],
  [`INSERT INTO songs."all" VALUE {'pk': 'a'}`, 'FROM clause may only contain a single table name'],
  [`UPDATE songs."all" SET a = 1 WHERE pk = 'a'`, 'This operation is not supported on an index'],
  [`DELETE FROM songs."all" WHERE pk = 'a'`, 'This operation is not supported on an index'],
  [
    `DELETE FROM plain WHERE pk = 'a' RETURNING MODIFIED OLD *`,
    'Invalid returning clause: RETURNING MODIFIED OLD *. Only RETURNING ALL OLD * is allowed in DELETE statements.',
  ],
  [`DELETE FROM songs WHERE pk = 'a'`, /mandatory equality on all key attributes/],
  [
    `SELECT pk FROM songs.some WHERE gk = 'x' AND other = 'o'`,
    'One or more parameter values were invalid: Secondary index some does not project one or more filter attributes: [other]',
  ],
  [
    `SELECT other FROM songs.some WHERE gk = 'x'`,
    'One or more parameter values were invalid: Global secondary index some does not project [other]',
  ],
  [
    'SELECT pk FROM absent WHERE val < ?',
    'Incorrect operand type for operator or function; operator or function: <, operand type: BOOL',
    [{ BOOL: true }],
  ],
  [
    `INSERT INTO plain VALUE {'pk': 'a', '__proto__': 1}`,
    /cannot store an attribute that is called __proto__/,
  ],
  [`UPDATE plain SET "__proto__" = 1 WHERE pk = 'one'`, /cannot store an attribute that is called __proto__/],
  ...["'a'", '1', 'true', 'null', "{'k': 1}", '[1]'].map((value): [string, RegExp] => [
    `UPDATE plain SET n = set_add(n, ${value}) WHERE pk = 'one'`,
    /^Incorrect operand type .* function: SET_ADD, operand type: [A-Z]+$/,
  ]),
  [
    `UPDATE plain SET m.deep = set_delete(m.deep, 'd') WHERE pk = 'one'`,
    /function: SET_DELETE, operand type: S$/,
  ],
  [
    `UPDATE plain SET ss = set_add(other, <<'c'>>) WHERE pk = 'one'`,
    /SET_ADD must be the attribute that SET names$/,
  ],
  [
    `UPDATE plain SET n = if_not_exists(n + 1, 2) WHERE pk = 'one'`,
    /requires a document path; .*: if_not_exists$/,
  ],
  [`UPDATE plain SET l[0.5] = 'z' WHERE pk = 'one'`, malformed('Unexpected token: 0.5')],
  [`UPDATE plain REMOVE l[1e0] WHERE pk = 'one'`, malformed('Unexpected token: 1e0')],
  [`UPDATE plain SET n = 1 SET n = 2 WHERE pk = 'one'`, /^Two document paths overlap .* path two: \[n\]$/],
  [`UPDATE plain SET m.deep = 1 REMOVE m WHERE pk = 'one'`, /^Two document paths overlap /],
  [
    `SELECT * FROM songs WHERE pk IN [${"'a',".repeat(50)}'a']`,
    'The IN operator is provided with too many operands; number of operands: 51',
  ],
  [
    `SELECT * FROM songs WHERE other IN [${"'a',".repeat(100)}'a']`,
    'The IN operator is provided with too many operands; number of operands: 101',
  ],
  ['SELECT * FROM plain WHERE attribute_type(absent, 5)', /function: attribute_type, operand type: N$/],
  ['SELECT * FROM plain WHERE begins_with(pk, 5)', /function: begins_with, operand type: N$/],
  [`SELECT * FROM plain WHERE pk = ?`, /^Number of parameters/],
  [`SELECT * FROM plain`, /^Number of parameters/, [S('a')]],
  ['SELECT * FROM plain WHERE pk = 1', /Condition parameter type does not match schema type/],
];

test.each(refused.map(([statement, message, parameters = []]) => ({ statement, message, parameters })))(
  'refuses $statement',
  async ({ statement, message, parameters }) => {
    const more = parameters.length > 0 ? { Parameters: parameters } : {};
    await assert.rejects(execute(statement, more), { name: 'ValidationException', message });
  },
);

test('names missing tables and indexes, and what an index cannot do', async () => {
  await assert.rejects(execute('SELECT * FROM absent'), { name: 'ResourceNotFoundException' });
  await assert.rejects(
    execute(`SELECT * FROM songs."all" WHERE gk = 'x'`, { ConsistentRead: true }),
    /^ValidationException: Strongly consistent read is not supported on Global Secondary Indexes$/,
  );
});

test('runs each statement of a batch on its own', async () => {
  const batch = await call(engine, 'BatchExecuteStatement', {
    Statements: [
      { Statement: `SELECT n FROM plain WHERE pk = 'one'`, ConsistentRead: true },
      { Statement: `SELECT * FROM plain WHERE n = 1` },
      { Statement: `SELECT * FROM songs."all" WHERE pk = 'p' AND sk = 'a1'` },
      { Statement: `INSERT INTO plain VALUE {'pk': ?}`, Parameters: [S('one')] },
      { Statement: `UPDATE plain SET n = 3 WHERE pk = 'one' AND n = 2` },
      { Statement: `DELETE FROM plain WHERE pk = 'one' RETURNING ALL OLD *` },
      { Statement: `SLECT` },
      { Statement: `SELECT * FROM absent WHERE pk = 'a'` },
    ],
    ReturnConsumedCapacity: 'TOTAL',
  });
  const responses = batch['Responses'] as { Item?: Item; TableName?: string; Error?: { Code: string } }[];
  assert.deepEqual(
    responses.map(
      ({ Item: item, TableName, Error: error }) => error?.Code ?? `${TableName} ${Object.keys(item!).length}`,
    ),
    [
      'plain 1',
      ...['ValidationError', 'ValidationError', 'DuplicateItem', 'ConditionalCheckFailed'],
      'plain 5',
      ...['ValidationError', 'ResourceNotFound'],
    ],
  );
  assert.deepEqual(
    responses.map(({ TableName }) => TableName),
    ['plain', undefined, undefined, 'plain', 'plain', 'plain', undefined, undefined],
  );
  assert.deepEqual(batch['ConsumedCapacity'], [
    { CapacityUnits: 1, TableName: 'plain' },
    { CapacityUnits: 1, TableName: 'plain' },
  ]);
});

const transact = (statements: readonly string[], more: object = {}) =>
  answerOf(engine, 'ExecuteTransaction', {
    TransactStatements: statements.map((Statement) => ({ Statement })),
    ...more,
  });

test('does all writes of a transaction or none, and once with its token', async () => {
  const add = [
    `UPDATE plain SET n = n + 1 WHERE pk = 'one'`,
    `INSERT INTO plain VALUE {'pk': 'two'}`,
    `EXISTS(SELECT * FROM songs WHERE pk = 'p' AND sk = 'a1' AND shown = 's1')`,
  ];
  const once = { ClientRequestToken: 'once', ReturnConsumedCapacity: 'TOTAL' };
  const { body } = await transact(add, once);
  assert.deepEqual(body['Responses'], [{}, {}, {}]);
  assert.deepEqual((body['ConsumedCapacity'] as object[])[0], {
    CapacityUnits: 4,
    WriteCapacityUnits: 4,
    TableName: 'plain',
  });
  assert.equal((await transact(add, once)).status, 200);
  assert.deepEqual((await stored('one'))!['n'], N(2));
  const { body: cancelled } = await transact(add);
  const reasons = (cancelled['CancellationReasons'] as { Code: string }[]).map(({ Code }) => Code);
  assert.deepEqual(reasons, ['None', 'DuplicateItem', 'None']);
  assert.deepEqual((await stored('one'))!['n'], N(2));
});

test('shows the item that failed a condition, if the statement wants it', async () => {
  const failing = {
    Statement: `UPDATE plain SET n = 3 WHERE pk = 'one' AND n = 2`,
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  };
  const one = await stored('one');
  const batch = await call(engine, 'BatchExecuteStatement', { Statements: [failing] });
  assert.deepEqual((batch['Responses'] as { Error: { Item?: Item } }[])[0]!.Error.Item, one);
  const { body } = await answerOf(engine, 'ExecuteTransaction', { TransactStatements: [failing] });
  assert.deepEqual((body['CancellationReasons'] as { Item?: Item }[])[0]!.Item, one);
});

test('reads items in a transaction by their whole key', async () => {
  const { body } = await transact([
    `SELECT n FROM plain WHERE pk = 'one'`,
    `SELECT * FROM plain WHERE pk = 'two'`,
  ]);
  assert.deepEqual(body['Responses'], [{ Item: { n: N(1) } }, {}]);
  const message = async (...statements: string[]) => (await transact(statements)).body['message'];
  assert.match(String(await message(`SELECT * FROM songs WHERE pk = 'p'`)), /must specify the primary key/);
  assert.equal(
    await message(`SELECT * FROM songs."all" WHERE gk = 'x'`),
    'Validation failed in TransactStatements[0]: Reads on indices are not supported within transactions.',
  );
  assert.equal(
    await message(`UPDATE plain SET n = 1 WHERE pk = 'one' RETURNING ALL NEW *`),
    'Validation failed in TransactStatements[0]: RETURNING clause is not supported in ExecuteTransaction.',
  );
  assert.match(
    String(await message(`SELECT * FROM plain WHERE pk = 'one'`, `DELETE FROM plain WHERE pk = 'one'`)),
    /only SELECT statements/,
  );
});
