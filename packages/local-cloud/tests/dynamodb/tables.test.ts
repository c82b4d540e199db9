// Tables and their indexes: created, changed, described, tagged, protected and deleted as on AWS.

import { afterEach, beforeEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { Engine } from '../../dynamodb/engine.ts';
import { call, openInMemory } from './engine-calls.ts';

let engine: Engine;
beforeEach(() => {
  engine = openInMemory();
});
afterEach(() => engine.close());

const key = (AttributeName: string, KeyType = 'HASH') => ({ AttributeName, KeyType });
const text = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' });
const all = { ProjectionType: 'ALL' };
const table = (more: object = {}) => ({
  TableName: 'things',
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [text('id')],
  KeySchema: [key('id')],
  ...more,
});
const create = (more: object = {}) => call(engine, 'CreateTable', table(more));
const describe = async () =>
  (await call(engine, 'DescribeTable', { TableName: 'things' }))['Table'] as Record<string, unknown>;
const put = (id: string, more: object = {}) =>
  call(engine, 'PutItem', { TableName: 'things', Item: { id: { S: id }, ...more } });
const update = (more: object) => call(engine, 'UpdateTable', { TableName: 'things', ...more });

test('a table can be used at once, although CreateTable answers that it is being created, as on AWS', async () => {
  const { TableDescription } = await create();
  assert.equal((TableDescription as { TableStatus: string }).TableStatus, 'CREATING');
  const { TableStatus, TableArn, BillingModeSummary } = await describe();
  assert.deepEqual(
    [TableStatus, TableArn, (BillingModeSummary as { BillingMode: string }).BillingMode],
    ['ACTIVE', 'arn:aws:dynamodb:us-east-1:000000000000:table/things', 'PAY_PER_REQUEST'],
  );
  await assert.rejects(create(), { name: 'ResourceInUseException' });
});

test('keeps class, protection and tags that CreateTable gives', async () => {
  const tags = [{ Key: 'stage', Value: 'test' }];
  await create({ TableClass: 'STANDARD_INFREQUENT_ACCESS', DeletionProtectionEnabled: true, Tags: tags });
  const { TableClassSummary, DeletionProtectionEnabled, TableArn, Tags } = await describe();
  assert.deepEqual(
    [TableClassSummary, DeletionProtectionEnabled, Tags],
    [{ TableClass: 'STANDARD_INFREQUENT_ACCESS' }, true, undefined],
  );
  assert.deepEqual(await call(engine, 'ListTagsOfResource', { ResourceArn: TableArn }), { Tags: tags });
});

test('deletes a protected table only once it is no longer protected', async () => {
  await create({ DeletionProtectionEnabled: true });
  const remove = () => call(engine, 'DeleteTable', { TableName: 'things' });
  await assert.rejects(remove(), { name: 'ValidationException', message: /protected against deletion/ });
  await update({ DeletionProtectionEnabled: false });
  await remove();
  await assert.rejects(describe(), { name: 'ResourceNotFoundException' });
  await create(); // with nothing of the one before
  assert.equal((await call(engine, 'Scan', { TableName: 'things' }))['Count'], 0);
});

test('adds an index with the existing items, and deletes it again', async () => {
  await create();
  await put('a', { place: { S: 'hall' } });
  await put('b', { place: { N: '1' } }); // cannot be in the index
  await put('c');
  const query = () =>
    call(engine, 'Query', {
      TableName: 'things',
      IndexName: 'byPlace',
      KeyConditionExpression: 'place = :p',
      ExpressionAttributeValues: { ':p': { S: 'hall' } },
      ProjectionExpression: 'id',
    });
  const index = { IndexName: 'byPlace', KeySchema: [key('place')], Projection: all };
  await assert.rejects(
    update({ GlobalSecondaryIndexUpdates: [{ Create: index }] }),
    /not defined in AttributeDefinitions/,
  );
  await update({ AttributeDefinitions: [text('place')], GlobalSecondaryIndexUpdates: [{ Create: index }] });
  await put('d', { place: { S: 'hall' } });
  const ids = ((await query())['Items'] as { id: { S: string } }[]).map(({ id }) => id.S);
  assert.deepEqual(ids.sort(), ['a', 'd']);
  await assert.rejects(update({ GlobalSecondaryIndexUpdates: [{ Create: index }] }), /already exists/);
  await update({ GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'byPlace' } }] });
  await assert.rejects(query(), /does not have the specified index: byPlace/);
  const { GlobalSecondaryIndexes, AttributeDefinitions } = await describe();
  assert.deepEqual([GlobalSecondaryIndexes, AttributeDefinitions], [undefined, [text('id')]]);
  await assert.rejects(update({ GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'byPlace' } }] }), {
    name: 'ResourceNotFoundException',
  });
});

test('changes capacity and billing, and refuses a change to the current value', async () => {
  const units = (read: number, write: number) => ({ ReadCapacityUnits: read, WriteCapacityUnits: write });
  await create({ BillingMode: 'PROVISIONED', ProvisionedThroughput: units(1, 2) });
  await assert.rejects(update({ ProvisionedThroughput: units(1, 2) }), /will not change/);
  await update({ ProvisionedThroughput: units(2, 1) });
  const { ProvisionedThroughput: throughput } = (await describe()) as {
    ProvisionedThroughput: Record<string, number>;
  };
  assert.deepEqual(
    [throughput['ReadCapacityUnits'], throughput['WriteCapacityUnits'], throughput['NumberOfDecreasesToday']],
    [2, 1, 1],
  );
  await update({ BillingMode: 'PAY_PER_REQUEST' });
  await assert.rejects(update({ ProvisionedThroughput: units(1, 1) }), /when BillingMode is PAY_PER_REQUEST/);
});

