// The Kinesis API: what clients of a stream see, through the AWS CLI if it is installed, and by raw requests that it would not send.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { isInstalled, testIf } from '../../../../tests/support/conditions.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createManualClock } from '../../clock.ts';
import { createKinesisHandler } from '../../kinesis/api.ts';
import { openDataStreams } from '../../kinesis/streams.ts';
import { silentLog } from '../../log.ts';
import { cliEnvironment, serve } from '../aws/local-cloud.ts';
import { start, streamSpec } from './fixture.ts';

type Json = Record<string, unknown>;

async function open(shards = 2) {
  const clock = createManualClock(start);
  const streams = await openDataStreams({
    dir: temporaryFolder(),
    streams: [streamSpec(shards)],
    clock,
    log: silentLog,
    count: () => {},
  });
  const server = await serve({ kinesis: createKinesisHandler({ streams, clock }) }, silentLog);
  cleanup(async () => {
    await server.close();
    await streams.close();
  });
  async function call(operation: string, input: unknown, contentType = 'application/x-amz-json-1.1') {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: {
        'content-type': contentType,
        'x-amz-target': `Kinesis_20131202.${operation}`,
        authorization: 'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/kinesis/aws4_request',
      },
      body: typeof input === 'string' ? input : JSON.stringify(input),
    });
    return { status: response.status, body: (await response.json()) as Json };
  }
  return { clock, url: server.url, call };
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

async function iterator(call: Awaited<ReturnType<typeof open>>['call'], changes: Json = {}): Promise<string> {
  const { body } = await call('GetShardIterator', {
    StreamName: 'readings',
    ShardId: 'shardId-000000000000',
    ShardIteratorType: 'TRIM_HORIZON',
    ...changes,
  });
  return body['ShardIterator'] as string;
}

const textsOf = (body: Json) =>
  (body['Records'] as { Data: string }[]).map(({ Data }) => Buffer.from(Data, 'base64').toString());

test('records are put and read back, page by page, from every kind of position', async () => {
  const { call, clock } = await open(1);
  const { body: first } = await call('PutRecord', {
    StreamName: 'readings',
    PartitionKey: 'a',
    Data: base64('1'),
  });
  assert.equal(first['ShardId'], 'shardId-000000000000');
  await clock.advance(5_000);
  const { body } = await call('PutRecords', {
    StreamARN: streamSpec().arn,
    Records: ['2', '3'].map((text) => ({ PartitionKey: 'a', Data: base64(text) })),
  });
  assert.equal(body['FailedRecordCount'], 0);
  const one = await call('GetRecords', { ShardIterator: await iterator(call), Limit: 2 });
  assert.deepEqual(textsOf(one.body), ['1', '2']);
  const two = await call('GetRecords', { ShardIterator: one.body['NextShardIterator'] });
  assert.deepEqual([textsOf(two.body), two.body['MillisBehindLatest']], [['3'], 0]);
  const positions: readonly (readonly [Json, string[]])[] = [
    [{ ShardIteratorType: 'LATEST' }, []],
    [
      { ShardIteratorType: 'AT_SEQUENCE_NUMBER', StartingSequenceNumber: first['SequenceNumber'] },
      ['1', '2', '3'],
    ],
    [
      { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: first['SequenceNumber'] },
      ['2', '3'],
    ],
    [{ ShardIteratorType: 'AT_TIMESTAMP', Timestamp: (start + 1_000) / 1000 }, ['2', '3']],
  ];
  for (const [position, texts] of positions) {
    const { body: page } = await call('GetRecords', { ShardIterator: await iterator(call, position) });
    assert.deepEqual(textsOf(page), texts, JSON.stringify(position));
  }
});

test('shards are listed with ranges that the hash key of a record falls into', async () => {
  const { call } = await open();
  const { body } = await call('ListShards', { StreamName: 'readings', MaxResults: 1 });
  const rest = await call('ListShards', { NextToken: body['NextToken'] });
  const [shard] = rest.body['Shards'] as { ShardId: string; HashKeyRange: { StartingHashKey: string } }[];
  assert.equal(shard?.ShardId, 'shardId-000000000001');
  assert.equal(shard.HashKeyRange.StartingHashKey, String(2n ** 127n));
  const record = { StreamName: 'readings', PartitionKey: 'a', Data: '', ExplicitHashKey: String(2n ** 127n) };
  assert.equal((await call('PutRecord', record)).body['ShardId'], 'shardId-000000000001');
  const { body: summary } = await call('DescribeStreamSummary', { StreamName: 'readings' });
  assert.equal((summary['StreamDescriptionSummary'] as Json)['OpenShardCount'], 2);
});

