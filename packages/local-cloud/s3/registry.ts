// The list of buckets: those of the template, and those that clients created, which are kept over a restart.

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
  /** Whether versioning was on once and is off now. */
  readonly suspended?: boolean;
  readonly tags?: Tags;
  /** JSON text. */
  readonly policy?: string;
  /** Of the encryption that a client set. */
  readonly bucketKey?: boolean;
  /** What a client set, and null where a client removed it; AWS's for a new bucket if absent. */
  readonly ownership?: string | null;
  readonly publicAccess?: Readonly<Record<string, boolean>> | null;
}

/** What a client can change of a bucket that it made. */
export type BucketChanges = Partial<
  Pick<BucketInfo, 'tags' | 'policy' | 'bucketKey' | 'ownership' | 'publicAccess' | 'versioned'>
>;

export interface Registered {
  info: BucketInfo;
  readonly bucket: Bucket;
  readonly rules: readonly ExpirationRule[];
  /** Properties of the template's bucket; none for a bucket that a client created. */
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
  readonly create: (name: string, settings?: BucketChanges) => Promise<void>;
  /** @throws AwsError NoSuchBucket, OperationAborted for one of the template */
  readonly configure: (name: string, changes: BucketChanges) => Promise<void>;
  /** @throws AwsError NoSuchBucket, BucketNotEmpty, OperationAborted */
  readonly delete: (name: string) => Promise<void>;
  /** The folder for everything of a bucket but its objects. */
  stateOf(name: string): string;
  /** The folder of files that are not yet objects; emptied at the start. */
  readonly spoolDir: string;
}

/** A hidden name, which no bucket may have. Existing data directories have it: do not rename it. */
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

/** @throws AwsError for a bucket of the template */
function configured(before: BucketInfo, changes: BucketChanges): BucketInfo {
  if (before.fromTemplate)
    throw new AwsError(
      'OperationAborted',
      `The template declares bucket ${before.name}: change it there`,
      409,
    );
  const isSuspended = changes.versioned === false || (changes.versioned === undefined && before.suspended);
  return { ...before, ...changes, suspended: isSuspended };
}

/** The buckets in memory, and the folders in which they are kept. */
interface BucketList {
  readonly dir: string;
  readonly spoolDir: string;
  readonly clock: Clock;
  readonly buckets: Map<string, Registered>;
  readonly stateOf: (name: string) => string;
}

const NOTHING_DECLARED: BucketResource['properties'] = {};

function add(
  { dir, clock, buckets, stateOf }: BucketList,
  info: BucketInfo,
  rules: readonly ExpirationRule[],
  declared: BucketResource['properties'],
): void {
  const places = createPlaces(path.join(dir, info.name));
  const bucket = createBucket(stateOf(info.name), places, clock, info.versioned);
  buckets.set(info.name, { info, bucket, rules, declared });
}

async function save(
  list: BucketList,
  info: BucketInfo,
  rules: readonly ExpirationRule[],
  declared = NOTHING_DECLARED,
): Promise<void> {
  const { dir, stateOf } = list;
  await makeDirectory(path.join(dir, info.name));
  await makeDirectory(stateOf(info.name));
  await writeSettings(stateOf(info.name), info);
  add(list, info, rules, declared);
}

function find({ buckets }: BucketList, name: string): Registered {
  const found = buckets.get(name);
  if (!found) throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404);
  return found;
}

/** Empties the spool folder, and reads the buckets that clients created. @throws StartError when one cannot be read */
async function openBucketList(dir: string, clock: Clock): Promise<BucketList> {
  const list: BucketList = {
    ...{ dir, clock, buckets: new Map() },
    spoolDir: path.join(dir, STATE_FOLDER, 'unfinished'),
    stateOf: (name: string) => path.join(dir, STATE_FOLDER, 'buckets', name),
  };
  await rm(list.spoolDir, { recursive: true, force: true });
  await makeDirectory(list.spoolDir);
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name === STATE_FOLDER) continue;
    const settings = await readSettings(path.join(list.stateOf(entry.name), 'bucket.json'));
    const info = settings && { ...settings, name: entry.name, fromTemplate: false };
    if (info) add(list, info, [], NOTHING_DECLARED);
  }
  return list;
}

async function ensure(list: BucketList, resource: BucketResource): Promise<void> {
  const { name } = resource;
  const { versioned, suspended, rules, tags, policy } = settingsOf(resource);
  requireBucketName(name);
  const createdAt = list.buckets.get(name)?.info.createdAt ?? list.clock.now();
  const info = { name, createdAt, versioned, suspended, tags, policy, fromTemplate: true };
  await save(list, info, rules, resource.properties);
}

async function create(list: BucketList, name: string, settings?: BucketChanges): Promise<void> {
  requireBucketName(name);
  if (list.buckets.has(name)) {
    const message = 'Your previous request to create the named bucket succeeded and you already own it.';
    throw new AwsError('BucketAlreadyOwnedByYou', message, 409);
  }
  const createdAt = list.clock.now();
  await save(list, { name, createdAt, versioned: false, fromTemplate: false, ...settings }, []);
}

async function configure(list: BucketList, name: string, changes: BucketChanges): Promise<void> {
  const found = find(list, name);
  const info = configured(found.info, changes);
  await writeSettings(list.stateOf(name), info);
  found.info = info;
  found.bucket.isVersioned = info.versioned;
}

async function remove(list: BucketList, name: string): Promise<void> {
  const { dir, spoolDir, buckets, stateOf } = list;
  await requireDeletable(find(list, name));
  buckets.delete(name);
  const discarded = path.join(spoolDir, randomUUID());
  await rename(path.join(dir, name), discarded);
  await rm(discarded, { recursive: true, force: true });
  await rm(stateOf(name), { recursive: true, force: true });
  await syncDirectory(dir);
}

/** @throws StartError when the folder cannot be read */
export async function openRegistry(dir: string, clock: Clock): Promise<Registry> {
  const list = await openBucketList(dir, clock);
  const { buckets, stateOf, spoolDir } = list;
  // Each change of a bucket begins with the settings that the one before left.
  const serially = createSerialQueue();
  return {
    find: (name) => find(list, name),
    all: () => [...buckets.values()].sort((a, b) => (a.info.name < b.info.name ? -1 : 1)),
    ensure: (resource) => ensure(list, resource),
    create: (name, settings) => create(list, name, settings),
    configure: (name, changes) => serially(name, () => configure(list, name, changes)),
    delete: (name) => remove(list, name),
    stateOf,
    spoolDir,
  };
}
