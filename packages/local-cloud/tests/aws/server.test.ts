// The AWS port itself: which service answers which client, which clients are refused, and which errors do no harm.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { createCloudFormationHandler } from '../../aws/cloudformation.ts';
import { readBody } from '../../aws/body.ts';
import { createAwsServer, type AwsServer } from '../../aws/server.ts';
import { createStsHandler } from '../../aws/sts.ts';
import { sendJson, type AwsHandler } from '../../aws/wire.ts';
import { AwsError } from '../../aws-error.ts';
import { silentLog } from '../../log.ts';
import { createRecordingLog, serve } from './local-cloud.ts';

const log = createRecordingLog();
let server: AwsServer;

const named =
  (service: string): AwsHandler =>
  (_req, res) =>
    sendJson(res, { service });
const stack = {
  stackName: 'tidegate',
  region: 'us-east-1',
  accountId: '000000000000',
  parameters: { AlertEmail: 'a&b@example.com' },
  outputs: { RawBucket: 'raw' },
  resources: new Map([['RawBucket', { type: 'AWS::S3::Bucket', ref: 'raw' }]]),
};

beforeAll(async () => {
  server = await serve(
    {
      s3: named('s3'),
      dynamodb: named('dynamodb'),
      lambda: () => {
        throw new AwsError('ResourceNotFoundException', 'Function not found', 404);
      },
      iot: () => {
        throw new Error('a bug');
      },
      firehose: async (req, res) => sendJson(res, { size: (await readBody(req, 1_000)).length }),
      sts: createStsHandler('000000000000'),
      cloudformation: createCloudFormationHandler(stack, 0),
    },
    log,
  );
});
afterAll(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

async function send(
  headers: Record<string, string>,
  options: { path?: string; body?: string } = {},
): Promise<Answer> {
  const { path = '/', body } = options;
  const sent = request(server.url, { method: body === undefined ? 'GET' : 'POST', path, headers });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode!, headers: answer.headers, body: await text(answer) };
}

