// DynamoDB Streams on the AWS port: one shard a table, whose iterators are places in it.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB_Streams.html

import { account } from '../account.ts';
import { AwsError } from '../aws-error.ts';
import { createJsonHandler, type Input, type JsonOperation } from '../aws/json-protocol.ts';
import type { AwsHandler } from '../aws/wire.ts';
import { eventRecord, placeOf, sequenceNumberOf } from './stream-event.ts';
import type { TableStreams } from './table-streams.ts';

type Call = (operation: string, input: object) => Promise<Record<string, unknown>>;

interface Cloud {
  readonly streams: TableStreams;
  readonly call: Call;
}

interface Described {
  readonly TableName: string;
  readonly KeySchema: readonly object[];
  readonly CreationDateTime: number;
  readonly LatestStreamArn?: string;
  readonly LatestStreamLabel?: string;
  readonly StreamSpecification?: { readonly StreamViewType: string };
}

/** An ID in the form of AWS. Here a table has one shard, which is never closed. */
export const SHARD_ID = 'shardId-00000001700000000000-00000001';
const MOST_RECORDS = 1_000;
const MOST_STREAMS = 100;

const invalid = (message: string) => new AwsError('ValidationException', message);

function textAt(input: Input, name: string): string {
  const value = input[name];
  if (typeof value === 'string' && value !== '') return value;
  throw invalid(
    `1 validation error detected: Value null at '${name}' failed to satisfy constraint: Member must not be null`,
  );
}

function limitAt(input: Input, most: number): number {
  const value = input['Limit'] ?? most;
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most) return Number(value);
  throw invalid(`Limit must be a whole number from 1 to ${most}`);
}

async function tableNamed({ call }: Cloud, name: string): Promise<Described> {
  return (await call('DescribeTable', { TableName: name }))['Table'] as Described;
}

/** The table of a stream. @throws AwsError ResourceNotFoundException */
async function tableAt(cloud: Cloud, arn: string): Promise<Described> {
  const missing = new AwsError(
    'ResourceNotFoundException',
    `Requested resource not found: Stream: ${arn.slice(0, 256)} not found`,
  );
  const [, name] = /:table\/([\w.-]{3,255})\/stream\//.exec(arn) ?? [];
  if (name === undefined) throw missing;
  const table = await tableNamed(cloud, name).catch((error: Error) => {
    throw error.name === 'ResourceNotFoundException' ? missing : error;
  });
  if (table.LatestStreamArn === arn) return table;
  throw missing;
}

async function listStreams(cloud: Cloud, input: Input) {
  const only = input['TableName'] as string | undefined;
  const { TableNames } = (await cloud.call('ListTables', {})) as { TableNames: string[] };
  const tables: Described[] = [];
  for (const name of TableNames.filter((each) => only === undefined || each === only))
    tables.push(await tableNamed(cloud, name));
  const after = input['ExclusiveStartStreamArn'] as string | undefined;
  const found = tables
    .filter(({ LatestStreamArn: arn }) => arn !== undefined && (after === undefined || arn > after))
    .map(({ TableName, LatestStreamArn, LatestStreamLabel }) => ({
      ...{ StreamArn: LatestStreamArn!, TableName, StreamLabel: LatestStreamLabel },
    }))
    .sort((a, b) => (a.StreamArn < b.StreamArn ? -1 : 1)); // not the order of names: `/` is after `-`
  const shown = found.slice(0, limitAt(input, MOST_STREAMS));
  return {
    Streams: shown,
    LastEvaluatedStreamArn: shown.length < found.length ? shown.at(-1)!.StreamArn : undefined,
  };
}

async function describeStream(cloud: Cloud, input: Input) {
  const table = await tableAt(cloud, textAt(input, 'StreamArn'));
  const { oldest } = await cloud.streams.read(table.TableName, 0, 1);
  const isAfter = input['ExclusiveStartShardId'] !== undefined && input['ExclusiveStartShardId'] !== null;
  const shard = {
    ShardId: SHARD_ID,
    SequenceNumberRange: { StartingSequenceNumber: sequenceNumberOf(0, oldest) },
  };
  return {
    StreamDescription: {
      ...{ StreamArn: table.LatestStreamArn, StreamLabel: table.LatestStreamLabel, StreamStatus: 'ENABLED' },
      StreamViewType: table.StreamSpecification!.StreamViewType,
      ...{
        CreationRequestDateTime: table.CreationDateTime,
        TableName: table.TableName,
        KeySchema: table.KeySchema,
      },
      Shards: isAfter ? [] : [shard],
    },
  };
}

/** The place after which an iterator of each type starts. */
async function startOf(cloud: Cloud, table: string, input: Input): Promise<number> {
  const type = textAt(input, 'ShardIteratorType');
  const { oldest, newest } = await cloud.streams.read(table, 0, 1);
  if (type === 'TRIM_HORIZON') return oldest - 1;
  if (type === 'LATEST') return newest;
  if (type !== 'AT_SEQUENCE_NUMBER' && type !== 'AFTER_SEQUENCE_NUMBER')
    throw invalid(
      'ShardIteratorType must be TRIM_HORIZON, LATEST, AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER',
    );
  const place = placeOf(textAt(input, 'SequenceNumber'));
  if (place === undefined) throw invalid('Invalid SequenceNumber: no stream here has given it');
  if (place < oldest)
    throw new AwsError(
      'TrimmedDataAccessException',
      'The operation attempted to read past the oldest stream record in a shard.',
    );
  return type === 'AT_SEQUENCE_NUMBER' ? place - 1 : place;
}

async function getShardIterator(cloud: Cloud, input: Input) {
  const arn = textAt(input, 'StreamArn');
  const { TableName } = await tableAt(cloud, arn);
  const shard = textAt(input, 'ShardId');
  if (shard !== SHARD_ID)
    throw new AwsError(
      'ResourceNotFoundException',
      `Requested resource not found: Shard: ${shard.slice(0, 65)} not found`,
    );
  return { ShardIterator: `${arn}|1|${await startOf(cloud, TableName, input)}` };
}

async function getRecords(cloud: Cloud, input: Input) {
  const [, arn, place] = /^(arn:[^|]{1,512})\|1\|(\d{1,15})$/.exec(textAt(input, 'ShardIterator')) ?? [];
  if (arn === undefined) throw invalid('Invalid ShardIterator');
  const { TableName } = await tableAt(cloud, arn);
  const { records } = await cloud.streams.read(TableName, Number(place), limitAt(input, MOST_RECORDS));
  return {
    Records: records.map((record) => eventRecord(record, arn, account.region)),
    NextShardIterator: `${arn}|1|${records.at(-1)?.place ?? place}`,
  };
}

const operations: Readonly<Record<string, JsonOperation<Cloud>>> = {
  ListStreams: { accepts: ['TableName', 'Limit', 'ExclusiveStartStreamArn'], run: listStreams },
  DescribeStream: { accepts: ['StreamArn', 'Limit', 'ExclusiveStartShardId'], run: describeStream },
  GetShardIterator: {
    accepts: ['StreamArn', 'ShardId', 'ShardIteratorType', 'SequenceNumber'],
    run: getShardIterator,
  },
  GetRecords: { accepts: ['ShardIterator', 'Limit'], run: getRecords },
};

export const createStreamsApi = (streams: TableStreams, call: Call): AwsHandler =>
  createJsonHandler(
    {
      ...{ name: 'DynamoDB Streams', targetPrefix: 'DynamoDBStreams_20120810.', operations },
      ...{ version: '1.0', longestBody: 65_536, invalid: 'ValidationException' },
    },
    { streams, call },
  );
