// TransactWriteItems: up to 100 writes and checks of several tables. Either all are done or nothing is.

import { createHash } from 'node:crypto';
import { DynamoError, refuse, validationError } from '../error.ts';
import { compileExpressions, type ExpressionData, type Expressions } from '../requests/expressions.ts';
import {
  checkItem,
  checkKey,
  isOfIndexes,
  isOfSchema,
  rowKeyOf,
  type RowKey,
  type Table,
} from '../store/table.ts';
import type { Item } from '../values/attribute-value.ts';
import { problemOfValues } from '../values/check-value.ts';
import { capacityOf, isTooLarge, itemSize } from '../values/size.ts';
import { NONE, reasonOf, reasonOfKey, requireAll, type Reason } from './cancelled.ts';
import { isAllowed, type Conditional } from './condition.ts';
import { metricsByTable } from './collection-metrics.ts';
import { consumedByTransaction, isAsked, unitsOfWrite, type Consumed } from './consumed.ts';
import type { Answer, Context } from './context.ts';
import { TOO_LARGE } from './put-item.ts';
import { checkUpdate, problemOfTypes, updatedItem } from './update-item.ts';

export interface Part extends Conditional, ExpressionData {
  readonly TableName: string;
  readonly Key: Item;
}

export interface Write {
  readonly ConditionCheck?: Part;
  readonly Put?: Omit<Part, 'Key'> & { readonly Item: Item };
  readonly Delete?: Part;
  readonly Update?: Part;
}

interface Request {
  readonly TransactItems: readonly Write[];
  readonly ClientRequestToken?: string;
  readonly ReturnConsumedCapacity?: string;
  readonly ReturnItemCollectionMetrics?: string;
}

/** A write that has been checked by itself, before the conditions of all are checked. */
interface Planned {
  readonly part: Part;
  readonly expressions: Expressions;
  readonly table: Table;
  readonly key: RowKey;
  readonly existing: Item | undefined;
  /** The item after the write; undefined for a deletion and for a check. @throws DynamoError */
  readonly next: () => { readonly item: Item; readonly text: string } | undefined;
  readonly isCheck: boolean;
  readonly failure: Reason;
}

