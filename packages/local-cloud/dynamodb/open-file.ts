// Finds the file of the tables in a folder; tables that an earlier version kept in LevelDB are taken over first.

import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { convertLevelDb } from './leveldb/convert.ts';

const FILE = 'tables.sqlite';
/** Of earlier versions. */
const LEVELDB = 'tables';

/**
 * The file, which is created by who opens it.
 *
 * @param note gets a line for the log when tables are taken over
 * @throws when the tables of an earlier version cannot be read
 */
export async function openFile(dir: string, note: (text: string) => void): Promise<string> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = path.join(dir, FILE);
  const old = path.join(dir, LEVELDB);
  if (existsSync(old) || existsSync(`${old}.old`)) await convertLevelDb(old, file, note);
  return file;
}
