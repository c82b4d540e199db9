// The buckets there are: those of the template, and those that clients made, which come back after a restart.

import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import { StartError } from '../start-error.ts';
import { settingsOf, type BucketResource, type ExpirationRule } from './bucket-spec.ts';
import { createBucket, type Bucket } from './bucket.ts';
import { isMissing, makeDirectory, syncDirectory, writeFileSafely } from '../files/durable-files.ts';
import { createSerialQueue } from '../files/serial-queue.ts';
import { requireBucketName } from './keys.ts';
import { listVersions } from './list.ts';
import { createPlaces } from './places.ts';
import type { Tags } from './tags.ts';

export interface BucketInfo {
  readonly name: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly versioned: boolean;
  readonly fromTemplate: boolean;
  /** Whether versions were kept once, and are not any more. */
  readonly suspended?: boolean;
  readonly tags?: Tags;
  /** JSON text. */
  readonly policy?: string;
}

export interface Registered {
  info: BucketInfo;
  readonly bucket: Bucket;
  readonly rules: readonly ExpirationRule[];
  /** Properties of the template's bucket; none of one that a client made. */
  readonly declared: BucketResource['properties'];
}

export interface Registry {
  /** @throws AwsError NoSuchBucket */
  find(name: string): Registered;
  /** By name. */
  all(): readonly Registered[];
  /** Creates the template's bucket if it is missing. @throws StartError for what is not supported */
  readonly ensure: (resource: BucketResource) => Promise<void>;
  /** @throws AwsError InvalidBucketName, BucketAlreadyOwnedByYou */
  readonly create: (name: string, tags?: Tags) => Promise<void>;
  /** @throws AwsError NoSuchBucket, OperationAborted for one of the template */
  readonly configure: (
    name: string,
    changes: Pick<BucketInfo, 'tags' | 'policy'> & { versioned?: boolean },
  ) => Promise<void>;
  /** @throws AwsError NoSuchBucket, BucketNotEmpty, OperationAborted */
  readonly delete: (name: string) => Promise<void>;
  /** Where a bucket keeps what is not an object. */
  stateOf(name: string): string;
  /** Where files wait that are not yet objects; emptied at the start. */
  readonly spoolDir: string;
}

/** A hidden name: no bucket may have it. Another name would leave behind what data directories hold. */
const STATE_FOLDER = '.tidegate';
type Settings = Omit<BucketInfo, 'name'>;

async function readSettings(file: string): Promise<Settings | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Settings;
  } catch (error) {
    if (isMissing(error)) return undefined;
    const remedy = 'restore it from a copy, or remove it to leave the bucket out';
    throw new StartError(`${file} cannot be read (${String(error)}): ${remedy}`, { cause: error });
  }
}

async function requireDeletable({ info, bucket }: Registered): Promise<void> {
  if (info.fromTemplate) {
    const message = `The template declares bucket ${info.name}: it cannot be deleted while it runs`;
    throw new AwsError('OperationAborted', message, 409);
  }
  const { versions } = await listVersions(bucket, { limit: 1 });
  if (versions.length === 0) return;
  const all = info.versioned || info.suspended ? '. You must delete all versions in the bucket.' : '';
  throw new AwsError('BucketNotEmpty', `The bucket you tried to delete is not empty${all}`, 409);
}

async function writeSettings(stateDir: string, info: BucketInfo): Promise<void> {
  const { name: _name, ...settings } = info;
  await writeFileSafely(path.join(stateDir, 'bucket.json'), JSON.stringify(settings));
}

/** Moves a folder away first, so that a crash never leaves half of it. */
async function discard(folder: string, spoolDir: string): Promise<void> {
  const discarded = path.join(spoolDir, randomUUID());
  await rename(folder, discarded);
  await rm(discarded, { recursive: true, force: true });
}

/** @throws AwsError for a bucket of the template */
function configured(before: BucketInfo, changes: Parameters<Registry['configure']>[1]): BucketInfo {
  if (before.fromTemplate)
    throw new AwsError(
      'OperationAborted',
      `The template declares bucket ${before.name}: change it there`,
      409,
    );
  const isSuspended = changes.versioned === false || (changes.versioned === undefined && before.suspended);
  return { ...before, ...changes, suspended: isSuspended };
}

/** @throws StartError when the folder cannot be read */
export async function openRegistry(dir: string, clock: Clock): Promise<Registry> {
  const spoolDir = path.join(dir, STATE_FOLDER, 'unfinished');
  const stateOf = (name: string) => path.join(dir, STATE_FOLDER, 'buckets', name);
  const buckets = new Map<string, Registered>();
  const serially = createSerialQueue();

  function add(
    info: BucketInfo,
    rules: readonly ExpirationRule[],
    declared: BucketResource['properties'] = {},
  ): void {
    const places = createPlaces(path.join(dir, info.name));
    const bucket = createBucket(stateOf(info.name), places, clock, info.versioned);
    buckets.set(info.name, { info, bucket, rules, declared });
  }

  async function save(
    info: BucketInfo,
    rules: readonly ExpirationRule[],
    declared?: BucketResource['properties'],
  ): Promise<void> {
    await makeDirectory(path.join(dir, info.name));
    await makeDirectory(stateOf(info.name));
    await writeSettings(stateOf(info.name), info);
    add(info, rules, declared);
  }

  function find(name: string): Registered {
    const found = buckets.get(name);
    if (!found) throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404);
    return found;
  }

  await rm(spoolDir, { recursive: true, force: true });
  await makeDirectory(spoolDir);
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name === STATE_FOLDER) continue;
    const settings = await readSettings(path.join(stateOf(entry.name), 'bucket.json'));
    if (settings) add({ ...settings, name: entry.name, fromTemplate: false }, []);
  }

  return {
    find,
    all: () => [...buckets.values()].sort((a, b) => (a.info.name < b.info.name ? -1 : 1)),
    async ensure(resource) {
      const { name } = resource;
      const { versioned, suspended, rules, tags, policy } = settingsOf(resource);
      requireBucketName(name);
      const createdAt = buckets.get(name)?.info.createdAt ?? clock.now();
      const info = { name, createdAt, versioned, suspended, tags, policy, fromTemplate: true };
      await save(info, rules, resource.properties);
    },
    async create(name, tags) {
      requireBucketName(name);
      if (buckets.has(name)) {
        const message = 'Your previous request to create the named bucket succeeded and you already own it.';
        throw new AwsError('BucketAlreadyOwnedByYou', message, 409);
      }
      await save({ name, createdAt: clock.now(), versioned: false, fromTemplate: false, tags }, []);
    },
    configure: (name, changes) =>
      serially(name, async () => {
        const found = find(name);
        const info = configured(found.info, changes);
        await writeSettings(stateOf(name), info);
        found.info = info;
        found.bucket.isVersioned = info.versioned;
      }),
    async delete(name) {
      await requireDeletable(find(name));
      buckets.delete(name);
      await discard(path.join(dir, name), spoolDir);
      await rm(stateOf(name), { recursive: true, force: true });
      await syncDirectory(dir);
    },
    stateOf,
    spoolDir,
  };
}
