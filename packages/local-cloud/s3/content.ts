// The bytes of objects: written to the disk before anything changes, read as streams.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import type { OpenFile } from './places.ts';
import type { StoredHeaders, Version } from './record.ts';
import type { Tags } from './tags.ts';

export interface PutOptions {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  /** Names in lower case, without `x-amz-meta-`. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly headers?: StoredHeaders;
  readonly tags?: Tags;
  readonly checksum?: () => Version['checksum'];
  /** ETag of a multipart upload; by default the MD5 of the content. */
  readonly etag?: string;
  readonly parts?: Version['parts'];
  /** How the object comes about, for notifications; `Put` if absent. */
  readonly by?: 'Put' | 'Copy' | 'CompleteMultipartUpload';
  /** Called with the current version before it is replaced; throws to stop. */
  readonly check?: (current: Version | undefined) => void;
}

export interface StoredObject extends Version {
  readonly key: string;
  /** Streams the content, or the bytes from `start` to `end`, both included; to be read once, or closed. */
  stream(range?: { readonly start: number; readonly end: number }): AsyncIterable<Buffer>;
  /** The whole content; closes. */
  body(): Promise<Buffer>;
  close(): Promise<void>;
}

/** Writes `body` to a new file and syncs it. @returns size and MD5. Removes the file if that fails. */
export async function spool(
  file: string,
  body: Buffer | AsyncIterable<Buffer>,
): Promise<{ size: number; md5: string }> {
  const hash = createHash('md5');
  let size = 0;
  const handle = await open(file, 'wx', 0o600);
  try {
    for await (const chunk of Buffer.isBuffer(body) ? [body] : body) {
      hash.update(chunk);
      size += chunk.length;
      await handle.writeFile(chunk);
    }
    await handle.datasync();
  } catch (error) {
    await handle.close();
    await rm(file, { force: true });
    throw error;
  }
  await handle.close();
  return { size, md5: hash.digest('hex') };
}

export function createStoredObject(key: string, version: Version, source: OpenFile | string): StoredObject {
  const handle = typeof source === 'string' ? undefined : source.handle;
  const stream = (range?: { start: number; end: number }): AsyncIterable<Buffer> =>
    handle
      ? handle.createReadStream({ start: 0, ...range })
      : createReadStream(source as string, range ?? {});
  return {
    ...version,
    key,
    stream,
    async body() {
      const chunks: Buffer[] = [];
      for await (const chunk of stream()) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
    async close() {
      await handle?.close();
    },
  };
}
