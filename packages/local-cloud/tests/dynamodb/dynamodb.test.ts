// DynamoDB through the real SDK: the operations that windows and alerts need, exact, and refusals for the rest.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import {
  BatchWriteItemCommand,
  CreateBackupCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ExecuteStatementCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createDynamoDb, type DynamoDb } from '../../dynamodb/dynamodb.ts';
import type { AwsServer } from '../../aws/server.ts';
import { createManualClock } from '../../clock.ts';
import { clientOptions, createRecordingLog, serve } from '../aws/local-cloud.ts';
import { windowsTable } from './windows-table.ts';

const dir = temporaryFolder();
const log = createRecordingLog();
const clock = createManualClock(1_790_000_000_000);
const writes: number[] = [];
let dynamodb: DynamoDb;
let server: AwsServer;
let client: DynamoDBClient;

beforeAll(async () => {
  dynamodb = await createDynamoDb({ dir, clock, log, count: (_name, by = 1) => void writes.push(by) });
  await dynamodb.ensureTable(windowsTable());
  server = await serve({ dynamodb: dynamodb.handler }, log);
  client = new DynamoDBClient(clientOptions(server.url));
});

afterAll(async () => {
  client.destroy();
  await server.close();
  await dynamodb.close();
});

const TableName = 'windows';
const keyOf = (deviceId: string, windowStart = 0) => ({
  deviceId: { S: deviceId },
  windowStart: { N: String(windowStart) },
});
const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const update = (device: string, input: Omit<UpdateItemCommandInput, 'TableName' | 'Key'>) =>
  client.send(new UpdateItemCommand({ TableName, Key: keyOf(device), ...input }));
const item = async (device: string) =>
  (await client.send(new GetItemCommand({ TableName, Key: keyOf(device), ConsistentRead: true }))).Item;

async function add(device: string, sum: string, fingerprint: string) {
  return update(device, {
    UpdateExpression: 'ADD #s :v, seen :f',
    ConditionExpression: 'NOT contains(seen, :one)',
    ExpressionAttributeNames: { '#s': 'temperature.sum' },
    ExpressionAttributeValues: {
      ':v': { N: sum },
      ':f': { BS: [bytes(fingerprint)] },
      ':one': { B: bytes(fingerprint) },
    },
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
}

test('scans consistently, which the AWS CLI and SDKs may ask for', async () => {
  await add('scanned', '1', '01');
  const { Items = [] } = await client.send(new ScanCommand({ TableName, ConsistentRead: true }));
  assert.ok(Items.some((found) => found['deviceId']?.S === 'scanned'));
});

test('adds decimals exactly', async () => {
  await add('decimals', '0.1', '01');
  const { Attributes } = await add('decimals', '0.2', '02');
  assert.equal(Attributes?.['temperature.sum']?.N, '0.3');
});

test('adds numbers of 38 digits exactly and refuses a sum that needs more', async () => {
  const large = '9'.repeat(37);
  await add('digits', large, '01');
  const { Attributes } = await add('digits', large, '02');
  assert.equal(Attributes?.['temperature.sum']?.N, String(BigInt(large) * 2n));
  await assert.rejects(add('digits', `0.${'1'.repeat(38)}`, '03'), {
    name: 'ValidationException',
    message: /38 significant digits/,
  });
  assert.equal((await item('digits'))?.['temperature.sum']?.N, String(BigInt(large) * 2n));
});

test('distinguishes byte strings that are not valid UTF-8', async () => {
  await add('bytes', '1', 'fffefdfcfbfaf9f8');
  const { Attributes } = await add('bytes', '1', 'f8f9fafbfcfdfeff');
  assert.equal(Attributes?.['temperature.sum']?.N, '2');
  assert.equal(Attributes?.['seen']?.BS?.length, 2);
});

test('returns the item when a condition fails and the request has ALL_OLD', async () => {
  await add('old', '7', 'aa');
  await assert.rejects(add('old', '7', 'aa'), (error: Error & { Item?: Record<string, { N?: string }> }) => {
    assert.equal(error.name, 'ConditionalCheckFailedException');
    assert.equal(error.Item?.['temperature.sum']?.N, '7');
    return true;
  });
});

test('returns no item when a condition fails on a missing item', async () => {
  const input = { TableName, Item: keyOf('absent'), ConditionExpression: 'attribute_exists(deviceId)' };
  const call = client.send(new PutItemCommand({ ...input, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }));
  await assert.rejects(call, (error: Error & { Item?: unknown }) => {
    assert.equal(error.name, 'ConditionalCheckFailedException');
    assert.equal(error.Item, undefined);
    return true;
  });
});

test('applies concurrent updates of one item one after the other', async () => {
  const hex = (index: number) => index.toString(16).padStart(16, '0');
  await Promise.all(
    Array.from({ length: 100 }, (_, index) => add('busy', '0.01', hex(index % 50)).catch(() => null)),
  );
  const busy = await item('busy');
  assert.equal(busy?.['temperature.sum']?.N, '0.5');
  assert.equal(busy?.['seen']?.BS?.length, 50);
});

test('filters a query on binary and decimal attributes', async () => {
  await add('filter', '10', 'ff00');
  const query = (fingerprint: string, limit: string) =>
    client.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'deviceId = :d',
        FilterExpression: 'contains(seen, :f) AND #s > :limit',
        ProjectionExpression: '#s',
        ExpressionAttributeNames: { '#s': 'temperature.sum' },
        ExpressionAttributeValues: {
          ':d': { S: 'filter' },
          ':f': { B: bytes(fingerprint) },
          ':limit': { N: limit },
        },
      }),
    );
  assert.deepEqual((await query('ff00', '9.5')).Items, [{ 'temperature.sum': { N: '10' } }]);
  assert.equal((await query('fe00', '9.5')).Count, 0);
  const above = await query('ff00', '10');
  assert.deepEqual([above.Count, above.ScannedCount], [0, 1]);
});

