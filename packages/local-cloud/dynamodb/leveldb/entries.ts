// All entries of a LevelDB folder, old and new, put and deleted: the reader keeps the newest of each key.

import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { createByteReader } from './byte-reader.ts';
import { recordsOf } from './log-file.ts';
import { liveFilesOf } from './manifest.ts';
import { tableEntries } from './table-file.ts';

export interface Entry {
  readonly key: string;
  /** Higher is newer. */
  readonly sequence: number;
  /** Undefined where the key was deleted. */
  readonly value: string | undefined;
}

const PUT = 1;
const BATCH_HEADER = 12;

/** The internal key ends with the sequence number and the kind. */
function entryOf(key: Buffer, value: Buffer): Entry {
  const end = key.length - 8;
  const suffix = key.readBigUInt64LE(end);
  const isPut = Number(suffix & 255n) === PUT;
  return {
    key: key.toString('utf8', 0, end),
    sequence: Number(suffix >> 8n),
    value: isPut ? value.toString('utf8') : undefined,
  };
}

function* batchEntries(batch: Buffer): Generator<Entry> {
  const first = Number(batch.readBigUInt64LE(0));
  const count = batch.readUInt32LE(8);
  const reader = createByteReader(batch.subarray(BATCH_HEADER));
  for (let index = 0; index < count; index += 1) {
    const isPut = reader.take(1)[0] === PUT;
    const key = reader.prefixed().toString('utf8');
    yield { key, sequence: first + index, value: isPut ? reader.prefixed().toString('utf8') : undefined };
  }
}

const FILE = /^(\d+)\.(log|ldb|sst)$/;

/** @throws naming the file that is missing or damaged */
export async function* entriesOf(dir: string): AsyncGenerator<Entry> {
  const current = (await readFile(path.join(dir, 'CURRENT'), 'utf8')).trim();
  const { tables, firstLog } = liveFilesOf(await readFile(path.join(dir, current)));
  const files = (await readdir(dir)).sort().map((name) => ({ name, match: FILE.exec(name) }));
  const present = new Set<number>();
  for (const { name, match } of files) {
    if (!match) continue;
    const number = Number(match[1]);
    const isLog = match[2] === 'log';
    if (isLog ? number < firstLog : !tables.has(number)) continue;
    present.add(number);
    const bytes = await readFile(path.join(dir, name));
    try {
      if (isLog) for (const batch of recordsOf(bytes)) yield* batchEntries(batch);
      else for (const [key, value] of tableEntries(bytes)) yield entryOf(key, value);
    } catch (error) {
      throw new Error(`${path.join(dir, name)}: ${(error as Error).message}`, { cause: error });
    }
  }
  const missing = [...tables].find((number) => !present.has(number));
  if (missing !== undefined) throw new Error(`${dir} lacks its file ${String(missing).padStart(6, '0')}.ldb`);
}
