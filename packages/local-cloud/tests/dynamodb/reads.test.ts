// Queries and scans: pages by items and by bytes, segments, indexes, and requests that AWS refuses.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { Engine } from '../../dynamodb/engine.ts';
import { call, openInMemory } from './engine-calls.ts';
import { randomCalls, setUp } from './random-requests.ts';

type Item = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>;

let engine: Engine;
beforeAll(async () => {
  engine = openInMemory();
  for (const { operation, input } of setUp) await call(engine, operation, input);
});
afterAll(() => engine.close());

const text = (items: unknown) => (items as Item[]).map((item) => JSON.stringify(item));

/** All pages together, and how many there were. */
async function readAll(operation: string, input: object) {
  const items: Item[] = [];
  let pages = 0;
  let from: unknown;
  do {
    const page = await call(engine, operation, { ...input, ExclusiveStartKey: from });
    items.push(...(page['Items'] as Item[]));
    from = page['LastEvaluatedKey'];
    pages += 1;
  } while (from);
  return { items, pages };
}

/** Fills the tables; refusals are part of it. */
async function writeRandomly(seed: number, count: number): Promise<void> {
  const calls = randomCalls(seed);
  for (let made = 0; made < count; made += 1) {
    const { operation, input } = calls.next().value!;
    await call(engine, operation, input).catch((error: Error) => {
      assert.notEqual(error.name, 'InternalServerError', error.message);
    });
  }
}

test('every index has the items of the table, however they were written', async () => {
  await writeRandomly(11, 2_000);
  const { Items } = await call(engine, 'Scan', { TableName: 'things' });
  const items = Items as Item[];
  assert.ok(items.length > 10);
  const keyed = (names: readonly string[]) => items.filter((item) => names.every((name) => name in item));
  const { items: byNumber } = await readAll('Scan', { TableName: 'things', IndexName: 'byNumber' });
  assert.deepEqual(text(byNumber).sort(), text(keyed(['n'])).sort());
  const { items: byText } = await readAll('Scan', { TableName: 'things', IndexName: 'byText' });
  const projected = keyed(['t']).map((item) =>
    Object.fromEntries(Object.entries(item).filter(([name]) => ['pk', 'sk', 't', 'a', 'b'].includes(name))),
  );
  const sorted = (each: Item) =>
    JSON.stringify(
      Object.fromEntries(
        Object.keys(each)
          .sort()
          .map((name) => [name, each[name]]),
      ),
    );
  assert.deepEqual(byText.map(sorted).sort(), projected.map(sorted).sort());
});

const pagedReads: readonly (readonly [string, string, object])[] = [
  ['a scan', 'Scan', {}],
  ['a scan of an index', 'Scan', { IndexName: 'byNumber' }],
  ...[true, false].map(
    (ScanIndexForward) =>
      [
        `a query of an index ${ScanIndexForward ? 'forward' : 'backward'}`,
        'Query',
        {
          IndexName: 'byNumber',
          ScanIndexForward,
          KeyConditionExpression: 'n = :n',
          ExpressionAttributeValues: { ':n': { N: '1' } },
        },
      ] as const,
  ),
  [
    'a query of a local index',
    'Query',
    {
      IndexName: 'local',
      Select: 'ALL_ATTRIBUTES',
      KeyConditionExpression: 'pk = :p AND n > :n',
      ExpressionAttributeValues: { ':p': { S: 'p2' }, ':n': { N: '-1' } },
    },
  ],
];
for (const [what, operation, input] of pagedReads) {
  test(`${what} gives the same items in pages of one, in pages of two and at once`, async () => {
    const request = { TableName: 'things', ...input };
    const whole = await readAll(operation, request);
    assert.ok(whole.items.length > 1, `only ${whole.items.length} items`);
    for (const Limit of [1, 2]) {
      const { items, pages } = await readAll(operation, { ...request, Limit });
      assert.deepEqual(text(items), text(whole.items));
      assert.equal(pages, Math.floor(items.length / Limit) + 1);
    }
  });
}

test('segments of a scan have every item once', async () => {
  const whole = await readAll('Scan', { TableName: 'plain' });
  for (const TotalSegments of [2, 3, 7, 1_000_000]) {
    const segments = TotalSegments > 10 ? [] : Array.from({ length: TotalSegments }, (_each, index) => index);
    const parts = await Promise.all(
      segments.map((Segment) => readAll('Scan', { TableName: 'plain', Segment, TotalSegments })),
    );
    if (segments.length > 0)
      assert.deepEqual(
        parts.flatMap(({ items }) => text(items)),
        text(whole.items),
      );
  }
  await call(engine, 'Scan', { TableName: 'plain', Segment: 999_999, TotalSegments: 1_000_000 });
});

