// The event that a function gets for a batch, written as bytes that go to its thread as they are: 6 MB are neither collected nor copied here.

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
  /** The event of a batch, as JSON text or its bytes, which have memory of their own. */
  readonly event: (origin: Origin, records: readonly LogRecord[]) => string | Buffer;
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

/** Of a UTF-16 unit in JSON: an escape such as `\u0001`. */
const MOST_BYTES_OF_UNIT = 6;
/** Time stamp, two sequence numbers, and the names around them. */
const MOST_BYTES_OF_NUMBERS = 300;

/** What the texts of all records of a shard have in common, by what stands between it. */
function createRecordText({ shard, shardId, streamArn, region, roleArn }: Origin) {
  const head = '{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":';
  const event = `,"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"${shardId}:`;
  const tail = JSON.stringify({
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: roleArn,
    awsRegion: region,
    eventSourceARN: streamArn,
  }).slice(1);
  return {
    /** Bytes besides the key and the data, never less. */
    bytes: Buffer.byteLength(head + event + tail) + MOST_BYTES_OF_NUMBERS,
    text: ({ place, partitionKey, data, arrivedAt }: LogRecord): string => {
      const sequenceNumber = sequenceNumberOf(shard, place);
      return (
        `${head}${JSON.stringify(partitionKey)},"sequenceNumber":"${sequenceNumber}","data":"${data.toString('base64')}",` +
        `"approximateArrivalTimestamp":${arrivedAt / 1000}}${event}${sequenceNumber}",${tail}`
      );
    },
  };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html */
function batchEvent(origin: Origin, records: readonly LogRecord[]): Buffer {
  const { bytes, text } = createRecordText(origin);
  const most = records.reduce(
    (sum, { partitionKey, data }) =>
      sum + bytes + partitionKey.length * MOST_BYTES_OF_UNIT + Math.ceil(data.length / 3) * 4,
    FRAME_BYTES,
  );
  const event = Buffer.allocUnsafeSlow(most);
  let at = event.write('{"Records":[');
  for (const [index, record] of records.entries())
    at += event.write(index === 0 ? text(record) : `,${text(record)}`, at);
  at += event.write(']}', at);
  return event.subarray(0, at);
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
