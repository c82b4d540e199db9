// Finds, places and removes the files of a bucket's objects, in a folder tree that any tool can read.

import { constants } from 'node:fs';
import { lstat, open, readdir, realpath, rename, rm, rmdir, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { isMissing, makeDirectory, syncDirectory } from '../files/durable-files.ts';
import { compareKeys, ENCODED_FOLDER, encodedPathOf, keyOfEncoded, plainPathOf } from './keys.ts';
import type { FoundFile } from './record.ts';
import { createSerialQueue } from '../files/serial-queue.ts';

export interface OpenFile extends FoundFile {
  readonly handle: FileHandle;
}

export interface Places {
  /** Opens the file of `key` for reading; the caller closes the handle. */
  open(key: string): Promise<OpenFile | undefined>;
  /** Moves a finished file to where `key` belongs, over what is there, durably. */
  place(finished: string, key: string): Promise<void>;
  /** Removes the file of `key` and the folders that it leaves empty. */
  remove(key: string): Promise<void>;
  /**
   * The keys that have files, in S3's order: those that begin with `prefix` and come after `after`.
   * Keys that begin with `skip.prefix` are skipped; the caller may set it while it reads.
   */
  keys(prefix: string, after: string, skip: { prefix?: string }): AsyncGenerator<string>;
}

const code = (error: unknown) => (error as NodeJS.ErrnoException).code;
/** Why a file cannot be moved to its plain place: it then gets the encoded one. */
const BLOCKED = new Set(['ENOTDIR', 'EEXIST', 'EISDIR', 'ENOTEMPTY', 'ENAMETOOLONG', 'EPERM']);

const LAST_CHARACTER = '\u{10FFFF}';

/** Whether no key that begins with `start` is wanted, given where reading goes on. */
function isBehind(start: string, prefix: string, after: string): boolean {
  if (!start.startsWith(prefix) && !prefix.startsWith(start)) return true;
  return !after.startsWith(start) && compareKeys(start + LAST_CHARACTER, after) <= 0;
}

/** Whether a file has exactly this name: a file system that ignores case or follows links may return another one. */
async function isItself(dir: string, file: string): Promise<boolean> {
  return path.relative(await realpath(dir), await realpath(file)) === path.relative(dir, file);
}

async function openFile(dir: string, file: string): Promise<OpenFile | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (stats.isFile() && (await isItself(dir, file))) {
      return { file, size: stats.size, mtimeMs: stats.mtimeMs, handle };
    }
  } catch (error) {
    await handle?.close();
    if (isMissing(error) || code(error) === 'ELOOP' || code(error) === 'ENAMETOOLONG') return undefined;
    throw error;
  }
  await handle.close();
  return undefined;
}

/** Whether a file may go to `file`: nothing is there, or an object with exactly that name. */
async function isFree(dir: string, file: string): Promise<boolean> {
  try {
    return (await lstat(file)).isFile() && (await isItself(dir, file));
  } catch (error) {
    if (isMissing(error)) return true;
    throw error;
  }
}

async function moveTo(finished: string, file: string): Promise<string> {
  await makeDirectory(path.dirname(file));
  await rename(finished, file);
  return file;
}

/** Removes the folders that a removed file leaves empty. */
async function prune(dir: string, from: string): Promise<void> {
  for (
    let folder = path.dirname(from);
    folder !== dir && folder.startsWith(dir);
    folder = path.dirname(folder)
  ) {
    try {
      await rmdir(folder);
    } catch (error) {
      if (!isMissing(error)) return; // it holds more
    }
  }
}

const encodedFile = (dir: string, key: string) => path.join(dir, ENCODED_FOLDER, ...encodedPathOf(key));

async function openKey(dir: string, key: string): Promise<OpenFile | undefined> {
  const plain = plainPathOf(key);
  return (plain && (await openFile(dir, path.join(dir, ...plain)))) ?? openFile(dir, encodedFile(dir, key));
}

/** Moves a finished file to its plain place or, where that is taken, to its encoded one. @returns the place */
async function moveToPlace(dir: string, finished: string, key: string): Promise<string> {
  const plain = plainPathOf(key);
  const encoded = encodedFile(dir, key);
  const isEncoded = await lstat(encoded).then(
    (stats) => stats.isFile(),
    () => false,
  );
  const file = plain && path.join(dir, ...plain);
  if (!file || isEncoded || !(await isFree(dir, file))) return moveTo(finished, encoded);
  try {
    return await moveTo(finished, file);
  } catch (error) {
    if (!BLOCKED.has(code(error) ?? '')) throw error;
    return moveTo(finished, encoded);
  }
}

/** @param dir the bucket's folder */
export function createPlaces(dir: string): Places {
  // One at a time: whether a name is free depends on the folders and files that others make and remove.
  const exclusively = createSerialQueue();
  return {
    open: (key) => openKey(dir, key),
    async place(finished, key) {
      const file = await exclusively('', () => moveToPlace(dir, finished, key));
      await syncDirectory(path.dirname(file));
    },
    async remove(key) {
      const found = await openKey(dir, key);
      if (!found) return;
      await found.handle.close();
      await exclusively('', async () => {
        await rm(found.file);
        await syncDirectory(path.dirname(found.file));
        await prune(dir, found.file);
      });
    },
    async *keys(prefix, after, skip) {
      const odd = (await encodedKeys(path.join(dir, ENCODED_FOLDER))).filter(
        (key) => key.startsWith(prefix) && compareKeys(key, after) > 0,
      );
      for await (const key of plainKeys(dir, '', prefix, after, skip)) {
        while (odd.length && compareKeys(odd[0]!, key) < 0) yield odd.shift()!;
        yield key;
      }
      yield* odd;
    },
  };
}

async function entriesOf(folder: string): Promise<{ name: string; isFolder: boolean }[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() || entry.isDirectory())
      .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Folders sort with their slash: `a-b` comes before `a/c`, which comes before `a0`. */
async function* plainKeys(
  folder: string,
  start: string,
  prefix: string,
  after: string,
  skip: { prefix?: string },
): AsyncGenerator<string> {
  const entries = (await entriesOf(folder)).map(({ name, isFolder }) => ({
    name,
    isFolder,
    key: `${start}${name}${isFolder ? '/' : ''}`,
  }));
  for (const { name, isFolder, key } of entries.sort((a, b) => compareKeys(a.key, b.key))) {
    if (start === '' && name === ENCODED_FOLDER) continue;
    if (skip.prefix !== undefined && key.startsWith(skip.prefix)) continue;
    if (isFolder) {
      if (!isBehind(key, prefix, after)) yield* plainKeys(path.join(folder, name), key, prefix, after, skip);
    } else if (key.startsWith(prefix) && compareKeys(key, after) > 0 && plainPathOf(key)) yield key;
  }
}

async function encodedKeys(folder: string, pieces: readonly string[] = []): Promise<string[]> {
  const keys: string[] = [];
  for (const { name, isFolder } of await entriesOf(folder)) {
    const trail = [...pieces, name];
    if (isFolder) keys.push(...(await encodedKeys(path.join(folder, name), trail)));
    else {
      const key = keyOfEncoded(trail);
      if (key !== undefined) keys.push(key);
    }
  }
  return keys.sort(compareKeys);
}
