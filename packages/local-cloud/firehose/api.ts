// Amazon Data Firehose on the AWS port: the streams of the template, and records put into them, which are on disk before the answer.
// https://docs.aws.amazon.com/firehose/latest/APIReference/API_Operations.html

import { randomUUID } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import { createJsonHandler, type Input, type JsonOperation } from '../aws/json-protocol.ts';
import type { AwsHandler } from '../aws/wire.ts';
import { makeDirectory } from '../files/durable-files.ts';
import { openRecordFile, type Change } from '../files/record-file.ts';
import type { Log } from '../log.ts';
import type { StreamSpec } from './stream-spec.ts';
import type { DeliveryStreams } from './stream.ts';
import path from 'node:path';

interface Cloud {
  readonly specs: readonly StreamSpec[];
  /** Resolves with the IDs of the records once they are on disk. */
  accept(stream: string, records: readonly Buffer[]): Promise<readonly string[]>;
  readonly startedAt: number;
}

export interface FirehoseApi {
  readonly handler: AwsHandler;
  /** Records that are not written yet are put again at the next start. */
  close(): Promise<void>;
}

interface Kept {
  readonly stream: string;
  readonly data: string;
}

const KIND = 'record';
const invalid = (message: string) => new AwsError('InvalidArgumentException', message);
/** "Up to 500 records, 4 MiB in one call; a record has at most 1,000 KiB." */
const MOST_RECORDS = 500;
const MOST_BYTES = 4_194_304;
const MOST_RECORD_BYTES = 1_024_000;

function specOf({ specs }: Cloud, input: Input): StreamSpec {
  const name = input['DeliveryStreamName'];
  const found = specs.find((spec) => spec.name === name);
  if (found) return found;
  throw new AwsError(
    'ResourceNotFoundException',
    `Firehose ${String(name).slice(0, 128)} under account not found.`,
  );
}

function dataOf(record: unknown): Buffer {
  const data = (record as { Data?: unknown } | undefined)?.Data;
  if (typeof data !== 'string') throw invalid('Record.Data is missing');
  const bytes = Buffer.from(data, 'base64');
  if (bytes.length > MOST_RECORD_BYTES) throw invalid(`a record is larger than ${MOST_RECORD_BYTES} bytes`);
  return bytes;
}

function describe(spec: StreamSpec, startedAt: number) {
  const { name, arn, bucket, bufferBytes, bufferMs, gzip } = spec;
  const destination = {
    BucketARN: `arn:aws:s3:::${bucket}`,
    BufferingHints: { SizeInMBs: bufferBytes / 1_048_576, IntervalInSeconds: bufferMs / 1000 },
    CompressionFormat: gzip ? 'GZIP' : 'UNCOMPRESSED',
    EncryptionConfiguration: { NoEncryptionConfig: 'NoEncryption' },
  };
  return {
    ...{ DeliveryStreamName: name, DeliveryStreamARN: arn, DeliveryStreamStatus: 'ACTIVE' },
    ...{ DeliveryStreamType: 'DirectPut', VersionId: '1', CreateTimestamp: startedAt / 1000 },
    HasMoreDestinations: false,
    Destinations: [
      {
        DestinationId: 'destinationId-000000000001',
        S3DestinationDescription: destination,
        ExtendedS3DestinationDescription: destination,
      },
    ],
  };
}

