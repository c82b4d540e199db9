// Reads the newest messages of the raw archive, within bounds of time and bytes, to try a mapping on.

import { constants, gunzipSync } from 'node:zlib';
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { LastMessages } from '../pipeline/ports.ts';

const ROOT = 'raw/';
/** A minute of a busy fleet, or hours of a quiet one. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Of one object: one that is larger is read up to here. */
const MAX_OBJECT_BYTES = 8 * 1024 * 1024;
const MAX_UNZIPPED_BYTES = 64 * 1024 * 1024;
const MAX_OBJECTS = 30;
const MAX_LISTS = 40;
const GZIP = Buffer.of(0x1f, 0x8b);

interface Found {
  readonly key: string;
  readonly size: number;
}

/** Rejects with the SDK's error. */
export function createLastMessages(options: {
  readonly client: S3Client;
  readonly bucket: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** No object is begun after so long. */
  readonly maxMs: number;
}): LastMessages {
  const { client, bucket: Bucket, now, maxMs } = options;

  /** What is in a folder: folders below it, or objects. */
  async function list(prefix: string, budget: { lists: number }) {
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
      for (const { Key, Size = 0 } of page.Contents ?? [])
        if (Key !== undefined) objects.push({ key: Key, size: Size });
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    return { folders: folders.sort().reverse(), objects };
  }

  /** Keys hold the time of their first message behind the stream's name and version. */
  async function* newest(prefix: string, budget: { lists: number }): AsyncGenerator<Found> {
    const { folders, objects } = await list(prefix, budget);
    yield* objects.sort((a, b) => (timeIn(a.key) < timeIn(b.key) ? 1 : -1));
    for (const folder of folders) yield* newest(folder, budget);
  }

  async function linesOf({ key, size }: Found): Promise<string[]> {
    const isCut = size > MAX_OBJECT_BYTES;
    const { Body } = await client.send(
      new GetObjectCommand({ Bucket, Key: key, ...(isCut && { Range: `bytes=0-${MAX_OBJECT_BYTES - 1}` }) }),
    );
    const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
    const lines = textOf(bytes).split('\n');
    return isCut ? lines.slice(0, -1) : lines;
  }

  return {
    async *newestFirst() {
      const until = now() + maxMs;
      let [bytes, objects] = [MAX_BYTES, MAX_OBJECTS];
      for await (const found of newest(ROOT, { lists: MAX_LISTS })) {
        if (objects === 0 || bytes <= 0 || now() > until) return;
        objects -= 1;
        bytes -= Math.min(found.size, MAX_OBJECT_BYTES);
        const lines = await linesOf(found);
        for (const line of lines.reverse()) {
          const event = eventIn(line);
          if (event !== undefined) yield event;
        }
      }
    },
  };
}

const timeIn = (key: string) => /\d{4}(?:-\d\d){5}/.exec(key)?.[0] ?? key;

/** Of one that was cut, as far as it goes. */
function textOf(bytes: Buffer): string {
  if (!bytes.subarray(0, GZIP.length).equals(GZIP)) return bytes.toString();
  const limits = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_UNZIPPED_BYTES };
  return gunzipSync(bytes, limits).toString();
}

function eventIn(line: string): unknown {
  try {
    return line.trim() === '' ? undefined : JSON.parse(line);
  } catch {
    return undefined; // Firehose keeps whatever came; the audit counts it.
  }
}
