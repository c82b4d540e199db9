// A function's requests for items go to the table thread past the AWS port, and the function sees no difference.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type ConditionalCheckFailedException,
} from '@aws-sdk/client-dynamodb';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { systemClock } from '../../clock.ts';
import { createCounters } from '../../counters.ts';
import { createDynamoDb } from '../../dynamodb/dynamodb.ts';
import { silentLog } from '../../log.ts';
import { clientOptions, serve } from '../aws/local-cloud.ts';
import { windowsTable } from '../dynamodb/windows-table.ts';
import { start } from './fixture.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../../../..');

/** Sends the event's call by the AWS SDK. @returns the answer or the error */
const SDK = `import * as commands from '@aws-sdk/client-dynamodb';
const client = new commands.DynamoDBClient({ maxAttempts: 1, requestHandler: { requestTimeout: 500, throwOnRequestTimeout: true } });
export const handler = async ([name, input]) => {
  try {
    const { $metadata, ...answer } = await client.send(new commands[name + 'Command'](input));
    return { ...answer, status: $metadata.httpStatusCode, hasId: $metadata.requestId.length > 0 };
  } catch (error) {
    return { error: error.name, message: error.message, item: error.Item, status: error.$metadata?.httpStatusCode };
  }
};`;
/** Makes a raw request, in two parts, and reads the answer as it comes. */
const BY_HAND = `import { request } from 'node:http';
export const handler = (body) =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(process.env.AWS_ENDPOINT_URL);
    const authorization = 'AWS4-HMAC-SHA256 Credential=local/20260102/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00';
    const headers = { authorization, 'x-amz-target': 'DynamoDB_20120810.GetItem', 'content-length': String(body.length) };
    const sent = request({ hostname, port, method: 'POST', path: '/', headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part) => (text += part));
      answer.on('end', () => resolve([answer.statusCode, answer.headers['content-type'], text]));
    });
    sent.on('error', reject);
    sent.write(body.slice(0, 5));
    sent.end(body.slice(5));
  });`;

/** A table behind the AWS port, and functions that reach it. `tables` replaces the way past the port. */
async function open(tables?: () => MessagePort) {
  const dir = temporaryFolder();
  mkdirSync(path.join(dir, 'node_modules'));
  symlinkSync(path.join(REPOSITORY, 'node_modules/@aws-sdk'), path.join(dir, 'node_modules/@aws-sdk'));
  const counters = createCounters();
  const dynamoDb = await createDynamoDb({
    ...{ dir: path.join(dir, 'tables'), clock: systemClock, log: silentLog, count: counters.count },
  });
  cleanup(() => dynamoDb.close());
  counters.beforeRead(() => dynamoDb.countDirect());
  await dynamoDb.ensureTable(windowsTable());
  const byHttp: string[] = [];
  const server = await serve(
    {
      dynamodb(req, res) {
        byHttp.push(String(req.headers['x-amz-target']).split('.')[1]!);
        return dynamoDb.handler(req, res);
      },
    },
    silentLog,
  );
  cleanup(() => server.close());
  const build = { ...({ format: 'esm', target: 'es2024', minify: false, sourcemap: false } as const) };
  const settings = {
    splitting: false,
    sourcesContent: true,
    external: ['@aws-sdk/*'],
    mainFields: [],
    loader: {},
  };
  const built = { ...build, ...settings, outExtension: { '.js': '.mjs' } };
  const { lambda } = await start(
    { Sdk: { source: SDK, build: built, memoryMb: 256 }, ByHand: { source: BY_HAND } },
    {
      dir,
      baseEnvironment: { AWS_ENDPOINT_URL: server.url },
      tables: () => ({ endpoint: server.url, port: tables?.() ?? dynamoDb.connect() }),
    },
  );
  const invoke = async (name: string, event: unknown) =>
    JSON.parse((await lambda.invoke(`tidegate-${name}`, JSON.stringify(event))).payload) as unknown;
  const send = (operation: string, input: object) =>
    invoke('Sdk', [operation, input]) as Promise<Readonly<Record<string, unknown>>>;
  return { invoke, send, byHttp, counters, url: server.url };
}

const key = (start: number) => ({ deviceId: { S: 'd' }, windowStart: { N: String(start) } });
const of = (start: number) => ({ TableName: 'windows', Key: key(start) });
const put = (start: number) => ({ PutRequest: { Item: { ...key(start), word: { S: 'héllo' } } } });
const add = { UpdateExpression: 'ADD readings :n', ExpressionAttributeValues: { ':n': { N: '2' } } };
const ofDevice = { KeyConditionExpression: 'deviceId = :d', ExpressionAttributeValues: { ':d': { S: 'd' } } };
const absent = { ConditionExpression: 'attribute_not_exists(deviceId)' };

