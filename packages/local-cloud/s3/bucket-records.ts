// What a bucket keeps besides the current content: the record of each key, and the content of its earlier versions.

import { randomBytes } from 'node:crypto';
import { copyFile, link, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { isMissing, makeDirectory, syncDirectory, writeFileSafely } from '../files/durable-files.ts';
import { createSerialQueue } from '../files/serial-queue.ts';
import { recordNameOf } from './keys.ts';
import type { OpenFile, Places } from './places.ts';
import { adopt, effectiveVersions, type KeyRecord, readRecord, type Version } from './record.ts';

/** The versions of a key, newest first, and the open file of the current one. The reader closes the file. */
export interface KeyState {
  readonly versions: readonly Version[];
  readonly file?: OpenFile;
}

export interface BucketRecords {
  /** Runs changes of one key one after the other. */
  readonly exclusively: <T>(key: string, run: () => Promise<T>) => Promise<T>;
  /** The state of a key. A file put into the folder by another program gets a record first. */
  resolve(key: string): Promise<KeyState>;
  /** As `resolve`, within `exclusively`. */
  readKnown(key: string): Promise<KeyState>;
  save(record: KeyRecord): Promise<void>;
  /** Where the content of an earlier version is. */
  earlier(key: string, versionId: string): string;
  /** Gives the current content a second name, under which it outlives its key. */
  preserve(key: string, versionId: string, file: string): Promise<void>;
  dropEarlier(key: string, versionId: string): Promise<void>;
  /** The keys that have a record: those with versions, and those with a delete marker. */
  keys(): AsyncGenerator<string>;
}

/** 32 letters, digits, dots and underscores, as AWS has them. */
export const createVersionId = () => randomBytes(24).toString('base64url').replaceAll('-', '.');

/** The names in a folder that does not exist yet. */
function none(error: unknown): string[] {
  if (isMissing(error)) return [];
  throw error;
}

/** Where the records and the earlier versions of a bucket are. */
function pathsIn(stateDir: string) {
  const recordsFolder = path.join(stateDir, 'records');
  const folderOf = (key: string) => path.join(recordsFolder, recordNameOf(key).slice(0, 2));
  return {
    recordsFolder,
    folderOf,
    recordOf: (key: string) => path.join(folderOf(key), `${recordNameOf(key)}.json`),
    earlier: (key: string, versionId: string) => path.join(folderOf(key), recordNameOf(key), versionId),
  };
}

type Paths = ReturnType<typeof pathsIn>;

async function save({ folderOf, recordOf }: Paths, record: KeyRecord): Promise<void> {
  await makeDirectory(folderOf(record.key));
  if (record.versions.length) await writeFileSafely(recordOf(record.key), JSON.stringify(record));
  else await rm(recordOf(record.key), { force: true });
}

/** `known` is false where there is no record, or none of the file that is there. */
async function read(
  { recordOf }: Paths,
  places: Places,
  key: string,
): Promise<KeyState & { known: boolean; record: KeyRecord | undefined }> {
  const file = await places.open(key);
  try {
    const record = await readRecord(recordOf(key));
    const versions = await effectiveVersions(record, file);
    return { versions: versions ?? [], known: versions !== undefined, record, file };
  } catch (error) {
    await file?.handle.close();
    throw error;
  }
}

/** Gives a second name to a file, or copies it where the file system has no hard links. */
async function linkOrCopy(file: string, target: string): Promise<void> {
  await makeDirectory(path.dirname(target));
  await link(file, target).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') await copyFile(file, target);
  });
  await syncDirectory(path.dirname(target));
}

/** @param stateDir where everything but the current content is kept */
export function createBucketRecords(
  stateDir: string,
  places: Places,
  isVersioned: () => boolean,
): BucketRecords {
  const paths = pathsIn(stateDir);
  const { recordsFolder, earlier } = paths;
  const exclusively = createSerialQueue();

  async function readKnown(key: string): Promise<KeyState> {
    const state = await read(paths, places, key);
    if (state.known || !state.file) return state;
    const version = await adopt(state.file, isVersioned() ? createVersionId() : 'null');
    const before = state.record?.versions ?? [];
    const versions = [version, ...(before[0]?.deleteMarker ? before : before.slice(1))];
    await save(paths, { key, versions });
    return { versions, file: state.file };
  }

  return {
    exclusively,
    readKnown,
    earlier,
    save: (record) => save(paths, record),
    async resolve(key) {
      const state = await read(paths, places, key);
      if (state.known) return state;
      await state.file?.handle.close();
      return exclusively(key, () => readKnown(key));
    },
    preserve: (key, versionId, file) => linkOrCopy(file, earlier(key, versionId)),
    dropEarlier: (key, versionId) => rm(earlier(key, versionId), { force: true }),
    async *keys() {
      for (const name of await readdir(recordsFolder, { recursive: true }).catch(none)) {
        const record = name.endsWith('.json') && (await readRecord(path.join(recordsFolder, name)));
        if (record) yield record.key;
      }
    },
  };
}
