// The messages between a function's thread and the table thread, past the AWS port: as on the wire, without HTTP and signature.

import type { MessagePort } from 'node:worker_threads';
import type { Operation } from './operations.ts';

/** One request: an operation of `DIRECT_OPERATIONS`, and its input as JSON. */
export type DirectCall = readonly [id: number, operation: string, body: string];
export type DirectAnswer = readonly [id: number, status: number, body: string];

/** Starts to serve the port in the table thread. */
export interface Connect {
  readonly connect: MessagePort;
  /** Logical ID of the function, whose role decides; absent if everything is allowed. */
  readonly functionId?: string | undefined;
}

/** Operations that read and write items. Tables are created and deleted through the AWS port, which knows the template's. */
export const DIRECT_OPERATIONS: ReadonlySet<string> = new Set<string>([
  'BatchGetItem',
  'BatchWriteItem',
  'DeleteItem',
  'GetItem',
  'PutItem',
  'Query',
  'Scan',
  'TransactGetItems',
  'TransactWriteItems',
  'UpdateItem',
] satisfies Operation[]);

/** The answer to a request whose thread has ended; SDKs retry it. */
export const LOST = JSON.stringify({
  __type: 'com.amazonaws.dynamodb.v20120810#InternalServerError',
  message: 'The table thread stopped during this request, see the log',
});

const isWriting = ({ Statement }: { Statement: string }) => /^\s*(?:insert|update|delete)\b/i.test(Statement);

/** How many of a request's PartiQL statements write an item. */
function writingStatements(body: string): number {
  const {
    Statements = [],
    TransactStatements = [],
    ...one
  } = JSON.parse(body) as {
    Statement?: string;
    Statements?: { Statement: string }[];
    TransactStatements?: { Statement: string }[];
  };
  const { Statement } = one;
  const single = Statement === undefined ? [] : [{ Statement }];
  return [...single, ...Statements, ...TransactStatements].filter(isWriting).length;
}

/** How many items a successful request wrote. */
export function writesOf(operation: string, body: string): number {
  if (operation === 'PutItem' || operation === 'UpdateItem' || operation === 'DeleteItem') return 1;
  if (operation.startsWith('Execute') || operation === 'BatchExecuteStatement')
    return writingStatements(body);
  if (operation === 'TransactWriteItems') {
    const { TransactItems: items } = JSON.parse(body) as { TransactItems: object[] };
    return items.filter((item) => !('ConditionCheck' in item)).length;
  }
  if (operation !== 'BatchWriteItem') return 0;
  const { RequestItems: tables } = JSON.parse(body) as { RequestItems: Record<string, unknown[]> };
  return Object.values(tables).reduce((sum, requests) => sum + requests.length, 0);
}
