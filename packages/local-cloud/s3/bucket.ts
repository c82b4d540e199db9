// One bucket: objects as plain files, each change whole or not at all, and earlier versions kept where versioning is on.
import { randomBytes } from 'node:crypto';
import { copyFile, link, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../clock.ts';
import { isMissing, makeDirectory, syncDirectory, writeFileSafely } from '../files/durable-files.ts';
import { recordNameOf } from './keys.ts';
import { createSerialQueue } from '../files/serial-queue.ts';
import type { OpenFile, Places } from './places.ts';
import type { Tags } from './tags.ts';
import { adopt, effectiveVersions, readRecord, type KeyRecord, type Version } from './record.ts';

/** A file that is written through to the disk and waits to become an object. */
export interface Finished extends Pick<
  Version,
  'size' | 'etag' | 'md5' | 'headers' | 'metadata' | 'tags' | 'checksum'
> {
  readonly file: string;
}

export interface Removal {
  /** Of the version that was removed, or of the delete marker that was made; absent without versioning. */
  readonly versionId?: string;
  readonly deleteMarker?: boolean;
}

export interface Bucket {
  readonly places: Places;
  /** Whether it keeps earlier versions; it may change. */
  isVersioned: boolean;
  /** All versions of `key`, newest first; none is the empty list. */
  versions(key: string): Promise<readonly Version[]>;
  /** Opens one version, the current one by default, for reading; `undefined` when it has no content here. */
  open(key: string, versionId?: string): Promise<{ version: Version; file: OpenFile | string } | undefined>;
  /** @param check is called with the current version before anything changes, and stops by throwing. */
  put(key: string, finished: Finished, check?: (current: Version | undefined) => void): Promise<Version>;
  /** @param expected removes the object only while this is its current version. */
  remove(key: string, versionId?: string, expected?: Version): Promise<Removal>;
  /** Replaces the tags of a version, the current one by default. @returns it, or undefined when there is none */
  tag(key: string, tags: Tags, versionId?: string): Promise<Version | undefined>;
  /** The keys that have a record: those with versions, and those with a delete marker. */
  recordedKeys(): AsyncGenerator<string>;
}

interface State {
  readonly versions: readonly Version[];
  readonly file?: OpenFile;
}

const current = ({ versions }: State) => (versions[0]?.deleteMarker ? undefined : versions[0]);
/** Nothing has been recorded yet. */
function none(error: unknown): string[] {
  if (isMissing(error)) return [];
  throw error;
}

const createVersionId = () => randomBytes(24).toString('base64url');

/** @param stateDir where everything but the current content is kept */
export function createBucket(stateDir: string, places: Places, clock: Clock, wasVersioned: boolean): Bucket {
  let isVersioned = wasVersioned;
  const recordsFolder = path.join(stateDir, 'records');
  const folderOf = (key: string) => path.join(recordsFolder, recordNameOf(key).slice(0, 2));
  const recordOf = (key: string) => path.join(folderOf(key), `${recordNameOf(key)}.json`);
  const earlier = (key: string, versionId: string) => path.join(folderOf(key), recordNameOf(key), versionId);
  const exclusively = createSerialQueue();

  async function save(record: KeyRecord): Promise<void> {
    await makeDirectory(folderOf(record.key));
    if (record.versions.length) await writeFileSafely(recordOf(record.key), JSON.stringify(record));
    else await rm(recordOf(record.key), { force: true });
  }

  /** The caller closes the file. */
  async function read(key: string): Promise<State & { known: boolean; record: KeyRecord | undefined }> {
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

  /** As `read`, and gives a file that was put there by hand a record. Only in turn. */
  async function readKnown(key: string): Promise<State> {
    const state = await read(key);
    if (state.known || !state.file) return state;
    const version = await adopt(state.file, isVersioned ? createVersionId() : 'null');
    const before = state.record?.versions ?? [];
    const versions = [version, ...(before[0]?.deleteMarker ? before : before.slice(1))];
    await save({ key, versions });
    return { versions, file: state.file };
  }

  async function resolve(key: string): Promise<State> {
    const state = await read(key);
    if (state.known) return state;
    await state.file?.handle.close();
    return exclusively(key, () => readKnown(key));
  }

  /** Gives the current content a second name, under which it outlives its key. */
  async function preserve(key: string, versionId: string, file: string): Promise<void> {
    const target = earlier(key, versionId);
    await makeDirectory(path.dirname(target));
    await link(file, target).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') await copyFile(file, target); // no hard links on this file system
    });
    await syncDirectory(path.dirname(target));
  }

  async function dropEarlier(key: string, versionId: string): Promise<void> {
    await rm(earlier(key, versionId), { force: true });
  }

  async function change(key: string, state: State, version: Version): Promise<void> {
    const old = current(state);
    const others = state.versions.filter((each) => each.versionId !== version.versionId);
    const replaced = old && !others.includes(old) ? old : undefined;
    if (old && !replaced && state.file) await preserve(key, old.versionId, state.file.file);
    await save({ key, versions: [version, ...others], replaced });
    if (version.deleteMarker) await places.remove(key);
    const dropped = state.versions.find((each) => each.versionId === version.versionId && each !== old);
    if (dropped) await dropEarlier(key, dropped.versionId);
  }

  async function mark(key: string, state: State): Promise<Removal> {
    const others = state.versions.some((version) => version.versionId !== 'null');
    if (!isVersioned && !others) {
      await places.remove(key);
      await save({ key, versions: [] });
      return {};
    }
    const versionId = isVersioned ? createVersionId() : 'null';
    const nothing = { size: 0, etag: '', md5: '', mtimeMs: 0, headers: {}, metadata: {} };
    await change(key, state, { ...nothing, versionId, lastModified: clock.now(), deleteMarker: true });
    return { versionId, deleteMarker: true };
  }

  async function removeVersion(key: string, state: State, versionId: string): Promise<Removal> {
    const index = state.versions.findIndex((version) => version.versionId === versionId);
    const version = state.versions[index];
    if (!version) return { versionId };
    const versions = state.versions.filter((each) => each !== version);
    const isCurrent = index === 0;
    await save({ key, versions, removed: isCurrent && !version.deleteMarker ? version : undefined });
    const next = versions[0];
    if (isCurrent && next && !next.deleteMarker) await places.place(earlier(key, next.versionId), key);
    else if (isCurrent) await places.remove(key);
    await dropEarlier(key, versionId);
    return { versionId, deleteMarker: version.deleteMarker };
  }

  return {
    places,
    get isVersioned() {
      return isVersioned;
    },
    set isVersioned(is) {
      isVersioned = is;
    },
    async *recordedKeys() {
      for (const name of await readdir(recordsFolder, { recursive: true }).catch(none)) {
        const record = name.endsWith('.json') && (await readRecord(path.join(recordsFolder, name)));
        if (record) yield record.key;
      }
    },
    async versions(key) {
      const state = await resolve(key);
      await state.file?.handle.close();
      return state.versions;
    },
    async open(key, versionId) {
      const state = await resolve(key);
      const version =
        versionId === undefined
          ? state.versions[0]
          : state.versions.find((each) => each.versionId === versionId);
      if (version && version === state.versions[0] && state.file) return { version, file: state.file };
      await state.file?.handle.close();
      if (!version) return undefined;
      return { version, file: earlier(key, version.versionId) };
    },
    put: (key, finished, check) =>
      exclusively(key, async () => {
        const state = await readKnown(key);
        try {
          check?.(current(state));
          const { mtimeMs } = await stat(finished.file);
          const { file, ...content } = finished;
          const versionId = isVersioned ? createVersionId() : 'null';
          const version: Version = { ...content, versionId, mtimeMs, lastModified: clock.now() };
          await change(key, state, version);
          await places.place(file, key);
          return version;
        } finally {
          await state.file?.handle.close();
        }
      }),
    tag: (key, tags, versionId) =>
      exclusively(key, async () => {
        const { versions, file } = await readKnown(key);
        await file?.handle.close();
        const found = versions.find((each) => versionId === undefined || each.versionId === versionId);
        if (!found || found.deleteMarker) return found;
        const tagged = { ...found, tags };
        await save({ key, versions: versions.map((each) => (each === found ? tagged : each)) });
        return tagged;
      }),
    remove: (key, versionId, expected) =>
      exclusively(key, async () => {
        const state = await readKnown(key);
        await state.file?.handle.close();
        if (expected && state.versions[0]?.lastModified !== expected.lastModified) return {};
        return versionId === undefined ? mark(key, state) : removeVersion(key, state, versionId);
      }),
  };
}
