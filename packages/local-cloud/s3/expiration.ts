// Computes when an object expires by the lifecycle rules of its bucket, for the header that S3 returns with it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html

import type { ExpirationRule } from './bucket-spec.ts';

const DAY_MS = 86_400_000;

/** S3 adds the days and rounds up to the next midnight. */
const expiryOf = (lastModified: number, days: number) =>
  Math.ceil((lastModified + days * DAY_MS) / DAY_MS) * DAY_MS;

/**
 * The value of `x-amz-expiration`; undefined where no rule lets the object expire.
 *
 * @param lastModified epoch milliseconds
 */
export function expirationOf(
  key: string,
  lastModified: number,
  rules: readonly ExpirationRule[],
): string | undefined {
  const dates = rules
    .filter(({ prefix, days }) => days !== undefined && key.startsWith(prefix))
    .map(({ id, days }) => ({ id, at: expiryOf(lastModified, days!) }));
  const [first] = dates.sort((a, b) => a.at - b.at);
  if (!first) return undefined;
  return `expiry-date="${new Date(first.at).toUTCString()}", rule-id="${encodeURIComponent(first.id)}"`;
}
