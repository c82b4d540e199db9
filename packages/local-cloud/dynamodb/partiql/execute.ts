// ExecuteStatement, BatchExecuteStatement and ExecuteTransaction: PartiQL, run by the operations for items.

import { isAsked, type Consumed } from '../actions/consumed.ts';
import type { Answer, Context } from '../actions/context.ts';
import { remove } from '../actions/delete-item.ts';
import { put } from '../actions/put-item.ts';
import { transactGetItems } from '../actions/transact-get.ts';
import { transact, type Prepared } from '../actions/transact-write.ts';
import { update } from '../actions/update-item.ts';
import { DynamoError, validationError } from '../error.ts';
import { compileCondition } from '../expressions/compile-condition.ts';
import type { AttributeValue, Item } from '../values/attribute-value.ts';
import { select, shownOf, type SelectRequest } from './select.ts';
import {
  parseStatement,
  type Change,
  type Exists,
  type Insert,
  type Select,
  type Statement,
} from './statement.ts';
import { keyIn } from './where.ts';
import { DUPLICATE, writeOf } from './write.ts';

interface Given {
  readonly Statement: string;
  readonly Parameters?: readonly AttributeValue[];
  readonly ReturnValuesOnConditionCheckFailure?: string;
}

interface Request extends Given, SelectRequest {}

interface Batch {
  readonly Statements: readonly (Given & { readonly ConsistentRead?: boolean })[];
  readonly ReturnConsumedCapacity?: string;
}

interface Transaction {
  readonly TransactStatements: readonly Given[];
  readonly ClientRequestToken?: string;
  readonly ReturnConsumedCapacity?: string;
}

function preparedOf(context: Context, statement: Insert | Change | Exists, given: Given): Prepared {
  const { ReturnValuesOnConditionCheckFailure } = given;
  const prepared = writeOf(context, statement);
  if (ReturnValuesOnConditionCheckFailure === undefined) return prepared;
  return { ...prepared, part: { ...prepared.part, ReturnValuesOnConditionCheckFailure } };
}

function write(context: Context, statement: Insert | Change, request: Request): Answer {
  const { part, expressions } = preparedOf(context, statement, request);
  const { ReturnConsumedCapacity } = request;
  const asked = { ...part, ...(ReturnConsumedCapacity !== undefined && { ReturnConsumedCapacity }) };
  if (statement.kind === 'insert') {
    try {
      return put(context, { ...asked, Item: part.Key }, expressions);
    } catch (error) {
      if (!(error instanceof DynamoError) || error.code !== 'ConditionalCheckFailedException') throw error;
      throw new DynamoError('DuplicateItemException', DUPLICATE);
    }
  }
  const { kind, returned: ReturnValues = 'NONE' } = statement;
  return (kind === 'update' ? update : remove)(context, { ...asked, ReturnValues }, expressions);
}

function execute(context: Context, statement: Statement, request: Request): Answer {
  if (statement.kind === 'exists') throw validationError('EXISTS is only supported in ExecuteTransaction');
  if (statement.kind === 'select') return select(context, statement, request);
  const { Attributes: item, ConsumedCapacity } = write(context, statement, request);
  return { Items: item ? [item] : [], ConsumedCapacity };
}

export const executeStatement = (context: Context, request: Request): Answer =>
  execute(context, parseStatement(request.Statement, request.Parameters), request);

/** The codes of a batch for single statements, if they are not the error's name without `Exception`. */
const CODES: Readonly<Record<string, string>> = { ValidationException: 'ValidationError' };
/** Errors of statements that were run: the answer names their table. */
const RUN = ['ConditionalCheckFailedException', 'DuplicateItemException'];

interface Done {
  readonly response: object;
  readonly consumed?: Consumed;
}

function executeOne(context: Context, given: Batch['Statements'][number], kind: string | undefined): Done {
  let statement: Statement | undefined;
  try {
    statement = parseStatement(given.Statement, given.Parameters);
    const { table: TableName, index, values } = statement;
    if (statement.kind === 'select') {
      const key = keyIn(statement.where, values, context.tables.get(TableName).keys);
      if (!key || index !== undefined)
        throw validationError(
          'Select statements within BatchExecuteStatement must specify the primary key in the where clause.',
        );
    }
    const asked = { ...given, ...(kind !== undefined && { ReturnConsumedCapacity: kind }) };
    const { Items, ConsumedCapacity } = execute(context, statement, asked);
    const [Item] = Items as readonly Item[];
    return { response: { TableName, Item }, consumed: ConsumedCapacity as Consumed };
  } catch (error) {
    if (!(error instanceof DynamoError)) throw error;
    const { code, message: Message, details } = error;
    const Error = { Code: CODES[code] ?? code.replace(/Exception$/, ''), Message, ...details };
    return { response: { Error, TableName: RUN.includes(code) ? statement?.table : undefined } };
  }
}

export function batchExecuteStatement(context: Context, request: Batch): Answer {
  const { Statements: statements, ReturnConsumedCapacity: kind } = request;
  const done = statements.map((given) => executeOne(context, given, kind));
  return {
    Responses: done.map(({ response }) => response),
    ConsumedCapacity: isAsked(kind) ? done.flatMap(({ consumed }) => consumed ?? []) : undefined,
  };
}

/** Parses a statement of a transaction. A problem is reported with the statement's place. */
function transacted({ Statement, Parameters }: Given, place: number): Statement {
  try {
    const statement = parseStatement(Statement, Parameters);
    if ('returned' in statement && statement.returned !== undefined)
      throw validationError('RETURNING clause is not supported in ExecuteTransaction.');
    if (statement.index !== undefined)
      throw validationError('Reads on indices are not supported within transactions.');
    return statement;
  } catch (error) {
    if (!(error instanceof DynamoError)) throw error;
    throw validationError(`Validation failed in TransactStatements[${place}]: ${error.message}`);
  }
}

function readAll(context: Context, statements: readonly Select[], kind: string | undefined): Answer {
  const gets = statements.map(({ table: TableName, where, values }) => {
    const Key = keyIn(where, values, context.tables.get(TableName).keys);
    if (Key) return { Get: { TableName, Key } };
    throw validationError(
      'Select statements within ExecuteTransaction must specify the primary key in the where clause.',
    );
  });
  const { Responses, ...rest } = transactGetItems(context, {
    TransactItems: gets,
    ...(kind !== undefined && { ReturnConsumedCapacity: kind }),
  });
  const found = (Responses as readonly { readonly Item?: Item }[]).map(({ Item: item }, place) => {
    const statement = statements[place]!;
    const isMeant = item && compileCondition(statement.where!)(item, statement.values);
    return { Item: isMeant ? shownOf(statement, item) : undefined };
  });
  return { Responses: found, ...rest };
}

export function executeTransaction(context: Context, request: Transaction): Answer {
  const { TransactStatements: given, ReturnConsumedCapacity: kind } = request;
  const statements = given.map(transacted);
  const reads = statements.filter((each) => each.kind === 'select');
  const writes = statements.filter((each) => each.kind !== 'select');
  if (writes.length === 0) return readAll(context, reads, kind);
  if (reads.length > 0)
    throw validationError('A transaction has only SELECT statements, or only others and EXISTS');
  const answer = transact(context, request, JSON.stringify(given), () =>
    writes.map((statement, place) => preparedOf(context, statement, given[place]!)),
  );
  return { ...answer, Responses: statements.map(() => ({})) };
}
