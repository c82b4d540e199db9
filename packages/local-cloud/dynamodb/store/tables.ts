// The tables: their descriptions, in memory and in the database, and their rows.

import { notFound } from '../error.ts';
import { createCatalog, type Catalog } from './catalog.ts';
import type { Database } from './database.ts';
import { createRows, type Rows } from './rows.ts';
import { createStreamRecords, withStreams, type StreamRecords } from './stream-records.ts';
import type { Description, Table } from './table.ts';
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

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Creates and drops what the table's indexes need. @param updated the same table with other indexes */
function changeIndexes(rows: Rows, table: Table, updated: Table): void {
  const isIn = ({ indexes }: Table, name: string) => indexes.some((index) => index.name === name);
  for (const index of table.indexes) if (!isIn(updated, index.name)) rows.dropIndex(index);
  for (const index of updated.indexes) if (!isIn(table, index.name)) rows.createIndex(updated, index);
}

function required(table: Table | undefined): Table {
  if (!table) throw notFound('Requested resource not found');
  return table;
}

function reload(tables: Map<string, Table>, catalog: Catalog): void {
  tables.clear();
  for (const table of catalog.all()) tables.set(table.name, table);
}

/** @param now milliseconds since the epoch */
export function createTables(database: Database, now: () => number = Date.now): Tables {
  const catalog = createCatalog(database);
  const streams = createStreamRecords(database, now);
  const rows = withStreams(createRows(database), streams);
  const tables = new Map<string, Table>();

  const load = () => reload(tables, catalog);
  load();
  database.onRollBack(load);

  return {
    rows,
    tokens: createTokens(database),
    streams,
    get: (name) => required(tables.get(name)),
    find: (name) => tables.get(name),
    hasStreams: () => [...tables.values()].some(({ streamView }) => streamView !== undefined),
    names: () => [...tables.keys()].sort(byBytes),
    create(description) {
      const table = catalog.add(description);
      rows.create(table);
      tables.set(table.name, table);
      return table;
    },
    update(table, description) {
      const updated = catalog.update(table, description);
      changeIndexes(rows, table, updated);
      tables.set(table.name, updated);
      return updated;
    },
    delete(table) {
      catalog.delete(table);
      rows.drop(table);
      streams.delete(table.name);
      tables.delete(table.name);
    },
    tagsOf: (table) => catalog.tagsOf(table),
    setTags: (table, tags) => catalog.setTags(table, tags),
  };
}
