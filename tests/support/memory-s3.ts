// S3 in memory behind the SDK's client, which fails or loses an object wherever a test wants it to.

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';

export interface MemoryS3 {
  /** By bucket and key: `raw/raw/2026/...`. */
  readonly objects: Map<string, Buffer>;
  /** Calls so far. */
  calls(): number;
  /** Before each call: throws for one that is to fail; `key` is of the object, or the prefix of a listing. */
  onCall(check: (call: { readonly n: number; readonly name: string; readonly key: string }) => void): void;
}

const etagOf = (bytes: Buffer) => `"${createHash('md5').update(bytes).digest('hex')}"`;

/** As the SDK gives it. */
const bodyOf = (bytes: Buffer) =>
  Object.assign(Readable.from(bytes.length === 0 ? [] : [bytes]), {
    transformToString: async () => bytes.toString(),
    transformToByteArray: async () => new Uint8Array(bytes),
  });

function refused(name: string, status: number): S3ServiceException {
  return new S3ServiceException({
    name,
    message: name,
    $fault: 'client',
    $metadata: { httpStatusCode: status },
  });
}

interface Listing {
  readonly Bucket: string;
  readonly Prefix?: string;
  readonly Delimiter?: string;
  readonly MaxKeys?: number;
}

interface Getting {
  readonly Bucket: string;
  readonly Key: string;
  readonly IfMatch?: string;
  readonly Range?: string;
}

/** `found` by bucket and key, all below `start`. */
function foldersOf(found: readonly (readonly [string, Buffer])[], start: string, limit = 1000) {
  const bucket = start.slice(0, start.indexOf('/') + 1);
  const names = found.flatMap(([key]) => {
    const end = key.indexOf('/', start.length);
    return end < 0 ? [] : [key.slice(bucket.length, end + 1)];
  });
  return [...new Set(names)]
    .sort()
    .slice(0, limit)
    .map((Prefix) => ({ Prefix }));
}

/** Stands in for every S3 client of this process. */
export function openMemoryS3(): MemoryS3 {
  const objects = new Map<string, Buffer>();
  const mock = mockClient(S3Client);
  let calls = 0;
  let check: Parameters<MemoryS3['onCall']>[0] = () => {};
  const called = (name: string, key: string) => check({ n: (calls += 1), name, key });
  const at = (bucket?: string, key?: string) => `${bucket}/${key}`;

  mock.on(ListObjectsV2Command).callsFake(({ Bucket, Prefix = '', Delimiter, MaxKeys }: Listing) => {
    called('list', Prefix);
    const found = [...objects].filter(([key]) => key.startsWith(at(Bucket, Prefix)));
    if (Delimiter !== undefined) return { CommonPrefixes: foldersOf(found, at(Bucket, Prefix), MaxKeys) };
    const Contents = found
      .map(([key, bytes]) => ({ Key: key.slice(Bucket.length + 1), ETag: etagOf(bytes), Size: bytes.length }))
      .sort((a, b) => (a.Key < b.Key ? -1 : 1));
    return { Contents };
  });
  mock.on(GetObjectCommand).callsFake(({ Bucket, Key, IfMatch, Range }: Getting) => {
    called('get', Key);
    const bytes = objects.get(at(Bucket, Key));
    if (!bytes) throw new NoSuchKey({ message: Key, $metadata: {} });
    if (IfMatch !== undefined && IfMatch.replaceAll('"', '') !== etagOf(bytes).replaceAll('"', ''))
      throw refused('PreconditionFailed', 412);
    const [, from, last] = /^bytes=(\d+)-(\d+)$/.exec(Range ?? '') ?? [];
    const part = from === undefined ? bytes : bytes.subarray(Number(from), Number(last) + 1);
    return { Body: bodyOf(part), ETag: etagOf(bytes) };
  });
  mock.on(PutObjectCommand).callsFake(async ({ Bucket, Key, Body, IfMatch, IfNoneMatch }) => {
    const known = objects.get(at(Bucket, Key));
    const isRefused = IfNoneMatch ? known : IfMatch !== undefined && (!known || IfMatch !== etagOf(known));
    const bytes = typeof Body === 'string' ? Buffer.from(Body) : await buffer(Body as Readable);
    called('put', Key as string);
    if (isRefused) throw refused('PreconditionFailed', 412);
    objects.set(at(Bucket, Key), bytes);
    return { ETag: etagOf(bytes) };
  });
  mock
    .on(DeleteObjectsCommand)
    .callsFake(({ Bucket, Delete }: { Bucket: string; Delete: { Objects: { Key: string }[] } }) => {
      for (const { Key } of Delete.Objects) {
        called('delete', Key);
        objects.delete(at(Bucket, Key));
      }
      return {};
    });
  return { objects, calls: () => calls, onCall: (next) => void (check = next) };
}
