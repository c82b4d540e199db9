// Reads one device's values of a day from the parsed archive in S3, by ranges and only from the row groups that have the device.

import { GetObjectCommand, ListObjectsV2Command, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import type { AsyncBuffer, FileMetaData, RowGroup } from 'hyparquet';
import type { DeviceRow } from '../core/archive/device-day.ts';
import {
  dateOfPartition,
  hourOfFile,
  partitionOf,
  READINGS_PREFIX,
  type Partition,
} from '../core/archive/parsed-rows.ts';
import { inParallel } from '../core/in-parallel.ts';
import type { DeviceRows } from '../pipeline/archive-ports.ts';
import type { ParseProgress } from '../pipeline/parse-ports.ts';
import { PROGRESS_KEY } from './parsed-archive.ts';
import { DECODERS, headOf, unreadable } from './parquet-schema.ts';

/** Loaded from the layer with the first request: the API answers most requests without it. */
const loadReader = () => import('hyparquet');
type Reader = Awaited<ReturnType<typeof loadReader>>;

/** The columns that the fold needs. */
const COLUMNS = ['metric', 'timestamp', 'value', 'value_exact', 'received_at', 'message_id', 'arrival_hour'];
/** Smaller files are read whole: one request instead of one for each column. */
const WHOLE_BYTES = 1 << 20;
const FOOTER_BYTES = 1 << 16;
const FILES_AT_ONCE = 4;
/** Some 100 MB: a device that sends twice a second has as many values of three metrics in a day. */
const MAX_ROWS = 500_000;

interface StoredFile {
  readonly key: string;
  readonly etag: string;
  readonly size: number;
}

interface Options {
  readonly client: S3Client;
  readonly bucket: string;
}

/** Lists and reads objects of the bucket. */
function createObjects({ client, bucket: Bucket }: Options) {
  async function filesIn(partition: Partition): Promise<StoredFile[]> {
    const found: StoredFile[] = [];
    let after: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({ Bucket, Prefix: `${partition}/`, ContinuationToken: after }),
      );
      for (const { Key, ETag, Size } of page.Contents ?? [])
        if (Key!.endsWith('.parquet')) found.push({ key: Key!, etag: ETag!, size: Size ?? 0 });
      after = page.NextContinuationToken;
    } while (after !== undefined);
    return found;
  }

  async function bytesOf({ key: Key, etag: IfMatch }: StoredFile, from: number, to: number) {
    const Range = `bytes=${from}-${to - 1}`;
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, IfMatch, Range }));
    const bytes = await Body!.transformToByteArray();
    if (bytes.length !== to - from) throw new Error(`S3 sent ${bytes.length} bytes instead of ${to - from}`);
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  }

  function bufferOf(file: StoredFile): AsyncBuffer {
    const { size: byteLength } = file;
    let whole: Promise<ArrayBuffer> | undefined;
    return {
      byteLength,
      async slice(start, end = byteLength) {
        if (byteLength > WHOLE_BYTES) return bytesOf(file, start, end);
        whole ??= bytesOf(file, 0, byteLength);
        return (await whole).slice(start, end);
      },
    };
  }

  return { filesIn, bufferOf };
}

/** @returns a function that reads the rows of a device from one file */
function createReadFile({ bufferOf }: Pick<ReturnType<typeof createObjects>, 'bufferOf'>) {
  return async (reader: Reader, file: StoredFile, partition: Partition, deviceId: string) => {
    try {
      const buffer = bufferOf(file);
      const metadata = await reader.parquetMetadataAsync(buffer, { initialFetchSize: FOOTER_BYTES });
      const { hours, site } = headOf(metadata);
      const rows = await rowsOfDevice(reader, buffer, metadata, deviceId);
      requirePlace(rows, partition, site);
      return { hours, rows };
    } catch (error) {
      throw unreadable(file.key, error);
    }
  };
}

