// Reads the objects that RawDeliveryStream writes, hour by hour.

import { pipeline, Readable, Transform, type TransformCallback } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { S3Client } from '@aws-sdk/client-s3';
import { DamagedObjectError, type RawArchive, type RawObject } from '../pipeline/parse-ports.ts';
import { listObjects, openObject } from './raw-objects.ts';

const GZIP = Buffer.of(0x1f, 0x8b);

export function createRawArchive({
  client,
  bucket,
}: {
  readonly client: S3Client;
  readonly bucket: string;
}): RawArchive {
  async function* read(object: RawObject): AsyncGenerator<Uint8Array> {
    const { size } = object;
    const body = await openObject({ client, bucket }, object);
    // Counts compressed bytes, so that a connection that ends early is not mistaken for a shorter object.
    let read = 0;
    const counter = new Transform({
      transform(chunk: Buffer, _encoding, done: TransformCallback) {
        read += chunk.length;
        done(null, chunk);
      },
    });
    const bytes = pipeline(body, counter, () => {});
    yield* decompressed(bytes);
    if (read !== size) throw new DamagedObjectError(`it has ${read} bytes, but ${size} were listed`);
  }

  return {
    read,
    objects: (hour) => listObjects({ client, bucket }, prefixOf(hour)),
  };
}

const prefixOf = (hour: number) =>
  `raw/${new Date(hour).toISOString().slice(0, 13).replaceAll(/[-T]/g, '/')}/`;

/** Detects gzip by its first bytes, because RawCompression may have been different at the time. */
async function* decompressed(bytes: Readable): AsyncGenerator<Uint8Array> {
  const chunks = bytes[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let start = Buffer.alloc(0);
  while (start.length < GZIP.length) {
    const next = await chunks.next();
    if (next.done) break;
    start = Buffer.concat([start, next.value]);
  }
  async function* all() {
    yield start;
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
  }
  if (!start.subarray(0, GZIP.length).equals(GZIP)) {
    yield* all();
    return;
  }
  try {
    // An error in either stream reaches the reader of the last one.
    yield* pipeline(Readable.from(all()), createGunzip(), () => {});
  } catch (error) {
    if (!(error as NodeJS.ErrnoException).code?.startsWith('Z_')) throw error;
    throw new DamagedObjectError(`its gzip cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