const operations: Readonly<Record<string, JsonOperation<Cloud>>> = {
  ListDeliveryStreams: {
    accepts: ['Limit', 'DeliveryStreamType', 'ExclusiveStartDeliveryStreamName'],
    run({ specs }, input) {
      const limit = Number(input['Limit'] ?? 10);
      const after = input['ExclusiveStartDeliveryStreamName'] ?? '';
      if (typeof after !== 'string') throw invalid('ExclusiveStartDeliveryStreamName must be text');
      const isOfType = ['DirectPut', undefined, null].includes(input['DeliveryStreamType'] as undefined);
      const names = isOfType ? specs.map(({ name }) => name).sort() : [];
      const rest = names.filter((name) => name > after);
      return {
        DeliveryStreamNames: rest.slice(0, limit),
        HasMoreDeliveryStreams: rest.length > limit,
      };
    },
  },
  DescribeDeliveryStream: {
    accepts: ['DeliveryStreamName', 'Limit', 'ExclusiveStartDestinationId'],
    run: (cloud, input) => ({
      DeliveryStreamDescription: describe(specOf(cloud, input), cloud.startedAt),
    }),
  },
  PutRecord: {
    accepts: ['DeliveryStreamName', 'Record'],
    async run(cloud, input) {
      const { name } = specOf(cloud, input);
      const [RecordId] = await cloud.accept(name, [dataOf(input['Record'])]);
      return { RecordId, Encrypted: false };
    },
  },
  PutRecordBatch: {
    accepts: ['DeliveryStreamName', 'Records'],
    async run(cloud, input) {
      const { name } = specOf(cloud, input);
      const records = input['Records'];
      if (!Array.isArray(records) || records.length === 0 || records.length > MOST_RECORDS)
        throw invalid(`Records must be a list of 1 to ${MOST_RECORDS}`);
      const data = records.map(dataOf);
      if (data.reduce((sum, { length }) => sum + length, 0) > MOST_BYTES)
        throw invalid(`the records are larger than ${MOST_BYTES} bytes together`);
      const ids = await cloud.accept(name, data);
      return {
        FailedPutCount: 0,
        Encrypted: false,
        RequestResponses: ids.map((RecordId) => ({ RecordId })),
      };
    },
  },
};

const service = {
  name: 'Firehose',
  instead: 'declare an AWS::KinesisFirehose::DeliveryStream in the template',
  targetPrefix: 'Firehose_20150804.',
  operations,
  longestBody: 8 * 1024 * 1024,
  invalid: 'InvalidArgumentException',
};

interface AcceptedOptions {
  readonly dir: string;
  readonly specs: readonly StreamSpec[];
  readonly streams: Pick<DeliveryStreams, 'put'>;
  readonly log: Log;
}

type Identified = readonly [id: string, data: Buffer];

/** Keeps accepted records on disk until their delivery stream has written them. */
async function openAccepted({ dir, specs, streams, log }: AcceptedOptions) {
  await makeDirectory(dir);
  const file = await openRecordFile(path.join(dir, 'accepted.log'), log);
  let closed = false;

  function deliver(stream: string, records: readonly Identified[]): void {
    const forget = () => {
      const changes = records.map(([key]): Change => ({ kind: KIND, key, value: undefined }));
      // Records that are written but still in the file are put once more after the next start.
      return closed ? undefined : file.commit(changes);
    };
    const report = (error: unknown) =>
      log.error('accepted records are not delivered, and are put again at the next start', {
        ...{ stream, records: records.length, reason: String(error) },
      });
    const data = records.map(([, each]) => each);
    streams.put(stream, data).then(forget).catch(report);
  }

  // What an earlier process had accepted.
  for (const [id, { stream, data }] of file.table<Kept>(KIND)) {
    if (specs.some(({ name }) => name === stream)) deliver(stream, [[id, Buffer.from(data, 'base64')]]);
    else
      log.error('a record is kept: the template no longer has its delivery stream', { stream, record: id });
  }

  return {
    async accept(stream: string, records: readonly Buffer[]): Promise<readonly string[]> {
      const identified = records.map((data) => [randomUUID(), data] as const);
      await file.commit(identified.map(([key, data]) => keptChange(stream, key, data)));
      deliver(stream, identified);
      return identified.map(([id]) => id);
    },
    async close(): Promise<void> {
      closed = true;
      await file.close();
    },
  };
}

function keptChange(stream: string, key: string, data: Buffer): Change {
  const value: Kept = { stream, data: data.toString('base64') };
  return { kind: KIND, key, value };
}

/** @param options.dir holds records that were accepted and are not in the bucket yet */
export async function openFirehoseApi(
  options: AcceptedOptions & { readonly startedAt: number },
): Promise<FirehoseApi> {
  const { specs, startedAt } = options;
  const accepted = await openAccepted(options);
  return {
    handler: createJsonHandler(service, {
      ...{ specs, startedAt },
      accept: (stream, records) => accepted.accept(stream, records),
    }),
    close: () => accepted.close(),
  };
}
