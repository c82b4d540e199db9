// CreateTable: checks keys, indexes and capacity, and makes the table, which is there at once.

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

/** What DescribeTable says of a stream that is on. */
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

/** What DescribeTable says of encryption that was asked for: by the key given, or else by one that the account always has. */
export function encryptionOf({ region, accountId }: Context, { Enabled, KMSMasterKeyId: key }: Encryption) {
  if (!Enabled) return { SSEDescription: undefined };
  const name = key ?? `key/${MANAGED_KEY}`;
  const arn = name.startsWith('arn:')
    ? name
    : `arn:aws:kms:${region}:${accountId}:${name.includes('/') ? name : `key/${name}`}`;
  return { SSEDescription: { Status: 'ENABLED', SSEType: 'KMS', KMSMasterKeyArn: arn } };
}

const NOTHING_YET = { IndexSizeBytes: 0, ItemCount: 0 };

export function globalIndexOf(arn: string, index: IndexDescription): IndexDescription {
  return {
    ...index,
    IndexArn: `${arn}/index/${index.IndexName}`,
    ...NOTHING_YET,
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
    ...(local && {
      LocalSecondaryIndexes: local.map((index) => ({
        ...index,
        IndexArn: `${arn}/index/${index.IndexName}`,
        ...NOTHING_YET,
      })),
    }),
    ...(global && { GlobalSecondaryIndexes: global.map((index) => globalIndexOf(arn, index)) }),
  } as Description;
}

/** The table as AWS shows it until it can be used, which here is at once. */
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
