// Holds rows in columns until they are sorted, in memory or in a run on the disk: the part of the sorter that handles bytes.

import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { diskFailure } from './disk-failure.ts';

/** Rows of one series in the order in which they were added. */
export interface SeriesRows {
  readonly numbers: readonly Float64Array[];
  readonly texts: readonly (readonly (string | undefined)[])[];
  readonly count: number;
}

/** Rows by series; series are numbered from 0. */
export interface Rows {
  of(series: number): SeriesRows | undefined;
  close(): void;
}

/** Columns for the numbers of rows, and for texts that most rows lack. */
export interface Columns {
  add(series: number, numbers: readonly number[], texts: readonly (string | undefined)[]): void;
  isFull(): boolean;
  /** The rows added since the last call, in memory. */
  take(): Rows;
  /** The same, written to a run at this path. */
  spill(path: string): Rows;
}

const NUMBER_BYTES = 8;
const BUFFER_BYTES = 1 << 22;

/** Positions of rows, grouped by series, and where each series begins. `series`: the series of each row. */
function groupBySeries(series: Uint32Array, seriesCount: number) {
  const starts = new Uint32Array(seriesCount + 1);
  for (let n = 0; n < series.length; n += 1) starts[series[n]! + 1]! += 1;
  for (let n = 1; n <= seriesCount; n += 1) starts[n]! += starts[n - 1]!;
  const next = starts.slice();
  const order = new Uint32Array(series.length);
  for (let n = 0; n < series.length; n += 1) order[next[series[n]!]!++] = n;
  return { starts, order };
}

/** Rows in memory, by series. */
function rowsInMemory(
  { starts, order }: ReturnType<typeof groupBySeries>,
  columns: readonly Float64Array[],
  texts: readonly ReadonlyMap<number, string>[],
): Rows {
  return {
    close: () => {},
    of(one) {
      const [from = 0, to = 0] = starts.subarray(one, one + 2);
      if (from >= to) return undefined;
      const rows = order.subarray(from, to);
      return {
        count: rows.length,
        numbers: columns.map((column) => picked(column, rows)),
        texts: texts.map((known) => (known.size === 0 ? [] : Array.from(rows, (row) => known.get(row)))),
      };
    },
  };
}

export function createColumns(options: {
  readonly rows: number;
  readonly numbers: number;
  readonly texts: number;
}): Columns {
  const columns = Array.from({ length: options.numbers }, () => new Float64Array(options.rows));
  const series = new Uint32Array(options.rows);
  let texts = Array.from({ length: options.texts }, () => new Map<number, string>());
  let count = 0;
  let seriesCount = 0;

  const take = () => rowsInMemory(groupBySeries(series.subarray(0, count), seriesCount), columns, texts);

  function reset(): void {
    texts = texts.map(() => new Map());
    count = 0;
  }

  return {
    isFull: () => count === options.rows,
    take,
    add(one, numbers, more) {
      series[count] = one;
      if (one >= seriesCount) seriesCount = one + 1;
      for (let n = 0; n < columns.length; n += 1) columns[n]![count] = numbers[n]!;
      for (let n = 0; n < texts.length; n += 1) {
        const text = more[n];
        if (text !== undefined) texts[n]!.set(count, text);
      }
      count += 1;
    },
    spill(path) {
      const run = writeRun(path, take(), seriesCount);
      reset();
      return run;
    },
  };
}

/** A loop, because `Float64Array.from` takes ten times as long. */
export function picked(column: Float64Array, rows: Uint32Array): Float64Array {
  const found = new Float64Array(rows.length);
  for (let n = 0; n < rows.length; n += 1) found[n] = column[rows[n]!]!;
  return found;
}

interface Segment {
  readonly at: number;
  readonly count: number;
  readonly numbers: number;
  readonly textBytes: number;
}

function writeRun(path: string, rows: Rows, seriesCount: number): Rows {
  const file = openSync(path, 'wx+');
  const segments = new Map<number, Segment>();
  let waiting: Uint8Array[] = [];
  let [size, waitingBytes] = [0, 0];

  function flush(): void {
    const bytes = Buffer.concat(waiting);
    for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
    waiting = [];
    waitingBytes = 0;
  }

  function write(bytes: Uint8Array): void {
    waiting.push(bytes);
    size += bytes.length;
    waitingBytes += bytes.length;
    if (waitingBytes >= BUFFER_BYTES) flush();
  }

  try {
    for (let one = 0; one < seriesCount; one += 1) {
      const found = rows.of(one);
      if (!found) continue;
      const { count, numbers, texts } = found;
      const hasTexts = texts.some((column) => column.length > 0);
      const textBytes = hasTexts ? Buffer.from(JSON.stringify(texts)) : Buffer.alloc(0);
      segments.set(one, { at: size, count, numbers: numbers.length, textBytes: textBytes.length });
      for (const column of numbers) write(new Uint8Array(column.buffer));
      write(textBytes);
    }
    flush();
  } catch (error) {
    closeSync(file);
    throw diskFailure(path, error);
  }
  return { of: (one) => readSegment(file, segments.get(one)), close: () => closeSync(file) };
}

function readSegment(file: number, segment: Segment | undefined): SeriesRows | undefined {
  if (!segment) return undefined;
  const { at, count, numbers, textBytes } = segment;
  const bytes = new Uint8Array(numbers * count * NUMBER_BYTES + textBytes);
  for (let done = 0; done < bytes.length;) {
    const read = readSync(file, bytes, done, bytes.length - done, at + done);
    if (read === 0) throw new Error('A run on the disk is shorter than when it was written; run this again');
    done += read;
  }
  const columns = Array.from(
    { length: numbers },
    (_, n) => new Float64Array(bytes.buffer, n * count * NUMBER_BYTES, count),
  );
  if (textBytes === 0) return { count, numbers: columns, texts: [] };
  const texts = JSON.parse(Buffer.from(bytes.subarray(-textBytes)).toString()) as (string | null)[][];
  return {
    count,
    numbers: columns,
    texts: texts.map((column) => column.map((text) => text ?? undefined)),
  };
}
