// Putting records through the Kinesis API, and reading them with iterators.

import { AwsError } from '../aws-error.ts';
import type { Input } from '../aws/json-protocol.ts';
import {
  invalid,
  numberOf,
  optionalText,
  shardOf,
  streamOf,
  textOf,
  type Cloud,
  type Operation,
} from './api-request.ts';
import { HASH_KEYS } from './hash-key.ts';
import { placeOf, sequenceNumberOf } from './sequence-number.ts';
import { shardIdOf } from './shards.ts';
import type { DataStream, OpenShard, Put } from './streams.ts';

/** "A shard iterator expires 5 minutes after it is returned." */
const ITERATOR_MS = 300_000;
const MAX_RECORDS = 500;

/** Where an iterator is: after a place, or, of the records after it, at the first that came at a time. */
interface Iterator {
  readonly stream: string;
  readonly shard: string;
  readonly after: number;
  readonly time: number;
  readonly issued: number;
}

const tokenOf = (iterator: Iterator) => Buffer.from(JSON.stringify(iterator)).toString('base64');

function iteratorOf(cloud: Cloud, token: string): Iterator {
  try {
    const iterator = JSON.parse(Buffer.from(token, 'base64').toString('utf8')) as Iterator;
    const { stream, shard, after, time, issued } = iterator;
    if (
      typeof stream === 'string' &&
      typeof shard === 'string' &&
      [after, time, issued].every(Number.isFinite)
    ) {
      if (cloud.clock.now() - issued <= ITERATOR_MS) return iterator;
      throw new AwsError('ExpiredIteratorException', 'Iterator expired: it is valid for 5 minutes');
    }
  } catch (error) {
    if (error instanceof AwsError) throw error;
  }
  throw new AwsError('InvalidArgumentException', 'Invalid ShardIterator');
}

type Start = (shard: OpenShard, input: Input) => { after: number; time?: number };

const placeIn = (shard: OpenShard, input: Input) => {
  const place = placeOf(shard.number, textOf(input, 'StartingSequenceNumber', 128));
  if (place !== undefined) return place;
  throw new AwsError(
    'InvalidArgumentException',
    'StartingSequenceNumber is not a sequence number of this shard',
  );
};

const starts: Readonly<Record<string, Start>> = {
  TRIM_HORIZON: ({ log }) => ({ after: log.oldest() - 1 }),
  LATEST: ({ log }) => ({ after: log.newest() }),
  AT_SEQUENCE_NUMBER: (shard, input) => ({ after: placeIn(shard, input) - 1 }),
  AFTER_SEQUENCE_NUMBER: (shard, input) => ({ after: placeIn(shard, input) }),
  AT_TIMESTAMP({ log }, input) {
    const seconds = input['Timestamp'];
    if (typeof seconds !== 'number' || !Number.isFinite(seconds)) throw invalid('Timestamp is missing');
    return { after: log.oldest() - 1, time: seconds * 1000 };
  },
};

function putOf(record: Input): Put {
  const data = record['Data'];
  if (typeof data !== 'string') throw invalid('Data is missing');
  const bytes = Buffer.from(data, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== data.replace(/=+$/, ''))
    throw new AwsError('SerializationException', 'Data is not base64');
  const hash = optionalText(record, 'ExplicitHashKey', 39);
  if (hash !== undefined && (!/^(0|[1-9]\d*)$/.test(hash) || BigInt(hash) >= HASH_KEYS))
    throw invalid('ExplicitHashKey must be a whole number of at most 128 bits');
  return {
    partitionKey: textOf(record, 'PartitionKey', 256),
    data: bytes,
    ...(hash !== undefined && { hashKey: BigInt(hash) }),
  };
}

async function put(cloud: Cloud, stream: DataStream, record: Input) {
  const placed = await cloud.streams.put(stream.spec.name, putOf(record));
  return { ShardId: placed.shardId(), SequenceNumber: placed.sequenceNumber() };
}

const ofStream = ['StreamName', 'StreamARN'];

export const recordOperations: Readonly<Record<string, Operation>> = {
  PutRecord: {
    // Records of one producer are in order in any case.
    accepts: [...ofStream, 'Data', 'PartitionKey', 'ExplicitHashKey', 'SequenceNumberForOrdering'],
    run: (cloud, input) => put(cloud, streamOf(cloud, input), input),
  },
  PutRecords: {
    accepts: [...ofStream, 'Records'],
    async run(cloud, input) {
      const stream = streamOf(cloud, input);
      const records = input['Records'];
      if (!Array.isArray(records) || records.length < 1 || records.length > MAX_RECORDS)
        throw invalid(`Records must have 1 to ${MAX_RECORDS} members`);
      for (const record of records as Input[]) putOf(record ?? {}); // all are looked at before the first is taken
      const taken = await Promise.all(records.map((record: Input) => put(cloud, stream, record)));
      return { FailedRecordCount: 0, Records: taken };
    },
  },
  GetShardIterator: {
    accepts: [...ofStream, 'ShardId', 'ShardIteratorType', 'StartingSequenceNumber', 'Timestamp'],
    run(cloud, input) {
      const stream = streamOf(cloud, input);
      const shard = shardOf(stream, textOf(input, 'ShardId', 128));
      const type = textOf(input, 'ShardIteratorType');
      const start = Object.hasOwn(starts, type) ? starts[type]! : undefined;
      if (!start) throw invalid(`ShardIteratorType must be one of ${Object.keys(starts).join(', ')}`);
      const issued = cloud.clock.now();
      const { after, time = 0 } = start(shard, input);
      return { ShardIterator: tokenOf({ stream: stream.spec.name, shard: shard.id, after, time, issued }) };
    },
  },
  GetRecords: {
    accepts: ['ShardIterator', 'StreamARN', 'Limit'],
    async run(cloud, input) {
      const iterator = iteratorOf(cloud, textOf(input, 'ShardIterator', 512));
      const stream = cloud.streams.stream(iterator.stream);
      const { number, closed, log } = shardOf(stream, iterator.shard);
      const found = await log.readAfter(iterator.after, numberOf(input, 'Limit', 1, 10_000, 10_000));
      const records = found.filter(({ arrivedAt }) => arrivedAt >= iterator.time);
      const issued = cloud.clock.now();
      const after = found.at(-1)?.place ?? iterator.after;
      const isEnd = closed && after >= log.newest();
      const children = stream.shards.filter(({ parents }) => parents.includes(number));
      return {
        Records: records.map((record) => ({
          SequenceNumber: sequenceNumberOf(number, record.place),
          ApproximateArrivalTimestamp: record.arrivedAt / 1000,
          Data: record.data.toString('base64'),
          PartitionKey: record.partitionKey,
        })),
        ...(!isEnd && { NextShardIterator: tokenOf({ ...iterator, after, issued }) }),
        MillisBehindLatest:
          after >= log.newest() ? 0 : Math.max(0, issued - (found.at(-1)?.arrivedAt ?? issued)),
        ...(isEnd && {
          ChildShards: children.map(({ id, range, parents }) => ({
            ShardId: id,
            ParentShards: parents.map(shardIdOf),
            HashKeyRange: { StartingHashKey: String(range.start), EndingHashKey: String(range.end) },
          })),
        }),
      };
    },
  },
};
