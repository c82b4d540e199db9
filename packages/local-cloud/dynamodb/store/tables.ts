// Which tables there are: their descriptions in memory and in the database, and the rows behind them.

import { notFound } from '../error.ts';
import type { Database } from './database.ts';
import { createRows, type Rows } from './rows.ts';
import { createStreamRecords, withStreams, type StreamRecords } from './stream-records.ts';
import { tableOf, type Description, type Table } from './table.ts';
import { createTokens, type Tokens } from './tokens.ts';

export interface Tables {
  readonly rows: Rows;
  readonly tokens: Tokens;
  readonly streams: StreamRecords;
  /** In the order of their names, as bytes. */
  names(): string[];
  /** @throws ResourceNotFoundException */
  get(name: string): Table;
  find(name: string): Table | undefined;
  /** Whether any table has a stream. */
  hasStreams(): boolean;
  create(description: Description): Table;
  /** Writes a changed description, and creates and drops what its indexes need. */
  update(table: Table, description: Description): Table;
  delete(table: Table): void;
  tagsOf(table: Table): Readonly<Record<string, string>>;
  setTags(table: Table, tags: Readonly<Record<string, string>>): void;
}

const namesOf = ({ GlobalSecondaryIndexes: global = [], LocalSecondaryIndexes: local = [] }: Description) =>
  [...global, ...local].map(({ IndexName: name }) => name);

/** @param now milliseconds since the epoch */
function indexIds(sql: Database['sql'], id: number): Map<string, number> {
  const found = sql.prepare('SELECT name, id FROM indexes WHERE table_id = ?').all(id);
  return new Map(found.map((row) => [row['name'] as string, row['id'] as number]));
}

export function createTables(database: Database, now: () => number = Date.now): Tables {
  const { sql, beginWrite } = database;
  const streams = createStreamRecords(database, now);
  const rows = withStreams(createRows(database), streams);
  const tables = new Map<string, Table>();

  const run = (text: string, ...values: readonly (string | number)[]) => {
    beginWrite();
    return sql.prepare(text).run(...values);
  };

  function load(): void {
    tables.clear();
    for (const { id, description } of sql.prepare('SELECT id, description FROM tables').all()) {
      const table = tableOf(
        id as number,
        JSON.parse(description as string) as Description,
        indexIds(sql, id as number),
      );
      tables.set(table.name, table);
    }
  }
  load();
  database.onRollBack(load);

  function get(name: string, message = 'Requested resource not found'): Table {
    const table = tables.get(name);
    if (!table) throw notFound(message);
    return table;
  }

  return {
    rows,
    tokens: createTokens(database),
    streams,
    get,
    find: (name) => tables.get(name),
    hasStreams: () => [...tables.values()].some(({ streamView }) => streamView !== undefined),
    names: () => [...tables.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    create(description) {
      const text = JSON.stringify(description);
      const added = run('INSERT INTO tables (name, description) VALUES (?, ?)', description.TableName, text);
      const id = Number(added.lastInsertRowid);
      for (const name of namesOf(description))
        run('INSERT INTO indexes (table_id, name) VALUES (?, ?)', id, name);
      const table = tableOf(id, description, indexIds(sql, id));
      rows.create(table);
      tables.set(table.name, table);
      return table;
    },
    update(table, description) {
      run('UPDATE tables SET description = ? WHERE id = ?', JSON.stringify(description), table.id);
      const wanted = namesOf(description);
      for (const index of table.indexes.filter(({ name }) => !wanted.includes(name))) {
        run('DELETE FROM indexes WHERE id = ?', index.id);
        rows.dropIndex(index);
      }
      const known = new Set(table.indexes.map(({ name }) => name));
      const added = wanted.filter((name) => !known.has(name));
      for (const name of added) run('INSERT INTO indexes (table_id, name) VALUES (?, ?)', table.id, name);
      const updated = tableOf(table.id, description, indexIds(sql, table.id));
      for (const index of updated.indexes) if (added.includes(index.name)) rows.createIndex(updated, index);
      tables.set(table.name, updated);
      return updated;
    },
    delete(table) {
      run('DELETE FROM tables WHERE id = ?', table.id);
      run('DELETE FROM indexes WHERE table_id = ?', table.id);
      rows.drop(table);
      streams.delete(table.name);
      tables.delete(table.name);
    },
    tagsOf(table) {
      const row = sql.prepare('SELECT tags FROM tables WHERE id = ?').get(table.id)!;
      return JSON.parse(row['tags'] as string) as Record<string, string>;
    },
    setTags: (table, tags) =>
      void run('UPDATE tables SET tags = ? WHERE id = ?', JSON.stringify(tags), table.id),
  };
}
