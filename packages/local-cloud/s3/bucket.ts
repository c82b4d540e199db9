// One bucket: objects as plain files, each change whole or not at all, and earlier versions kept where versioning is on.

import { stat } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import { type BucketRecords, createBucketRecords, createVersionId, type KeyState } from './bucket-records.ts';
import type { OpenFile, Places } from './places.ts';
import type { Version } from './record.ts';
import type { Tags } from './tags.ts';

/** A file that is written through to the disk and waits to become an object. */
export interface Finished extends Pick<
  Version,
  'size' | 'etag' | 'md5' | 'headers' | 'metadata' | 'tags' | 'checksum' | 'parts'
> {
  readonly file: string;
}

export interface Removal {
  /** Of the version that was removed, or of the delete marker that was made; absent without versioning. */
  readonly versionId?: string;
  readonly deleteMarker?: boolean;
}

export interface RemoveOnly {
  /** Removes the object only while this is its current version. */
  readonly expected?: Version;
  /** Called with the current version before anything changes; stops by throwing. */
  readonly check?: (current: Version | undefined) => void;
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
  remove(key: string, versionId?: string, only?: RemoveOnly): Promise<Removal>;
  /** Replaces the tags of a version, the current one by default. @returns it, or undefined when there is none */
  tag(key: string, tags: Tags, versionId?: string): Promise<Version | undefined>;
  /** The keys that have a record: those with versions, and those with a delete marker. */
  recordedKeys(): AsyncGenerator<string>;
}

/** What changes of a bucket work with. */
interface Parts {
  readonly records: BucketRecords;
  readonly places: Places;
  readonly clock: Clock;
  isVersioned: boolean;
}

const current = ({ versions }: KeyState) => (versions[0]?.deleteMarker ? undefined : versions[0]);

async function change(
  { records, places }: Parts,
  key: string,
  state: KeyState,
  version: Version,
): Promise<void> {
  const old = current(state);
  const others = state.versions.filter((each) => each.versionId !== version.versionId);
  const replaced = old && !others.includes(old) ? old : undefined;
  if (old && !replaced && state.file) await records.preserve(key, old.versionId, state.file.file);
  await records.save({ key, versions: [version, ...others], replaced });
  if (version.deleteMarker) await places.remove(key);
  const dropped = state.versions.find((each) => each.versionId === version.versionId && each !== old);
  if (dropped) await records.dropEarlier(key, dropped.versionId);
}

async function mark(parts: Parts, key: string, state: KeyState): Promise<Removal> {
  const { records, places, clock, isVersioned } = parts;
  const others = state.versions.some((version) => version.versionId !== 'null');
  if (!isVersioned && !others) {
    await places.remove(key);
    await records.save({ key, versions: [] });
    return {};
  }
  const versionId = isVersioned ? createVersionId() : 'null';
  const nothing = { size: 0, etag: '', md5: '', mtimeMs: 0, headers: {}, metadata: {} };
  await change(parts, key, state, { ...nothing, versionId, lastModified: clock.now(), deleteMarker: true });
  return { versionId, deleteMarker: true };
}

async function removeVersion(
  { records, places }: Parts,
  key: string,
  state: KeyState,
  versionId: string,
): Promise<Removal> {
  const index = state.versions.findIndex((version) => version.versionId === versionId);
  const version = state.versions[index];
  if (!version) return { versionId };
  const versions = state.versions.filter((each) => each !== version);
  const isCurrent = index === 0;
  await records.save({ key, versions, removed: isCurrent && !version.deleteMarker ? version : undefined });
  const next = versions[0];
  if (isCurrent && next && !next.deleteMarker) await places.place(records.earlier(key, next.versionId), key);
  else if (isCurrent) await places.remove(key);
  await records.dropEarlier(key, versionId);
  return { versionId, deleteMarker: version.deleteMarker };
}

/** @param check throws to leave the object as it is */
async function put(
  parts: Parts,
  key: string,
  { file, ...content }: Finished,
  check?: (current: Version | undefined) => void,
): Promise<Version> {
  const { records, places, clock } = parts;
  const state = await records.readKnown(key);
  try {
    check?.(current(state));
    const { mtimeMs } = await stat(file);
    const versionId = parts.isVersioned ? createVersionId() : 'null';
    const version: Version = { ...content, versionId, mtimeMs, lastModified: clock.now() };
    await change(parts, key, state, version);
    await places.place(file, key);
    return version;
  } finally {
    await state.file?.handle.close();
  }
}

const versionIn = (versions: readonly Version[], versionId: string | undefined): Version | undefined =>
  versions.find((each) => versionId === undefined || each.versionId === versionId);

async function tag(
  { records }: Parts,
  key: string,
  tags: Tags,
  versionId: string | undefined,
): Promise<Version | undefined> {
  const { versions, file } = await records.readKnown(key);
  await file?.handle.close();
  const found = versionIn(versions, versionId);
  if (!found || found.deleteMarker) return found;
  const tagged = { ...found, tags };
  await records.save({ key, versions: versions.map((each) => (each === found ? tagged : each)) });
  return tagged;
}

async function remove(
  parts: Parts,
  key: string,
  versionId: string | undefined,
  { expected, check }: RemoveOnly = {},
): Promise<Removal> {
  const state = await parts.records.readKnown(key);
  await state.file?.handle.close();
  check?.(current(state));
  if (expected && state.versions[0]?.lastModified !== expected.lastModified) return {};
  return versionId === undefined ? mark(parts, key, state) : removeVersion(parts, key, state, versionId);
}

/** @param stateDir where everything but the current content is kept */
export function createBucket(stateDir: string, places: Places, clock: Clock, isVersioned: boolean): Bucket {
  const records = createBucketRecords(stateDir, places, () => parts.isVersioned);
  const parts: Parts = { records, places, clock, isVersioned };

  return {
    places,
    get isVersioned() {
      return parts.isVersioned;
    },
    set isVersioned(is) {
      parts.isVersioned = is;
    },
    recordedKeys: () => records.keys(),
    async versions(key) {
      const state = await records.resolve(key);
      await state.file?.handle.close();
      return state.versions;
    },
    async open(key, versionId) {
      const state = await records.resolve(key);
      const version = versionIn(state.versions, versionId);
      if (version && version === state.versions[0] && state.file) return { version, file: state.file };
      await state.file?.handle.close();
      if (!version) return undefined;
      return { version, file: records.earlier(key, version.versionId) };
    },
    put: (key, finished, check) => records.exclusively(key, () => put(parts, key, finished, check)),
    tag: (key, tags, versionId) => records.exclusively(key, () => tag(parts, key, tags, versionId)),
    remove: (key, versionId, only) => records.exclusively(key, () => remove(parts, key, versionId, only)),
  };
}
