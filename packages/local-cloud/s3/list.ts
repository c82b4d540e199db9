// Pages through a bucket as ListObjects and ListObjectVersions do: by prefix, rolled up at a delimiter, in key order.

import type { Bucket } from './bucket.ts';
import { compareKeys } from './keys.ts';
import type { Version } from './record.ts';

export interface ListQuery {
  readonly prefix?: string;
  /** Keys with the same part up to it are rolled up into one common prefix. */
  readonly delimiter?: string;
  /** Keys up to and including this one were on earlier pages; a common prefix skips all its keys. */
  readonly after?: string;
  /** Of keys and common prefixes together. */
  readonly limit: number;
}

export interface ListPage {
  readonly objects: readonly { readonly key: string; readonly version: Version }[];
  readonly prefixes: readonly string[];
  /** The `after` of the next page; absent on the last. */
  readonly next?: string;
}

/** The common prefix that `key` belongs to, if any. */
function rollUp(key: string, prefix: string, delimiter: string | undefined): string | undefined {
  if (!delimiter) return undefined;
  const end = key.indexOf(delimiter, prefix.length);
  return end < 0 ? undefined : key.slice(0, end + delimiter.length);
}

export async function listObjects(bucket: Bucket, query: ListQuery): Promise<ListPage> {
  const { prefix = '', delimiter, after = '', limit } = query;
  const objects: { key: string; version: Version }[] = [];
  const prefixes: string[] = [];
  const skip: { prefix?: string } = {};
  // A marker within a common prefix is after all of its keys.
  if (after) skip.prefix = rollUp(after, prefix, delimiter);
  let last = after;
  for await (const key of bucket.places.keys(prefix, after, skip)) {
    if (skip.prefix !== undefined && key.startsWith(skip.prefix)) continue;
    if (objects.length + prefixes.length >= limit) return { objects, prefixes, next: last };
    const common = rollUp(key, prefix, delimiter);
    if (common !== undefined) {
      prefixes.push(common);
      skip.prefix = common;
      last = common;
      continue;
    }
    const [version] = await bucket.versions(key);
    if (!version || version.deleteMarker) continue; // removed since the folder was read
    objects.push({ key, version });
    last = key;
  }
  return { objects, prefixes };
}

export interface VersionQuery extends ListQuery {
  /** With `after`: versions of that key up to and including this one were on earlier pages. */
  readonly afterVersion?: string;
}

export interface VersionPage {
  readonly versions: readonly {
    readonly key: string;
    readonly version: Version;
    readonly isLatest: boolean;
  }[];
  readonly prefixes: readonly string[];
  readonly next?: { readonly key: string; readonly versionId?: string };
}

async function allKeys(bucket: Bucket, prefix: string): Promise<string[]> {
  const keys = new Set<string>();
  for await (const key of bucket.places.keys(prefix, '', {})) keys.add(key);
  for await (const key of bucket.recordedKeys()) if (key.startsWith(prefix)) keys.add(key);
  return [...keys].sort(compareKeys);
}

/** Versions of `key` that come after the one where the page before ended. */
async function versionsAfter(bucket: Bucket, key: string, { after, afterVersion }: VersionQuery) {
  const versions = (await bucket.versions(key)).map((version, index) => ({
    key,
    version,
    isLatest: index === 0,
  }));
  if (key !== after || afterVersion === undefined) return versions;
  return versions.slice(versions.findIndex(({ version }) => version.versionId === afterVersion) + 1);
}

export async function listVersions(bucket: Bucket, query: VersionQuery): Promise<VersionPage> {
  const { prefix = '', delimiter, after = '', afterVersion, limit } = query;
  const versions: { key: string; version: Version; isLatest: boolean }[] = [];
  const prefixes: string[] = [];
  let last: { key: string; versionId?: string } | undefined;
  const isFull = () => versions.length + prefixes.length >= limit;
  for (const key of await allKeys(bucket, prefix)) {
    const order = compareKeys(key, after);
    const common = rollUp(key, prefix, delimiter);
    if (order < 0 || (order === 0 && afterVersion === undefined && after !== '')) continue;
    if (common !== undefined) {
      if (after.startsWith(common) || prefixes.includes(common)) continue;
      if (isFull()) return { versions, prefixes, next: last };
      prefixes.push(common);
      last = { key: common };
      continue;
    }
    for (const each of await versionsAfter(bucket, key, query)) {
      if (isFull()) return { versions, prefixes, next: last };
      versions.push(each);
      last = { key, versionId: each.version.versionId };
    }
  }
  return { versions, prefixes };
}
