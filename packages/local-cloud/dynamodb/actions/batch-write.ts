// BatchWriteItem: up to 25 puts and deletions in several tables, each on its own.

import { refuse, validationError } from '../error.ts';
import { checkItem, checkKey, rowKeyOf, type RowKey, type Table } from '../store/table.ts';
import type { Item } from '../values/attribute-value.ts';
import { problemOfValues } from '../values/check-value.ts';
import { isTooLarge } from '../values/size.ts';
import { metricsByTable } from './collection-metrics.ts';
import { consumedByWrites, isAsked, type Change } from './consumed.ts';
import type { Answer, Context } from './context.ts';
import { TOO_LARGE } from './put-item.ts';

interface Write {
  readonly PutRequest?: { readonly Item: Item };
  readonly DeleteRequest?: { readonly Key: Item };
}

interface Request {
  readonly RequestItems: Readonly<Record<string, readonly Write[]>>;
  readonly ReturnConsumedCapacity?: string;
  readonly ReturnItemCollectionMetrics?: string;
}

/** A write that has been checked; without an item it deletes. */
interface Checked {
  readonly table: Table;
  readonly key: RowKey;
  readonly item: Item | undefined;
  /** The item or the key in the request. */
  readonly given: Item;
  readonly text: string;
}

const MAX_WRITES = 25;
const MISMATCH = 'The provided key element does not match the schema';

function checkValues({ PutRequest: put, DeleteRequest: deletion }: Write): void {
  if ((put === undefined) === (deletion === undefined))
    throw validationError(
      'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
    );
  refuse(problemOfValues(put?.Item ?? deletion!.Key));
}

function checkWrite({ PutRequest: put, DeleteRequest: deletion }: Write, table: Table): Checked {
  if (!put) {
    checkKey(deletion!.Key, table.keys);
    return {
      table,
      key: rowKeyOf(table.keys, deletion!.Key),
      item: undefined,
      given: deletion!.Key,
      text: '',
    };
  }
  const text = JSON.stringify(put.Item);
  if (isTooLarge(put.Item, text)) throw validationError(TOO_LARGE);
  try {
    checkItem(put.Item, table);
  } catch (error) {
    const isMismatch = /Missing the key|Type mismatch for key/.test((error as Error).message);
    throw isMismatch ? validationError(MISMATCH) : error;
  }
  return { table, key: rowKeyOf(table.keys, put.Item), item: put.Item, given: put.Item, text };
}

const textOf = ([partition, sort]: RowKey) => `${partition.toString('base64')} ${sort.toString('base64')}`;

function checkTable({ tables }: Context, name: string, writes: readonly Write[]): Checked[] {
  const table = tables.get(name);
  const checked = writes.map((write) => checkWrite(write, table));
  if (new Set(checked.map(({ key }) => textOf(key))).size < checked.length)
    throw validationError('Provided list of item keys contains duplicates');
  return checked;
}

function run({ tables }: Context, { table, key, item, text }: Checked, isCounted: boolean): Change {
  const old = table.needsOld || isCounted ? tables.rows.get(table, key) : undefined;
  const existing = old === undefined ? undefined : (JSON.parse(old) as Item);
  if (item) tables.rows.put(table, key, item, text, existing);
  else tables.rows.delete(table, key, existing);
  return { before: existing, after: item };
}

export function batchWriteItem(context: Context, request: Request): Answer {
  const { RequestItems: asked, ReturnConsumedCapacity: kind } = request;
  const all = Object.values(asked).flat();
  if (all.length === 0) throw validationError('The requestItems parameter is required for BatchWriteItem');
  if (all.length > MAX_WRITES) throw validationError('Too many items requested for the BatchWriteItem call');
  all.forEach(checkValues);
  const tables = Object.entries(asked).map(([name, writes]) => checkTable(context, name, writes));
  const consumed = tables.map((writes) => {
    const changes = writes.map((write) => run(context, write, isAsked(kind)));
    return consumedByWrites(writes[0]!.table, changes, kind);
  });
  const writes = tables.flat().map(({ table, given: item }) => ({ table, item }));
  return {
    UnprocessedItems: {},
    ConsumedCapacity: isAsked(kind) ? consumed : undefined,
    ItemCollectionMetrics: metricsByTable(request.ReturnItemCollectionMetrics, writes),
  };
}
