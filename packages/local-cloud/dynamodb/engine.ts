// DynamoDB itself: checks a request, runs it on the tables of one database, and answers in the wire format.

import { randomUUID } from 'node:crypto';
import { batchGetItem } from './actions/batch-get.ts';
import { batchWriteItem } from './actions/batch-write.ts';
import type { Answer, Context } from './actions/context.ts';
import { createTable } from './actions/create-table.ts';
import { deleteItem } from './actions/delete-item.ts';
import { getItem } from './actions/get-item.ts';
import { putItem } from './actions/put-item.ts';
import { query } from './actions/query.ts';
import { scan } from './actions/scan.ts';
import { expireItem, readStream, trimStream } from './actions/stream-operations.ts';
import { deleteTable, describeTable, listTables } from './actions/table-operations.ts';
import { listTagsOfResource, tagResource, untagResource } from './actions/tags.ts';
import { transactGetItems } from './actions/transact-get.ts';
import { transactWriteItems } from './actions/transact-write.ts';
import { updateItem } from './actions/update-item.ts';
import { updateTable } from './actions/update-table.ts';
import { bodyOf, DynamoError, serializationError, serverError, validationError } from './error.ts';
import type { Operation } from './operations.ts';
import { checkConstraints } from './requests/check-constraints.ts';
import { takeStructure } from './requests/check-types.ts';
import { batchExecuteStatement, executeStatement, executeTransaction } from './partiql/execute.ts';
import { itemShapes } from './requests/item-shapes.ts';
import type { Members } from './requests/shape.ts';
import { statementShapes } from './requests/statement-shapes.ts';
import { streamShapes, tableShapes } from './requests/table-shapes.ts';
import { openDatabase } from './store/database.ts';
import { createTables } from './store/tables.ts';

/** An answer in the wire format. */
export interface WireAnswer {
  readonly status: number;
  readonly body: string;
  /** What went wrong inside, for the log. */
  readonly fault?: string;
}

/** @returns the message of an AccessDeniedException, or undefined for a request that is allowed */
export type Admit = (operation: string, input: Readonly<Record<string, unknown>>) => string | undefined;

export interface Engine {
  /**
   * Answers once the request's writes are on the disk.
   *
   * @param admit is called first; it returns the reason why the request is refused, if it is
   */
  answer(operation: string, body: string, done: (answer: WireAnswer) => void, admit?: Admit): void;
  /** Whether the disk has failed: the tables must be opened again. */
  isBroken(): boolean;
  /** Whether any table has a stream. */
  hasStreams(): boolean;
  close(): Promise<void>;
}

export interface EngineOptions {
  /** `:memory:` for tables that end with the process. */
  readonly file: string;
  readonly region: string;
  readonly accountId: string;
}

type Run = (context: Context, request: never) => Answer;

const shapes: Readonly<Record<Operation, Members>> = {
  ...itemShapes,
  ...tableShapes,
  ...statementShapes,
  ...streamShapes,
  ExpireItem: itemShapes.DeleteItem,
};
const runs: Readonly<Record<Operation, Run>> = {
  BatchExecuteStatement: batchExecuteStatement,
  BatchGetItem: batchGetItem,
  BatchWriteItem: batchWriteItem,
  CreateTable: createTable,
  DeleteItem: deleteItem,
  DeleteTable: deleteTable,
  DescribeTable: describeTable,
  ExecuteStatement: executeStatement,
  ExecuteTransaction: executeTransaction,
  ExpireItem: expireItem,
  GetItem: getItem,
  ListTables: listTables,
  ListTagsOfResource: listTagsOfResource,
  PutItem: putItem,
  Query: query,
  ReadStream: readStream,
  Scan: scan,
  TagResource: tagResource,
  TransactGetItems: transactGetItems,
  TransactWriteItems: transactWriteItems,
  TrimStream: trimStream,
  UntagResource: untagResource,
  UpdateItem: updateItem,
  UpdateTable: updateTable,
};

function parse(body: string): Readonly<Record<string, unknown>> {
  let data: unknown;
  try {
    data = JSON.parse(body);
  } catch {
    // answered below
  }
  if (typeof data === 'object' && data !== null && !Array.isArray(data))
    return data as Readonly<Record<string, unknown>>;
  throw serializationError('The body is not a JSON object');
}

/** @throws ValidationException for a parameter that would be ignored here */
function refuseUnsupported(operation: Operation, data: Readonly<Record<string, unknown>>): void {
  const unknown = Object.keys(data).find((name) => !Object.hasOwn(shapes[operation], name));
  if (unknown !== undefined)
    throw validationError(
      `The local DynamoDB does not support the parameter ${unknown.slice(0, 64)} of ${operation}`,
    );
}

function run(context: Context, operation: Operation, body: string, admit?: Admit): string {
  const data = parse(body);
  const refusal = admit?.(operation, data);
  if (refusal !== undefined) throw new DynamoError('AccessDeniedException', refusal);
  refuseUnsupported(operation, data);
  const members = shapes[operation];
  const request = takeStructure(data, members);
  checkConstraints(request, members);
  return JSON.stringify(runs[operation](context, request as never));
}

const faultOf = (operation: string, error: unknown): WireAnswer => ({
  status: 500,
  body: bodyOf(serverError('Internal server error, see the log')),
  fault: `${operation}: ${error instanceof Error ? error.stack : String(error)}`,
});

/** @throws the reason why the database cannot be opened */
export function openEngine(options: EngineOptions, database = openDatabase(options.file)): Engine {
  const { region, accountId } = options;
  const context: Context = {
    tables: createTables(database),
    region,
    accountId,
    now: Date.now,
    newId: randomUUID,
  };

  /** A fault may leave a write half done, so all writes of the turn are undone. */
  function tryRun(operation: Operation, body: string, admit?: Admit): WireAnswer {
    try {
      return { status: 200, body: run(context, operation, body, admit) };
    } catch (error) {
      if (error instanceof DynamoError) return { status: error.status, body: bodyOf(error) };
      database.abandonTurn(error as Error);
      return faultOf(operation, error);
    }
  }

  return {
    answer(operation, body, done, admit) {
      const answered = tryRun(operation as Operation, body, admit);
      database.whenDurable((failure) => done(failure ? faultOf(operation, failure) : answered));
    },
    isBroken: () => database.isBroken(),
    hasStreams: () => context.tables.hasStreams(),
    close: () => database.close(),
  };
}
