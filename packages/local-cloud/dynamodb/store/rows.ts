// The rows of tables and indexes in SQLite. An item is JSON under the bytes of its key; an index row has the key of its item.

import type { StatementSync } from 'node:sqlite';
import type { Item } from '../values/attribute-value.ts';
import type { Database } from './database.ts';
import { indexRowOf, rowKeyOf, type Index, type RowKey, type Table } from './table.ts';

/** The rows to read, in the order of their keys. */
export interface Range {
  /** Absent for the whole table, or a segment. */
  readonly partition?: Buffer;
  /** The partitions of a segment: `from` is included, `to` is not. */
  readonly from?: Buffer | undefined;
  readonly to?: Buffer | undefined;
  readonly lower?: Bound | undefined;
  readonly upper?: Bound | undefined;
  /** Reading starts after this row; an index row also needs its item's key. */
  readonly after?: { readonly row: RowKey; readonly item: RowKey } | undefined;
  readonly isBackward: boolean;
}

/** Of the sort key. */
export interface Bound {
  readonly sort: Buffer;
  readonly isInclusive: boolean;
}

export interface Rows {
  create(table: Table): void;
  createIndex(table: Table, index: Index): void;
  drop(table: Table): void;
  dropIndex(index: Index): void;
  /** The item as JSON. */
  get(table: Table, key: RowKey): string | undefined;
  /** @param before the item that `text` replaces, if any; only needed where `table.needsOld` */
  put(table: Table, key: RowKey, item: Item, text: string, before: Item | undefined): void;
  delete(table: Table, key: RowKey, before: Item | undefined): void;
  /** Items as JSON, one after the other. */
  read(table: Table, index: Index | undefined, range: Range): IterableIterator<string>;
}

const KEY = 'PRIMARY KEY (partition, sort';
const itemsOf = ({ id }: Table) => `items_${id}`;
const rowsOf = ({ id }: Index) => `index_${id}`;

const isSame = ([p1, s1]: RowKey, [p2, s2]: RowKey) => p1.equals(p2) && s1.equals(s2);

interface Clause {
  readonly sql: string;
  readonly values: readonly Buffer[];
}

/** Leaves out the bound that `after` replaces: with both, SQLite would start at the bound. */
function boundsOf({ partition, from, to, lower, upper, after, isBackward }: Range): Clause[] {
  const [isFirst, isLast] = [!after || isBackward, !after || !isBackward];
  const clauses: Clause[] = [];
  const add = (sql: string, value: Buffer | undefined) => {
    if (value) clauses.push({ sql, values: [value] });
  };
  add('x.partition = ?', partition);
  if (isFirst) add('x.partition >= ?', from);
  add('x.partition < ?', to);
  if (isFirst) add(lower?.isInclusive ? 'x.sort >= ?' : 'x.sort > ?', lower?.sort);
  if (isLast) add(upper?.isInclusive ? 'x.sort <= ?' : 'x.sort < ?', upper?.sort);
  return clauses;
}

/** The columns that order the rows of the partition, or of the table. */
function columnsOf({ partition }: Range, index: Index | undefined): string[] {
  const own = partition ? ['x.sort'] : ['x.partition', 'x.sort'];
  return index ? [...own, 'x.item_partition', 'x.item_sort'] : own;
}

function startOf(range: Range, index: Index | undefined): Clause[] {
  const { after, partition, isBackward } = range;
  if (!after) return [];
  const columns = columnsOf(range, index);
  const values = [...(partition ? after.row.slice(1) : after.row), ...(index ? after.item : [])];
  const marks = columns.map(() => '?').join(', ');
  return [{ sql: `(${columns.join(', ')}) ${isBackward ? '<' : '>'} (${marks})`, values }];
}

function selectOf(table: Table, index: Index | undefined, range: Range, clauses: readonly Clause[]): string {
  const rows = index
    ? `${rowsOf(index)} AS x CROSS JOIN ${itemsOf(table)} AS i ON i.partition = x.item_partition AND i.sort = x.item_sort`
    : `${itemsOf(table)} AS x`;
  const where = clauses.length > 0 ? `WHERE ${clauses.map(({ sql }) => sql).join(' AND ')}` : '';
  const direction = range.isBackward ? ' DESC' : '';
  const order = columnsOf(range, index)
    .map((column) => column + direction)
    .join(', ');
  return `SELECT ${index ? 'i' : 'x'}.item AS item FROM ${rows} ${where} ORDER BY ${order}`;
}

