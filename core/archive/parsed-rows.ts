// The structure of the parsed archive: rows of one value each, in files by site and day.

import { fingerprint } from '../fingerprint.ts';
import { HOUR_MS } from '../hour.ts';

/** Rows of one device and metric, by time; all columns have the same length. */
export interface RowBlock {
  readonly site: string;
  readonly device: string;
  readonly metric: string;
  /** Epoch milliseconds. */
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly receivedAt: Float64Array;
  /** The hour of arrival, in whose folder the raw archive has the message; epoch milliseconds. */
  readonly hours: Float64Array;
  readonly units: readonly (string | undefined)[];
  readonly exact: readonly (string | undefined)[];
  readonly messageIds: readonly (string | undefined)[];
}

/** Some rows of a block. */
export interface RowSlice {
  readonly block: RowBlock;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** The folder of one site and day, without a slash at its end: `readings/site=seattle/date=2026-12-01`. */
export type Partition = string;

const MAX_SITE_LENGTH = 160;
const DAY_MS = 24 * HOUR_MS;

export const READINGS_PREFIX = 'readings/';

/** Encodes values as Hive does: other than plain characters as a percent sign and the bytes in hexadecimal digits. */
export function partitionOf(site: string, date: string): Partition {
  return `${READINGS_PREFIX}site=${siteFolder(site)}/date=${date}`;
}

/** `2026-12-01` */
export const dateOfPartition = (partition: Partition): string => partition.slice(-10);

function siteFolder(site: string): string {
  const plain = [...Buffer.from(site)].map((byte, n) => {
    const character = String.fromCharCode(byte);
    const isPlain = /[A-Za-z0-9.-]/.test(character) || (n > 0 && character === '_');
    return isPlain ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  });
  const whole = plain.join('');
  if (whole.length <= MAX_SITE_LENGTH) return whole;
  let length = 0;
  const start = plain.filter((part) => (length += part.length) <= MAX_SITE_LENGTH - 17);
  return `${start.join('')}~${fingerprint(site)}`;
}

export const dateOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** `2026-12-01T05` */
export const hourText = (hour: number): string => new Date(hour).toISOString().slice(0, 13);

export const hourFromText = (text: string): number => Date.parse(`${text}:00:00Z`);

export const hourFile = (partition: Partition, hour: number): string =>
  `${partition}/hour-${hourText(hour)}.parquet`;

export const dayFile = (partition: Partition): string => `${partition}/day.parquet`;

/** The hour of a file that `hourFile` named; undefined for any other file. */
export function hourOfFile(key: string): number | undefined {
  const text = /\/hour-(\d{4}-\d\d-\d\dT\d\d)\.parquet$/.exec(key)?.[1];
  return text === undefined ? undefined : hourFromText(text);
}

export const partitionOfFile = (key: string): Partition => key.slice(0, key.lastIndexOf('/'));

/** The parts of a block by day, oldest first. */
export function* slicesByDate(block: RowBlock): Generator<RowSlice & { readonly date: string }> {
  const { timestamps } = block;
  let from = 0;
  while (from < timestamps.length) {
    const end = (Math.floor(timestamps[from]! / DAY_MS) + 1) * DAY_MS;
    let to = from + 1;
    while (to < timestamps.length && timestamps[to]! < end) to += 1;
    yield { block, from, to, date: dateOf(timestamps[from]!) };
    from = to;
  }
}
