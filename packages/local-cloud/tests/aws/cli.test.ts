// The AWS CLI, where it is installed, works on the AWS port as the README shows.

import { afterAll, beforeAll } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { isInstalled, testIf } from '../../../../tests/support/conditions.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createDynamoDb, type DynamoDb } from '../../dynamodb/dynamodb.ts';
import type { AwsServer } from '../../aws/server.ts';
import { createStsHandler } from '../../aws/sts.ts';
import { systemClock } from '../../clock.ts';
import { silentLog } from '../../log.ts';
import { createS3Handler } from '../../s3/api.ts';
import { createObjectStore, type ObjectStore } from '../../s3/store.ts';
import { cliEnvironment, serve } from './local-cloud.ts';
import { windowsTable } from '../dynamodb/windows-table.ts';

const run = promisify(execFile);
const dir = temporaryFolder();
const testWithCli = testIf(isInstalled('aws'), 'the AWS CLI is not installed');
let dynamodb: DynamoDb;
let store: ObjectStore;
let server: AwsServer;

beforeAll(async () => {
  const clock = systemClock;
  store = await createObjectStore({ dir: path.join(dir, 's3'), clock, log: silentLog });
  await store.ensureBucket({ name: 'raw-bucket', properties: {}, at: () => 'template.yaml:1' });
  dynamodb = await createDynamoDb({
    dir: path.join(dir, 'dynamodb'),
    clock,
    log: silentLog,
    count: () => {},
  });
  await dynamodb.ensureTable(windowsTable());
  const services = {
    s3: createS3Handler(store),
    dynamodb: dynamodb.handler,
    sts: createStsHandler('000000000000'),
  };
  server = await serve(services, silentLog);
});

afterAll(async () => {
  await server.close();
  await dynamodb.close();
  await store.close();
});

async function aws(...args: string[]): Promise<string> {
  const { stdout } = await run('aws', args, { env: cliEnvironment(server.url), cwd: dir });
  return stdout;
}

testWithCli('says who is calling', async () => {
  assert.match(await aws('sts', 'get-caller-identity'), /arn:aws:iam::000000000000:root/);
});

testWithCli('copies files to a bucket and back, large ones in parts, lists and removes them', async () => {
  const folder = path.join(dir, 'up');
  mkdirSync(path.join(folder, 'sub'), { recursive: true });
  writeFileSync(path.join(folder, 'sub/ünï + code%.txt'), 'text');
  writeFileSync(path.join(folder, 'large.bin'), Buffer.alloc(9_000_000, 'tidegate'));
  await aws('s3', 'sync', folder, 's3://raw-bucket/sync', '--no-progress');
  assert.match(await aws('s3', 'ls', 's3://raw-bucket/sync/'), /PRE sub\/\n.*9000000 large\.bin\n/);
  assert.equal(await aws('s3', 'cp', 's3://raw-bucket/sync/sub/ünï + code%.txt', '-'), 'text');
  await aws('s3', 'cp', 's3://raw-bucket/sync/large.bin', 's3://raw-bucket/copy.bin', '--no-progress');
  await aws('s3', 'cp', 's3://raw-bucket/copy.bin', path.join(dir, 'down.bin'), '--no-progress');
  assert.ok(readFileSync(path.join(dir, 'down.bin')).equals(readFileSync(path.join(folder, 'large.bin'))));
  await aws('s3', 'rm', 's3://raw-bucket/', '--recursive');
  assert.equal(await aws('s3', 'ls', 's3://raw-bucket', '--recursive').catch(() => ''), '');
});

testWithCli('queries a table', async () => {
  const item = '{"deviceId":{"S":"s1"},"windowStart":{"N":"1790000000000"},"temperature.sum":{"N":"0.3"}}';
  await aws('dynamodb', 'put-item', '--table-name', 'windows', '--item', item);
  const values = '{":d":{"S":"s1"}}';
  const query = ['--key-condition-expression', 'deviceId = :d', '--expression-attribute-values', values];
  const answer = await aws('dynamodb', 'query', '--table-name', 'windows', '--output', 'json', ...query);
  assert.deepEqual((JSON.parse(answer) as { Items: unknown[] }).Items, [JSON.parse(item)]);
});

testWithCli('prints which service is missing', async () => {
  await assert.rejects(aws('logs', 'describe-log-groups'), /has no service 'logs'; it has dynamodb, s3, sts/);
});