/** Prepares each statement once, and begins a transaction before a change. */
function createStatements({ sql, beginWrite }: Database) {
  const statements = new Map<string, StatementSync>();
  function prepare(text: string): StatementSync {
    let statement = statements.get(text);
    if (!statement) statements.set(text, (statement = sql.prepare(text)));
    return statement;
  }
  return {
    prepare,
    define(text: string): void {
      beginWrite();
      statements.clear();
      sql.exec(text);
    },
    write(text: string, ...values: readonly (Buffer | string)[]): void {
      beginWrite();
      prepare(text).run(...values);
    },
  };
}

/** Keeps the rows of indexes in step with the items. */
function createIndexRows({ write, define }: Pick<ReturnType<typeof createStatements>, 'write' | 'define'>) {
  function addToIndex(index: Index, row: RowKey, item: RowKey): void {
    write(`INSERT INTO ${rowsOf(index)} VALUES (?, ?, ?, ?)`, ...row, ...item);
  }

  function removeFromIndex(index: Index, row: RowKey, item: RowKey): void {
    const where = 'partition = ? AND sort = ? AND item_partition = ? AND item_sort = ?';
    write(`DELETE FROM ${rowsOf(index)} WHERE ${where}`, ...row, ...item);
  }

  function updateIndexes(table: Table, key: RowKey, before: Item | undefined, after: Item | undefined): void {
    for (const index of table.indexes) {
      const old = before && indexRowOf(index, before);
      const now = after && indexRowOf(index, after);
      if (old && now && isSame(old, now)) continue;
      if (old) removeFromIndex(index, old, key);
      if (now) addToIndex(index, now, key);
    }
  }

  function addItem(table: Table, index: Index, item: Item): void {
    const row = indexRowOf(index, item);
    if (row) addToIndex(index, row, rowKeyOf(table.keys, item));
  }

  function createIndex(index: Index): void {
    const columns = 'partition BLOB, sort BLOB, item_partition BLOB, item_sort BLOB';
    define(`CREATE TABLE ${rowsOf(index)} (${columns}, ${KEY}, item_partition, item_sort)) WITHOUT ROWID`);
  }

  return { addItem, updateIndexes, createIndex };
}

function* readRows(
  { prepare }: Pick<ReturnType<typeof createStatements>, 'prepare'>,
  table: Table,
  index: Index | undefined,
  range: Range,
): IterableIterator<string> {
  const clauses = [...boundsOf(range), ...startOf(range, index)];
  const statement = prepare(selectOf(table, index, range, clauses));
  const values = clauses.flatMap((clause) => clause.values);
  for (const { item } of statement.iterate(...values)) yield item as string;
}

export function createRows(database: Database): Rows {
  const { sql } = database;
  const statements = createStatements(database);
  const define = (text: string) => statements.define(text);
  const write: typeof statements.write = (text, ...values) => statements.write(text, ...values);
  const { addItem, updateIndexes, createIndex } = createIndexRows({ write, define });

  return {
    create(table) {
      define(`CREATE TABLE ${itemsOf(table)} (partition BLOB, sort BLOB, item TEXT, ${KEY})) WITHOUT ROWID`);
      table.indexes.forEach(createIndex);
    },
    createIndex(table, index) {
      createIndex(index);
      for (const { item } of sql.prepare(`SELECT item FROM ${itemsOf(table)}`).iterate())
        addItem(table, index, JSON.parse(item as string) as Item);
    },
    drop(table) {
      define(`DROP TABLE ${itemsOf(table)}`);
      for (const index of table.indexes) define(`DROP TABLE ${rowsOf(index)}`);
    },
    dropIndex: (index) => define(`DROP TABLE ${rowsOf(index)}`),
    get(table, key) {
      const found = statements
        .prepare(`SELECT item FROM ${itemsOf(table)} WHERE partition = ? AND sort = ?`)
        .get(...key);
      return found?.['item'] as string | undefined;
    },
    put(table, key, item, text, before) {
      updateIndexes(table, key, before, item);
      const update = 'ON CONFLICT DO UPDATE SET item = excluded.item';
      write(`INSERT INTO ${itemsOf(table)} VALUES (?, ?, ?) ${update}`, ...key, text);
    },
    delete(table, key, before) {
      updateIndexes(table, key, before, undefined);
      write(`DELETE FROM ${itemsOf(table)} WHERE partition = ? AND sort = ?`, ...key);
    },
    read: (table, index, range) => readRows(statements, table, index, range),
  };
}
