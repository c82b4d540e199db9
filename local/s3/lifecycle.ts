// Deletes what the template's lifecycle rules let expire; S3 does so once a day, and so do we.
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { ExpirationRule } from './bucket-spec.ts';
import type { Bucket } from './bucket.ts';
import { listVersions } from './list.ts';
import type { Version } from './record.ts';
import type { Uploads } from './uploads.ts';

const day = 86_400_000;

interface Entry {
  readonly key: string;
  readonly version: Version;
  readonly isLatest: boolean;
}

/** Versions of each key, newest first, key by key. */
async function* keysOf(bucket: Bucket, prefix: string): AsyncGenerator<readonly Entry[]> {
  const page = await listVersions(bucket, { prefix, limit: Number.POSITIVE_INFINITY });
  let entries: Entry[] = [];
  for (const entry of page.versions) {
    if (entries.length && entries[0]!.key !== entry.key) {
      yield entries;
      entries = [];
    }
    entries.push(entry);
  }
  if (entries.length) yield entries;
}

async function expireVersions(
  bucket: Bucket,
  rule: ExpirationRule,
  entries: readonly Entry[],
  now: number,
): Promise<number> {
  const { noncurrentDays, newerNoncurrent } = rule;
  if (noncurrentDays === undefined) return 0;
  let removed = 0;
  for (const [index, { key, version }] of entries.entries()) {
    // A version ages from the moment at which the one above it replaced it.
    const replacedAt = entries[index - 1]?.version.lastModified;
    if (replacedAt === undefined || index <= newerNoncurrent || now - replacedAt < noncurrentDays * day)
      continue;
    await bucket.remove(key, version.versionId);
    removed += 1;
  }
  return removed;
}

async function expireKey(
  bucket: Bucket,
  rule: ExpirationRule,
  entries: readonly Entry[],
  now: number,
): Promise<number> {
  const removed = await expireVersions(bucket, rule, entries, now);
  const [{ key, version }] = entries as [Entry];
  const isOld = rule.days !== undefined && now - version.lastModified >= rule.days * day;
  if (version.deleteMarker) {
    if (!rule.removeExpiredMarkers && !isOld) return removed;
    if (entries.length - removed > 1) return removed;
    await bucket.remove(key, version.versionId);
    return removed + 1;
  }
  if (!isOld) return removed;
  await bucket.remove(key);
  return removed + 1;
}

/** Applies the rules of one bucket once. @returns how many versions and uploads were removed or marked as deleted */
export async function applyRules(
  name: string,
  bucket: Bucket,
  rules: readonly ExpirationRule[],
  uploads: Uploads,
  now: number,
): Promise<number> {
  let removed = 0;
  for (const rule of rules) {
    for await (const entries of keysOf(bucket, rule.prefix))
      removed += await expireKey(bucket, rule, entries, now);
    for (const upload of rule.abortUploadDays === undefined ? [] : await uploads.list(name)) {
      if (!upload.key.startsWith(rule.prefix) || now - upload.initiated < rule.abortUploadDays! * day)
        continue;
      await uploads.abort(name, upload);
      removed += 1;
    }
  }
  return removed;
}

/** Runs `apply` once a day of `clock`, and returns a function that ends this. */
export function everyDay(clock: Clock, log: Log, apply: () => Promise<unknown>): () => void {
  let cancel = () => {};
  let ended = false;
  const schedule = () => {
    cancel = clock.after(day, () => {
      void apply()
        .catch((error: unknown) =>
          log.error('Expired objects could not be deleted', { reason: String(error) }),
        )
        .finally(() => {
          if (!ended) schedule();
        });
    });
  };
  schedule();
  return () => {
    ended = true;
    cancel();
  };
}
