// The object store of S3 and Firehose: the buckets of the template and those that clients create, in one folder.

import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { BucketResource } from './bucket-spec.ts';
import type { Finished, Removal, RemoveOnly } from './bucket.ts';
import { createStoredObject, spool, type PutOptions, type StoredObject } from './content.ts';
import { expirationOf } from './expiration.ts';
import { makeDirectory } from '../files/durable-files.ts';
import { requireKey } from './keys.ts';
import { applyRules, everyDay } from './lifecycle.ts';
import {
  listObjects,
  listVersions,
  type ListPage,
  type ListQuery,
  type VersionPage,
  type VersionQuery,
} from './list.ts';
import type { Version } from './record.ts';
import type { ObjectEvent } from './notifier.ts';
import { openRegistry, type BucketChanges, type BucketInfo, type Registry } from './registry.ts';
import { createSerialQueue } from '../files/serial-queue.ts';
import type { Tags } from './tags.ts';
import { createUploads, type Uploads } from './uploads.ts';

export type { PutOptions, StoredObject } from './content.ts';

export interface ObjectStore {
  /** Creates the template's bucket if it is missing. @throws StartError for what is not supported */
  ensureBucket: (resource: BucketResource) => Promise<void>;
  /** @throws AwsError InvalidBucketName, BucketAlreadyOwnedByYou */
  createBucket: (name: string, settings?: BucketChanges) => Promise<void>;
  /** @throws AwsError NoSuchBucket, BucketNotEmpty */
  deleteBucket: (name: string) => Promise<void>;
  /** Changes a bucket that a client created. @throws AwsError NoSuchBucket, OperationAborted for one of the template */
  configure(name: string, changes: BucketChanges): Promise<void>;
  buckets(): readonly BucketInfo[];
  /** @throws AwsError NoSuchBucket */
  bucket(name: string): BucketInfo;
  /** Properties of the template's bucket; none for a bucket that a client created. @throws AwsError NoSuchBucket */
  declared(name: string): BucketResource['properties'];
  /** Resolves when the object is on disk. @throws AwsError NoSuchBucket, KeyTooLongError */
  put(
    bucket: string,
    key: string,
    body: Buffer | AsyncIterable<Buffer>,
    options?: PutOptions,
  ): Promise<Version>;
  /** @throws AwsError NoSuchBucket, NoSuchKey, NoSuchVersion, MethodNotAllowed (a delete marker, by its id) */
  get(bucket: string, key: string, versionId?: string): Promise<StoredObject>;
  /** Removes the object, or one version permanently; succeeds also where there is none. @throws AwsError NoSuchBucket */
  remove(bucket: string, key: string, versionId?: string, check?: RemoveOnly['check']): Promise<Removal>;
  /** A version without its content. @throws as `get` */
  find(bucket: string, key: string, versionId?: string): Promise<Version>;
  /** Replaces the tags of a version, the current one by default. @throws as `get` */
  tag(bucket: string, key: string, tags: Tags, versionId?: string): Promise<Version>;
  /** When the current object expires, in the form of `x-amz-expiration`. @throws AwsError NoSuchBucket */
  expiration(bucket: string, key: string, lastModified: number): string | undefined;
  /** Newest first. */
  versions(bucket: string, key: string): Promise<readonly Version[]>;
  list(bucket: string, query: ListQuery): Promise<ListPage>;
  listVersions(bucket: string, query: VersionQuery): Promise<VersionPage>;
  readonly uploads: Uploads;
  /** Epoch milliseconds of the store's clock. */
  now(): number;
  /** Applies the template's lifecycle rules now, as happens every day. */
  expire(): Promise<void>;
  close(): Promise<void>;
}

export interface ObjectStoreOptions {
  /** Created if missing. */
  readonly dir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Called after each change of an object, which waits for it. Must not reject. */
  readonly notify?: (event: ObjectEvent) => Promise<void>;
}

/** Writes the body to the disk as `file`. @returns the object that it will be */
async function finish(
  file: string,
  body: Buffer | AsyncIterable<Buffer>,
  options: PutOptions,
): Promise<Finished> {
  const { size, md5 } = await spool(file, body);
  const { contentType = 'binary/octet-stream', contentEncoding, headers, metadata = {} } = options;
  return {
    file,
    size,
    md5,
    etag: options.etag ?? md5,
    headers: { 'content-type': contentType, 'content-encoding': contentEncoding, ...headers },
    metadata,
    tags: options.tags,
    parts: options.parts,
    checksum: options.checksum?.(),
  };
}