export function createDeviceRows({ client, bucket: Bucket }: Options): DeviceRows {
  const { filesIn, bufferOf } = createObjects({ client, bucket: Bucket });
  const readFile = createReadFile({ bufferOf });
  return {
    async rowsOf(partition, deviceId) {
      const files = await filesIn(partition);
      if (files.length === 0) return [];
      const reader = await loadReader();
      const day = files.find(({ key }) => hourOfFile(key) === undefined);
      const merged = day && (await readFile(reader, day, partition, deviceId));
      // During a merge, both the day and its hours are there.
      const hourly = files.filter((file) => file !== day && !merged?.hours.includes(hourOfFile(file.key)!));
      const others = await inParallel(hourly, FILES_AT_ONCE, async (file) =>
        readFile(reader, file, partition, deviceId),
      );
      const rows = [merged, ...others].flatMap((each) => each?.rows ?? []);
      if (rows.length > MAX_ROWS) throw tooMany(rows.length);
      return rows;
    },

    async siteFolders(limit) {
      const list = { Bucket, Prefix: READINGS_PREFIX, Delimiter: '/', MaxKeys: limit };
      const { CommonPrefixes = [] } = await client.send(new ListObjectsV2Command(list));
      return CommonPrefixes.map(({ Prefix }) => Prefix!.slice(0, -1));
    },

    async progress() {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: PROGRESS_KEY }));
        const stored = JSON.parse(await Body!.transformToString()) as { readonly progress: ParseProgress };
        return stored.progress;
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
  };
}

const tooMany = (count: number) =>
  new Error(`the device has ${count} values on this day, more than the ${MAX_ROWS} that are read at once`);

/** Throws if a row is in the folder of another day or site. */
function requirePlace(rows: readonly DeviceRow[], partition: Partition, site: string): void {
  const date = dateOfPartition(partition);
  if (partitionOf(site, date) !== partition) throw new Error(`it has rows of the site ${site}`);
  const [first, end] = [Date.parse(date), Date.parse(date) + 86_400_000];
  const other = rows.find(({ timestamp }) => timestamp < first || timestamp >= end);
  if (other) throw new Error(`it has rows of ${new Date(other.timestamp).toISOString()} in ${partition}`);
}

async function rowsOfDevice(reader: Reader, file: AsyncBuffer, metadata: FileMetaData, deviceId: string) {
  const rows: DeviceRow[] = [];
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const [first, end] = [rowStart, rowStart + Number(group.num_rows)];
    rowStart = end;
    if (!mayHave(group, deviceId)) continue;
    const range = { file, metadata, ...DECODERS, rowStart: first, rowEnd: end };
    const devices = (await columnsOf(reader, ['device'], range))['device'] as string[];
    const from = devices.indexOf(deviceId);
    if (from < 0) continue;
    const to = devices.lastIndexOf(deviceId) + 1;
    if (rows.length + to - from > MAX_ROWS) throw tooMany(rows.length + to - from);
    const columns = await columnsOf(reader, COLUMNS, {
      ...range,
      rowStart: first + from,
      rowEnd: first + to,
    });
    for (let row = 0; row < to - from; row += 1) rows.push(rowAt(columns, row));
  }
  return rows;
}

/** Rows are in the order of devices, by the bytes of their UTF-8. */
function mayHave({ columns }: RowGroup, deviceId: string): boolean {
  const { min_value: min, max_value: max } =
    columns.find(({ meta_data: meta }) => meta?.path_in_schema[0] === 'device')?.meta_data?.statistics ?? {};
  if (typeof min !== 'string' || typeof max !== 'string') return true;
  const wanted = Buffer.from(deviceId);
  return Buffer.compare(Buffer.from(min), wanted) <= 0 && Buffer.compare(wanted, Buffer.from(max)) <= 0;
}

type Columns = Readonly<Record<string, ArrayLike<unknown>>>;

async function columnsOf(
  reader: Reader,
  columns: readonly string[],
  range: { readonly rowStart: number; readonly rowEnd: number } & Parameters<Reader['parquetRead']>[0],
): Promise<Columns> {
  const found: Record<string, unknown[]> = {};
  const { rowStart, rowEnd } = range;
  await reader.parquetRead({
    ...range,
    columns: [...columns],
    // Pages begin before the wanted rows.
    onChunk({ columnName, columnData, rowStart: at }) {
      const column = (found[columnName] ??= []);
      const end = Math.min(columnData.length, rowEnd - at);
      for (let n = Math.max(0, rowStart - at); n < end; n += 1) column[at + n - rowStart] = columnData[n];
    },
  });
  for (const name of columns)
    if (found[name]?.length !== rowEnd - rowStart) throw new Error(`the column ${name} ends early`);
  return found;
}

function rowAt(columns: Columns, row: number): DeviceRow {
  const at = (name: string) => columns[name]![row];
  return {
    metric: at('metric') as string,
    timestamp: Number(at('timestamp')),
    value: at('value') as number,
    exact: (at('value_exact') as string | null) ?? undefined,
    receivedAt: Number(at('received_at')),
    hour: at('arrival_hour') as string,
    messageId: (at('message_id') as string | null) ?? undefined,
  };
}