const signedFor = (service: string) => ({
  authorization: `AWS4-HMAC-SHA256 Credential=local/20260921/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
});
const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };

test('routes a request to the service that it is signed for', async () => {
  assert.equal((await send(signedFor('dynamodb'))).body, '{"service":"dynamodb"}');
  assert.equal((await send(signedFor('s3'))).body, '{"service":"s3"}');
  const query = '/?X-Amz-Credential=local%2F20260921%2Fus-east-1%2Fdynamodb%2Faws4_request';
  assert.equal((await send({}, { path: query })).body, '{"service":"dynamodb"}');
});

test('takes unsigned requests for S3, and for DynamoDB by their target', async () => {
  assert.equal((await send({})).body, '{"service":"s3"}');
  assert.equal(
    (await send({ 'x-amz-target': 'DynamoDB_20120810.ListTables' })).body,
    '{"service":"dynamodb"}',
  );
});

test('names the service that it does not have, in JSON and in XML', async () => {
  const json = await send(signedFor('kinesis'), { body: '{}' });
  assert.equal(json.status, 400);
  assert.equal(json.headers['x-amzn-errortype'], 'UnsupportedService');
  const { message } = JSON.parse(json.body) as { message: string };
  const known = 'cloudformation, dynamodb, firehose, iot, lambda, s3, sts';
  assert.equal(message, `The local cloud has no service 'kinesis'; it has ${known}`);
  const xml = await send({ ...signedFor('sqs'), ...form }, { body: 'Action=ListQueues' });
  assert.match(xml.body, /<Code>UnsupportedService<\/Code><Message>The local cloud has no service 'sqs';/);
  for (const service of ['__proto__', 'constructor', 'hasOwnProperty']) {
    assert.equal((await send(signedFor(service))).status, 400);
  }
});

test('answers an AWS error with its code and status', async () => {
  const { status, headers, body } = await send(signedFor('lambda'));
  assert.deepEqual([status, headers['x-amzn-errortype']], [404, 'ResourceNotFoundException']);
  assert.deepEqual(JSON.parse(body), { __type: 'ResourceNotFoundException', message: 'Function not found' });
});

test('answers a fault without its stack, which is in the log with the request id', async () => {
  log.lines.length = 0;
  const { status, headers, body } = await send(signedFor('iot'));
  assert.equal(status, 500);
  assert.match(body, /InternalFailure/);
  assert.doesNotMatch(body, /a bug|\.ts/);
  const [line] = log.lines;
  assert.match(String(line?.fields?.['reason']), /Error: a bug\n/);
  assert.equal(line?.fields?.['requestId'], headers['x-amzn-requestid']);
});

const hosts: readonly (readonly [string, number])[] = [
  ['127.0.0.1', 200],
  ['127.8.9.1:4566', 200],
  ['localhost:4566', 200],
  ['raw-bucket.localhost', 200],
  ['[::1]:4566', 200],
  ['evil.example', 403],
  ['127.0.0.1.evil.example', 403],
  ['localhost.evil.example', 403],
  ['192.168.1.7', 403],
  ['127.1', 403],
];
for (const [host, status] of hosts) {
  test(`answers ${status} to the host ${host}`, async () => {
    assert.equal((await send({ host })).status, status);
  });
}

test('bounds what a handler reads', async () => {
  assert.equal((await send(signedFor('firehose'), { body: 'x'.repeat(1_000) })).body, '{"size":1000}');
  const declared = await send(signedFor('firehose'), { body: 'x'.repeat(1_001) });
  assert.deepEqual([declared.status, /EntityTooLarge/.test(declared.body)], [400, true]);
  const chunked = await send(
    { ...signedFor('firehose'), 'transfer-encoding': 'chunked' },
    { body: 'x'.repeat(5_000) },
  );
  assert.equal(chunked.status, 400);
});

test('compares a body with the hash and the checksum that came along', async () => {
  const cases: [Record<string, string>, string][] = [
    [
      { 'x-amz-content-sha256': '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881' },
      '{"size":1}',
    ],
    [{ 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }, '{"size":1}'],
    [{ 'x-amz-content-sha256': '0'.repeat(64) }, 'XAmzContentSHA256Mismatch'],
    [{ 'content-md5': 'nddG5PWmVYWdxHRKlcdJng==' }, 'BadDigest'],
    [{ 'x-amz-checksum-crc32': 'AAAAAA==' }, 'BadDigest'],
  ];
  for (const [headers, expected] of cases) {
    const { body } = await send({ ...signedFor('firehose'), ...headers }, { body: 'x' });
    assert.ok(body.includes(expected), `${JSON.stringify(headers)}: ${body}`);
  }
});

test('survives garbage and clients that go away', async () => {
  for (const garbage of [
    'GET\r\n\r\n',
    '\u0016\u0003\u0001',
    `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(5_000)}`,
  ]) {
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(garbage);
    socket.end();
    socket.resume();
    await once(socket, 'close');
  }
  const socket = connect(server.port, '127.0.0.1');
  const { authorization } = signedFor('firehose');
  socket.write(
    `POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\nContent-Length: 100\r\n\r\nhalf`,
  );
  await once(socket, 'connect');
  socket.destroy();
  assert.equal((await send({})).status, 200);
});

test('GetCallerIdentity names the caller', async () => {
  const { body } = await send(
    { ...signedFor('sts'), ...form },
    { body: 'Action=GetCallerIdentity&Version=2011-06-15' },
  );
  assert.match(body, /<Arn>arn:aws:iam::000000000000:root<\/Arn>/);
});

test('describes the outputs of this stack and of no other stack', async () => {
  const call = (body: string) => send({ ...signedFor('cloudformation'), ...form }, { body });
  const { body } = await call('Action=DescribeStacks&StackName=tidegate');
  assert.match(body, /<OutputKey>RawBucket<\/OutputKey><OutputValue>raw<\/OutputValue>/);
  assert.match(body, /<ParameterValue>a&amp;b@example.com<\/ParameterValue>/);
  const other = await call('Action=DescribeStacks&StackName=other');
  assert.match(other.body, /<Code>ValidationError<\/Code><Message>Stack with id other does not exist/);
  const unknown = await call('Action=CreateStack&StackName=x');
  assert.match(unknown.body, /<Code>InvalidAction<\/Code>.*it has DescribeStackResources, DescribeStacks/);
  const ignored = await call('Action=DescribeStacks&NextToken=x');
  assert.match(ignored.body, /does not support the parameter NextToken of DescribeStacks/);
});

test('passes on why a port cannot be opened', async () => {
  const { port } = server;
  const options = { host: '127.0.0.1', port, services: {}, log: silentLog, count: () => {} };
  await assert.rejects(createAwsServer(options), { code: 'EADDRINUSE' });
});
