// SELECT: reads the partitions that the WHERE clause names, or the whole table or index, page by page.

import { createHash } from 'node:crypto';
import { readPage, startOf } from '../actions/read-page.ts';
import type { Answer, Context } from '../actions/context.ts';
import { checkConditions, rangeOf } from '../actions/query.ts';
import { validationError } from '../error.ts';
import { compileCondition, type Test } from '../expressions/compile-condition.ts';
import { project } from '../expressions/projection.ts';
import { takeStructure } from '../requests/check-types.ts';
import type { LegacyConditions } from '../requests/legacy-conditions.ts';
import { attributes, integer, text, type Members } from '../requests/shape.ts';
import type { Range } from '../store/rows.ts';
import type { Index, Table } from '../store/table.ts';
import { valueAt, type AttributeValue, type Item } from '../values/attribute-value.ts';
import { problemOfValues } from '../values/check-value.ts';
import { itemSize, MAX_PAGE_BYTES } from '../values/size.ts';
import { tooManyOperands } from './parse-condition.ts';
import type { Select } from './statement.ts';
import { boundOn, conditionsOn, headsOf } from './where.ts';

export interface SelectRequest {
  readonly Statement: string;
  readonly ConsistentRead?: boolean;
  readonly NextToken?: string;
  readonly Limit?: number;
  readonly ReturnConsumedCapacity?: string;
}

/** Where the next page starts: in which of the partitions, and after which item. */
interface Place {
  readonly partition: number;
  readonly start?: Item | undefined;
}

const invalid = (what: string) => validationError(`One or more parameter values were invalid: ${what}`);

const digestOf = (statement: string) => createHash('sha256').update(statement).digest('base64url');

const tokenOf = (statement: string, place: Place) =>
  Buffer.from(JSON.stringify({ of: digestOf(statement), ...place })).toString('base64url');

const PLACE: Members = { of: text(), partition: integer({}), start: attributes() };

/** @param partitions their number. @throws ValidationException for a token that is not of this statement */
function placeOf({ Statement: statement, NextToken: token }: SelectRequest, partitions: number): Place {
  if (token === undefined) return { partition: 0 };
  try {
    const given = JSON.parse(Buffer.from(token, 'base64url').toString()) as Readonly<Record<string, unknown>>;
    const { of, partition = -1, start } = takeStructure(given, PLACE) as Partial<Place & { of: string }>;
    const isPlace = partition >= 0 && partition < partitions && problemOfValues(start) === undefined;
    if (of === digestOf(statement) && isPlace) return { partition, start };
  } catch {
    // answered below
  }
  throw validationError('Invalid NextToken: it is not of this statement');
}