/** Of a delete marker, which has no content and no tags. */
export const methodNotAllowed = (): AwsError =>
  new AwsError('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405);

/** Why there is nothing to read: no such object, no such version, or the id of a delete marker. */
function missing(isMarker: boolean, byVersion: boolean): AwsError {
  if (!byVersion) return new AwsError('NoSuchKey', 'The specified key does not exist.', 404);
  if (!isMarker) return new AwsError('NoSuchVersion', 'The specified version does not exist.', 404);
  return methodNotAllowed();
}

function requireVersion(version: Version | undefined, versionId: string | undefined): Version {
  if (version && !version.deleteMarker) return version;
  throw missing(version !== undefined, versionId !== undefined);
}

/** The version of an object without versions is `null`, which no event has. */
const shownVersion = (versionId: string | undefined) => (versionId === 'null' ? undefined : versionId);

/** @returns a function that applies the lifecycle rules of all buckets, one run after the other */
function createExpire(registry: Registry, uploads: Uploads, clock: Clock): () => Promise<void> {
  const serially = createSerialQueue();
  return () =>
    serially('expire', async () => {
      for (const { info, bucket, rules } of registry.all()) {
        await applyRules(info.name, bucket, rules, uploads, clock.now());
      }
    });
}

/** What operations on objects work with. */
interface Parts {
  readonly registry: Registry;
  readonly notify: ObjectStoreOptions['notify'];
}

async function put(
  { registry, notify }: Parts,
  ...[name, key, body, options = {}]: Parameters<ObjectStore['put']>
): Promise<Version> {
  const { bucket } = registry.find(name);
  requireKey(key);
  const file = path.join(registry.spoolDir, randomUUID());
  let version: Version;
  try {
    version = await bucket.put(key, await finish(file, body, options), options.check);
  } finally {
    await rm(file, { force: true });
  }
  const { size, etag, versionId } = version;
  const event = `ObjectCreated:${options.by ?? 'Put'}`;
  await notify?.({ name: event, bucket: name, key, size, etag, versionId: shownVersion(versionId) });
  return version;
}

function objectOperations(
  { registry, notify }: Parts,
  uploads: Uploads,
): Pick<ObjectStore, 'get' | 'find' | 'tag' | 'remove' | 'expiration' | 'versions'> {
  const bucketOf = (name: string) => registry.find(name).bucket;
  return {
    async get(name, key, versionId) {
      requireKey(key);
      const found = await bucketOf(name).open(key, versionId);
      if (!found || found.version.deleteMarker) throw missing(found !== undefined, versionId !== undefined);
      return createStoredObject(key, found.version, found.file);
    },
    async find(name, key, versionId) {
      requireKey(key);
      const versions = await bucketOf(name).versions(key);
      return requireVersion(
        versions.find((each) => versionId === undefined || each.versionId === versionId),
        versionId,
      );
    },
    async tag(name, key, tags, versionId) {
      requireKey(key);
      return requireVersion(await bucketOf(name).tag(key, tags, versionId), versionId);
    },
    async remove(name, key, versionId, check) {
      requireKey(key);
      const removal = await bucketOf(name).remove(key, versionId, { check });
      await uploads.noteRemoval(name, key);
      const kind = removal.deleteMarker && versionId === undefined ? 'DeleteMarkerCreated' : 'Delete';
      const shown = shownVersion(removal.versionId);
      await notify?.({ name: `ObjectRemoved:${kind}`, bucket: name, key, versionId: shown });
      return removal;
    },
    expiration: (name, key, lastModified) => expirationOf(key, lastModified, registry.find(name).rules),
    versions: async (name, key) => bucketOf(name).versions(key),
  };
}

function bucketOperations(
  registry: Registry,
): Omit<
  ObjectStore,
  keyof ReturnType<typeof objectOperations> | 'put' | 'uploads' | 'now' | 'expire' | 'close'
> {
  return {
    ensureBucket: registry.ensure,
    createBucket: registry.create,
    configure: registry.configure,
    deleteBucket: registry.delete,
    buckets: () => registry.all().map(({ info }) => info),
    bucket: (name) => registry.find(name).info,
    declared: (name) => registry.find(name).declared,
    list: async (name, query) => listObjects(registry.find(name).bucket, query),
    listVersions: async (name, query) => listVersions(registry.find(name).bucket, query),
  };
}

/** Opens the folder and the buckets in it; what a crash left half written is removed. */
export async function createObjectStore(options: ObjectStoreOptions): Promise<ObjectStore> {
  const { dir, clock, log, notify } = options;
  await makeDirectory(dir);
  const registry = await openRegistry(dir, clock);
  const parts: Parts = { registry, notify };
  const putObject: ObjectStore['put'] = (...call) => put(parts, ...call);
  const stateOf = (name: string) => registry.stateOf(registry.find(name).info.name);
  const uploads = createUploads({ put: putObject, stateOf }, clock);
  const expire = createExpire(registry, uploads, clock);
  const endExpiry = everyDay(clock, log, expire);
  return {
    ...bucketOperations(registry),
    ...objectOperations(parts, uploads),
    put: putObject,
    uploads,
    now: () => clock.now(),
    expire,
    async close() {
      endExpiry();
    },
  };
}
