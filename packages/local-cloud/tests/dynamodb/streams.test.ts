// The streams of tables: the record of each write, the API that reads it, and the event of a mapping.

import { describe, it, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createManualClock } from '../../clock.ts';
import { createDynamoDb } from '../../dynamodb/dynamodb.ts';
import { createRecordingLog, serve } from '../aws/local-cloud.ts';

const NOON = Date.UTC(2026, 10, 29, 12);
const ARN = 'arn:aws:dynamodb:us-east-1:000000000000:table/states/stream/2026-01-01T00:00:00.000';

const table = (view: string | undefined, more: object = {}) => ({
  name: 'states',
  properties: {
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    ...(view !== undefined && { StreamSpecification: { StreamViewType: view } }),
    ...more,
  },
  at: () => 'template.yaml:1',
});

interface StreamRecord {
  readonly eventName: string;
  readonly userIdentity?: object;
  readonly dynamodb: {
    readonly SequenceNumber: string;
    readonly SizeBytes: number;
    readonly NewImage?: object;
    readonly OldImage?: object;
  };
}

async function open(
  view: string | undefined = 'NEW_AND_OLD_IMAGES',
  dir = temporaryFolder(),
  more: object = {},
) {
  const [clock, log] = [createManualClock(NOON), createRecordingLog()];
  const dynamoDb = await createDynamoDb({ dir, clock, log, count: () => {} });
  let isOpen = true;
  const close = async () => {
    if (isOpen) await dynamoDb.close();
    isOpen = false;
  };
  cleanup(close);
  await dynamoDb.ensureTable(table(view, more));
  const server = await serve({ dynamodb: dynamoDb.handler }, log);
  cleanup(() => server.close());
  const api = async (operation: string, input: object) => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDBStreams_20120810.${operation}`,
      },
      body: JSON.stringify(input),
    });
    return (await response.json()) as Record<string, unknown>;
  };
  const iterator = async (ShardIteratorType: string, more: object = {}) => {
    const ShardId = 'shardId-00000001700000000000-00000001';
    const answer = await api('GetShardIterator', { StreamArn: ARN, ShardId, ShardIteratorType, ...more });
    return answer['ShardIterator'] as string;
  };
  const records = async (type = 'TRIM_HORIZON', more: object = {}) => {
    const { Records } = await api('GetRecords', { ShardIterator: await iterator(type, more) });
    return Records as StreamRecord[];
  };
  const put = (id: string, more: object = {}) =>
    dynamoDb.call('PutItem', { TableName: 'states', Item: { id: { S: id }, ...more } });
  return { dir, clock, dynamoDb, api, iterator, records, put, close };
}

const shown = (records: readonly StreamRecord[]) => records.map(({ eventName }) => eventName).join(' ');
const t = (value: number) => ({ t: { N: String(value) } });

test('every kind of write leaves a record, and one that changes nothing leaves none', async () => {
  const { dynamoDb, put, records } = await open();
  const TableName = 'states';
  await put('a', t(1));
  await put('a', t(1));
  await put('a', t(2));
  await dynamoDb.call('UpdateItem', {
    ...{ TableName, Key: { id: { S: 'b' } }, UpdateExpression: 'SET t = :t' },
    ExpressionAttributeValues: { ':t': { N: '3' } },
  });
  await dynamoDb.call('BatchWriteItem', {
    RequestItems: {
      states: [
        { DeleteRequest: { Key: { id: { S: 'a' } } } },
        { DeleteRequest: { Key: { id: { S: 'none' } } } },
      ],
    },
  });
  await dynamoDb.call('TransactWriteItems', {
    TransactItems: [
      { Put: { TableName, Item: { id: { S: 'c' } } } },
      { Delete: { TableName, Key: { id: { S: 'b' } } } },
    ],
  });
  await dynamoDb.call('DeleteItem', { TableName, Key: { id: { S: 'none' } } });
  const found = await records();
  assert.equal(shown(found), 'INSERT MODIFY INSERT REMOVE INSERT REMOVE');
  const { SequenceNumber, SizeBytes, ...rest } = found[1]!.dynamodb;
  assert.deepEqual(rest, {
    ApproximateCreationDateTime: (rest as { ApproximateCreationDateTime?: number })
      .ApproximateCreationDateTime,
    Keys: { id: { S: 'a' } },
    NewImage: { id: { S: 'a' }, ...t(2) },
    OldImage: { id: { S: 'a' }, ...t(1) },
    StreamViewType: 'NEW_AND_OLD_IMAGES',
  });
  assert.ok(SequenceNumber > found[0]!.dynamodb.SequenceNumber);
  assert.ok(SizeBytes > 0);
});

test('a transaction that is refused leaves no record', async () => {
  const { dynamoDb, put, records } = await open();
  await put('a');
  const TransactItems = [
    { Put: { TableName: 'states', Item: { id: { S: 'b' } } } },
    {
      ConditionCheck: {
        TableName: 'states',
        Key: { id: { S: 'a' } },
        ConditionExpression: 'attribute_not_exists(id)',
      },
    },
  ];
  await assert.rejects(dynamoDb.call('TransactWriteItems', { TransactItems }), {
    name: 'TransactionCanceledException',
  });
  assert.equal(shown(await records()), 'INSERT');
});

describe('the images of a record are those of its view', () => {
  it.each([
    ['KEYS_ONLY', []],
    ['NEW_IMAGE', ['NewImage']],
    ['OLD_IMAGE', ['OldImage']],
    ['NEW_AND_OLD_IMAGES', ['NewImage', 'OldImage']],
  ])('%s', async (view, images) => {
    const { put, records } = await open(view);
    await put('a', t(1));
    await put('a', t(2));
    const names = Object.keys((await records())[1]!.dynamodb);
    assert.deepEqual(
      names.filter((name) => name.endsWith('Image')),
      images,
    );
  });
});

test('an item that expires is removed by DynamoDB itself', async () => {
  const more = { TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true } };
  const { dynamoDb, put, records } = await open('KEYS_ONLY', undefined, more);
  await put('a', { expires: { N: String(NOON / 1_000 - 60) } });
  assert.equal(await dynamoDb.sweepExpired(), 1);
  const [, removed] = await records();
  assert.deepEqual(removed!.userIdentity, { type: 'Service', principalId: 'dynamodb.amazonaws.com' });
});

test('iterators begin at either end, and at and after a record', async () => {
  const { api, iterator, put, records } = await open();
  await put('a');
  await put('b');
  const SequenceNumber = (await records())[1]!.dynamodb.SequenceNumber;
  assert.equal((await records('AT_SEQUENCE_NUMBER', { SequenceNumber })).length, 1);
  assert.equal((await records('AFTER_SEQUENCE_NUMBER', { SequenceNumber })).length, 0);
  const latest = await iterator('LATEST');
  await put('c');
  const { Records, NextShardIterator } = await api('GetRecords', { ShardIterator: latest });
  assert.equal((Records as unknown[]).length, 1);
  assert.deepEqual((await api('GetRecords', { ShardIterator: NextShardIterator }))['Records'], []);
});

test('a stream is listed and described, and another is not found', async () => {
  const { api } = await open('KEYS_ONLY');
  const { Streams } = await api('ListStreams', {});
  assert.deepEqual(Streams, [
    { StreamArn: ARN, TableName: 'states', StreamLabel: '2026-01-01T00:00:00.000' },
  ]);
  const { StreamDescription } = await api('DescribeStream', { StreamArn: ARN });
  const { StreamStatus, StreamViewType, Shards } = StreamDescription as Record<string, unknown>;
  assert.deepEqual([StreamStatus, StreamViewType, (Shards as unknown[]).length], ['ENABLED', 'KEYS_ONLY', 1]);
  const missing = await api('DescribeStream', { StreamArn: ARN.replace('states', 'nothing') });
  assert.match(String(missing['message']), /Stream: arn:.*nothing.* not found/);
});

test('records outlive a restart, and are deleted after a day, but not before they are read', async () => {
  const first = await open();
  await first.put('a');
  await first.close();
  const { clock, dynamoDb, put, records } = await open(undefined, first.dir);
  await put('b');
  assert.equal(shown(await records()), 'INSERT INSERT');
  let read = 1;
  dynamoDb.streams.keepFor('states', () => read);
  // Records have the time of the machine, which is behind this clock.
  clock.step(400 * 86_400_000);
  await clock.advance(3_600_000);
  assert.equal(shown(await records()), 'INSERT');
  read = 2;
  await clock.advance(3_600_000);
  assert.deepEqual(await records(), []);
  await put('c');
  assert.equal((await records())[0]!.dynamodb.SequenceNumber, '100000000000000000003');
});

test('a stream is switched on and off with the template, and by UpdateTable', async () => {
  const describedBy = async (dynamoDb: Awaited<ReturnType<typeof open>>['dynamoDb']) =>
    (await dynamoDb.call('DescribeTable', { TableName: 'states' }))['Table'] as Record<string, unknown>;
  const plain = await createDynamoDb({
    ...{ dir: temporaryFolder(), clock: createManualClock(NOON), log: createRecordingLog(), count: () => {} },
  });
  cleanup(() => plain.close());
  await plain.ensureTable(table(undefined));
  assert.equal((await describedBy(plain))['LatestStreamArn'], undefined);
  await plain.ensureTable(table('NEW_IMAGE'));
  assert.equal((await describedBy(plain))['LatestStreamArn'], ARN);
  await plain.ensureTable(table('KEYS_ONLY'));
  assert.deepEqual((await describedBy(plain))['StreamSpecification'], {
    StreamEnabled: true,
    StreamViewType: 'KEYS_ONLY',
  });
  const StreamSpecification = { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' };
  await assert.rejects(plain.call('UpdateTable', { TableName: 'states', StreamSpecification }), {
    message: 'Table already has an enabled stream: TableName: states',
  });
  await plain.call('UpdateTable', { TableName: 'states', StreamSpecification: { StreamEnabled: false } });
  assert.equal((await describedBy(plain))['StreamSpecification'], undefined);
});

test('a stream that is switched off and on continues its places, so a reader of the old records gets the new ones', async () => {
  const { dynamoDb, put, records } = await open('NEW_IMAGE');
  await put('a');
  await put('b');
  const { newest } = await dynamoDb.streams.read('states', 0, 1);
  assert.equal(newest, 2);
  await dynamoDb.ensureTable(table('KEYS_ONLY'));
  assert.deepEqual(await records(), []);
  await put('c');
  const { records: fresh } = await dynamoDb.streams.read('states', newest, 10);
  assert.deepEqual(
    fresh.map(({ place }) => place),
    [3],
  );
});

test('pages of streams have each stream once, also where one name begins with another', async () => {
  const { api, dynamoDb } = await open();
  await dynamoDb.ensureTable({ ...table('KEYS_ONLY'), name: 'states-2' });
  const names: unknown[] = [];
  for (let after: unknown; ;) {
    const page = await api('ListStreams', { Limit: 1, ExclusiveStartStreamArn: after });
    names.push(...(page['Streams'] as { TableName: string }[]).map(({ TableName }) => TableName));
    after = page['LastEvaluatedStreamArn'];
    if (after === undefined) break;
  }
  assert.equal(names.length, 2);
  assert.deepEqual(new Set(names), new Set(['states', 'states-2']));
});

test('a write that a function makes past the AWS port wakes the readers of the stream', async () => {
  const { dynamoDb, records } = await open();
  const written = new Promise<void>((resolve) => dynamoDb.streams.onWrite(resolve));
  const port = dynamoDb.connect();
  const answered = new Promise((resolve) => port.once('message', resolve));
  port.postMessage([1, 'PutItem', JSON.stringify({ TableName: 'states', Item: { id: { S: 'a' } } })], []);
  await Promise.all([answered, written]);
  port.close();
  assert.deepEqual(
    (await records()).map(({ eventName }) => eventName),
    ['INSERT'],
  );
});