function indexOf({ index: name }: Select, table: Table, isConsistent: boolean): Index | undefined {
  if (name === undefined) return undefined;
  const index = table.indexes.find((each) => each.name === name);
  if (!index) throw validationError('The table does not have the specified index');
  if (index.isGlobal && isConsistent)
    throw validationError('Strongly consistent read is not supported on Global Secondary Indexes');
  return index;
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-operators.html */
const MAX_PARTITIONS = 50;

/** The values of the partition key that the clause names, each once; undefined for all partitions. */
function partitionsOf({ where, values }: Select, hash: string): readonly AttributeValue[] | undefined {
  const conditions = conditionsOn(where, values, hash);
  const found = ['EQ', 'IN'].map((name) => conditions.find((each) => each.ComparisonOperator === name));
  const named = (found[0] ?? found[1])?.AttributeValueList;
  if (named && named.length > MAX_PARTITIONS) throw tooManyOperands(named.length);
  return named && [...new Map(named.map((value) => [JSON.stringify(value), value])).values()];
}

const MISSING_KEY =
  'Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.';

function checkOrder({ order, where }: Select, names: readonly string[], isKeyed: boolean): void {
  if (!order) return;
  if (!where) throw validationError('Must have WHERE clause in the statement when using ORDER BY clause.');
  if (!isKeyed) throw validationError(MISSING_KEY);
  if (names.includes(order.name)) return;
  throw validationError(
    `Variable reference ${order.name} in ORDER BY clause must be part of the primary key`,
  );
}

/** @returns whether the statement selects attributes that the index does not have */
function reachesBack({ paths, where }: Select, index: Index | undefined, isKeyed: boolean): boolean {
  const projected = index?.projected;
  if (!projected) return false;
  const missingOf = (names: readonly string[]) =>
    [...new Set(names)].filter((name) => !projected.includes(name));
  const filtered = isKeyed ? missingOf(headsOf(where!)) : [];
  if (filtered.length > 0)
    throw invalid(
      `Secondary index ${index.name} does not project one or more filter attributes: [${filtered.join(', ')}]`,
    );
  const shown = missingOf((paths ?? []).map(([head]) => head as string));
  if (index.isGlobal && shown.length > 0)
    throw invalid(`Global secondary index ${index.name} does not project [${shown.join(', ')}]`);
  return shown.length > 0;
}

/** The filter sees the attributes that the index has. */
function filterOf({ where }: Select, index: Index | undefined): Test | undefined {
  const test = where && compileCondition(where);
  const paths = index?.projected?.map((name) => [name]);
  return test && paths ? (item, values) => test(project(paths, item), values) : test;
}

/** The selected values, under the last name of each path. */
export function shownOf({ paths }: Select, item: Item): Item {
  if (!paths) return item;
  const found = paths.flatMap((path, position) => {
    const value = valueAt(path, item);
    const last = path.at(-1)!;
    return value ? [[typeof last === 'string' ? last : `_${position + 1}`, value] as const] : [];
  });
  return Object.fromEntries(found);
}

/** Adds up the numbers of answers of the same shape. */
function addedUp(all: readonly unknown[]): unknown {
  const given = all.filter((each) => each !== undefined) as (string | number | object)[];
  if (given.length === 0) return undefined;
  if (given.every((each) => typeof each === 'number')) return given.reduce((sum, each) => sum + each, 0);
  if (typeof given[0] !== 'object') return given[0];
  const objects = given as readonly Readonly<Record<string, unknown>>[];
  const names = new Set(objects.flatMap((each) => Object.keys(each)));
  return Object.fromEntries([...names].map((name) => [name, addedUp(objects.map((each) => each[name]))]));
}

/** The query of one partition, or the scan of all. */
function rangesOf(statement: Select, table: Table, index: Index | undefined) {
  const [hash, range] = index?.keys ?? table.keys;
  const { where, values, order } = statement;
  const partitions = partitionsOf(statement, hash!.name);
  checkOrder(
    statement,
    [hash, range].flatMap((key) => (key ? [key.name] : [])),
    partitions !== undefined,
  );
  const isBackward = order !== undefined && order.isBackward && order.name === range?.name;
  const bound = range && boundOn(where, values, range);
  const ranges = partitions?.map((value) => (start: Item | undefined): Range => {
    const conditions: LegacyConditions = {
      [hash!.name]: { ComparisonOperator: 'EQ', AttributeValueList: [value] },
      ...(bound && { [range.name]: bound }),
    };
    checkConditions(conditions, index?.keys ?? table.keys, start);
    const request = {
      TableName: table.name,
      ScanIndexForward: !isBackward,
      ...(start && { ExclusiveStartKey: start }),
    };
    return rangeOf(request, conditions, table, index);
  });
  const all = (start: Item | undefined): Range => ({
    after: start && startOf(start, table, index),
    isBackward: false,
  });
  return { ranges: ranges ?? [all], isKeyed: partitions !== undefined };
}

export function select(context: Context, statement: Select, request: SelectRequest): Answer {
  const { ConsistentRead = false, Limit: limit = Infinity, ReturnConsumedCapacity } = request;
  const table = context.tables.get(statement.table);
  const index = indexOf(statement, table, ConsistentRead);
  const { ranges, isKeyed } = rangesOf(statement, table, index);
  const back = reachesBack(statement, index, isKeyed) && { Select: 'ALL_ATTRIBUTES' };
  const filter = filterOf(statement, index);
  const items: Item[] = [];
  const consumed: unknown[] = [];
  let scanned = 0;
  let bytes = 0;
  let { partition, start }: Place = placeOf(request, ranges.length);
  let next: Place | undefined;
  for (; partition < ranges.length && !next; partition += 1) {
    const asked = { TableName: table.name, ConsistentRead, Limit: limit - scanned, ...back };
    const { values } = statement;
    const page = readPage(
      context,
      { ...asked, ...(ReturnConsumedCapacity !== undefined && { ReturnConsumedCapacity }) },
      { table, index, range: ranges[partition]!(start), filter, values, paths: undefined },
    );
    const found = page['Items'] as Item[];
    items.push(...found);
    bytes += found.reduce((sum, item) => sum + itemSize(item), 0);
    consumed.push(page['ConsumedCapacity']);
    scanned += page['ScannedCount'] as number;
    start = page['LastEvaluatedKey'] as Item | undefined;
    if (start) next = { partition, start };
    else if ((scanned >= limit || bytes >= MAX_PAGE_BYTES) && partition + 1 < ranges.length)
      next = { partition: partition + 1 };
  }
  return {
    Items: items.map((item) => shownOf(statement, item)),
    NextToken: next && tokenOf(request.Statement, next),
    LastEvaluatedKey: next?.start,
    ConsumedCapacity: addedUp(consumed),
  };
}
