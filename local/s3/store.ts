// The object store behind S3 and Firehose: buckets of the template, and such as a client makes, in one folder.
import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { createBucket, type Bucket, type Finished, type Removal } from './bucket.ts';
import { settingsOf, type BucketResource, type ExpirationRule } from './bucket-spec.ts';
import { createStoredObject, spool, type PutOptions, type StoredObject } from './content.ts';
import { isMissing, makeDirectory, syncDirectory, writeFileSafely } from './durable-files.ts';
import { requireBucketName, requireKey } from './keys.ts';
import {
  listObjects,
  listVersions,
  type ListPage,
  type ListQuery,
  type VersionPage,
  type VersionQuery,
} from './list.ts';
import { applyRules, everyDay } from './lifecycle.ts';
import { createPlaces } from './places.ts';
import type { Version } from './record.ts';
import { createTurns } from './turns.ts';
import { createUploads, type Uploads } from './uploads.ts';

export type { PutOptions, StoredObject } from './content.ts';

export interface BucketInfo {
  readonly name: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly versioned: boolean;
  readonly fromTemplate: boolean;
}

export interface ObjectStore {
  /** Creates the template's bucket if it is missing. @throws StartError for what is not supported */
  ensureBucket(resource: BucketResource): Promise<void>;
  /** @throws AwsError InvalidBucketName, BucketAlreadyOwnedByYou */
  createBucket(name: string): Promise<void>;
  /** @throws AwsError NoSuchBucket, BucketNotEmpty */
  deleteBucket(name: string): Promise<void>;
  buckets(): readonly BucketInfo[];
  /** @throws AwsError NoSuchBucket */
  bucket(name: string): BucketInfo;
  /** Resolves when the object is on disk. @throws AwsError NoSuchBucket, KeyTooLongError */
  put(
    bucket: string,
    key: string,
    body: Buffer | AsyncIterable<Buffer>,
    options?: PutOptions,
  ): Promise<Version>;
  /** @throws AwsError NoSuchBucket, NoSuchKey, NoSuchVersion, MethodNotAllowed (a delete marker, by its id) */
  get(bucket: string, key: string, versionId?: string): Promise<StoredObject>;
  /** Removes the object, or one version for good; what is not there is removed already. @throws AwsError NoSuchBucket */
  remove(bucket: string, key: string, versionId?: string): Promise<Removal>;
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
}

const stateFolder = '.tidegate';

interface Open {
  readonly info: BucketInfo;
  readonly bucket: Bucket;
  readonly rules: readonly ExpirationRule[];
}

const noSuchBucket = () => new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404);

