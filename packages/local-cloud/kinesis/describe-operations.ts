// The operations of the Kinesis API that describe streams and shards.

import { streamOf, numberOf, optionalText, invalid, type Operation } from './api-request.ts';
import { sequenceNumberOf } from './sequence-number.ts';
import { shardIdOf } from './shards.ts';
import type { DataStream, OpenShard } from './streams.ts';

/** https://docs.aws.amazon.com/kinesis/latest/APIReference/API_Shard.html */
function shardShape({ id, number, range, parents, closed, log }: OpenShard) {
  const [parent, adjacent] = parents;
  return {
    ShardId: id,
    ...(parent !== undefined && { ParentShardId: shardIdOf(parent) }),
    ...(adjacent !== undefined && { AdjacentParentShardId: shardIdOf(adjacent) }),
    HashKeyRange: { StartingHashKey: String(range.start), EndingHashKey: String(range.end) },
    SequenceNumberRange: {
      StartingSequenceNumber: sequenceNumberOf(number, log.oldest()),
      ...(closed && { EndingSequenceNumber: sequenceNumberOf(number, log.newest()) }),
    },
  };
}

const about = ({ spec, createdAt }: DataStream) => ({
  StreamName: spec.name,
  StreamARN: spec.arn,
  StreamStatus: 'ACTIVE',
  StreamModeDetails: { StreamMode: spec.mode },
  RetentionPeriodHours: spec.retentionHours,
  StreamCreationTimestamp: createdAt / 1000,
  EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
  EncryptionType: 'NONE',
});

/** The shards after `from`, at most `limit`, and whether there are more. */
function shardsAfter(stream: DataStream, from: string | undefined, limit: number) {
  const rest = stream.shards.filter(({ id }) => from === undefined || id > from);
  return { shards: rest.slice(0, limit).map(shardShape), hasMore: rest.length > limit };
}

const ofStream = ['StreamName', 'StreamARN'];

export const describeOperations: Readonly<Record<string, Operation>> = {
  ListStreams: {
    accepts: ['Limit', 'ExclusiveStartStreamName', 'NextToken'],
    run({ streams }, input) {
      const from = optionalText(input, 'NextToken') ?? optionalText(input, 'ExclusiveStartStreamName') ?? '';
      const limit = numberOf(input, 'Limit', 1, 10_000, 100);
      const rest = streams
        .all()
        .map(({ spec }) => spec)
        .filter(({ name }) => name > from)
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const page = rest.slice(0, limit);
      const hasMore = rest.length > limit;
      return {
        StreamNames: page.map(({ name }) => name),
        StreamSummaries: page.map(({ name, arn, mode }) => ({
          StreamName: name,
          StreamARN: arn,
          StreamStatus: 'ACTIVE',
          StreamModeDetails: { StreamMode: mode },
        })),
        HasMoreStreams: hasMore,
        ...(hasMore && { NextToken: page.at(-1)!.name }),
      };
    },
  },
  DescribeStream: {
    accepts: [...ofStream, 'Limit', 'ExclusiveStartShardId'],
    run(cloud, input) {
      const stream = streamOf(cloud, input);
      const limit = numberOf(input, 'Limit', 1, 10_000, 100);
      const { shards, hasMore } = shardsAfter(
        stream,
        optionalText(input, 'ExclusiveStartShardId', 128),
        limit,
      );
      return { StreamDescription: { ...about(stream), Shards: shards, HasMoreShards: hasMore } };
    },
  },
  DescribeStreamSummary: {
    accepts: ofStream,
    run(cloud, input) {
      const stream = streamOf(cloud, input);
      const open = stream.shards.filter(({ closed }) => !closed);
      return {
        StreamDescriptionSummary: { ...about(stream), OpenShardCount: open.length, ConsumerCount: 0 },
      };
    },
  },
  ListShards: {
    accepts: [...ofStream, 'NextToken', 'MaxResults', 'ExclusiveStartShardId', 'StreamCreationTimestamp'],
    run(cloud, input) {
      const token = optionalText(input, 'NextToken');
      if (token !== undefined && (input['StreamName'] ?? input['StreamARN']) != null)
        throw invalid('NextToken and StreamName cannot be given together');
      const [name, after] = token?.split('\n') ?? [];
      const stream = token === undefined ? streamOf(cloud, input) : cloud.streams.stream(name!);
      const from = after ?? optionalText(input, 'ExclusiveStartShardId', 128);
      const { shards, hasMore } = shardsAfter(stream, from, numberOf(input, 'MaxResults', 1, 10_000, 1_000));
      return {
        Shards: shards,
        ...(hasMore && { NextToken: `${stream.spec.name}\n${shards.at(-1)!.ShardId}` }),
      };
    },
  },
};
