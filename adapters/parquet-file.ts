// Writes and reads rows of the parsed archive as Parquet: ZSTD, row groups for scans, and bounds by which readers skip groups.

import { statSync } from 'node:fs';
import { zstdCompressSync } from 'node:zlib';
import {
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetRead,
  type AsyncBuffer,
  type FileMetaData,
} from 'hyparquet';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import {
  hourFromText as hourOf,
  hourText,
  type RowBlock,
  type RowSlice,
} from '../core/archive/parsed-rows.ts';
import { createRepeats, repeatsText } from '../core/archive/repeats.ts';
import { onDisk } from './disk-failure.ts';
import {
  COLUMNS,
  DECODERS,
  headOf,
  HOURS,
  REPEATS,
  SCHEMA,
  SITE,
  unreadable,
  WRITTEN_SCHEMA,
} from './parquet-schema.ts';
import type { GrowingFile, NamedFile, StagedFile } from '../pipeline/parse-ports.ts';

/** DuckDB's default: large enough to scan without overhead, and small enough to be worth skipping. */
const GROUP_ROWS = 122_880;
const CREATED_BY = 'tidegate';

const openWriter = (path: string) =>
  new ParquetWriter({
    writer: onDisk(path, () => fileWriter(path)),
    schema: WRITTEN_SCHEMA,
    codec: 'ZSTD',
    compressors: { ZSTD: (bytes) => zstdCompressSync(bytes) },
    // The blocks give them without reading each row.
    statistics: false,
    statisticsTruncateLength: Infinity,
    createdBy: CREATED_BY,
  });

/** Writes a row group, with the bounds of its columns for readers that skip groups. */
function writeGroup(writer: ParquetWriter, { columns, bounds }: TakenRows): void {
  const columnData = COLUMNS.map(({ name, type }) => ({
    name,
    data: columns[name]!,
    ...(type === 'INT64' && { encoding: 'DELTA_BINARY_PACKED' as const }),
  }));
  void writer.write({ columnData, rowGroupSize: GROUP_ROWS });
  for (const { meta_data: meta } of writer.row_groups.at(-1)!.columns) {
    const known = bounds[meta!.path_in_schema[0]!];
    if (known) meta!.statistics = { min_value: known[0], max_value: known[1], null_count: 0n };
  }
}

/** `path` must not exist yet. */
export function createParquetFile(path: string): GrowingFile {
  const writer = openWriter(path);
  const group = createGroup();
  const repeats = createRepeats();
  let [rows, site] = [0, ''];

  function flush(): void {
    if (group.size() > 0) onDisk(path, () => writeGroup(writer, group.take()));
  }

  return {
    add({ block, from, to }) {
      site = block.site;
      repeats.add({ block, from, to });
      for (let at = from; at < to;) {
        const end = Math.min(to, at + GROUP_ROWS - group.size());
        group.add({ block, from: at, to: end });
        rows += end - at;
        at = end;
        if (group.size() === GROUP_ROWS) flush();
      }
    },
    finish(hours): StagedFile {
      flush();
      // The footer declares the columns by this schema.
      writer.schema = SCHEMA;
      writer.kvMetadata = [
        { key: SITE, value: site },
        { key: HOURS, value: hours.map(hourText).join() },
        { key: REPEATS, value: repeatsText(repeats.all()) },
      ];
      onDisk(path, () => void writer.finish());
      return { path, rows, bytes: statSync(path).size };
    },
  };
}

type Bound = string | bigint | number;
type Bounds = Readonly<Record<string, readonly [Bound, Bound]>>;
type Column = (string | undefined)[] | BigInt64Array | Float64Array;

interface TakenRows {
  readonly columns: Readonly<Record<string, Column>>;
  readonly bounds: Bounds;
}

function emptyColumns() {
  const texts = () => Array<string | undefined>(GROUP_ROWS);
  return {
    device: texts(),
    metric: texts(),
    timestamp: new BigInt64Array(GROUP_ROWS),
    value: new Float64Array(GROUP_ROWS),
    value_exact: texts(),
    unit: texts(),
    received_at: new BigInt64Array(GROUP_ROWS),
    message_id: texts(),
    arrival_hour: texts(),
  };
}

