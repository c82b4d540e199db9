// The record that Lambda writes for a batch that it gave up.

import { randomUUID } from 'node:crypto';
import type { Origin } from './batch-event.ts';
import type { MappingSpec } from './mapping-spec.ts';
import type { LogRecord } from './shard-reader.ts';

/** Why a batch was given up. Lambda documents the first word; the second is ours. */
export type Condition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded';

export interface GivenUpBatch {
  readonly condition: Condition;
  /** Attempts made; 0 when the records were too old from the start. */
  readonly attempts: number;
  readonly records: readonly LogRecord[];
  /** Epoch milliseconds. */
  readonly time: number;
}

export interface FailureDestinations {
  readonly s3: (
    bucket: string,
    key: string,
    body: Buffer,
    options: { contentType: string },
  ) => Promise<unknown>;
  readonly sns: (input: { topicArn: string; message: string }) => Promise<unknown>;
  readonly sqs: (input: { queueArn: string; body: string }) => Promise<unknown>;
}

/**
 * JSON text; only in S3 it carries the whole event, as escaped text.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
 */
export function failureRecord(
  spec: MappingSpec,
  origin: Origin,
  batch: GivenUpBatch,
  requestId: string,
): string {
  const { records, condition, attempts, time } = batch;
  const { format } = origin;
  const [first, last] = [records[0]!, records.at(-1)!];
  const invoked = attempts > 0 && {
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
  };
  return JSON.stringify({
    requestContext: {
      requestId,
      functionArn: spec.functionArn,
      condition,
      approximateInvokeCount: attempts,
    },
    ...invoked,
    version: '1.0',
    timestamp: new Date(time).toISOString(),
    [format.batchInfo]: {
      shardId: origin.shardId,
      startSequenceNumber: format.sequenceNumberOf(origin.shard, first.place),
      endSequenceNumber: format.sequenceNumberOf(origin.shard, last.place),
      approximateArrivalOfFirstRecord: new Date(first.arrivedAt).toISOString(),
      approximateArrivalOfLastRecord: new Date(last.arrivedAt).toISOString(),
      batchSize: records.length,
      streamArn: origin.streamArn,
    },
    ...(spec.onFailure?.type === 's3' && { payload: format.event(origin, records).toString() }),
  });
}

/** `aws/lambda/<mapping>/<shard>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<UUID>`, as the same page names it. */
export function failureKey(mappingId: string, shardId: string, time: number, id: string): string {
  const [date = '', clock = ''] = new Date(time).toISOString().slice(0, 19).split('T');
  return `aws/lambda/${mappingId}/${shardId}/${date.replaceAll('-', '/')}/${date}T${clock.replaceAll(':', '.')}-${id}`;
}

/** Writes the record to the mapping's destination; rejects when it could not be written. */
export async function leaveRecord(
  spec: MappingSpec,
  origin: Origin,
  batch: GivenUpBatch,
  destinations: FailureDestinations,
): Promise<void> {
  const { type, arn } = spec.onFailure!;
  const text = failureRecord(spec, origin, batch, randomUUID());
  if (type === 'sns') {
    await destinations.sns({ topicArn: arn, message: text });
    return;
  }
  if (type === 'sqs') {
    await destinations.sqs({ queueArn: arn, body: text });
    return;
  }
  const bucket = arn.split(':').slice(5).join(':');
  const key = failureKey(spec.id, origin.shardId, batch.time, randomUUID());
  await destinations.s3(bucket, key, Buffer.from(text), { contentType: 'application/json' });
}
