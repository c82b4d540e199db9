// Lists the Parquet files of the parsed archive, their contents, and which of them may contain a reading twice.

import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { hourFromText, hourOfFile } from '../../core/archive/parsed-rows.ts';
import { repeatsFromText, type Repeats } from '../../core/archive/repeats.ts';
import { openDuckDb, type Connection, type DuckDb } from './duckdb.ts';
import { textOf } from './sql-text.ts';

export interface ListedFile {
  readonly path: string;
  /** `readings/site=seattle/date=2026-12-01` below the bucket. */
  readonly partition: string;
  readonly size: number;
  readonly changedMs: number;
}

/** A file that a query reads. */
export interface ArchiveFile extends ListedFile {
  /** DuckDB types by column. */
  readonly columns: ReadonlyMap<string, string>;
  /** The full site, if the folder's name has only a part of it. */
  readonly site: string | undefined;
  /** Devices that may have a reading twice in it, because it was sent again in a later hour. */
  readonly repeats: Repeats;
}

interface Footer {
  readonly columns: Map<string, string>;
  readonly notes: Map<string, string>;
}

const HOURS = 'tidegate.hours';
const SITE = 'tidegate.site';
const REPEATS = 'tidegate.repeats';
/** Separates the beginning of a long site from its fingerprint in folder names. */
const SHORTENED = '~';

/** All Parquet files below `readings/` in a bucket's folder, by name. */
export function listFiles(bucket: string): ListedFile[] {
  const readings = path.join(bucket, 'readings');
  if (!existsSync(readings)) return [];
  return readdirSync(readings, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.parquet'))
    .flatMap(({ parentPath, name }) => {
      const file = path.join(parentPath, name);
      const found = statSync(file, { throwIfNoEntry: false }); // a merge may have deleted it
      if (!found) return [];
      const partition = path.relative(bucket, parentPath);
      return [{ path: file, partition, size: found.size, changedMs: found.mtimeMs }];
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** A text that is equal for two listings if nothing was written or deleted in between. */
export const listingText = (files: readonly ListedFile[]): string =>
  files.map(({ path, size, changedMs }) => `${path} ${size} ${changedMs}`).join('\n');

/**
 * The files with the data of their footers, without hourly files that are already merged into the `day.parquet` beside
 * them, which a merge is about to delete. Rejects with DuckDB's error, which names a damaged file.
 */
export async function readFooters(
  connection: Connection,
  files: readonly ListedFile[],
): Promise<ArchiveFile[]> {
  if (files.length === 0) return [];
  const footers = new Map<string, Footer>(
    files.map((file) => [file.path, { columns: new Map(), notes: new Map() }]),
  );
  const list = `[${files.map((file) => textOf(file.path)).join(', ')}]`;
  const schema = await connection.runAndReadAll(
    `SELECT file_name, name, duckdb_type FROM parquet_schema(${list}) WHERE duckdb_type IS NOT NULL`,
  );
  for (const row of schema.getRowObjectsJson() as Record<'file_name' | 'name' | 'duckdb_type', string>[])
    footers.get(row.file_name)!.columns.set(row.name, row.duckdb_type);
  const notes = await connection.runAndReadAll(
    `SELECT file_name, decode(key) AS name, decode(value) AS text FROM parquet_kv_metadata(${list})
     WHERE starts_with(decode(key), 'tidegate.')`,
  );
  for (const row of notes.getRowObjectsJson() as Record<'file_name' | 'name' | 'text', string>[])
    footers.get(row.file_name)!.notes.set(row.name, row.text);
  return effective(files, footers);
}

function effective(files: readonly ListedFile[], footers: ReadonlyMap<string, Footer>): ArchiveFile[] {
  const merged = new Map<string, Set<number>>();
  for (const { path: file, partition } of files) {
    const hours = footers.get(file)!.notes.get(HOURS);
    if (hourOfFile(file) === undefined && hours !== undefined)
      merged.set(partition, new Set(hours.split(',').filter(Boolean).map(hourFromText)));
  }
  const left = files.filter(({ path: file, partition }) => {
    const hour = hourOfFile(file);
    return hour === undefined || !merged.get(partition)?.has(hour);
  });
  return left.map((file) => {
    const { columns, notes } = footers.get(file.path)!;
    const isShortened = file.partition.split(path.sep)[1]?.includes(SHORTENED);
    return {
      ...file,
      columns,
      site: isShortened ? notes.get(SITE) : undefined,
      repeats: repeatsFromText(notes.get(REPEATS)),
    };
  });
}

/** Groups files by whether their rows may repeat rows of the same day: for any device, some devices or none. */
export function byRepeats(files: readonly ArchiveFile[]): {
  readonly never: readonly ArchiveFile[];
  readonly some: readonly ArchiveFile[];
  readonly any: readonly ArchiveFile[];
} {
  const counts = new Map<string, number>();
  for (const { partition } of files) counts.set(partition, (counts.get(partition) ?? 0) + 1);
  const kinds = { never: [], some: [], any: [] } as Record<'never' | 'some' | 'any', ArchiveFile[]>;
  for (const file of files) {
    const isAny = counts.get(file.partition)! > 1 || file.repeats === 'any';
    const kind = isAny ? 'any' : file.repeats.length > 0 ? 'some' : 'never';
    kinds[kind].push(file);
  }
  return kinds;
}

/** The first file with values that cannot be read. Opens a database for each file, because an error may close it. */
export async function firstDamaged(
  duckDb: DuckDb,
  files: readonly ListedFile[],
): Promise<ListedFile | undefined> {
  for (const file of files) {
    const connection = await openDuckDb(duckDb);
    try {
      await connection.run(`SELECT max(COLUMNS(*)) FROM read_parquet(${textOf(file.path)})`);
    } catch {
      return file;
    }
  }
  return undefined;
}