/** The rows are sorted by device. */
function boundsOf(
  { device, timestamp, value }: ReturnType<typeof emptyColumns>,
  size: number,
  { firstDevice, metrics }: { readonly firstDevice: string; readonly metrics: ReadonlySet<string> },
): Bounds {
  const names = [...metrics].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return {
    device: [firstDevice, device[size - 1]!],
    metric: [names[0]!, names.at(-1)!],
    timestamp: extremes(timestamp, size),
    value: extremes(value, size),
  };
}

/** The rows of the next row group. */
function createGroup() {
  let size = 0;
  const columns = emptyColumns();
  let firstDevice = '';
  let hour = { ms: NaN, text: '' };
  let metrics = new Set<string>();

  return {
    size: () => size,
    add({ block, from, to }: RowSlice): void {
      if (size === 0) firstDevice = block.device;
      metrics.add(block.metric);
      columns.device.fill(block.device, size, size + to - from);
      columns.metric.fill(block.metric, size, size + to - from);
      columns.value.set(block.values.subarray(from, to), size);
      for (let row = from; row < to; row += 1, size += 1) {
        columns.timestamp[size] = BigInt(block.timestamps[row]!);
        columns.received_at[size] = BigInt(block.receivedAt[row]!);
        if (block.hours[row] !== hour.ms) hour = { ms: block.hours[row]!, text: hourText(block.hours[row]!) };
        columns.arrival_hour[size] = hour.text;
        columns.unit[size] = block.units[row];
        columns.value_exact[size] = block.exact[row];
        columns.message_id[size] = block.messageIds[row];
      }
    },
    take(): TakenRows {
      const full: Record<string, Column> = {};
      for (const [name, column] of Object.entries(columns)) full[name] = column.slice(0, size);
      const taken = { columns: full, bounds: boundsOf(columns, size, { firstDevice, metrics }) };
      size = 0;
      metrics = new Set();
      return taken;
    },
  };
}

function extremes(column: BigInt64Array | Float64Array, size: number): readonly [Bound, Bound] {
  let [min, max]: (number | bigint)[] = [column[0]!, column[0]!];
  for (let row = 1; row < size; row += 1) {
    const value = column[row]!;
    if (value < min!) min = value;
    if (value > max!) max = value;
  }
  return [min!, max!];
}

/**
 * Reads a file that `createParquetFile` wrote. Rejects with an Error that names the file if another program or version
 * wrote it.
 */
export async function readParquetFile({ key, path }: NamedFile) {
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const { hours, site } = headOf(metadata);
    return { hours, rows: () => rowsIn(file, metadata, site, key) };
  } catch (error) {
    throw unreadable(key, error);
  }
}

async function* rowsIn(
  file: AsyncBuffer,
  metadata: FileMetaData,
  site: string,
  key: string,
): AsyncGenerator<RowBlock> {
  let rowStart = 0;
  for (const { num_rows: count } of metadata.row_groups) {
    const first = rowStart;
    const rowEnd = first + Number(count);
    const columns: Record<string, unknown[]> = {};
    try {
      await parquetRead({
        ...{ file, metadata, ...DECODERS, rowStart: first, rowEnd },
        onChunk({ columnName, columnData, rowStart: at }) {
          const column = (columns[columnName] ??= []);
          for (let n = 0; n < columnData.length; n += 1) column[at - first + n] = columnData[n];
        },
      });
    } catch (error) {
      throw unreadable(key, error);
    }
    yield* blocksIn(columns, site);
    rowStart = rowEnd;
  }
}

function* blocksIn(columns: Readonly<Record<string, unknown[]>>, site: string): Generator<RowBlock> {
  const devices = columns['device'] as string[];
  const metrics = columns['metric'] as string[];
  const numbers = (name: string, from: number, to: number) =>
    Float64Array.from(columns[name]!.slice(from, to) as (number | Date)[], Number);
  const texts = (name: string, from: number, to: number) =>
    columns[name]!.slice(from, to).map((value) => (value as string | null) ?? undefined);
  for (let from = 0, to = 0; from < devices.length; from = to) {
    const [device, metric] = [devices[from]!, metrics[from]!];
    while (to < devices.length && devices[to] === device && metrics[to] === metric) to += 1;
    yield {
      ...{ site, device, metric },
      timestamps: numbers('timestamp', from, to),
      values: numbers('value', from, to),
      receivedAt: numbers('received_at', from, to),
      hours: Float64Array.from(texts('arrival_hour', from, to), (hour) => hourOf(hour!)),
      units: texts('unit', from, to),
      exact: texts('value_exact', from, to),
      messageIds: texts('message_id', from, to),
    };
  }
}
