// Finds the file of the tables in a folder. Tables that an earlier version kept in LevelDB are converted first.

import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { convertLevelDb } from './leveldb/convert.ts';

const FILE = 'tables.sqlite';
/** The LevelDB folder of earlier versions. */
const LEVELDB = 'tables';

/**
 * The path of the file. Opening the database creates it.
 *
 * @param note gets a line for the log when tables are converted
 * @throws when the tables of an earlier version cannot be read
 */
export async function openFile(dir: string, note: (text: string) => void): Promise<string> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = path.join(dir, FILE);
  const old = path.join(dir, LEVELDB);
  if (existsSync(old) || existsSync(`${old}.old`)) await convertLevelDb(old, file, note);
  return file;
}