test('pages through a query in both directions', async () => {
  const starts = [-20_000, 0, 10_000, 20_000, 100_000];
  const requests = starts.map((start) => ({ PutRequest: { Item: keyOf('pages', start) } }));
  await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }));
  const read = async (forward: boolean) => {
    const found: number[] = [];
    let from: Record<string, never> | undefined;
    do {
      const page = await client.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: 'deviceId = :d AND windowStart BETWEEN :a AND :b',
          ExpressionAttributeValues: { ':d': { S: 'pages' }, ':a': { N: '-20000' }, ':b': { N: '20000' } },
          ScanIndexForward: forward,
          Limit: 2,
          ExclusiveStartKey: from,
        }),
      );
      found.push(...page.Items!.map((each) => Number(each['windowStart']?.N)));
      from = page.LastEvaluatedKey as Record<string, never> | undefined;
    } while (from);
    return found;
  };
  assert.deepEqual(await read(true), [-20_000, 0, 10_000, 20_000]);
  assert.deepEqual(await read(false), [20_000, 10_000, 0, -20_000]);
});

test('counts written records', async () => {
  writes.length = 0;
  await client.send(new PutItemCommand({ TableName, Item: keyOf('counted') }));
  await client.send(new GetItemCommand({ TableName, Key: keyOf('counted') }));
  assert.equal(
    writes.reduce((sum, by) => sum + by, 0),
    1,
  );
});

test('stores metric and device names that JavaScript objects inherit, as values', async () => {
  for (const name of ['constructor', '__proto__', 'toString']) {
    await client.send(new PutItemCommand({ TableName, Item: { ...keyOf(name), label: { S: name } } }));
    assert.equal((await item(name))?.['label']?.S, name);
  }
});

test('keeps maps whose members have names that JavaScript objects inherit', async () => {
  const members = { constructor: { N: '1' }, toString: { M: { valueOf: { S: 'x' } } } };
  for (const [step, { N }] of [{ N: '1' }, { N: '2' }].entries()) {
    const expected = { ...members, constructor: { N } };
    const { Attributes } = await update('members', {
      UpdateExpression: 'SET #last = :last',
      ExpressionAttributeNames: { '#last': 'last' },
      ExpressionAttributeValues: { ':last': { M: expected } },
      ReturnValues: 'ALL_NEW',
    });
    assert.deepEqual([step, Attributes?.['last']?.M], [step, expected]);
    assert.deepEqual((await item('members'))?.['last']?.M, expected);
  }
});

test('keeps attributes with names that JavaScript objects inherit, and finds them only in items that have them', async () => {
  const names = ['constructor', 'toString', 'valueOf', 'hasOwnProperty'];
  const condition = {
    ConditionExpression: 'attribute_not_exists(#name)',
    ExpressionAttributeValues: { ':v': { N: '1' } },
  };
  for (const name of names) {
    const placeholders = { ExpressionAttributeNames: { '#name': name } };
    const { Attributes } = await update('attributes', {
      UpdateExpression: 'SET #name = :v',
      ReturnValues: 'ALL_NEW',
      ...condition,
      ...placeholders,
    });
    assert.deepEqual(Object.hasOwn(Attributes!, name) && Attributes![name], { N: '1' });
  }
  const stored = (await item('attributes'))!;
  assert.deepEqual(Object.keys(stored).sort(), [...names, 'deviceId', 'windowStart'].sort());
});

test('finds bytes by the conditions of older programs', async () => {
  await add('legacy', '1', 'ff00');
  const scan = async (hex: string) => {
    const filter = { ComparisonOperator: 'CONTAINS' as const, AttributeValueList: [{ B: bytes(hex) }] };
    const { Items = [] } = await client.send(new ScanCommand({ TableName, ScanFilter: { seen: filter } }));
    return Items.filter(({ deviceId }) => deviceId?.S === 'legacy').length;
  };
  assert.deepEqual([await scan('ff00'), await scan('fe00')], [1, 0]);
});