const COMMANDS: Readonly<Record<string, unknown>> = {
  BatchGetItem: BatchGetItemCommand,
  BatchWriteItem: BatchWriteItemCommand,
  DeleteItem: DeleteItemCommand,
  GetItem: GetItemCommand,
  PutItem: PutItemCommand,
  Query: QueryCommand,
  Scan: ScanCommand,
  TransactGetItems: TransactGetItemsCommand,
  TransactWriteItems: TransactWriteItemsCommand,
  UpdateItem: UpdateItemCommand,
};

const REQUESTS: readonly (readonly [operation: string, input: object, writes: number])[] = [
  ['UpdateItem', { ...of(1), ...add, ReturnValues: 'ALL_NEW' }, 1],
  ['GetItem', of(1), 0],
  ['GetItem', of(99), 0],
  ['PutItem', { TableName: 'windows', Item: { ...key(2), word: { S: 'two' } } }, 1],
  [
    'PutItem',
    { TableName: 'windows', Item: key(2), ...absent, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' },
    0,
  ],
  ['BatchWriteItem', { RequestItems: { windows: [put(3), put(4)] } }, 2],
  ['BatchGetItem', { RequestItems: { windows: { Keys: [key(3), key(9)] } } }, 0],
  ['Query', { TableName: 'windows', ...ofDevice, ReturnConsumedCapacity: 'TOTAL' }, 0],
  ['Scan', { TableName: 'windows', Limit: 2 }, 0],
  ['TransactWriteItems', { TransactItems: [{ Update: { ...of(1), ...add } }, { Delete: of(4) }] }, 2],
  ['TransactGetItems', { TransactItems: [{ Get: of(1) }] }, 0],
  ['DeleteItem', of(3), 1],
  ['GetItem', { TableName: 'nothing', Key: key(1) }, 0],
  ['Query', { TableName: 'windows', KeyConditionExpression: 'deviceId <' }, 0],
];

test('answers requests for items as by HTTP, and counts what they write', async () => {
  const [direct, plain] = [await open(), await open()];
  const client = new DynamoDBClient(clientOptions(plain.url));
  cleanup(() => client.destroy());
  const sendByHttp = async (operation: string, input: object) => {
    const Command = COMMANDS[operation] as typeof GetItemCommand;
    try {
      const { $metadata, ...answer } = await client.send(new Command(input as never));
      return { ...answer, status: $metadata.httpStatusCode, hasId: true };
    } catch (error) {
      const { name, message, Item, $metadata } = error as ConditionalCheckFailedException;
      return { error: name, message, item: Item, status: $metadata.httpStatusCode };
    }
  };
  let written = 0;
  for (const [operation, input, writes] of REQUESTS) {
    const expected = JSON.parse(JSON.stringify(await sendByHttp(operation, input))) as unknown;
    assert.deepEqual(await direct.send(operation, input), expected, operation);
    written += writes;
    assert.equal(direct.counters.get('dynamodb.writes'), written, operation);
  }
  assert.equal(plain.counters.get('dynamodb.writes'), written);
  assert.deepEqual(direct.byHttp, []);
  assert.equal(plain.byHttp.length, REQUESTS.length);
});

test('sends all other requests by HTTP, so that a table of the template is not deleted', async () => {
  const { send, byHttp } = await open();
  assert.match(String((await send('DeleteTable', { TableName: 'windows' }))['message']), /template declares/);
  assert.deepEqual((await send('ListTables', {}))['TableNames'], ['windows']);
  assert.equal((await send('DescribeTimeToLive', { TableName: 'windows' }))['status'], 200);
  assert.deepEqual(byHttp, ['DeleteTable', 'ListTables', 'DescribeTimeToLive']);
});

test('answers a request that is made without the SDK', async () => {
  const { invoke, send, byHttp } = await open();
  await send('UpdateItem', { ...of(1), ...add });
  const [status, type, text] = (await invoke('ByHand', JSON.stringify(of(1)))) as [number, string, string];
  assert.deepEqual([status, type], [200, 'application/x-amz-json-1.0']);
  assert.deepEqual(JSON.parse(text), { Item: { ...key(1), readings: { N: '2' } } });
  assert.deepEqual(byHttp, []);
});

test('answers a request that the table thread leaves unanswered with a server error, and uses HTTP afterwards', async () => {
  const { port1, port2 } = new MessageChannel();
  port2.once('message', () => port2.close());
  const { send, byHttp } = await open(() => port1);
  const lost = await send('GetItem', of(1));
  assert.deepEqual([lost['error'], lost['status']], ['InternalServerError', 500]);
  assert.equal((await send('GetItem', of(1)))['status'], 200);
  assert.deepEqual(byHttp, ['GetItem']);
});

test('keeps the time limit of a client while the table thread does not answer', async () => {
  const { port1, port2 } = new MessageChannel();
  cleanup(() => port2.close());
  const { send } = await open(() => port1);
  assert.equal((await send('GetItem', of(1)))['error'], 'TimeoutError');
});