test('a page ends after 1 MB', async () => {
  const note = { S: 'x'.repeat(300_000) };
  for (let n = 0; n < 8; n += 1)
    await call(engine, 'PutItem', {
      TableName: 'things',
      Item: { pk: { S: 'large' }, sk: { N: String(n) }, note },
    });
  const request = {
    TableName: 'things',
    KeyConditionExpression: 'pk = :p',
    ExpressionAttributeValues: { ':p': { S: 'large' } },
  };
  const first = await call(engine, 'Query', request);
  assert.deepEqual([first['Count'], first['LastEvaluatedKey']], [4, { pk: { S: 'large' }, sk: { N: '3' } }]);
  const { items, pages } = await readAll('Query', { ...request, ProjectionExpression: 'sk' });
  assert.deepEqual([items.length, pages], [8, 3]);
});

test('takes an item of 400 KB, counted in bytes, and refuses a larger one', async () => {
  const put = (name: string, size: number) =>
    call(engine, 'PutItem', {
      TableName: 'plain',
      Item: { id: { S: 'x' }, [name]: { S: 'é'.repeat(size / 2) } },
    });
  const room = 400 * 1024 - 'idx'.length;
  await put('note', room - 4);
  await assert.rejects(put('noteé', room - 4), /Item size has exceeded the maximum allowed size/);
  const grow = call(engine, 'UpdateItem', {
    TableName: 'plain',
    Key: { id: { S: 'x' } },
    UpdateExpression: 'SET more = :m',
    ExpressionAttributeValues: { ':m': { S: 'x' } },
  });
  await assert.rejects(grow, /Item size to update has exceeded the maximum allowed size/);
});

const things = { TableName: 'things' };
const refused: readonly (readonly [string, string, object, RegExp])[] = [
  [
    'SPECIFIC_ATTRIBUTES without naming any',
    'Scan',
    { Select: 'SPECIFIC_ATTRIBUTES' },
    /Must specify the AttributesToGet or ProjectionExpression/,
  ],
  [
    'a projection beside COUNT',
    'Scan',
    { Select: 'COUNT', ProjectionExpression: 'a' },
    /Cannot specify the ProjectionExpression when choosing to get COUNT/,
  ],
  [
    'ALL_PROJECTED_ATTRIBUTES without an index',
    'Scan',
    { Select: 'ALL_PROJECTED_ATTRIBUTES' },
    /only when Querying using an IndexName/,
  ],
  ['a segment without their number', 'Scan', { Segment: 0 }, /TotalSegments parameter is required/],
  ['a number of segments without one', 'Scan', { TotalSegments: 2 }, /Segment parameter is required/],
  [
    'a segment beyond their number',
    'Scan',
    { Segment: 2, TotalSegments: 2 },
    /Segment: 2 is not less than TotalSegments: 2/,
  ],
  ['an index that is not there', 'Scan', { IndexName: 'other' }, /does not have the specified index: other/],
  [
    'consistent reads of a global index',
    'Scan',
    { IndexName: 'byText', ConsistentRead: true },
    /not supported on global secondary indexes/,
  ],
  [
    'all attributes of a global index that has some',
    'Scan',
    { IndexName: 'byText', Select: 'ALL_ATTRIBUTES' },
    /because its projection type is not ALL/,
  ],
  [
    'a query without a condition',
    'Query',
    {},
    /Either the KeyConditions or KeyConditionExpression parameter must be specified/,
  ],
  ['a table that is not there', 'Scan', { TableName: 'missing' }, /Requested resource not found/],
  [
    'an empty text in the key of an index',
    'PutItem',
    { Item: { pk: { S: 'p' }, sk: { N: '1' }, t: { S: '' } } },
    /IndexName: byText, IndexKey: t/,
  ],
  [
    'expressions beside their predecessors',
    'Scan',
    { FilterExpression: 'a = b', AttributesToGet: ['a'] },
    /Can not use both expression and non-expression parameters/,
  ],
  [
    'a limit of 0',
    'Scan',
    { Limit: 0 },
    /^1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1$/,
  ],
];
for (const [what, operation, input, message] of refused) {
  test(`refuses ${what}`, async () => {
    await assert.rejects(call(engine, operation, { ...things, ...input }), { message });
  });
}

test('keys conditions of older programs find the same items', async () => {
  const wanted = await call(engine, 'Query', {
    ...things,
    KeyConditionExpression: 'pk = :p AND sk BETWEEN :a AND :b',
    ExpressionAttributeValues: { ':p': { S: 'large' }, ':a': { N: '1' }, ':b': { N: '2' } },
    ProjectionExpression: 'sk',
  });
  const found = await call(engine, 'Query', {
    ...things,
    KeyConditions: {
      pk: { ComparisonOperator: 'EQ', AttributeValueList: [{ S: 'large' }] },
      sk: { ComparisonOperator: 'BETWEEN', AttributeValueList: [{ N: '1' }, { N: '2' }] },
    },
    AttributesToGet: ['sk'],
  });
  assert.deepEqual(found, wanted);
  assert.equal(found['Count'], 2);
});
