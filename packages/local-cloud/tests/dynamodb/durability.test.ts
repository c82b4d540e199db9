// DynamoDB keeps its tables through kill -9 and the death of its thread, and refuses a template that has changed their keys.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Worker } from 'node:worker_threads';
import { DynamoDBClient, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createDynamoDb, type DynamoDb } from '../../dynamodb/dynamodb.ts';
import { createDynamoThread, startWorker } from '../../dynamodb/thread.ts';
import { systemClock } from '../../clock.ts';
import { silentLog } from '../../log.ts';
import { StartError } from '../../start-error.ts';
import { clientOptions, createRecordingLog } from '../aws/local-cloud.ts';
import { windowsTable } from './windows-table.ts';

const open = (dir: string): Promise<DynamoDb> =>
  createDynamoDb({ dir, clock: systemClock, log: silentLog, count: () => {} });

async function startChild(dir: string) {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'child.ts'), dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, url: line.toString().trim() };
}

test('keeps every acknowledged write through kill -9', async () => {
  const dir = temporaryFolder();
  const { child, url } = await startChild(dir);
  const client = new DynamoDBClient(clientOptions(url));
  const acknowledged: number[] = [];
  const write = async (start: number) => {
    await client.send(
      new UpdateItemCommand({
        TableName: 'windows',
        Key: { deviceId: { S: 'd' }, windowStart: { N: String(start) } },
        UpdateExpression: 'ADD readings :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
      }),
    );
    acknowledged.push(start);
    if (acknowledged.length === 200) child.kill('SIGKILL');
  };
  await Promise.all(
    Array.from({ length: 8 }, async (_, lane) => {
      for (let start = lane; start < 100_000; start += 8) await write(start);
    }).map((lane) => lane.catch(() => undefined)),
  );
  client.destroy();
  const reopened = await open(dir);
  cleanup(() => reopened.close());
  const { Items } = (await reopened.call('Query', {
    TableName: 'windows',
    KeyConditionExpression: 'deviceId = :d',
    ExpressionAttributeValues: { ':d': { S: 'd' } },
  } satisfies QueryCommand['input'])) as { Items: { windowStart: { N: string }; readings: { N: string } }[] };
  const kept = new Set(Items.map(({ windowStart }) => Number(windowStart.N)));
  assert.deepEqual(
    acknowledged.filter((start) => !kept.has(start)),
    [],
  );
  assert.ok(Items.every(({ readings }) => readings.N === '1'));
});

test('starts a new thread when the old one dies, with the tables as they were', async () => {
  const dir = temporaryFolder();
  const log = createRecordingLog();
  const workers: Worker[] = [];
  const directWrites = new BigUint64Array(new SharedArrayBuffer(8));
  const thread = createDynamoThread(
    { dir, region: 'us-east-1', accountId: '000000000000', directWrites },
    log,
    (setup) => {
      workers.push(startWorker(setup));
      return workers.at(-1)!;
    },
  );
  cleanup(() => thread.close());
  const key = { id: { S: 'a' } };
  await thread.call(
    'CreateTable',
    JSON.stringify({
      TableName: 'things',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  const read = () => thread.call('GetItem', JSON.stringify({ TableName: 'things', Key: key }));
  const deadline = Date.now() + 5_000;
  while ((await read()).status !== 200 && Date.now() < deadline) await new Promise(setImmediate);
  const put = await thread.call('PutItem', JSON.stringify({ TableName: 'things', Item: key }));
  assert.equal(put.status, 200);
  const interrupted = read();
  await workers[0]!.terminate();
  assert.match((await interrupted).body, /InternalServerError|"id"/);
  assert.deepEqual(JSON.parse((await read()).body), { Item: key });
  assert.equal(workers.length, 2);
});

test('refuses a table on disk whose keys are not those of the template, naming both', async () => {
  const dir = temporaryFolder();
  const first = await open(dir);
  await first.ensureTable(windowsTable());
  await first.close();
  const second = await open(dir);
  cleanup(() => second.close());
  await second.ensureTable(windowsTable());
  const changed = windowsTable({
    AttributeDefinitions: [{ AttributeName: 'windowId', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'windowId', KeyType: 'HASH' }],
  });
  await assert.rejects(second.ensureTable(changed), (error) => {
    assert.ok(error instanceof StartError);
    assert.equal(
      error.message,
      'template.yaml:41: table windows has key windowId (S), but the one on disk has key deviceId (S), windowStart (N): ' +
        'start with another --data-dir, or delete this one',
    );
    return true;
  });
});

test('refuses a property of the template that it would have to ignore', async () => {
  const dir = temporaryFolder();
  const dynamodb = await open(dir);
  cleanup(() => dynamodb.close());
  const imported = windowsTable({ ImportSourceSpecification: {} });
  await assert.rejects(dynamodb.ensureTable(imported), {
    name: 'StartError',
    message:
      'template.yaml:41: the local DynamoDB does not support ImportSourceSpecification of table windows: remove it',
  });
});

test('does not open tables that another process holds', async () => {
  const dir = temporaryFolder();
  const { child } = await startChild(dir);
  cleanup(() => child.kill('SIGKILL'));
  await assert.rejects(open(dir), { name: 'StartError', message: /cannot be opened .* another --data-dir/ });
});
