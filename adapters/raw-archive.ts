// Reads the objects that RawDeliveryStream writes, hour by hour.

import { pipeline, Readable, Transform, type TransformCallback } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { GetObjectCommand, ListObjectsV2Command, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import { DamagedObjectError, type RawArchive, type RawObject } from '../pipeline/parse-ports.ts';

const GZIP = Buffer.of(0x1f, 0x8b);

export function createRawArchive({
  client,
  bucket: Bucket,
}: {
  readonly client: S3Client;
  readonly bucket: string;
}): RawArchive {
  async function* read({ key: Key, etag, size }: RawObject): AsyncGenerator<Uint8Array> {
    const body = await bodyOf(Key, etag);
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

  async function bodyOf(Key: string, etag: string): Promise<Readable> {
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, IfMatch: etag }));
      return Body as Readable;
    } catch (error) {
      if (error instanceof NoSuchKey) throw new DamagedObjectError('it was deleted after it was listed');
      if ((error as Error).name === 'PreconditionFailed')
        throw new DamagedObjectError('it was replaced after it was listed');
      throw error;
    }
  }

  return {
    read,
    async objects(hour) {
      const found: RawObject[] = [];
      let after: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket, Prefix: prefixOf(hour), ContinuationToken: after }),
        );
        for (const { Key, ETag, Size } of page.Contents ?? [])
          found.push({ key: Key!, etag: ETag!.replaceAll('"', ''), size: Size ?? 0 });
        after = page.NextContinuationToken;
      } while (after !== undefined);
      return found;
    },
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