async function readSettings(file: string): Promise<Omit<BucketInfo, 'name'> | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Omit<BucketInfo, 'name'>;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Opens the folder and the buckets in it; what a crash left half written is removed. */
export async function createObjectStore(options: ObjectStoreOptions): Promise<ObjectStore> {
  const { dir, clock, log } = options;
  const spoolDir = path.join(dir, stateFolder, 'unfinished');
  await rm(spoolDir, { recursive: true, force: true });
  await makeDirectory(spoolDir);
  const opened = new Map<string, Open>();
  const stateOf = (name: string) => path.join(dir, stateFolder, 'buckets', name);

  function add(info: BucketInfo, rules: readonly ExpirationRule[] = []): void {
    const places = createPlaces(path.join(dir, info.name));
    opened.set(info.name, {
      info,
      bucket: createBucket(stateOf(info.name), places, clock, info.versioned),
      rules,
    });
  }

  async function save(info: BucketInfo, rules?: readonly ExpirationRule[]): Promise<void> {
    await makeDirectory(path.join(dir, info.name));
    await makeDirectory(stateOf(info.name));
    const { name: _name, ...settings } = info;
    await writeFileSafely(path.join(stateOf(info.name), 'bucket.json'), JSON.stringify(settings));
    add(info, rules);
  }

  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name === stateFolder) continue;
    const settings = await readSettings(path.join(stateOf(entry.name), 'bucket.json'));
    if (settings) add({ ...settings, name: entry.name, fromTemplate: false });
  }

  function find(name: string): Open {
    const found = opened.get(name);
    if (!found) throw noSuchBucket();
    return found;
  }

  async function put(
    name: string,
    key: string,
    body: Buffer | AsyncIterable<Buffer>,
    given: PutOptions = {},
  ) {
    const { bucket } = find(name);
    requireKey(key);
    const file = path.join(spoolDir, randomUUID());
    const { size, md5 } = await spool(file, body);
    const { contentType = 'binary/octet-stream', contentEncoding, headers, metadata = {}, check } = given;
    const finished: Finished = {
      file,
      size,
      md5,
      etag: given.etag ?? md5,
      headers: { 'content-type': contentType, 'content-encoding': contentEncoding, ...headers },
      metadata,
      checksum: given.checksum?.(),
    };
    try {
      return await bucket.put(key, finished, check);
    } finally {
      await rm(file, { force: true });
    }
  }

  async function get(name: string, key: string, versionId?: string): Promise<StoredObject> {
    const { bucket } = find(name);
    requireKey(key);
    const found = await bucket.open(key, versionId);
    if (!found && versionId !== undefined)
      throw new AwsError('NoSuchVersion', 'The specified version does not exist.', 404);
    if (!found || (found.version.deleteMarker && versionId === undefined)) {
      throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404);
    }
    if (found.version.deleteMarker) {
      throw new AwsError(
        'MethodNotAllowed',
        'The specified method is not allowed against this resource.',
        405,
      );
    }
    return createStoredObject(key, found.version, found.file);
  }

  async function deleteBucket(name: string): Promise<void> {
    const { info, bucket } = find(name);
    if (info.fromTemplate) {
      throw new AwsError(
        'OperationAborted',
        `The template declares bucket ${name}: it cannot be deleted while it runs`,
        409,
      );
    }
    const page = await listVersions(bucket, { limit: 1 });
    if (page.versions.length)
      throw new AwsError('BucketNotEmpty', 'The bucket you tried to delete is not empty', 409);
    opened.delete(name);
    const discarded = path.join(spoolDir, randomUUID());
    await rename(path.join(dir, name), discarded);
    await rm(discarded, { recursive: true, force: true });
    await rm(stateOf(name), { recursive: true, force: true });
    await syncDirectory(dir);
  }

  const uploads = createUploads({ put, stateOf: (name) => stateOf(find(name).info.name) }, clock);

  const inTurn = createTurns();
  const expire = () =>
    inTurn('expire', async () => {
      for (const [name, { bucket, rules }] of opened) {
        await applyRules(name, bucket, rules, uploads, clock.now());
      }
    });
  const endExpiry = everyDay(clock, log, expire);

  return {
    async ensureBucket(resource) {
      const { name } = resource;
      const { versioned, rules } = settingsOf(resource);
      requireBucketName(name);
      const createdAt = opened.get(name)?.info.createdAt ?? clock.now();
      await save({ name, createdAt, versioned, fromTemplate: true }, rules);
    },
    async createBucket(name) {
      requireBucketName(name);
      if (opened.has(name)) {
        const message = 'Your previous request to create the named bucket succeeded and you already own it.';
        throw new AwsError('BucketAlreadyOwnedByYou', message, 409);
      }
      await save({ name, createdAt: clock.now(), versioned: false, fromTemplate: false });
    },
    deleteBucket,
    buckets: () => [...opened.values()].map(({ info }) => info).sort((a, b) => (a.name < b.name ? -1 : 1)),
    bucket: (name) => find(name).info,
    put,
    get,
    remove(name, key, versionId) {
      const { bucket } = find(name);
      requireKey(key);
      return bucket.remove(key, versionId);
    },
    versions: async (name, key) => find(name).bucket.versions(key),
    list: async (name, query) => listObjects(find(name).bucket, query),
    listVersions: async (name, query) => listVersions(find(name).bucket, query),
    uploads,
    now: () => clock.now(),
    expire,
    async close() {
      endExpiry();
    },
  };
}
