// The bucket of the parsed archive: files of rows, a manifest per hour, and one object with the progress.

import { createReadStream, createWriteStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { hourText, type Partition } from '../core/archive/parsed-rows.ts';
import { diskFailure } from './disk-failure.ts';
import type {
  HourManifest,
  ParsedArchive,
  ParsedFile,
  ParseProgress,
  ProgressLease,
} from '../pipeline/parse-ports.ts';

export const PROGRESS_KEY = 'progress.json';
const KEYS_AT_ONCE = 1000;
const EMPTY: ParseProgress = { open: [], unmerged: [] };

/** The stored progress, and until when a run holds it. */
interface Stored {
  readonly progress: ParseProgress;
  /** Epoch milliseconds. */
  readonly leasedUntil?: number;
}

const manifestKey = (hour: string) => `hours/${hour.replaceAll(/[-T]/g, '/')}.json`;

/** Rejects with the SDK's error. */
interface ArchiveOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Objects of the bucket that hold JSON. */
function createJsonObjects({ client, bucket: Bucket }: ArchiveOptions) {
  async function load(Key: string): Promise<{ readonly value: unknown; readonly etag: string } | undefined> {
    try {
      const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket, Key }));
      return { value: JSON.parse(await Body!.transformToString()) as unknown, etag: ETag! };
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  const save = (Key: string, value: unknown, condition: { IfMatch?: string; IfNoneMatch?: string } = {}) =>
    client.send(
      new PutObjectCommand({
        ...{ Bucket, Key, Body: `${JSON.stringify(value, undefined, 2)}\n`, ContentType: 'application/json' },
        ...condition,
      }),
    );

  return { load, save };
}

/** Leases the progress of the parsing to one run at a time. */
function createLease(
  { load, save }: ReturnType<typeof createJsonObjects>,
  now: () => number,
): ParsedArchive['lease'] {
  async function lease(endsAt: number): Promise<ProgressLease | { readonly busyUntil: number }> {
    const found = await load(PROGRESS_KEY);
    const { progress, leasedUntil = 0 } = (found?.value as Stored | undefined) ?? { progress: EMPTY };
    if (leasedUntil > now()) return { busyUntil: leasedUntil };
    let latest = progress;
    let etag = await saveProgress({ progress, leasedUntil: endsAt }, found?.etag);
    return {
      progress,
      async save(next) {
        etag = await saveProgress({ progress: next, leasedUntil: endsAt }, etag);
        latest = next;
      },
      async release() {
        await saveProgress({ progress: latest }, etag);
      },
    };
  }

  async function saveProgress(stored: Stored, etag: string | undefined): Promise<string> {
    const condition = etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: etag };
    const { ETag } = await save(PROGRESS_KEY, stored, condition);
    return ETag!;
  }

  return lease;
}

async function listFiles(
  { client, bucket: Bucket }: ArchiveOptions,
  partition: Partition,
): Promise<readonly ParsedFile[]> {
  const found: ParsedFile[] = [];
  let after: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket, Prefix: `${partition}/`, ContinuationToken: after }),
    );
    for (const { Key, Size } of page.Contents ?? []) found.push({ key: Key!, size: Size ?? 0 });
    after = page.NextContinuationToken;
  } while (after !== undefined);
  return found;
}

async function fetchTo(
  path: string,
  { client, bucket: Bucket }: ArchiveOptions,
  Key: string,
): Promise<boolean> {
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    await pipeline(Body as Readable, createWriteStream(path));
    return true;
  } catch (error) {
    if (error instanceof NoSuchKey) return false;
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw diskFailure(path, error);
    throw error;
  }
}

async function removeAll({ client, bucket: Bucket }: ArchiveOptions, keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += KEYS_AT_ONCE) {
    const Objects = keys.slice(at, at + KEYS_AT_ONCE).map((Key) => ({ Key }));
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
    );
    const [first] = Errors;
    if (first) throw new Error(`${first.Key} was not deleted: ${first.Code} ${first.Message}`);
  }
}

export function createParsedArchive(options: ArchiveOptions): ParsedArchive {
  const { client, bucket: Bucket } = options;
  const objects = createJsonObjects(options);
  return {
    lease: createLease(objects, options.now),
    manifest: async (hour) =>
      (await objects.load(manifestKey(hourText(hour))))?.value as HourManifest | undefined,
    async saveManifest(manifest) {
      await objects.save(manifestKey(manifest.hour), manifest);
    },
    files: async (partition) => listFiles(options, partition),
    async put(Key, { path, bytes: ContentLength }) {
      const ContentType = 'application/vnd.apache.parquet';
      const Body = createReadStream(path);
      await client.send(new PutObjectCommand({ Bucket, Key, Body, ContentLength, ContentType }));
    },
    fetch: async (key, path) => fetchTo(path, options, key),
    remove: async (keys) => removeAll(options, keys),
  };
}
