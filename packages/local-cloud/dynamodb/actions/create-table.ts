// CreateTable: checks keys, indexes and capacity, and creates the table, which can be used at once.

import { inUse } from '../error.ts';
import type { Description, IndexDescription } from '../store/table.ts';
import {
  checkTableRequest,
  type CreateRequest,
  type Encryption,
  type StreamSpecification,
  type Throughput,
} from '../requests/check-table.ts';
import { STREAM_LABEL, streamArnOf } from '../stream-arn.ts';
import type { Answer, Context } from './context.ts';
import { checkTags, tagsOf } from './tags.ts';

export const arnOf = ({ region, accountId }: Context, table: string) =>
  `arn:aws:dynamodb:${region}:${accountId}:table/${table}`;

/** What DescribeTable says about a stream that is on. */
export const streamOf = (arn: string, stream: StreamSpecification) => ({
  StreamSpecification: stream,
  LatestStreamLabel: STREAM_LABEL,
  LatestStreamArn: streamArnOf(arn),
});

const MANAGED_KEY = '00000000-0000-4000-8000-000000000000';

export const throughputOf = (given: Throughput | undefined) => ({
  ...(given ?? { ReadCapacityUnits: 0, WriteCapacityUnits: 0 }),
  NumberOfDecreasesToday: 0,
});

/** What DescribeTable says about requested encryption: with the given key, or else with the key that every account has. */
export function encryptionOf({ region, accountId }: Context, { Enabled, KMSMasterKeyId: key }: Encryption) {
  if (!Enabled) return { SSEDescription: undefined };
  const name = key ?? `key/${MANAGED_KEY}`;
  const arn = name.startsWith('arn:')
    ? name
    : `arn:aws:kms:${region}:${accountId}:${name.includes('/') ? name : `key/${name}`}`;
  return { SSEDescription: { Status: 'ENABLED', SSEType: 'KMS', KMSMasterKeyArn: arn } };
}

const NOTHING_YET = { IndexSizeBytes: 0, ItemCount: 0 };

const localIndexOf = (arn: string, index: IndexDescription): IndexDescription => ({
  ...index,
  IndexArn: `${arn}/index/${index.IndexName}`,
  ...NOTHING_YET,
});

export function globalIndexOf(arn: string, index: IndexDescription): IndexDescription {
  return {
    ...localIndexOf(arn, index),
    IndexStatus: 'ACTIVE',
    ProvisionedThroughput: throughputOf(index['ProvisionedThroughput'] as Throughput | undefined),
  };
}

function descriptionOf(context: Context, request: CreateRequest): Description {
  const {
    BillingMode: mode,
    TableClass,
    DeletionProtectionEnabled = false,
    SSESpecification: encryption = {},
    Tags: _tags,
    ...others
  } = request;
  const { StreamSpecification: stream, ...rest } = others;
  const arn = arnOf(context, request.TableName);
  const created = context.now() / 1_000;
  const onDemand = mode === 'PAY_PER_REQUEST' && {
    BillingModeSummary: { BillingMode: mode, LastUpdateToPayPerRequestDateTime: created },
    TableThroughputModeSummary: { TableThroughputMode: mode, LastUpdateToPayPerRequestDateTime: created },
  };
  const { LocalSecondaryIndexes: local, GlobalSecondaryIndexes: global } = request;
  return {
    ...rest,
    TableArn: arn,
    TableId: context.newId(),
    CreationDateTime: created,
    TableStatus: 'ACTIVE',
    ItemCount: 0,
    TableSizeBytes: 0,
    DeletionProtectionEnabled,
    ProvisionedThroughput: throughputOf(request.ProvisionedThroughput),
    ...onDemand,
    ...encryptionOf(context, encryption),
    ...(stream?.StreamEnabled && streamOf(arn, stream)),
    ...(TableClass !== undefined && { TableClassSummary: { TableClass } }),
    ...(local && { LocalSecondaryIndexes: local.map((index) => localIndexOf(arn, index)) }),
    ...(global && { GlobalSecondaryIndexes: global.map((index) => globalIndexOf(arn, index)) }),
  } as Description;
}

/** The table as the answer of CreateTable shows it: AWS still creates it then, here it can be used at once. */
function whileCreated(description: Description): Description {
  const { GlobalSecondaryIndexes: indexes } = description;
  const shown = indexes?.map((index) => ({ ...index, IndexStatus: 'CREATING' }));
  return { ...description, TableStatus: 'CREATING', ...(shown && { GlobalSecondaryIndexes: shown }) };
}

export function createTable(context: Context, request: CreateRequest): Answer {
  checkTableRequest(request);
  checkTags(request.Tags ?? []);
  const { TableName: name, Tags: tags = [] } = request;
  if (context.tables.find(name)) throw inUse(`Table already exists: ${name}`);
  const description = descriptionOf(context, request);
  const table = context.tables.create(description);
  if (tags.length > 0) context.tables.setTags(table, tagsOf(tags));
  return { TableDescription: whileCreated(description) };
}