test('lists tables in pages', async () => {
  for (const name of ['bbb', 'aaa', 'ccc']) await call(engine, 'CreateTable', table({ TableName: name }));
  const first = await call(engine, 'ListTables', { Limit: 2 });
  assert.deepEqual(first, { TableNames: ['aaa', 'bbb'], LastEvaluatedTableName: 'bbb' });
  assert.deepEqual(await call(engine, 'ListTables', { ExclusiveStartTableName: 'bbb' }), {
    TableNames: ['ccc'],
  });
});

const local = { IndexName: 'local', KeySchema: [key('id'), key('n', 'RANGE')], Projection: all };
const invalid = 'One or more parameter values were invalid: ';
const refused: readonly (readonly [string, object, string | RegExp])[] = [
  [
    'a name that is too short',
    { TableName: 'ab' },
    "1 validation error detected: Value 'ab' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3",
  ],
  [
    'several wrong members at once',
    { TableName: 'a;', BillingMode: 'x' },
    /^3 validation errors detected: Value 'a;' at 'tableName' .*; Value 'a;' .*; Value 'x' at 'billingMode' .* \[PROVISIONED, PAY_PER_REQUEST\]$/,
  ],
  ['no capacity', { BillingMode: undefined }, /must both be specified when BillingMode is PROVISIONED/],
  [
    'a key without a definition',
    { KeySchema: [key('other')] },
    `${invalid}Some index key attributes are not defined in AttributeDefinitions. Keys: [other], AttributeDefinitions: [id]`,
  ],
  [
    'a definition without a key',
    { AttributeDefinitions: [text('id'), text('x')] },
    /Number of attributes in KeySchema does not exactly match/,
  ],
  [
    'a sort key alone',
    { KeySchema: [key('id', 'RANGE')] },
    'Invalid KeySchema: The first KeySchemaElement is not a HASH key type',
  ],
  [
    'a local index of a table without a sort key',
    { AttributeDefinitions: [text('id'), text('n')], LocalSecondaryIndexes: [local] },
    /Table KeySchema does not have a range key/,
  ],
  [
    'an index without capacity of a provisioned table',
    {
      BillingMode: 'PROVISIONED',
      ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
      GlobalSecondaryIndexes: [{ IndexName: 'byId', KeySchema: [key('id')], Projection: all }],
    },
    `${invalid}ProvisionedThroughput must be specified for index: byId`,
  ],
  [
    'two indexes of one name',
    {
      GlobalSecondaryIndexes: [
        { IndexName: 'byId', KeySchema: [key('id')], Projection: all },
        { IndexName: 'byId', KeySchema: [key('id')], Projection: all },
      ],
    },
    `${invalid}Duplicate index name: byId`,
  ],
  [
    'a tag twice',
    {
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'a', Value: '2' },
      ],
    },
    /Duplicate tag keys/,
  ],
  [
    'a stream without a view',
    { StreamSpecification: { StreamEnabled: true } },
    /StreamViewType must be specified when StreamEnabled is true/,
  ],
];
for (const [what, more, message] of refused) {
  test(`refuses ${what}`, async () => {
    await assert.rejects(create(more), { name: 'ValidationException', message });
  });
}

test('tags and untags by ARN', async () => {
  await create();
  const { TableArn: ResourceArn } = await describe();
  const list = async () => (await call(engine, 'ListTagsOfResource', { ResourceArn }))['Tags'];
  await call(engine, 'TagResource', {
    ResourceArn,
    Tags: [
      { Key: 'b', Value: '1' },
      { Key: 'a', Value: '2' },
    ],
  });
  await call(engine, 'UntagResource', { ResourceArn, TagKeys: ['b'] });
  assert.deepEqual(await list(), [{ Key: 'a', Value: '2' }]);
  await assert.rejects(
    call(engine, 'TagResource', { ResourceArn: `${String(ResourceArn)}x`, Tags: [{ Key: 'b', Value: '' }] }),
    {
      name: 'ResourceNotFoundException',
    },
  );
});

test('keeps the settings of encryption and of on-demand throughput', async () => {
  await create();
  assert.equal((await describe())['SSEDescription'], undefined);
  const OnDemandThroughput = { MaxReadRequestUnits: 10, MaxWriteRequestUnits: 5 };
  await update({ OnDemandThroughput, SSESpecification: { Enabled: true, KMSMasterKeyId: 'alias/own' } });
  const { SSEDescription: encryption, OnDemandThroughput: most } = await describe();
  const KMSMasterKeyArn = 'arn:aws:kms:us-east-1:000000000000:alias/own';
  assert.deepEqual(encryption, { Status: 'ENABLED', SSEType: 'KMS', KMSMasterKeyArn });
  assert.deepEqual(most, OnDemandThroughput);
  await update({ SSESpecification: { Enabled: false } });
  assert.equal((await describe())['SSEDescription'], undefined);
});

test('reads the types of new index keys from the request, and keeps those of known attributes', async () => {
  await create();
  const add = (AttributeDefinitions: readonly object[]) =>
    update({
      AttributeDefinitions,
      GlobalSecondaryIndexUpdates: [
        { Create: { IndexName: 'fresh', KeySchema: [key('id')], Projection: all } },
      ],
    });
  await assert.rejects(add([]), /Some index key attributes are not defined in AttributeDefinitions/);
  await add([{ AttributeName: 'id', AttributeType: 'N' }, text('unused')]);
  assert.deepEqual((await describe())['AttributeDefinitions'], [text('id')]);
});
