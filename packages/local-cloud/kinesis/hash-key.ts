// Which shard takes a partition key: its MD5 hash as a number, in ranges that divide all 128 bits.

import { hash } from 'node:crypto';

/** Both ends included. */
export interface HashRange {
  readonly start: bigint;
  readonly end: bigint;
}

export const HASH_KEYS = 2n ** 128n;

/** https://docs.aws.amazon.com/streams/latest/dg/key-concepts.html#partition-key */
export const hashKeyOf = (partitionKey: string): bigint => BigInt(`0x${hash('md5', partitionKey)}`);

export const holds = ({ start, end }: HashRange, key: bigint): boolean => start <= key && key <= end;

/** `count` ranges of equal size; the last takes what division leaves. */
export function evenRanges(count: number): HashRange[] {
  const size = HASH_KEYS / BigInt(count);
  return Array.from({ length: count }, (_, n) => ({
    start: size * BigInt(n),
    end: n === count - 1 ? HASH_KEYS - 1n : size * BigInt(n + 1) - 1n,
  }));
}
