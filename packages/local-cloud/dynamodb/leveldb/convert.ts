// Converts the tables that earlier versions kept in LevelDB, once: completely or not at all, even if the process ends meanwhile.

import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { syncDirectory } from '../../files/durable-files.ts';
import { openDatabase } from '../store/database.ts';
import { rowKeyOf, type Description, type IndexDescription } from '../store/table.ts';
import { createTables, type Tables } from '../store/tables.ts';
import type { Item } from '../values/attribute-value.ts';
import { entriesOf } from './entries.ts';

/** A database on the disk that SQLite deletes when it is closed. */
const TEMPORARY = '';
const NEWEST = 'ON CONFLICT DO UPDATE SET sequence = excluded.sequence, value = excluded.value';
/** Changes of one transaction. */
const MAX_CHANGES = 10_000;

type Staged = Iterable<{ readonly name: string; readonly value: string }>;

/** The newest value of each key, by the prefix of keys. */
async function stage(dir: string, database: DatabaseSync): Promise<(prefix: string) => Staged> {
  database.exec('CREATE TABLE staged (key TEXT PRIMARY KEY, sequence INTEGER, value TEXT) WITHOUT ROWID');
  const insert = database.prepare(
    `INSERT INTO staged VALUES (?, ?, ?) ${NEWEST} WHERE excluded.sequence > sequence`,
  );
  database.exec('BEGIN');
  for await (const { key, sequence, value } of entriesOf(dir)) insert.run(key, sequence, value ?? null);
  database.exec('COMMIT');
  const select = database.prepare(
    'SELECT key, value FROM staged WHERE key >= ? AND key < ? AND value IS NOT NULL ORDER BY key',
  );
  return function* (prefix) {
    const end = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
    for (const { key, value } of select.iterate(prefix, end))
      yield { name: (key as string).slice(prefix.length), value: value as string };
  };
}

const activeIndexes = (indexes: readonly IndexDescription[] | undefined) =>
  indexes?.map((index) => ({ ...index, IndexStatus: 'ACTIVE' }));

/** A table that was being created is kept as active; one that was being deleted is left out. */
function descriptionOf(text: string): Description | undefined {
  const description = JSON.parse(text) as Description;
  if (description.TableStatus === 'DELETING') return undefined;
  const global = activeIndexes(description.GlobalSecondaryIndexes);
  return { ...description, TableStatus: 'ACTIVE', ...(global && { GlobalSecondaryIndexes: global }) };
}

interface Copied {
  tables: number;
  items: number;
}

function copyTables(tables: Tables, staged: (prefix: string) => Staged, changed: () => void): Copied {
  const copied: Copied = { tables: 0, items: 0 };
  const descriptions = [...staged('table~')].map(({ value }) => descriptionOf(value));
  for (const description of descriptions) {
    if (!description) continue;
    const table = tables.create(description);
    copied.tables += 1;
    for (const { value } of staged(`item-${table.name}~`)) {
      const item = JSON.parse(value) as Item;
      tables.rows.put(table, rowKeyOf(table.keys, item), item, value, undefined);
      copied.items += 1;
      changed();
    }
    const tags = [...staged(`tag-${table.name}~`)].map(({ name, value }) => [name, JSON.parse(value)]);
    if (tags.length > 0) tables.setTags(table, Object.fromEntries(tags) as Record<string, string>);
  }
  return copied;
}

async function removeDatabase(file: string): Promise<void> {
  for (const suffix of ['', '-wal', '-shm']) await rm(file + suffix, { force: true });
}

/** Writes all tables of `dir` into the new database `file`. */
async function copy(dir: string, file: string): Promise<Copied> {
  await removeDatabase(file);
  const staging = new DatabaseSync(TEMPORARY);
  const database = openDatabase(file);
  let changes = 0;
  let failure: Error | undefined;
  const commit = () => {
    database.whenDurable((error) => (failure ??= error));
    database.endTurn();
  };
  const requireKept = () => {
    if (failure) throw failure;
  };
  try {
    const staged = await stage(dir, staging);
    const copied = copyTables(createTables(database), staged, () => {
      changes += 1;
      if (changes % MAX_CHANGES === 0) commit();
    });
    commit();
    return copied;
  } finally {
    staging.close();
    await database.close();
    requireKept();
  }
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Converts the LevelDB folder `dir` to the database `file`. The folder is renamed first and deleted last, so the names on the disk
 * show how far an earlier attempt came.
 *
 * @param note gets a line for the log
 * @throws when the folder cannot be read, or when it is newer than the database
 */
export async function convertLevelDb(dir: string, file: string, note: (text: string) => void): Promise<void> {
  const source = `${dir}.old`;
  if (existsSync(dir)) {
    if (existsSync(file) || existsSync(source)) {
      const other = existsSync(file) ? file : source;
      throw new Error(
        `${dir} and ${other} are tables of two versions of this program: move away the one that you do not need`,
      );
    }
    await rename(dir, source);
    await syncDirectory(path.dirname(dir));
  }
  if (!existsSync(file)) {
    const unfinished = `${file}.new`;
    const { tables, items } = await copy(source, unfinished);
    await syncFile(unfinished);
    await rename(unfinished, file);
    await syncDirectory(path.dirname(file));
    note(`Converted ${items} items of ${tables} tables from LevelDB to ${path.basename(file)}`);
  }
  await rm(source, { recursive: true, force: true });
}
