// Finds, places and removes the files of a bucket's objects, in a tree that people read with any tool.

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
   * The keys that have files, in S3's order, from `prefix` and behind `after`.
   * What the caller adds to `skip` while it reads is skipped, with everything that begins so.
   */
  keys(prefix: string, after: string, skip: { prefix?: string }): AsyncGenerator<string>;
}

const code = (error: unknown) => (error as NodeJS.ErrnoException).code;
const blocked = new Set(['ENOTDIR', 'EEXIST', 'EISDIR', 'ENOTEMPTY', 'ENAMETOOLONG', 'EPERM']);

const LAST_CHARACTER = '\u{10FFFF}';

/** Whether no key that begins with `start` is wanted, given where reading goes on. */
function isBehind(start: string, prefix: string, after: string): boolean {
  if (!start.startsWith(prefix) && !prefix.startsWith(start)) return true;
  return !after.startsWith(start) && compareKeys(start + LAST_CHARACTER, after) <= 0;
}

/** A file system that ignores case, or that follows links, may give another file than the key's. */
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

/** Whether a file may go to `file`: nothing is there, or an object of that very name. */
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

/** @param dir the bucket's folder */
export function createPlaces(dir: string): Places {
  const inTurn = createSerialQueue();
  const encoded = (key: string) => path.join(dir, ENCODED_FOLDER, ...encodedPathOf(key));

  async function openKey(key: string): Promise<OpenFile | undefined> {
    const plain = plainPathOf(key);
    return (plain && (await openFile(dir, path.join(dir, ...plain)))) ?? openFile(dir, encoded(key));
  }

  /** In turn, because whether a name is free depends on the folders and files that others make and remove. */
  async function moveToPlace(finished: string, key: string): Promise<string> {
    const plain = plainPathOf(key);
    const inHex = encoded(key);
    const hexIsTaken = await lstat(inHex).then(
      (stats) => stats.isFile(),
      () => false,
    );
    const file = plain && path.join(dir, ...plain);
    if (!file || hexIsTaken || !(await isFree(dir, file))) return moveTo(finished, inHex);
    try {
      return await moveTo(finished, file);
    } catch (error) {
      if (!blocked.has(code(error) ?? '')) throw error;
      return moveTo(finished, inHex);
    }
  }

  return {
    open: openKey,
    async place(finished, key) {
      const file = await inTurn('', () => moveToPlace(finished, key));
      await syncDirectory(path.dirname(file));
    },
    async remove(key) {
      const found = await openKey(key);
      if (!found) return;
      await found.handle.close();
      await inTurn('', async () => {
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
