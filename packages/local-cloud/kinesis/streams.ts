// Data streams: each record goes to the shard that its partition key's hash falls into, and is on disk before it is acknowledged.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import { noMeter, type Meter } from '../cloudwatch/meter.ts';
import { makeDirectory, replaceFile } from '../files/durable-files.ts';
import { diskFiles, type JournalFiles } from '../journal/files.ts';
import type { Log } from '../log.ts';
import { createMemo } from '../memo.ts';
import { hashKeyOf, holds } from './hash-key.ts';
import { sequenceNumberOf } from './sequence-number.ts';
import { openShardLog, type ShardLog } from './shard-log.ts';
import { reshard, shardIdOf, shardsFromText, shardsText, type Shard } from './shards.ts';
import type { DataStreamSpec } from './stream-spec.ts';

export interface OpenShard extends Shard {
  readonly id: string;
  readonly log: ShardLog;
}

/** What reads records needs of a shard. */
export interface ReadShard extends Shard {
  readonly id: string;
  readonly log: Pick<ShardLog, 'readAfter' | 'onAppend' | 'newest' | 'oldest'>;
}

/** The same of a stream. */
export interface ReadStream {
  readonly spec: { readonly arn: string };
  readonly shards: readonly ReadShard[];
  keepFor(read: (shard: number) => number): void;
}

export interface DataStream {
  readonly spec: DataStreamSpec;
  readonly createdAt: number;
  readonly shards: readonly OpenShard[];
  /** Lets a reader say the place in a shard up to which it needs no record any more. */
  keepFor(read: (shard: number) => number): void;
}

export interface Put {
  readonly partitionKey: string;
  readonly data: Buffer;
  /** Overrides the hash of the partition key. */
  readonly hashKey?: bigint;
}

/** Where a record went; rule actions need neither. */
export interface Placed {
  shardId(): string;
  sequenceNumber(): string;
}

export interface DataStreams {
  /**
   * Resolves when the record is on the device; stays pending when the streams are closed before.
   * @throws AwsError ResourceNotFoundException, ValidationException
   */
  put(streamName: string, record: Put): Promise<Placed>;
  /** @throws AwsError ResourceNotFoundException */
  stream(streamName: string): DataStream;
  all(): readonly DataStream[];
  close(): Promise<void>;
}

export interface DataStreamsOptions {
  readonly dir: string;
  readonly streams: readonly DataStreamSpec[];
  readonly clock: Clock;
  readonly log: Log;
  readonly count: (name: string, by?: number) => void;
  readonly meter?: Meter;
  readonly files?: JournalFiles;
}

/** "The maximum size of the data payload of a record before base64-encoding is up to 1 MiB", with the partition key. */
const MAX_RECORD_BYTES = 1_048_576;
const MAX_KEY_LENGTH = 256;
/** Partition keys whose shard is remembered, since hashing one takes longer than all else that a record needs. */
const MOST_KEYS = 10_000;
const FORGET_MS = 600_000;
const HOUR_MS = 3_600_000;

async function readShards(file: string): Promise<Shard[]> {
  try {
    return shardsFromText(await readFile(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Which of the open shards takes a record. */
function createShardChooser(open: readonly OpenShard[]): (record: Put) => OpenShard {
  const holding = (key: bigint) => open.find(({ range }) => holds(range, key))!;
  const byKey = createMemo(MOST_KEYS, (partitionKey: string) => holding(hashKeyOf(partitionKey)));
  return ({ partitionKey, hashKey }) => (hashKey === undefined ? byKey(partitionKey) : holding(hashKey));
}

async function openStream(spec: DataStreamSpec, options: DataStreamsOptions) {
  const { clock, log, files = diskFiles, meter = noMeter } = options;
  const dir = path.join(options.dir, spec.name);
  await makeDirectory(dir);
  const file = path.join(dir, 'shards.json');
  const before = await readShards(file);
  const described = reshard(before, spec.shards);
  if (described.length !== before.length) await replaceFile(file, shardsText(described));
  const shards: OpenShard[] = [];
  for (const shard of described) {
    const id = shardIdOf(shard.number);
    shards.push({ ...shard, id, log: await openShardLog({ dir: path.join(dir, id), files, clock, log }) });
  }
  const readers: ((shard: number) => number)[] = [];
  const dimensions = { StreamName: spec.name };
  const stream: DataStream = {
    spec,
    createdAt: clock.now(),
    shards,
    keepFor: (read) => void readers.push(read),
  };
  return {
    stream,
    shardOf: createShardChooser(shards.filter(({ closed }) => !closed)),
    incomingRecords: meter('AWS/Kinesis', 'IncomingRecords', dimensions, 'Count'),
    incomingBytes: meter('AWS/Kinesis', 'IncomingBytes', dimensions, 'Bytes'),
    async forget() {
      const time = clock.now() - spec.retentionHours * HOUR_MS;
      for (const { number, log } of shards)
        await log.forget(time, Math.min(Infinity, ...readers.map((read) => read(number))));
    },
  };
}

type OpenStream = Awaited<ReturnType<typeof openStream>>;

function checkRecord({ partitionKey, data }: Put): void {
  const refuse = (message: string) => new AwsError('ValidationException', message);
  if (partitionKey.length === 0 || partitionKey.length > MAX_KEY_LENGTH)
    throw refuse(`the partition key must have 1 to ${MAX_KEY_LENGTH} characters`);
  if (data.length + Buffer.byteLength(partitionKey) > MAX_RECORD_BYTES)
    throw refuse(`a record and its partition key have at most ${MAX_RECORD_BYTES} bytes`);
}

/** Forgets old records now and then. @returns a function that ends it */
function forgetOld(
  opened: readonly Pick<OpenStream, 'forget'>[],
  { clock, log }: Pick<DataStreamsOptions, 'clock' | 'log'>,
): () => void {
  let cancel = () => {};
  async function forget(): Promise<void> {
    try {
      for (const each of opened) await each.forget();
    } catch (error) {
      log.warn('old records of a stream stay on disk', { reason: String(error) });
    }
    later();
  }
  const later = () => {
    cancel = clock.after(FORGET_MS, () => void forget());
  };
  if (opened.length > 0) later();
  return () => cancel();
}

export async function openDataStreams(options: DataStreamsOptions): Promise<DataStreams> {
  const opened = new Map<string, OpenStream>();
  for (const spec of options.streams) opened.set(spec.name, await openStream(spec, options));
  const streams = [...opened.values()].map(({ stream }) => stream);
  const stopForgetting = forgetOld([...opened.values()], options);

  function find(streamName: string) {
    const found = opened.get(streamName);
    if (!found)
      throw new AwsError('ResourceNotFoundException', `there is no stream ${streamName.slice(0, 128)}`);
    return found;
  }

  return {
    async put(streamName, record) {
      const { shardOf, incomingRecords, incomingBytes } = find(streamName);
      checkRecord(record);
      const shard = shardOf(record);
      const place = await shard.log.append(record.partitionKey, record.data);
      options.count('kinesis.records');
      incomingRecords(1);
      incomingBytes(record.data.length);
      return { shardId: () => shard.id, sequenceNumber: () => sequenceNumberOf(shard.number, place) };
    },
    stream: (streamName) => find(streamName).stream,
    all: () => streams,
    async close() {
      stopForgetting();
      await Promise.all(streams.flatMap(({ shards }) => shards.map(({ log }) => log.close())));
    },
  };
}
