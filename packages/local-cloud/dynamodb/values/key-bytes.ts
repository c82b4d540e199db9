// The bytes by which items are found and sorted: memory order is the order of DynamoDB.

import { createHash } from 'node:crypto';
import type { AttributeValue } from './attribute-value.ts';
import { sortableNumber } from './number.ts';

export type KeyType = 'S' | 'N' | 'B';

/** Bytes whose order is the order of keys of this type. */
export function sortableBytes(value: AttributeValue, type: KeyType): Buffer {
  if (type === 'N') return sortableNumber(value['N'] as string);
  return Buffer.from(value[type] as string, type === 'S' ? 'utf8' : 'base64');
}

/** How many bytes of the hash order a scan and divide a table into segments. */
export const HASH_BYTES = 3;
/** With it, scans of text keys have the order that architect/dynalite found on AWS. */
const SALT = 'Outliers';

/** The partition of a partition key: hash, then key. */
export function partitionBytes(value: AttributeValue, type: KeyType): Buffer {
  const key = sortableBytes(value, type);
  const hash = createHash('md5').update(SALT).update(key).digest().subarray(0, HASH_BYTES);
  return Buffer.concat([hash, key]);
}

/** The first bytes after those that begin with `prefix`; undefined if all later ones begin with it. */
export function afterPrefix(prefix: Buffer): Buffer | undefined {
  for (let end = prefix.length; end > 0; end -= 1) {
    if (prefix[end - 1]! < 255) {
      const next = Buffer.from(prefix.subarray(0, end));
      next[end - 1]! += 1;
      return next;
    }
  }
  return undefined;
}
