// The shapes of requests that read and write items.

import {
  attributes,
  attributeValue,
  boolean,
  field,
  integer,
  list,
  map,
  name,
  oneOf,
  struct,
  tableName,
  tableNames,
  text,
  type Members,
  type Shape,
} from './shape.ts';

const COMPARISONS = [
  ...['IN', 'NULL', 'BETWEEN', 'LT', 'NOT_CONTAINS', 'EQ', 'GT', 'NOT_NULL', 'NE', 'LE', 'BEGINS_WITH'],
  ...['GE', 'CONTAINS'],
];
const comparison: Shape = { type: 'String', enum: COMPARISONS };
const consumed = oneOf('INDEXES', 'TOTAL', 'NONE');
const metrics = oneOf('SIZE', 'NONE');
const either = oneOf('OR', 'AND');
const values = list(attributeValue);
const names = map('java.lang.String', text());
const attributesToGet = list(text(), { lengthGreaterThanOrEqual: 1, lengthLessThanOrEqual: 255 });

const conditions = map(
  'Condition',
  struct('Condition', {
    AttributeValueList: values,
    ComparisonOperator: { ...comparison, notNull: true },
  }),
);

const expected = map(
  'ExpectedAttributeValue',
  struct('ExpectedAttributeValue', {
    AttributeValueList: values,
    ComparisonOperator: comparison,
    Exists: boolean,
    Value: attributeValue,
  }),
);

const conditional: Members = {
  ConditionalOperator: either,
  Expected: expected,
  ConditionExpression: text(),
  ExpressionAttributeValues: attributes(),
  ExpressionAttributeNames: names,
  ReturnValuesOnConditionCheckFailure: oneOf('ALL_OLD', 'NONE'),
};

const written: Members = {
  ReturnValues: oneOf('ALL_NEW', 'UPDATED_OLD', 'ALL_OLD', 'NONE', 'UPDATED_NEW'),
  ReturnItemCollectionMetrics: metrics,
};

const key = attributes({ notNull: true });

const updates = map(
  'AttributeValueUpdate',
  struct('AttributeValueUpdate', { Action: text(), Value: attributeValue }),
);

const page: Members = {
  Select: oneOf('SPECIFIC_ATTRIBUTES', 'COUNT', 'ALL_ATTRIBUTES', 'ALL_PROJECTED_ATTRIBUTES'),
  IndexName: name(),
  ReturnConsumedCapacity: consumed,
  TableName: tableName,
  ConditionalOperator: either,
  AttributesToGet: attributesToGet,
  Limit: integer({ greaterThanOrEqual: 1 }),
  ExclusiveStartKey: attributes(),
  ConsistentRead: boolean,
  FilterExpression: text(),
  ProjectionExpression: text(),
  ExpressionAttributeValues: attributes(),
  ExpressionAttributeNames: names,
};

const projected: Members = {
  AttributesToGet: attributesToGet,
  ConsistentRead: boolean,
  ProjectionExpression: text(),
  ExpressionAttributeNames: names,
};

const keysOfTable = struct('KeysAndAttributes', {
  Keys: list(
    { type: 'ParameterizedMap', children: attributeValue },
    { notNull: true, lengthGreaterThanOrEqual: 1 },
  ),
  ...projected,
});

const writesOfTable: Shape = {
  type: 'ParameterizedList',
  children: struct('WriteRequest', {
    DeleteRequest: field('DeleteRequest', { Key: key }),
    PutRequest: field('PutRequest', { Item: key }),
  }),
};

/** The members of each write of a transaction. */
const expressed: Members = {
  TableName: tableName,
  ConditionExpression: text(),
  ExpressionAttributeValues: attributes(),
  ExpressionAttributeNames: names,
  ReturnValuesOnConditionCheckFailure: oneOf('ALL_OLD', 'NONE'),
};
const transacted = { notNull: true, lengthGreaterThanOrEqual: 1, lengthLessThanOrEqual: 100 } as const;

export const itemShapes = {
  GetItem: { ReturnConsumedCapacity: consumed, TableName: tableName, Key: key, ...projected },
  PutItem: {
    ReturnConsumedCapacity: consumed,
    TableName: tableName,
    Item: key,
    ...written,
    ...conditional,
  },
  DeleteItem: {
    ReturnConsumedCapacity: consumed,
    TableName: tableName,
    Key: key,
    ...written,
    ...conditional,
  },
  UpdateItem: {
    ReturnConsumedCapacity: consumed,
    TableName: tableName,
    ...written,
    ReturnValues: { ...written['ReturnValues']!, alone: true },
    Key: key,
    AttributeUpdates: updates,
    UpdateExpression: text(),
    ...conditional,
  },
  Query: {
    ...page,
    QueryFilter: conditions,
    KeyConditions: conditions,
    ScanIndexForward: boolean,
    KeyConditionExpression: text(),
  },
  Scan: {
    ...page,
    ScanFilter: conditions,
    Segment: integer({ greaterThanOrEqual: 0, lessThanOrEqual: 999_999 }),
    TotalSegments: integer({ greaterThanOrEqual: 1, lessThanOrEqual: 1_000_000 }),
  },
  BatchGetItem: {
    ReturnConsumedCapacity: consumed,
    RequestItems: map('KeysAndAttributes', keysOfTable, { notNull: true, keys: tableNames }),
  },
  BatchWriteItem: {
    ReturnConsumedCapacity: consumed,
    ReturnItemCollectionMetrics: metrics,
    RequestItems: map('java.util.List<com.amazonaws.dynamodb.v20120810.WriteRequest>', writesOfTable, {
      notNull: true,
      keys: tableNames,
      values: { lengthLessThanOrEqual: 25, lengthGreaterThanOrEqual: 1 },
    }),
  },
  TransactWriteItems: {
    ReturnConsumedCapacity: consumed,
    ReturnItemCollectionMetrics: metrics,
    ClientRequestToken: text({ lengthGreaterThanOrEqual: 1, lengthLessThanOrEqual: 36 }),
    TransactItems: list(
      struct('TransactWriteItem', {
        ConditionCheck: field('ConditionCheck', { ...expressed, Key: key }),
        Put: field('Put', { ...expressed, Item: key }),
        Delete: field('Delete', { ...expressed, Key: key }),
        Update: field('Update', { ...expressed, Key: key, UpdateExpression: text({ notNull: true }) }),
      }),
      transacted,
    ),
  },
  TransactGetItems: {
    ReturnConsumedCapacity: consumed,
    TransactItems: list(
      struct('TransactGetItem', {
        Get: field(
          'Get',
          {
            TableName: tableName,
            Key: key,
            ProjectionExpression: text(),
            ExpressionAttributeNames: names,
          },
          { notNull: true },
        ),
      }),
      transacted,
    ),
  },
} as const satisfies Readonly<Record<string, Members>>;
