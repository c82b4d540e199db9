// The operations of DynamoDB that the table thread serves, known also where the thread's code is not loaded.

export const operations = [
  'BatchExecuteStatement',
  'BatchGetItem',
  'BatchWriteItem',
  'CreateTable',
  'DeleteItem',
  'DeleteTable',
  'DescribeTable',
  'ExecuteStatement',
  'ExecuteTransaction',
  'GetItem',
  'ListTables',
  'ListTagsOfResource',
  'PutItem',
  'Query',
  'Scan',
  'TagResource',
  'TransactGetItems',
  'TransactWriteItems',
  'UntagResource',
  'UpdateItem',
  'UpdateTable',
] as const;

/** Of the main thread alone; see actions/stream-operations.ts. */
export const internalOperations = ['ExpireItem', 'ReadStream', 'TrimStream'] as const;

export type Operation = (typeof operations)[number] | (typeof internalOperations)[number];
