// The descriptions of tables in the database: their names, indexes and tags.

import type { Database } from './database.ts';
import { tableOf, type Description, type Table } from './table.ts';

/** What DescribeTable says is kept as JSON, the rest in columns. */
export interface Catalog {
  all(): Table[];
  add(description: Description): Table;
  /** Writes a changed description. @returns the table with the IDs of its new indexes */
  update(table: Table, description: Description): Table;
  delete(table: Table): void;
  tagsOf(table: Table): Readonly<Record<string, string>>;
  setTags(table: Table, tags: Readonly<Record<string, string>>): void;
}

const namesOf = ({ GlobalSecondaryIndexes: global = [], LocalSecondaryIndexes: local = [] }: Description) =>
  [...global, ...local].map(({ IndexName: name }) => name);

function indexIds(sql: Database['sql'], id: number): Map<string, number> {
  const found = sql.prepare('SELECT name, id FROM indexes WHERE table_id = ?').all(id);
  return new Map(found.map((row) => [row['name'] as string, row['id'] as number]));
}

type Run = (text: string, ...values: readonly (string | number)[]) => { lastInsertRowid: number | bigint };

function addIndexes(run: Run, id: number, names: readonly string[]): void {
  for (const name of names) run('INSERT INTO indexes (table_id, name) VALUES (?, ?)', id, name);
}

function changeIndexes(run: Run, { id, indexes }: Table, wanted: readonly string[]): void {
  const known = new Set(indexes.map(({ name }) => name));
  for (const index of indexes)
    if (!wanted.includes(index.name)) run('DELETE FROM indexes WHERE id = ?', index.id);
  const added = wanted.filter((name) => !known.has(name));
  addIndexes(run, id, added);
}

export function createCatalog({ sql, beginWrite }: Database): Catalog {
  const run: Run = (text, ...values) => {
    beginWrite();
    return sql.prepare(text).run(...values);
  };
  const load = (id: number, description: Description) => tableOf(id, description, indexIds(sql, id));

  return {
    all() {
      const found = sql.prepare('SELECT id, description FROM tables').all();
      return found.map(({ id, description }) =>
        load(id as number, JSON.parse(description as string) as Description),
      );
    },
    add(description) {
      const text = JSON.stringify(description);
      const added = run('INSERT INTO tables (name, description) VALUES (?, ?)', description.TableName, text);
      const id = Number(added.lastInsertRowid);
      addIndexes(run, id, namesOf(description));
      return load(id, description);
    },
    update(table, description) {
      run('UPDATE tables SET description = ? WHERE id = ?', JSON.stringify(description), table.id);
      changeIndexes(run, table, namesOf(description));
      return load(table.id, description);
    },
    delete({ id }) {
      run('DELETE FROM tables WHERE id = ?', id);
      run('DELETE FROM indexes WHERE table_id = ?', id);
    },
    tagsOf({ id }) {
      const row = sql.prepare('SELECT tags FROM tables WHERE id = ?').get(id)!;
      return JSON.parse(row['tags'] as string) as Record<string, string>;
    },
    setTags: ({ id }, tags) => void run('UPDATE tables SET tags = ? WHERE id = ?', JSON.stringify(tags), id),
  };
}
