// The record of a key besides its file: its versions with their metadata, and which of them the file on disk is.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Checksum } from '../aws/body.ts';
import { isMissing } from '../files/durable-files.ts';
import type { Tags } from './tags.ts';

/** The headers that are stored with an object and returned with it, by their lower-case names. */
export const storedHeaders = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
] as const;
export type StoredHeaders = Readonly<Partial<Record<(typeof storedHeaders)[number], string>>>;

export interface ObjectPart {
  readonly number: number;
  /** Bytes. */
  readonly size: number;
  /** By the algorithm of the object, base64. */
  readonly checksum?: string;
}

export interface Version {
  /** `null` in buckets without versioning, as S3 writes it. */
  readonly versionId: string;
  /** Epoch milliseconds. */
  readonly lastModified: number;
  readonly deleteMarker?: true;
  /** Bytes. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  /** Of the whole content, hex. */
  readonly md5: string;
  /** Modification time of the file, by which it is recognised. */
  readonly mtimeMs: number;
  readonly headers: StoredHeaders;
  /** User metadata, names without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags?: Tags;
  readonly checksum?: Checksum & { readonly type: 'FULL_OBJECT' | 'COMPOSITE' };
  /** Of a multipart upload, in their order. */
  readonly parts?: readonly ObjectPart[];
}

export interface KeyRecord {
  readonly key: string;
  /** Newest first; the first one is the file at the key's place, unless it is a delete marker. */
  readonly versions: readonly Version[];
  /** The version that the newest one replaces; after a crash the file may still be this one. */
  readonly replaced?: Version;
  /** The version before `versions` that was deleted permanently; after a crash the file may still be this one. */
  readonly removed?: Version;
}

/** A file where the object of a key belongs. */
export interface FoundFile {
  /** Absolute path. */
  readonly file: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/** `undefined` when there is no readable record: then only the file counts. */
export async function readRecord(file: string): Promise<KeyRecord | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as KeyRecord;
  } catch {
    return undefined; // the disk damaged it; the object is listed as one without metadata
  }
}

/** MD5 of a file, hex. */
export async function md5Of(file: string): Promise<string> {
  const hash = createHash('md5');
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}

/**
 * The versions that really exist: a version newer than that of the file was cut off by a crash.
 *
 * @returns `undefined` when the file is not a recorded version: another program put it there.
 */
export async function effectiveVersions(
  record: KeyRecord | undefined,
  found: FoundFile | undefined,
): Promise<readonly Version[] | undefined> {
  const versions = record?.versions ?? [];
  if (!found) return versions[0] && !versions[0].deleteMarker ? versions.slice(1) : versions;
  const candidates = [...versions, record?.replaced, record?.removed].filter(
    (version) => version !== undefined && !version.deleteMarker && version.size === found.size,
  ) as Version[];
  let match = candidates.find((version) => version.mtimeMs === found.mtimeMs);
  if (!match && candidates.length) {
    // A restored backup has new times: the content decides.
    const md5 = await md5Of(found.file);
    match = candidates.find((version) => version.md5 === md5);
  }
  if (!match) return undefined;
  if (match === record?.replaced) return [match, ...versions.slice(1)];
  if (match === record?.removed) return [match, ...versions];
  return versions.slice(versions.indexOf(match));
}

/** The version of a file that S3 did not write itself. */
export async function adopt(found: FoundFile, versionId: string): Promise<Version> {
  const md5 = await md5Of(found.file);
  const { size, mtimeMs } = found;
  const headers = { 'content-type': 'binary/octet-stream' };
  return { versionId, lastModified: mtimeMs, size, etag: md5, md5, mtimeMs, headers, metadata: {} };
}
