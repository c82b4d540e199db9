// The operations of DynamoDB that the table thread serves, as a list for code that does not load the thread's.

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

/** Only for the main thread; see actions/stream-operations.ts. */
export const internalOperations = ['ExpireItem', 'ReadStream', 'TrimStream'] as const;

export type Operation = (typeof operations)[number] | (typeof internalOperations)[number];
