// The event that a function gets for a batch, built from the records' own text so that a batch of 6 MB is written once.

import { sequenceNumberOf } from './sequence-number.ts';
import type { LogRecord } from './shard-reader.ts';

/** What the records of one shard have in common in the event. */
export interface Origin {
  readonly shard: number;
  readonly shardId: string;
  readonly streamArn: string;
  readonly region: string;
  /** The role in whose name Lambda reads. */
  readonly roleArn: string;
  readonly format: RecordFormat;
}

/** How records of one kind of stream look to functions, filters and failure destinations. */
export interface RecordFormat {
  /** What counters of its mappings begin with. */
  readonly counter: string;
  /** The event of a batch, as JSON text. */
  readonly event: (origin: Origin, records: readonly LogRecord[]) => string;
  readonly sequenceNumberOf: (shard: number, place: number) => string;
  /** What the patterns of a filter see. */
  readonly shown: (record: LogRecord) => Readonly<Record<string, unknown>>;
  /** The member of a failure record that says which batch it was. */
  readonly batchInfo: string;
}

/** "The payload size reaches 6 MB." */
export const MAX_EVENT_BYTES = 6 * 1024 * 1024;
const FRAME_BYTES = 16;
/** What an event says of a record besides its key and data. */
const AROUND_RECORD_BYTES = 700;

/** About the bytes of one record in the event, never less. */
export const eventBytesOf = ({ partitionKey, data }: LogRecord): number =>
  AROUND_RECORD_BYTES + Buffer.byteLength(partitionKey) * 2 + Math.ceil(data.length / 3) * 4;

export const eventRoom = MAX_EVENT_BYTES - FRAME_BYTES;

/** https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html */
function batchEvent(origin: Origin, records: readonly LogRecord[]): string {
  const { shard, shardId, streamArn, region, roleArn } = origin;
  const texts = records.map((record) => {
    const sequenceNumber = sequenceNumberOf(shard, record.place);
    const kinesis = {
      kinesisSchemaVersion: '1.0',
      partitionKey: record.partitionKey,
      sequenceNumber,
      data: record.data.toString('base64'),
      approximateArrivalTimestamp: record.arrivedAt / 1000,
    };
    return JSON.stringify({
      kinesis,
      eventSource: 'aws:kinesis',
      eventVersion: '1.0',
      eventID: `${shardId}:${sequenceNumber}`,
      eventName: 'aws:kinesis:record',
      invokeIdentityArn: roleArn,
      awsRegion: region,
      eventSourceARN: streamArn,
    });
  });
  return `{"Records":[${texts.join(',')}]}`;
}

export const kinesisFormat: RecordFormat = {
  counter: 'kinesis',
  event: batchEvent,
  sequenceNumberOf,
  shown: ({ partitionKey, data, arrivedAt }) => ({
    partitionKey,
    approximateArrivalTimestamp: arrivedAt / 1000,
    data: data.toString('utf8'),
  }),
  batchInfo: 'KinesisBatchInfo',
};
