// Deletes objects that expire by the template's lifecycle rules, once a day, as S3 does.

import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { ExpirationRule } from './bucket-spec.ts';
import type { Bucket } from './bucket.ts';
import { listVersions } from './list.ts';
import type { Version } from './record.ts';
import type { Uploads } from './uploads.ts';

const DAY = 86_400_000;

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

/** A noncurrent version ages from the time when a newer one replaced it. */
function expiredVersions(rule: ExpirationRule, entries: readonly Entry[], now: number): Entry[] {
  const { noncurrentDays, newerNoncurrent } = rule;
  if (noncurrentDays === undefined) return [];
  return entries.filter((_, index) => {
    const replacedAt = entries[index - 1]?.version.lastModified;
    return replacedAt !== undefined && index > newerNoncurrent && now - replacedAt >= noncurrentDays * DAY;
  });
}

async function expireKey(
  bucket: Bucket,
  rule: ExpirationRule,
  entries: readonly Entry[],
  now: number,
): Promise<void> {
  const expired = expiredVersions(rule, entries, now);
  for (const { key, version } of expired) await bucket.remove(key, version.versionId);
  const [{ key, version }] = entries as [Entry];
  const isOld = rule.days !== undefined && now - version.lastModified >= rule.days * DAY;
  if (!version.deleteMarker) {
    if (isOld) await bucket.remove(key, undefined, { expected: version });
  } else if (expired.length === entries.length - 1 && (isOld || rule.removeExpiredMarkers)) {
    await bucket.remove(key, version.versionId); // nothing is left below the delete marker
  }
}

/** Applies the rules of one bucket once. */
export async function applyRules(
  name: string,
  bucket: Bucket,
  rules: readonly ExpirationRule[],
  uploads: Uploads,
  now: number,
): Promise<void> {
  for (const rule of rules) {
    for await (const entries of keysOf(bucket, rule.prefix)) await expireKey(bucket, rule, entries, now);
    for (const upload of rule.abortUploadDays === undefined ? [] : await uploads.list(name)) {
      const isOld = now - upload.initiated >= rule.abortUploadDays! * DAY;
      if (isOld && upload.key.startsWith(rule.prefix)) await uploads.abort(name, upload);
    }
  }
}

/** Runs `apply` once a day of `clock`, and returns a function that ends that. */
export function everyDay(clock: Clock, log: Log, apply: () => Promise<unknown>): () => void {
  let cancel = () => {};
  let ended = false;
  const schedule = () => {
    cancel = clock.after(DAY, () => {
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
