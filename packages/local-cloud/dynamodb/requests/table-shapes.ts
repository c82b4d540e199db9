// The shapes of requests about tables: their keys, indexes, capacity and tags.

import {
  boolean,
  field,
  integer,
  list,
  long,
  name,
  oneOf,
  struct,
  text,
  type Members,
  type Shape,
} from './shape.ts';

const required: Shape = name({ required: true });
const units = long({ notNull: true, greaterThanOrEqual: 1 });
const throughput = (constraints: { notNull?: true } = {}) =>
  field('ProvisionedThroughput', { WriteCapacityUnits: units, ReadCapacityUnits: units }, constraints);
const tags = list(struct('Tag', { Key: text(), Value: text() }));

const definitions = (constraints: { notNull?: true }) =>
  list(
    struct('AttributeDefinition', {
      AttributeName: text({ notNull: true }),
      AttributeType: text({ notNull: true, enum: ['B', 'N', 'S'] }),
    }),
    constraints,
  );

const keySchema = list(
  struct('KeySchemaElement', {
    AttributeName: text({ notNull: true }),
    KeyType: text({ notNull: true, enum: ['HASH', 'RANGE'] }),
  }),
  { notNull: true, lengthGreaterThanOrEqual: 1, lengthLessThanOrEqual: 2 },
);

const projection = field(
  'Projection',
  {
    ProjectionType: oneOf('ALL', 'INCLUDE', 'KEYS_ONLY'),
    NonKeyAttributes: list(text(), { lengthGreaterThanOrEqual: 1 }),
  },
  { notNull: true },
);

/** The maximum throughput of a table that is billed by request; -1 for no limit. */
const onDemand = field('OnDemandThroughput', { MaxReadRequestUnits: long(), MaxWriteRequestUnits: long() });

const index: Members = {
  IndexName: name({ notNull: true }),
  KeySchema: keySchema,
  Projection: projection,
};

const settings: Members = {
  BillingMode: oneOf('PROVISIONED', 'PAY_PER_REQUEST'),
  ProvisionedThroughput: throughput(),
  TableClass: oneOf('STANDARD', 'STANDARD_INFREQUENT_ACCESS'),
  DeletionProtectionEnabled: boolean,
  SSESpecification: field('SSESpecification', {
    Enabled: boolean,
    SSEType: oneOf('AES256', 'KMS'),
    KMSMasterKeyId: text(),
  }),
  OnDemandThroughput: onDemand,
  StreamSpecification: field('StreamSpecification', {
    StreamEnabled: { ...boolean, notNull: true },
    StreamViewType: oneOf('NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES', 'KEYS_ONLY'),
  }),
};

const indexName: Shape = name({ notNull: true });

/** The shapes of the main thread's operations. */
export const streamShapes = {
  ReadStream: { TableName: required, After: long(), Limit: long() },
  TrimStream: { TableName: required, Before: long(), Place: long() },
} as const satisfies Readonly<Record<string, Members>>;

export const tableShapes = {
  CreateTable: {
    AttributeDefinitions: definitions({ notNull: true }),
    TableName: required,
    ...settings,
    KeySchema: keySchema,
    LocalSecondaryIndexes: list(struct('LocalSecondaryIndex', index)),
    GlobalSecondaryIndexes: list(
      struct('GlobalSecondaryIndex', {
        ...index,
        ProvisionedThroughput: throughput(),
        OnDemandThroughput: onDemand,
      }),
    ),
    Tags: tags,
  },
  DeleteTable: { TableName: required },
  DescribeTable: { TableName: required },
  ListTables: {
    Limit: integer({ greaterThanOrEqual: 1, lessThanOrEqual: 100 }),
    ExclusiveStartTableName: name(),
  },
  UpdateTable: {
    TableName: required,
    AttributeDefinitions: definitions({}),
    ...settings,
    GlobalSecondaryIndexUpdates: list(
      struct('GlobalSecondaryIndexUpdate', {
        Update: field('UpdateGlobalSecondaryIndexAction', {
          IndexName: indexName,
          ProvisionedThroughput: throughput({ notNull: true }),
        }),
        Create: field('CreateGlobalSecondaryIndexAction', {
          ...index,
          ProvisionedThroughput: throughput(),
          OnDemandThroughput: onDemand,
        }),
        Delete: field('DeleteGlobalSecondaryIndexAction', { IndexName: indexName }),
      }),
    ),
  },
  ListTagsOfResource: { ResourceArn: text() },
  TagResource: { ResourceArn: text(), Tags: tags },
  UntagResource: { ResourceArn: text(), TagKeys: list(text()) },
} as const satisfies Readonly<Record<string, Members>>;