const FAILED: Reason = { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' };

const MAX_BYTES = 4 * 1024 * 1024;

function partOf(write: Write): { readonly kind: keyof Write; readonly part: Part } {
  const given = Object.keys(write) as (keyof Write)[];
  const [kind] = given;
  if (kind === undefined || given.length > 1)
    throw validationError('TransactItems can only contain one of Check, Put, Update or Delete');
  const { Put: put } = write;
  return { kind, part: put ? { ...put, Key: put.Item } : (write[kind] as Part) };
}

/** A write that was parsed, before its table is looked up. */
export interface Prepared {
  readonly kind: keyof Write;
  /** The key of a put is the whole item. */
  readonly part: Part;
  readonly expressions: Expressions;
  /** The reason when the condition does not hold. */
  readonly failure?: Reason;
}

function prepare(write: Write): Prepared {
  const { kind, part } = partOf(write);
  refuse(problemOfValues(part.Key));
  if (kind === 'ConditionCheck' && part.ConditionExpression === undefined)
    throw validationError('The parameter ConditionExpression is required in a ConditionCheck');
  return { kind, part, expressions: compileExpressions(part) };
}

/** The write as it would be done, or the reason why it cannot be done. @throws DynamoError for what is wrong with the whole request */
function plan({ tables }: Context, prepared: Prepared): Planned | Reason {
  const { kind, part, expressions, failure = FAILED } = prepared;
  const table = tables.get(part.TableName);
  const isPut = kind === 'Put';
  const checkOfKey = () => (isPut ? checkItem(part.Key, table) : checkKey(part.Key, table.keys));
  const isOfTypes = isOfSchema(part.Key, table.keys, !isPut) && (!isPut || isOfIndexes(part.Key, table));
  const reason = reasonOfKey(checkOfKey, isOfTypes);
  if (reason) return reason;
  if (kind === 'Update') checkUpdate(part, expressions, table);
  const mismatch = problemOfTypes(expressions, table);
  if (mismatch !== undefined) return reasonOf(validationError(mismatch));
  const text = JSON.stringify(part.Key);
  if (isPut && isTooLarge(part.Key, text)) throw validationError(TOO_LARGE);
  const key = rowKeyOf(table.keys, part.Key);
  const old = tables.rows.get(table, key);
  const existing = old === undefined ? undefined : (JSON.parse(old) as Item);
  const next = {
    ConditionCheck: () => undefined,
    Delete: () => undefined,
    Put: () => ({ item: part.Key, text }),
    Update: () => updatedItem(part, expressions, table, existing),
  }[kind];
  return { part, expressions, table, key, existing, next, isCheck: kind === 'ConditionCheck', failure };
}

const isPlanned = (planned: Planned | Reason): planned is Planned => 'part' in planned;

function checkDistinct(planned: readonly Planned[]): void {
  const names = planned.map(
    ({ table, key }) => `${table.name} ${key[0].toString('hex')} ${key[1].toString('hex')}`,
  );
  if (new Set(names).size < names.length)
    throw validationError('Transaction request cannot include multiple operations on one item');
}

interface Tried {
  readonly reason: Reason;
  readonly next?: ReturnType<Planned['next']>;
}

/** The item after the write, or the reason why the write may not be done. */
function tryWrite(planned: Planned): Tried {
  const { part, expressions, existing, failure } = planned;
  if (!isAllowed(part, expressions, existing)) {
    const returned = part.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' ? existing : undefined;
    return { reason: { ...failure, Item: returned } };
  }
  try {
    return { reason: NONE, next: planned.next() };
  } catch (error) {
    return { reason: reasonOf(error) };
  }
}

/** The units of each write, with its table, as outside a transaction. */
type UnitsOf = readonly (readonly [table: string, units: number])[];

/** Sums the units by table. A transaction consumes twice as many. */
function consumedUnits(
  all: UnitsOf,
  kind: string | undefined,
  what: 'ReadCapacityUnits' | 'WriteCapacityUnits',
): Consumed[] | undefined {
  if (!isAsked(kind)) return undefined;
  const units = new Map<string, number>();
  for (const [table, own] of all) units.set(table, (units.get(table) ?? 0) + 2 * own);
  return [...units].map(([table, sum]) => consumedByTransaction(table, sum, kind, what));
}

/** A transaction that was done already only reads its items. */
function repeated({ tables }: Context, kind: string | undefined, writes: readonly Prepared[]): Answer {
  if (!isAsked(kind)) return {};
  const read = writes.map(({ part }) => {
    const table = tables.get(part.TableName);
    const text = tables.rows.get(table, rowKeyOf(table.keys, part.Key));
    const item = text === undefined ? undefined : (JSON.parse(text) as Item);
    return [table.name, capacityOf(item, true, true)] as const;
  });
  return { ConsumedCapacity: consumedUnits(read, kind, 'ReadCapacityUnits') };
}

export function transactWriteItems(context: Context, request: Request): Answer {
  const { TransactItems: writes } = request;
  return transact(context, request, JSON.stringify(writes), () => writes.map(prepare));
}

/**
 * Whether a request with this token was done already.
 *
 * @throws IdempotentParameterMismatchException when that was another request
 */
function isDone(context: Context, token: string | undefined, digest: string): boolean {
  const known = token === undefined ? undefined : context.tables.tokens.get(token, context.now());
  if (known !== undefined && known !== digest)
    throw new DynamoError(
      'IdempotentParameterMismatchException',
      'The request uses the same client token as a previous, but non-identical request',
    );
  return known !== undefined;
}

/** @param tried the results of the planned writes, in their order */
function writeAll({ tables: { rows } }: Context, planned: readonly Planned[], tried: readonly Tried[]): void {
  for (const [index, { table, key, existing, isCheck }] of planned.entries()) {
    const next = tried[index]!.next;
    if (next) rows.put(table, key, next.item, next.text, existing);
    else if (!isCheck) rows.delete(table, key, existing);
  }
}

/** @param text the part of the request that a repeated request must have as well */
export function transact(
  context: Context,
  request: Omit<Request, 'TransactItems'>,
  text: string,
  prepareAll: () => readonly Prepared[],
): Answer {
  const { ClientRequestToken: token, ReturnConsumedCapacity: kind } = request;
  const { tokens } = context.tables;
  const digest = createHash('sha256').update(text).digest('hex');
  const isRepeated = isDone(context, token, digest);
  const prepared = prepareAll();
  if (isRepeated) return repeated(context, kind, prepared);
  const planned = prepared.map((each) => plan(context, each));
  const sound = planned.filter(isPlanned);
  checkDistinct(sound);
  const tried: readonly Tried[] = planned.map((each) =>
    isPlanned(each) ? tryWrite(each) : { reason: each },
  );
  requireAll(tried.map(({ reason }) => reason));
  const nexts = tried.map(({ next }) => next?.item);
  if (nexts.reduce((sum, item) => sum + (item ? itemSize(item) : 0), 0) > MAX_BYTES)
    throw validationError('Collection size of items in the transaction exceeds the limit of 4 MB');
  writeAll(context, sound, tried);
  if (token !== undefined) tokens.set(token, digest, context.now());
  const written = sound.filter(({ isCheck }) => !isCheck);
  const units = sound.map(
    ({ table, existing }, index) =>
      [table.name, unitsOfWrite({ before: existing, after: nexts[index] })] as const,
  );
  return {
    ConsumedCapacity: consumedUnits(units, kind, 'WriteCapacityUnits'),
    ItemCollectionMetrics: metricsByTable(
      request.ReturnItemCollectionMetrics,
      written.map(({ table, part }) => ({ table, item: part.Key })),
    ),
  };
}
