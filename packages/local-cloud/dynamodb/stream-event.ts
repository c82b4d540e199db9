// The records of a table's stream as functions, filters, failure destinations and GetRecords get them.
// https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html

import { createHash } from 'node:crypto';
import type { Origin, RecordFormat } from '../kinesis/batch-event.ts';
import type { LogRecord } from '../kinesis/shard-reader.ts';
import type { Change } from './store/stream-records.ts';

const HEAD = '1';
const PLACE_DIGITS = 20;

/** A sequence number as in DynamoDB: 21 digits, which grow within a shard. */
export const sequenceNumberOf = (_shard: number, place: number): string =>
  HEAD + String(place).padStart(PLACE_DIGITS, '0');

/** The place of a record; undefined for a number that is not from a stream here. */
export function placeOf(sequenceNumber: string): number | undefined {
  const place = Number(sequenceNumber.slice(HEAD.length));
  return Number.isSafeInteger(place) && sequenceNumberOf(0, place) === sequenceNumber ? place : undefined;
}

export interface StreamEventRecord extends Omit<Change, 'dynamodb'> {
  readonly eventID: string;
  readonly eventVersion: '1.1';
  readonly eventSource: 'aws:dynamodb';
  readonly awsRegion: string;
  readonly dynamodb: Change['dynamodb'] & {
    /** Seconds. */
    readonly ApproximateCreationDateTime: number;
    readonly SequenceNumber: string;
  };
}

/** @param stream distinguishes records of several streams */
export function eventRecord(
  { place, arrivedAt, data }: Pick<LogRecord, 'place' | 'arrivedAt' | 'data'>,
  stream: string,
  region: string,
): StreamEventRecord {
  const { eventName, dynamodb, userIdentity } = JSON.parse(data.toString('utf8')) as Change;
  return {
    eventID: createHash('md5').update(`${stream} ${place}`).digest('hex'),
    eventName,
    ...{ eventVersion: '1.1', eventSource: 'aws:dynamodb', awsRegion: region },
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(arrivedAt / 1_000),
      ...dynamodb,
      SequenceNumber: sequenceNumberOf(0, place),
    },
    ...(userIdentity && { userIdentity }),
  };
}

function batchEvent({ streamArn, region }: Origin, records: readonly LogRecord[]): string {
  const all = records.map((record) => ({
    ...eventRecord(record, streamArn, region),
    eventSourceARN: streamArn,
  }));
  return JSON.stringify({ Records: all });
}

export const tableFormat: RecordFormat = {
  counter: 'tableStreams',
  event: batchEvent,
  sequenceNumberOf,
  shown: ({ data }) => JSON.parse(data.toString('utf8')) as Record<string, unknown>,
  batchInfo: 'DDBStreamBatchInfo',
};
