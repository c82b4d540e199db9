// A digest of parsed rows in any order, which shows whether two sides have the same rows without storing them.

import { decimalFromText, decimalOf, decimalText, type Decimal } from '../decimal.ts';

/** One row without its device and metric, each of which has a digest of its own. */
export interface DigestedRow {
  /** Epoch milliseconds, as is the hour of arrival. */
  readonly timestamp: number;
  readonly hour: number;
  readonly value: number;
  /** As in the parsed archive: the decimal, if it is not the double's shortest text. */
  readonly exact: string | undefined;
  readonly id: string | undefined;
}

/** The number of rows, their exact sum, and 32-bit sums of two hashes of each row. */
export interface RowDigest {
  count: number;
  sum: Decimal;
  /** Millionths not yet added to `sum`: adding doubles takes a tenth of the time. */
  millionths: number;
  first: number;
  second: number;
}

const MILLIONTH = 10n ** 9n;
/** A double still holds the sum of two of these exactly. */
const MOST_MILLIONTHS = 2 ** 52;

export const emptyDigest = (): RowDigest => ({ count: 0, sum: 0n, millionths: 0, first: 0, second: 0 });

const doubles = new Float64Array(3);
const words = new Uint32Array(doubles.buffer);
const hashed = new Uint32Array(2);

/** Leaves two hashes of the row in `hashed`. Negative zero counts as zero, and an absent text hashes as an empty one. */
function hashRow({ timestamp, hour, value, exact, id }: DigestedRow): void {
  doubles[0] = timestamp;
  doubles[1] = hour;
  doubles[2] = value + 0;
  let [a, b] = [0x9e3779b9, 0x85ebca6b];
  for (let n = 0; n < words.length; n += 1) [a, b] = [mixed(a, words[n]!), mixed(b, ~words[n]!)];
  for (const text of [exact, id]) {
    if (text !== undefined)
      for (let n = 0; n < text.length; n += 1) [a, b] = [mixed(a, text.charCodeAt(n)), mixed(b, a)];
    [a, b] = [mixed(a, 0xffff), mixed(b, a)];
  }
  hashed[0] = mixed(a, b);
  hashed[1] = mixed(b, a);
}

function mixed(hash: number, word: number): number {
  const one = Math.imul(hash ^ word ^ (word >>> 15), 0x2c1b3c6d);
  const two = Math.imul(one ^ (one >>> 12), 0x297a2d39);
  return (two ^ (two >>> 15)) + 0x6b43a9b5;
}

/** @throws Error for a value that no reading can have, such as NaN. */
export function addRow(digest: RowDigest, row: DigestedRow): void {
  const { value, exact } = row;
  const millionths = Math.round(value * 1e6);
  if (exact === undefined && Math.abs(millionths) < 1e15 && millionths / 1e6 === value) {
    digest.millionths += millionths;
    if (Math.abs(digest.millionths) > MOST_MILLIONTHS) carry(digest);
  } else {
    const decimal = exact === undefined ? decimalOf(value) : decimalFromText(exact);
    if (decimal === undefined) throw new Error(`the value ${exact ?? value} is not a decimal of a reading`);
    digest.sum += decimal;
  }
  digest.count += 1;
  hashRow(row);
  digest.first = (digest.first + hashed[0]!) >>> 0;
  digest.second = (digest.second + hashed[1]!) >>> 0;
}

function carry(digest: RowDigest): void {
  digest.sum += BigInt(digest.millionths) * MILLIONTH;
  digest.millionths = 0;
}

/** A number that only readings with the same time, id and hour of arrival share, except with probability 2 ** -53. */
export function momentOf({ timestamp, hour, id }: Pick<DigestedRow, 'timestamp' | 'hour' | 'id'>): number {
  hashRow({ timestamp, hour, id, value: 0, exact: undefined });
  return (hashed[0]! & 0x1fffff) * 2 ** 32 + hashed[1]!;
}

/** What is wrong with the parsed rows, in one phrase; undefined if both sides are equal. */
export function digestDifference(parsed: RowDigest, raw: RowDigest): string | undefined {
  for (const digest of [parsed, raw]) carry(digest);
  const counts = `${parsed.count} values instead of ${raw.count}`;
  const sums = `sum ${decimalText(parsed.sum)} instead of ${decimalText(raw.sum)}`;
  if (parsed.count !== raw.count) return parsed.sum === raw.sum ? counts : `${counts}, ${sums}`;
  if (parsed.sum !== raw.sum) return sums;
  const isSame = parsed.first === raw.first && parsed.second === raw.second;
  return isSame ? undefined : `other times, values, ids or hours of arrival, of the same count and sum`;
}
