// The Firehose API: records are accepted once they are on disk, and come to the bucket also when the process ends before.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { openFirehoseApi } from '../../firehose/api.ts';
import { compilePrefix, type Prefix } from '../../firehose/prefix.ts';
import type { StreamSpec } from '../../firehose/stream-spec.ts';
import { silentLog } from '../../log.ts';
import { createRecordingLog, serve } from '../aws/local-cloud.ts';

const prefix = compilePrefix('raw/') as Prefix;
const spec: StreamSpec = {
  ...{ name: 'raw', arn: 'arn:aws:firehose:us-east-1:000000000000:deliverystream/raw', bucket: 'archive' },
  ...{ prefix, errorPrefix: prefix, processing: {}, bufferBytes: 5_242_880, bufferMs: 60_000, gzip: false },
};

async function open(dir = temporaryFolder()) {
  const put: { records: string[]; finish: () => void }[] = [];
  const api = await openFirehoseApi({
    ...{ dir, specs: [spec], startedAt: 0, log: silentLog },
    streams: {
      put: (_stream, records) =>
        new Promise((finish) => void put.push({ records: records.map(String), finish })),
    },
  });
  const server = await serve({ firehose: api.handler }, createRecordingLog());
  let closed = false;
  async function close() {
    if (closed) return;
    closed = true;
    await server.close();
    await api.close();
  }
  cleanup(close);
  const call = async (operation: string, input: object) => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `Firehose_20150804.${operation}`,
        authorization: 'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/firehose/aws4_request',
      },
      body: JSON.stringify(input),
    });
    return (await response.json()) as Record<string, unknown>;
  };
  return { dir, put, call, close };
}

const encoded = (text: string) => ({ Data: Buffer.from(text).toString('base64') });

test('streams are listed and described', async () => {
  const { call } = await open();
  assert.deepEqual(await call('ListDeliveryStreams', {}), {
    DeliveryStreamNames: ['raw'],
    HasMoreDeliveryStreams: false,
  });
  const { DeliveryStreamDescription } = await call('DescribeDeliveryStream', { DeliveryStreamName: 'raw' });
  assert.match(JSON.stringify(DeliveryStreamDescription), /"BucketARN":"arn:aws:s3:::archive"/);
  const missing = await call('DescribeDeliveryStream', { DeliveryStreamName: 'none' });
  assert.equal(missing['__type'], 'ResourceNotFoundException');
});

test('accepted records that are not written yet are put again at the next start, and forgotten once they are written', async () => {
  const first = await open();
  const { RecordId } = await first.call('PutRecord', { DeliveryStreamName: 'raw', Record: encoded('one') });
  assert.match(String(RecordId), /^[0-9a-f-]{36}$/);
  const batch = await first.call('PutRecordBatch', {
    ...{ DeliveryStreamName: 'raw', Records: [encoded('two'), encoded('three')] },
  });
  assert.equal(batch['FailedPutCount'], 0);
  assert.deepEqual(
    first.put.map(({ records }) => records),
    [['one'], ['two', 'three']],
  );
  first.put[0]!.finish();
  const file = path.join(first.dir, 'accepted.log');
  await eventually('the first is forgotten', () => readFileSync(file, 'utf8').includes('null'));
  await first.close();

  const second = await open(first.dir);
  assert.deepEqual(second.put.flatMap(({ records }) => records).sort(), ['three', 'two']);
});

test('records that AWS refuses are refused', async () => {
  const { call, put } = await open();
  const refused: readonly (readonly [operation: string, input: object, message: RegExp])[] = [
    ['PutRecord', { DeliveryStreamName: 'none', Record: encoded('a') }, /none under account not found/],
    ['PutRecord', { DeliveryStreamName: 'raw', Record: {} }, /Record\.Data is missing/],
    ['PutRecordBatch', { DeliveryStreamName: 'raw', Records: [] }, /a list of 1 to 500/],
    [
      'PutRecord',
      { DeliveryStreamName: 'raw', Record: encoded('x'.repeat(1_024_001)) },
      /larger than 1024000/,
    ],
  ];
  for (const [operation, input, message] of refused)
    assert.match(String((await call(operation, input))['message']), message);
  assert.deepEqual(put, []);
});