test('an iterator is good for five minutes', async () => {
  const { call, clock } = await open();
  const ShardIterator = await iterator(call);
  await clock.advance(300_001);
  assert.equal((await call('GetRecords', { ShardIterator })).body['__type'], 'ExpiredIteratorException');
});

const put = (changes: Json) => ({ StreamName: 'readings', PartitionKey: 'a', Data: '', ...changes });
const refusals: readonly (readonly [what: string, operation: string, input: unknown, type: string])[] = [
  ['a stream that is not there', 'PutRecord', put({ StreamName: 'other' }), 'ResourceNotFoundException'],
  [
    'a stream of another account',
    'ListShards',
    { StreamARN: 'arn:aws:kinesis:us-east-1:1:stream/readings' },
    'ResourceNotFoundException',
  ],
  ['a stream called __proto__', 'PutRecord', put({ StreamName: '__proto__' }), 'ResourceNotFoundException'],
  ['no stream at all', 'ListShards', {}, 'ValidationException'],
  ['an empty partition key', 'PutRecord', put({ PartitionKey: '' }), 'ValidationException'],
  ['a long partition key', 'PutRecord', put({ PartitionKey: 'x'.repeat(257) }), 'ValidationException'],
  ['a record over 1 MiB', 'PutRecord', put({ Data: base64('x'.repeat(1_048_577)) }), 'ValidationException'],
  ['data that is not base64', 'PutRecord', put({ Data: '%%%' }), 'SerializationException'],
  ['data that is not text', 'PutRecord', put({ Data: 7 }), 'ValidationException'],
  [
    'a hash key over 128 bits',
    'PutRecord',
    put({ ExplicitHashKey: String(2n ** 128n) }),
    'ValidationException',
  ],
  ['no records', 'PutRecords', { StreamName: 'readings', Records: [] }, 'ValidationException'],
  ['a record that is none', 'PutRecords', { StreamName: 'readings', Records: [null] }, 'ValidationException'],
  ['a made-up iterator', 'GetRecords', { ShardIterator: base64('{"stream":1}') }, 'InvalidArgumentException'],
  ['garbage', 'PutRecord', '{', 'SerializationException'],
  ['a list', 'PutRecord', '[]', 'SerializationException'],
  ['an unknown parameter', 'ListShards', { StreamName: 'readings', ShardFilter: {} }, 'ValidationException'],
  ['an unknown operation', 'SplitShard', {}, 'UnknownOperationException'],
  ['an operation called __proto__', '__proto__', {}, 'UnknownOperationException'],
];
for (const [what, operation, input, type] of refusals) {
  test(`${what} is refused with ${type}`, async () => {
    const { call } = await open();
    const { status, body } = await call(operation, input);
    assert.deepEqual([status, body['__type']], [400, type]);
  });
}

test('CBOR is refused with the remedy', async () => {
  const { call } = await open();
  const { body } = await call('ListStreams', '', 'application/x-amz-cbor-1.1');
  assert.match(String(body['message']), /set AWS_CBOR_DISABLE=true/);
});

testIf(isInstalled('aws'), 'the AWS CLI is not installed')(
  'the AWS CLI puts a record and reads it back',
  async () => {
    const { url } = await open(1);
    const aws = async (...args: string[]) => {
      const { stdout } = await promisify(execFile)('aws', ['kinesis', ...args, '--output', 'json'], {
        env: cliEnvironment(url),
      });
      return JSON.parse(stdout) as Json;
    };
    // Version 1 takes text as it is, version 2 as base64, and both a file as bytes.
    const file = path.join(temporaryFolder(), 'data');
    writeFileSync(file, 'hello');
    await aws('put-record', '--stream-name', 'readings', '--partition-key', 'a', '--data', `fileb://${file}`);
    const shard = ['--stream-name', 'readings', '--shard-id', 'shardId-000000000000'];
    const { ShardIterator } = await aws(
      'get-shard-iterator',
      ...shard,
      '--shard-iterator-type',
      'TRIM_HORIZON',
    );
    assert.deepEqual(textsOf(await aws('get-records', '--shard-iterator', ShardIterator as string)), [
      'hello',
    ]);
    assert.deepEqual((await aws('list-streams'))['StreamNames'], ['readings']);
  },
);
