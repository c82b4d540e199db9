// Functions that call more than their roles allow, with the real SDK: refused as on AWS, recorded, and reported with the line.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { GetItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { systemClock } from '../../clock.ts';
import { callsFileIn, readCalls } from '../../iam/calls-file.ts';
import { iamReportOf, type IamReport } from '../../iam/report.ts';
import { sourceOf } from '../../stack-source.ts';
import { loadTemplate } from '../../template/load.ts';
import { credentials, startSample, type Running } from '../templates/stack.ts';

const FILE = path.join(import.meta.dirname, '../templates/roles/template.yaml');
const ALL = ['get', 'getOther', 'put', 'scan', 'missing', 'publish'];
let running: Running;

beforeAll(async () => {
  running = await startSample({ folder: 'roles' });
});
afterAll(() => running.stop());

const clientOf = ({ stack }: Running) => ({
  region: 'us-east-1',
  endpoint: stack.endpoints.aws,
  credentials,
});

async function call(
  where: Running,
  functionId: string,
  names: readonly string[],
): Promise<Record<string, string>> {
  const client = new LambdaClient(clientOf(where));
  const FunctionName = `sample-${functionId}`;
  const answer = await client.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(names) }));
  client.destroy();
  return JSON.parse(Buffer.from(answer.Payload!).toString()) as Record<string, string>;
}

const refused = (functionId: string, role: string, action: string, resource: string) =>
  `User: arn:aws:sts::000000000000:assumed-role/${role}/sample-${functionId} is not authorized to perform: ${action} ` +
  `on resource: ${resource} because no identity-based policy allows the ${action} action`;
const NOTES = 'arn:aws:dynamodb:us-east-1:000000000000:table/sample-Notes';

test('a role of the template decides what its function may call, also by the leading key', async () => {
  const results = await call(running, 'ByRole', ALL);
  const because = (action: string, resource: string) => refused('ByRole', 'sample-OwnRole', action, resource);
  assert.equal(results['get'], 'done');
  assert.equal(results['put'], 'done');
  assert.equal(results['getOther'], `AccessDeniedException 400: ${because('dynamodb:GetItem', NOTES)}`);
  assert.equal(results['scan'], `AccessDeniedException 400: ${because('dynamodb:Scan', NOTES)}`);
  // A caller that may not list the bucket does not learn that the object is missing.
  assert.equal(
    results['missing'],
    `AccessDenied 403: ${because('s3:ListBucket', 'arn:aws:s3:::sample-files')}`,
  );
  // The topic is encrypted with a key of the template.
  assert.match(
    results['publish']!,
    /^AuthorizationError\w* 403: .*kms:GenerateDataKey on resource: arn:aws:kms:/,
  );
});

test('a function without a role has what its policies allow', async () => {
  const results = await call(running, 'ByPolicies', ALL);
  expect(results).toMatchObject({ get: 'done', getOther: 'done', scan: 'done', publish: 'done' });
  assert.match(results['missing']!, /^NoSuchKey 404/);
  assert.match(results['put']!, /is not authorized to perform: dynamodb:PutItem/);
});

test('people with the local credentials may call everything', async () => {
  const client = new DynamoDBClient(clientOf(running));
  await client.send(new GetItemCommand({ TableName: 'sample-Notes', Key: { id: { S: 'other/1' } } }));
  client.destroy();
});

test('logs each kind of refused call once, and counts all of them', async () => {
  const before = running.counters.get('iam.refused');
  await call(running, 'ByRole', ['missing', 'missing']);
  const said = running.log.lines.filter(
    ({ fields }) => fields?.['function'] === 'ByRole' && fields['action'] === 's3:ListBucket',
  );
  assert.equal(said.length, 1);
  assert.equal(running.counters.get('iam.refused'), before + 2);
});

test('the report names missing and unused permissions, and a wildcard without a comment', async () => {
  const other = await startSample({ folder: 'roles', enforcesIam: false });
  const results = await call(other, 'ByRole', ALL);
  assert.equal(results['scan'], 'done');
  assert.match(results['missing']!, /^NoSuchKey 404/);
  await other.stop();
  const calls = readCalls(callsFileIn(other.dataDir));
  const template = loadTemplate({ ...sourceOf({ template: FILE, 'stack-name': 'sample' }), overrides: {} });
  const report = iamReportOf(template, calls, systemClock);
  const line = (text: string) =>
    readFileSync(FILE, 'utf8')
      .split('\n')
      .findIndex((each) => each.includes(text)) + 1;
  assert.deepEqual(
    report.missing.map(({ function: name, action, count }) => `${name} ${action} ${count}`).sort(),
    [
      'ByRole dynamodb:GetItem 1',
      'ByRole dynamodb:Scan 1',
      'ByRole kms:Decrypt 1',
      'ByRole kms:GenerateDataKey 1',
      'ByRole s3:ListBucket 1',
    ],
  );
  assert.deepEqual(
    report.unused.map(({ at, value }) => `${at.split(':').at(-1)} ${value}`),
    [`${line('dynamodb:DeleteItem')} dynamodb:DeleteItem`],
  );
  assert.deepEqual(report.neverCalled, ['ByPolicies']);
  // The comment above a statement explains it, and what SAM writes is nobody's to explain.
  const run = promisify(execFile);
  const cli = [
    path.join(import.meta.dirname, '../../cli.ts'),
    'iam',
    '--template',
    FILE,
    '--stack-name',
    'sample',
  ];
  const failed = await run(process.execPath, [...cli, '--data-dir', other.dataDir, '--json']).then(
    () => undefined,
    (error: { code: number; stdout: string }) => error,
  );
  assert.equal(failed?.code, 1);
  const printed = JSON.parse(failed.stdout) as IamReport & { explained: number };
  assert.deepEqual(
    printed.wildcards.map(({ value }) => value),
    ['arn:aws:s3:::sample-files/*', 'kms:*'],
  );
  assert.equal(printed.explained, 2);
});
