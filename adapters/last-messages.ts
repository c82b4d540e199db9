// Reads the newest messages of the raw archive, within bounds of time and bytes, to test a mapping or to follow a message.

import { constants, gunzipSync } from 'node:zlib';
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { LastMessages } from '../pipeline/api-ports.ts';

const ROOT = 'raw/';
const HOUR_MS = 3_600_000;
/** The time in a key is at most this much later than its first message: a batch takes 300 seconds. */
const MARGIN_MS = 600_000;
/** Sorts after every folder. */
const EVER = '\uffff';
/** A minute of a busy fleet, or hours of a quiet one. */
const MAX_BYTES = 16 * 1024 * 1024;
/** A larger object is read only up to this size. */
const MAX_OBJECT_BYTES = 8 * 1024 * 1024;
const MAX_UNZIPPED_BYTES = 64 * 1024 * 1024;
const MAX_OBJECTS = 30;
const MAX_LISTS = 40;
const GZIP = Buffer.of(0x1f, 0x8b);

interface Last {
  readonly folder: string;
  /** In the format of the keys. */
  readonly time: string;
}

interface Found {
  readonly key: string;
  readonly size: number;
  /** Epoch milliseconds. */
  readonly storedAt: number;
}

interface LastMessagesOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** No further object is read after this time. */
  readonly maxMs: number;
}

type Place = Pick<LastMessagesOptions, 'client' | 'bucket'>;

/** The folders and objects directly in a folder. */
async function list({ client, bucket: Bucket }: Place, prefix: string, budget: { lists: number }) {
  const folders: string[] = [];
  const objects: Found[] = [];
  let ContinuationToken: string | undefined;
  do {
    if (budget.lists === 0) break;
    budget.lists -= 1;
    const page = await client.send(
      new ListObjectsV2Command({ Bucket, Prefix: prefix, Delimiter: '/', ContinuationToken }),
    );
    for (const { Prefix } of page.CommonPrefixes ?? []) if (Prefix !== undefined) folders.push(Prefix);
    for (const { Key, Size = 0, LastModified } of page.Contents ?? [])
      if (Key !== undefined) objects.push({ key: Key, size: Size, storedAt: Number(LastModified ?? 0) });
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  return { folders: folders.sort().reverse(), objects };
}

/** A key has the time of its first message after the stream's name and version. */
async function* newest(
  place: Place,
  prefix: string,
  budget: { lists: number },
  last: Last,
): AsyncGenerator<Found> {
  const { folders, objects } = await list(place, prefix, budget);
  const early = objects.filter(({ key }) => timeIn(key) <= last.time);
  yield* early.sort((a, b) => (timeIn(a.key) < timeIn(b.key) ? 1 : -1));
  for (const folder of folders)
    if (folder <= last.folder.slice(0, folder.length)) yield* newest(place, folder, budget, last);
}

async function linesOf({ client, bucket: Bucket }: Place, { key, size }: Found): Promise<string[]> {
  const isCut = size > MAX_OBJECT_BYTES;
  const { Body } = await client.send(
    new GetObjectCommand({ Bucket, Key: key, ...(isCut && { Range: `bytes=0-${MAX_OBJECT_BYTES - 1}` }) }),
  );
  const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
  const lines = textOf(bytes).split('\n');
  return isCut ? lines.slice(0, -1) : lines;
}

/** Rejects with the SDK's error. */
export function createLastMessages(options: LastMessagesOptions): LastMessages {
  const { now, maxMs } = options;
  return {
    async *newestFirst(before) {
      const last = before === undefined ? { folder: EVER, time: EVER } : lastWith(before);
      const until = now() + maxMs;
      let [bytes, objects] = [MAX_BYTES, MAX_OBJECTS];
      for await (const found of newest(options, ROOT, { lists: MAX_LISTS }, last)) {
        if (objects === 0 || bytes <= 0 || now() > until) return;
        objects -= 1;
        bytes -= Math.min(found.size, MAX_OBJECT_BYTES);
        const lines = await linesOf(options, found);
        for (const line of lines.reverse()) {
          const event = eventIn(line);
          if (event !== undefined) yield { event, key: found.key, storedAt: found.storedAt };
        }
      }
    },
  };
}

/**
 * The folder in which RawDeliveryStream writes what arrived then (epoch milliseconds); it may also be in the next hour's
 * folder.
 */
export function archiveFolderOf(receivedAt: number): string {
  const [date, hour] = new Date(receivedAt).toISOString().split(/[T:]/);
  return `${ROOT}${date!.replaceAll('-', '/')}/${hour}/`;
}

/** The last folder, and the last time in a key, that may have a message which arrived then. */
const lastWith = (receivedAt: number): Last => ({
  folder: archiveFolderOf(receivedAt + HOUR_MS),
  time: new Date(receivedAt + MARGIN_MS).toISOString().slice(0, 19).replaceAll(/[T:]/g, '-'),
});

const timeIn = (key: string) => /\d{4}(?:-\d\d){5}/.exec(key)?.[0] ?? key;

/** For a cut object, the text up to the cut. */
function textOf(bytes: Buffer): string {
  if (!bytes.subarray(0, GZIP.length).equals(GZIP)) return bytes.toString();
  const limits = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_UNZIPPED_BYTES };
  return gunzipSync(bytes, limits).toString();
}

function eventIn(line: string): unknown {
  try {
    return line.trim() === '' ? undefined : JSON.parse(line);
  } catch {
    return undefined; // Firehose stores whatever arrived; the audit counts such lines.
  }
}
