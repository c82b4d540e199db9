// The columns of a file of the parsed archive and how to decode its pages, for the code that writes whole files and the code that reads a part of one.

import { zstdDecompressSync } from 'node:zlib';
import type { FileMetaData, SchemaElement } from 'hyparquet';
import { hourFromText } from '../core/archive/parsed-rows.ts';

const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const;
const time = { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' } as const;
const required = { repetition_type: 'REQUIRED' } as const;
const optional = { repetition_type: 'OPTIONAL' } as const;

/** The columns of a file; the site and the date are in its path. */
export const COLUMNS = [
  { name: 'device', ...text, ...required },
  { name: 'metric', ...text, ...required },
  { name: 'timestamp', ...time, ...required },
  { name: 'value', type: 'DOUBLE', ...required },
  { name: 'value_exact', ...text, ...optional },
  { name: 'unit', ...text, ...optional },
  { name: 'received_at', ...time, ...required },
  { name: 'message_id', ...text, ...optional },
  { name: 'arrival_hour', ...text, ...required },
] as const;
export const SCHEMA: SchemaElement[] = [{ name: 'readings', num_children: COLUMNS.length }, ...COLUMNS];

/** Times as whole numbers: for times, the writer would copy each column into a list to find dates, which takes a tenth of its time. */
export const WRITTEN_SCHEMA: SchemaElement[] = SCHEMA.map(({ converted_type: type, ...element }) =>
  type === undefined || type === 'TIMESTAMP_MILLIS' ? element : { ...element, converted_type: type },
);

/** Names in the file's key-value metadata. */
export const HOURS = 'tidegate.hours';
export const SITE = 'tidegate.site';
/** The devices with readings that were sent again: a query has to look for repeats only in these. */
export const REPEATS = 'tidegate.repeats';

const MAX_CHUNK = 1 << 24;

/**
 * For hyparquet: times as epoch milliseconds; ZSTD is decompressed in one piece, to the length that the file states,
 * which takes two thirds of the time of many pieces.
 */
export const DECODERS = {
  compressors: {
    ZSTD: (bytes: Uint8Array, length: number) =>
      zstdDecompressSync(bytes, { chunkSize: Math.min(Math.max(length, 64), MAX_CHUNK) }),
  },
  parsers: { timestampFromMilliseconds: (ms: bigint) => Number(ms) } as never,
};

/**
 * The hours of arrival of a file's rows (epoch milliseconds), and its site.
 * @throws Error that says which columns it has, if another program or version wrote it
 */
export function headOf(metadata: FileMetaData): { readonly hours: readonly number[]; readonly site: string } {
  const named = new Map(metadata.key_value_metadata?.map(({ key: name, value }) => [name, value]));
  const names = metadata.schema.slice(1).map(({ name, type }) => `${name} ${type}`);
  const wanted = COLUMNS.map(({ name, type }) => `${name} ${type}`);
  const [hours, site] = [named.get(HOURS), named.get(SITE)];
  if (hours === undefined || site === undefined || names.join() !== wanted.join())
    throw new Error(`its columns are ${names.join(', ')}, not ${wanted.join(', ')}`);
  return { hours: hours.split(',').filter(Boolean).map(hourFromText), site };
}

export const unreadable = (key: string, error: unknown) =>
  new Error(`${key} is not a file of this version: ${(error as Error).message}`, { cause: error });
