// The event of a batch is written as bytes: they say what its records are, whatever their keys are made of.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { kinesisFormat, type Origin } from '../../kinesis/batch-event.ts';
import { sequenceNumberOf } from '../../kinesis/sequence-number.ts';
import type { LogRecord } from '../../kinesis/shard-reader.ts';

const origin: Origin = {
  shard: 3,
  shardId: 'shardId-000000000003',
  streamArn: 'arn:aws:kinesis:us-west-2:000000000000:stream/readings',
  region: 'us-west-2',
  roleArn: 'arn:aws:iam::000000000000:role/IngestFunction',
  format: kinesisFormat,
};

const keys = ['fridge-1', 'quote " and \\', 'Kühlraum 🧊', '\u0001'.repeat(256), '\ud800', '冷'.repeat(256)];
const records: readonly LogRecord[] = keys.map((partitionKey, n) => ({
  ...{ place: n + 1, partitionKey, arrivedAt: 1_790_000_000_123 + n, data: Buffer.from(`data ${n}`) },
}));

const shown = ({ place, partitionKey, arrivedAt, data }: LogRecord) => ({
  kinesis: {
    kinesisSchemaVersion: '1.0',
    partitionKey,
    sequenceNumber: sequenceNumberOf(3, place),
    data: data.toString('base64'),
    approximateArrivalTimestamp: arrivedAt / 1_000,
  },
  eventSource: 'aws:kinesis',
  eventVersion: '1.0',
  eventID: `shardId-000000000003:${sequenceNumberOf(3, place)}`,
  eventName: 'aws:kinesis:record',
  invokeIdentityArn: origin.roleArn,
  awsRegion: 'us-west-2',
  eventSourceARN: origin.streamArn,
});

test('an event has every record as Lambda writes it, whatever its partition key', () => {
  for (const some of [records.slice(0, 1), records, records.slice(3, 4)])
    assert.deepEqual(JSON.parse(kinesisFormat.event(origin, some).toString()), { Records: some.map(shown) });
});

test('the bytes of an event have memory of their own, so that they can be moved to a thread', () => {
  const event = kinesisFormat.event(origin, records);
  assert.ok(Buffer.isBuffer(event) && event.byteOffset === 0);
  assert.notEqual(event.buffer, Buffer.from('x').buffer);
});
