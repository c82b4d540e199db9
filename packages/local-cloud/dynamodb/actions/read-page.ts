// A page of a query or a scan: up to a limit of items or 1 MB, then filtered and projected.

import { validationError } from '../error.ts';
import type { Test } from '../expressions/compile-condition.ts';
import { project } from '../expressions/projection.ts';
import type { Values } from '../expressions/syntax.ts';
import type { Range } from '../store/rows.ts';
import { checkKey, checkKeyAttribute, rowKeyOf, type Index, type Key, type Table } from '../store/table.ts';
import { memberOf, type Item, type Path } from '../values/attribute-value.ts';
import { itemSize, largestInPage, MAX_PAGE_BYTES, sizeInPage } from '../values/size.ts';
import { isAsked } from './consumed.ts';
import type { Answer, Context } from './context.ts';

export interface PageRequest {
  readonly TableName: string;
  readonly IndexName?: string;
  readonly Select?: string;
  readonly Limit?: number;
  readonly ConsistentRead?: boolean;
  readonly ExclusiveStartKey?: Item;
  readonly AttributesToGet?: readonly string[];
  readonly ProjectionExpression?: string;
  readonly ReturnConsumedCapacity?: string;
}

export interface Page {
  readonly table: Table;
  readonly index: Index | undefined;
  readonly range: Range;
  readonly filter: Test | undefined;
  readonly values: Values;
  readonly paths: readonly Path[] | undefined;
}

/** The keys of the index that is read, or of the table. */
export const readKeys = (table: Table, index: Index | undefined): readonly Key[] => index?.keys ?? table.keys;

const invalid = (what: string) => validationError(`One or more parameter values were invalid: ${what}`);

/** @throws ValidationException for an index that does not exist or cannot give what the request wants */
export function indexOf(request: PageRequest, table: Table): Index | undefined {
  const { IndexName: name, Select: select, ConsistentRead: isConsistent } = request;
  if (name === undefined) return undefined;
  const index = table.indexes.find((each) => each.name === name);
  if (!index) throw validationError(`The table does not have the specified index: ${name}`);
  if (index.isGlobal && isConsistent)
    throw validationError('Consistent reads are not supported on global secondary indexes');
  if (index.isGlobal && index.projected && select === 'ALL_ATTRIBUTES') {
    const why = 'because its projection type is not ALL';
    const what = `Select type ALL_ATTRIBUTES is not supported for global secondary index ${name} ${why}`;
    throw invalid(what);
  }
  return index;
}

/** @throws ValidationException if Select contradicts the attributes that the request names */
export function checkSelect(request: PageRequest): void {
  const { Select: select, AttributesToGet: names, ProjectionExpression: expression, IndexName } = request;
  const named = names ? 'AttributesToGet' : expression === undefined ? undefined : 'ProjectionExpression';
  if (select === 'SPECIFIC_ATTRIBUTES' && !named)
    throw invalid(
      'Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES',
    );
  if (select === 'ALL_PROJECTED_ATTRIBUTES' && IndexName === undefined)
    throw invalid('ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName');
  if (select !== undefined && select !== 'SPECIFIC_ATTRIBUTES' && named)
    throw invalid(`Cannot specify the ${named} when choosing to get ${select}`);
}

/** The attributes of a starting key: those of the table's and of the index's key. */
export function startKeys(table: Table, index: Index | undefined): readonly Key[] {
  const own = index?.keys.filter(({ name }) => table.keys.every((key) => key.name !== name)) ?? [];
  return [...table.keys, ...own];
}

/** The row after which the page starts. @throws ValidationException for a key that does not fit this table or index */
export function startOf(start: Item, table: Table, index: Index | undefined): Range['after'] {
  const keys = readKeys(table, index);
  if (index) {
    for (const [position, key] of keys.entries()) {
      if (!memberOf(start, key.name)) throw validationError('The provided starting key is invalid');
      checkKeyAttribute(start, key, position === 0);
    }
  }
  const own = Object.fromEntries(table.keys.map(({ name }) => [name, memberOf(start, name)!]));
  try {
    checkKey(own, table.keys);
  } catch (error) {
    throw validationError(`The provided starting key is invalid: ${(error as Error).message}`);
  }
  return { row: rowKeyOf(keys, start), item: rowKeyOf(table.keys, start) };
}

/** Counts the bytes of a page: an upper limit first, exactly once that is too large. */
function createPageSize(rangeKey: string | undefined) {
  const items: Item[] = [];
  let most = 0;
  let exact: number | undefined;
  return {
    add(item: Item, text: string) {
      most += largestInPage(text);
      if (exact !== undefined) exact += sizeInPage(item, rangeKey);
      else if (most < MAX_PAGE_BYTES) items.push(item);
      else exact = [...items, item].reduce((sum, each) => sum + sizeInPage(each, rangeKey), 0);
    },
    isFull: () => exact !== undefined && exact >= MAX_PAGE_BYTES,
  };
}

/** The items of the page, and whether more may follow. */
function readItems({ tables }: Context, { table, index, range }: Page, limit: number) {
  const items: Item[] = [];
  const size = createPageSize(table.keys[1]?.name);
  for (const text of tables.rows.read(table, index, range)) {
    const item = JSON.parse(text) as Item;
    items.push(item);
    size.add(item, text);
    if (items.length >= limit || size.isFull()) return { items, isCut: true };
  }
  return { items, isCut: false };
}

function consumedOf(request: PageRequest, { index }: Page, items: readonly Item[], stored: readonly Item[]) {
  const { ReturnConsumedCapacity: kind, ConsistentRead: isConsistent, TableName } = request;
  if (!isAsked(kind)) return undefined;
  const units = (read: readonly Item[]) =>
    Math.ceil(read.reduce((sum, item) => sum + itemSize(item), 0) / 4_096) * (isConsistent ? 1 : 0.5);
  // Each item of which the index has only a part is also read from the table, by itself.
  const table = index ? stored.reduce((sum, item) => sum + units([item]), 0) : units(items);
  const own = index ? units(items) : 0;
  const consumed = { CapacityUnits: table + own, TableName };
  if (kind !== 'INDEXES') return consumed;
  const detailed = { ...consumed, Table: { CapacityUnits: table } };
  if (!index) return detailed;
  const indexes = index.isGlobal ? 'GlobalSecondaryIndexes' : 'LocalSecondaryIndexes';
  return { ...detailed, [indexes]: { [index.name]: { CapacityUnits: own } } };
}

export function readPage(context: Context, request: PageRequest, page: Page): Answer {
  const { table, index, filter, values, paths } = page;
  const { Limit: limit = Infinity, Select: select } = request;
  const { items: stored, isCut } = readItems(context, page, limit);
  const projected = select === 'ALL_ATTRIBUTES' ? undefined : index?.projected?.map((name) => [name]);
  const items = projected ? stored.map((item) => project(projected, item)) : stored;
  const kept = filter ? items.filter((item) => filter(item, values)) : items;
  const shown = paths ? kept.map((item) => project(paths, item)) : kept;
  const last = stored.at(-1);
  const startKey = startKeys(table, index).map(({ name }) => [name, last?.[name]]);
  return {
    Items: select === 'COUNT' ? undefined : shown,
    Count: kept.length,
    ScannedCount: stored.length,
    LastEvaluatedKey: isCut && last ? Object.fromEntries(startKey) : undefined,
    ConsumedCapacity: consumedOf(request, page, items, index?.projected && !projected ? stored : []),
  };
}