test('runs PartiQL statements', async () => {
  const run = (Statement: string) => client.send(new ExecuteStatementCommand({ Statement }));
  const key = `deviceId = 'partiql' AND windowStart = 1`;
  await run(`INSERT INTO "${TableName}" VALUE {'deviceId': 'partiql', 'windowStart': 1, 'total': 1}`);
  await run(`UPDATE "${TableName}" SET total = total + 1 WHERE ${key}`);
  const { Items } = await run(`SELECT total FROM "${TableName}" WHERE ${key}`);
  assert.deepEqual(Items, [{ total: { N: '2' } }]);
});

const refusals: readonly (readonly [string, () => Promise<unknown>, RegExp])[] = [
  [
    'backups',
    () => client.send(new CreateBackupCommand({ TableName, BackupName: 'x' })),
    /has no CreateBackup; it has .*UpdateTimeToLive/,
  ],
  [
    'a member called __proto__',
    () => {
      const members = JSON.parse('{"__proto__":{"S":"x"}}') as Record<string, { S: string }>;
      return client.send(new PutItemCommand({ TableName, Item: { ...keyOf('x'), last: { M: members } } }));
    },
    /cannot store an attribute that is called __proto__/,
  ],
  [
    'an attribute called __proto__ inside an expression',
    () =>
      update('x', {
        UpdateExpression: 'SET __proto__ = :a',
        ExpressionAttributeValues: { ':a': { N: '1' } },
      }),
    /cannot store an attribute that is called __proto__/,
  ],
  [
    'an attribute called __proto__ behind a placeholder',
    () =>
      update('x', {
        UpdateExpression: 'REMOVE #a',
        ExpressionAttributeNames: { '#a': '__proto__' },
      }),
    /cannot store an attribute that is called __proto__/,
  ],
  [
    'deleting a table of the template',
    () => client.send(new DeleteTableCommand({ TableName })),
    /template declares this table/,
  ],
];
for (const [what, call, message] of refusals) {
  test(`refuses ${what} by name`, async () => {
    await assert.rejects(call(), message);
  });
}

test('refuses a __proto__ key and a value nested too deeply, and continues', async () => {
  const post = async (body: string) => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'DynamoDB_20120810.PutItem',
        authorization:
          'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, Signature=0',
      },
      body,
    });
    return { status: response.status, text: await response.text() };
  };
  const proto = await post('{"TableName":"windows","Item":{"__proto__":{"S":"x"}}}');
  assert.deepEqual([proto.status, /called __proto__/.test(proto.text)], [400, true]);
  const deep = await post(
    `{"TableName":"windows","Item":{"a":${'{"L":['.repeat(10_000)}${']}'.repeat(10_000)}}}`,
  );
  assert.deepEqual([deep.status, /Nesting Levels/.test(deep.text)], [400, true]);
  for (const body of ['', '[]', 'null', '{', '"x"']) {
    const answer = await post(body);
    assert.deepEqual([answer.status, /SerializationException/.test(answer.text)], [400, true]);
  }
  assert.equal(await item('nobody'), undefined);
});

test('deletes expired items within the hour, and describes the attribute', async () => {
  const now = Math.floor(clock.now() / 1000);
  const put = (device: string, expiresAt: number) =>
    client.send(
      new PutItemCommand({ TableName, Item: { ...keyOf(device), expiresAt: { N: String(expiresAt) } } }),
    );
  await put('expired', now - 1);
  await put('soon', now + 1800);
  await put('later', now + 7200);
  await put('in milliseconds', (now - 1) * 1000);
  const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
  assert.deepEqual(TimeToLiveDescription, { AttributeName: 'expiresAt', TimeToLiveStatus: 'ENABLED' });
  assert.equal(await dynamodb.sweepExpired(), 1);
  assert.equal(await item('expired'), undefined);
  await clock.advance(3_600_000);
  const deadline = Date.now() + 5_000;
  while ((await item('soon')) && Date.now() < deadline) await new Promise(setImmediate);
  assert.equal(await item('soon'), undefined);
  assert.ok(await item('later'));
  assert.ok(await item('in milliseconds'));
});

test('switches time to live off and on, and says that point-in-time recovery is disabled', async () => {
  const set = (Enabled: boolean) =>
    client.send(
      new UpdateTimeToLiveCommand({
        TableName,
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled },
      }),
    );
  await assert.rejects(set(true), { name: 'ValidationException', message: 'TimeToLive is already enabled' });
  await set(false);
  const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
  assert.equal(TimeToLiveDescription?.TimeToLiveStatus, 'DISABLED');
  await set(true);
  const backups = await client.send(new DescribeContinuousBackupsCommand({ TableName }));
  assert.deepEqual(backups.ContinuousBackupsDescription, {
    ContinuousBackupsStatus: 'ENABLED',
    PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'DISABLED' },
  });
});

test('answers for a missing table with its own error', async () => {
  const call = client.send(new GetItemCommand({ TableName: 'missing', Key: keyOf('x') }));
  await assert.rejects(call, { name: 'ResourceNotFoundException' });
  assert.deepEqual(log.lines, []);
});
