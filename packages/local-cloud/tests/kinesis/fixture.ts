// Streams in a temporary folder, and a function that a test writes, for the tests of this room.

import path from 'node:path';
import type { Clock } from '../../clock.ts';
import type { MappingSpec } from '../../kinesis/mapping-spec.ts';
import { openMappings, type MappingsOptions } from '../../kinesis/mappings.ts';
import { openDataStreams, type DataStreams } from '../../kinesis/streams.ts';
import { createRecordingLog } from '../aws/local-cloud.ts';

export const start = Date.UTC(2026, 0, 1);

export const streamSpec = (shards = 1) => ({
  name: 'readings',
  arn: 'arn:aws:kinesis:us-east-1:000000000000:stream/readings',
  mode: 'PROVISIONED' as const,
  shards,
  retentionHours: 24,
});

export const mappingSpec = (changes: Partial<MappingSpec> = {}): MappingSpec => ({
  id: '11111111-2222-4333-8444-555555555555',
  streamName: 'readings',
  functionName: 'take',
  functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:take',
  enabled: true,
  from: 'TRIM_HORIZON',
  batchSize: 100,
  windowMs: 0,
  parallel: 1,
  bisects: true,
  reportsItems: true,
  maxRetries: 2,
  maxAgeMs: Infinity,
  onFailure: { type: 's3', arn: 'arn:aws:s3:::errors' },
  ...changes,
});

export interface TakenRecord {
  readonly key: string;
  readonly text: string;
  readonly sequenceNumber: string;
  readonly shardId: string;
}

/** The answer of the function under test; if it throws, the invocation failed. */
export type Take = (records: readonly TakenRecord[]) => unknown;

interface EventRecord {
  readonly eventID: string;
  readonly kinesis: { readonly partitionKey: string; readonly data: string; readonly sequenceNumber: string };
}

export const recordsOf = (event: string | Buffer): TakenRecord[] =>
  (JSON.parse(event.toString()) as { Records: EventRecord[] }).Records.map(({ eventID, kinesis }) => ({
    key: kinesis.partitionKey,
    text: Buffer.from(kinesis.data, 'base64').toString(),
    sequenceNumber: kinesis.sequenceNumber,
    shardId: eventID.split(':')[0]!,
  }));

export const textsOf = (records: readonly TakenRecord[]): string => records.map(({ text }) => text).join(' ');

export const failFrom = (record: TakenRecord | undefined) => ({
  batchItemFailures: record ? [{ itemIdentifier: record.sequenceNumber }] : [],
});

export interface Run {
  readonly streams: DataStreams;
  readonly batches: string[];
  readonly left: { readonly key: string; readonly body: string }[];
  readonly log: ReturnType<typeof createRecordingLog>;
  readonly counts: Readonly<Record<string, number>>;
  readonly put: (key: string, ...texts: string[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Opens the data of an earlier run in `dir`, or begins. */
export async function run(
  dir: string,
  clock: Clock,
  take: Take,
  draft: {
    mapping?: Partial<MappingSpec>;
    shards?: number;
    invoke?: MappingsOptions['invoke'];
    s3?: () => Promise<void>;
  } = {},
): Promise<Run> {
  const log = createRecordingLog();
  const counts: Record<string, number> = {};
  const count = (name: string, by = 1) => void (counts[name] = (counts[name] ?? 0) + by);
  const streams = await openDataStreams({
    dir: path.join(dir, 'streams'),
    streams: [streamSpec(draft.shards)],
    clock,
    log,
    count,
  });
  const batches: string[] = [];
  const left: { key: string; body: string }[] = [];
  const invoke: MappingsOptions['invoke'] = async (_name, writeEvent) => {
    const records = recordsOf(writeEvent());
    batches.push(textsOf(records));
    try {
      return { payload: JSON.stringify((await take(records)) ?? null) };
    } catch (error) {
      return { payload: JSON.stringify({ errorMessage: String(error) }), functionError: 'Unhandled' };
    }
  };
  const mappings = await openMappings({
    dir,
    mappings: [mappingSpec(draft.mapping)],
    streams,
    invoke: draft.invoke ?? invoke,
    destinations: {
      s3: async (bucket, key, body) => {
        await draft.s3?.();
        left.push({ key: `${bucket}/${key}`, body: body.toString() });
      },
      sns: async ({ message }) => void left.push({ key: 'topic', body: message }),
      sqs: async ({ body }) => void left.push({ key: 'queue', body }),
    },
    clock,
    log,
    count,
  });
  mappings.start();
  return {
    streams,
    batches,
    left,
    log,
    counts,
    async put(partitionKey, ...texts) {
      await Promise.all(
        texts.map((text) => streams.put('readings', { partitionKey, data: Buffer.from(text) })),
      );
    },
    async close() {
      await mappings.close();
      await streams.close();
    },
  };
}

/** Polls until `look` holds, moving the clock on by `step` milliseconds each time. */
export async function until(
  clock: { advance(ms: number): Promise<void> },
  look: () => boolean,
  step = 0,
): Promise<void> {
  const end = Date.now() + 10_000;
  while (!look()) {
    if (Date.now() > end) throw new Error('waited in vain');
    await clock.advance(step);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
