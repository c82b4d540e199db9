// Sorts rows by site, device, metric and time in bounded memory: what does not fit is spilled to runs on the disk and merged.

import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { windowStartOf } from '../core/window.ts';
import type { RowBlock } from '../core/archive/parsed-rows.ts';
import type { RowSorter } from '../pipeline/parse-ports.ts';
import { createColumns, picked, type Rows, type SeriesRows } from './row-runs.ts';

interface Series {
  readonly index: number;
  readonly site: string;
  readonly device: string;
  readonly metric: string;
}

/** Rows of a device and metric, from all its sites. */
interface Merged {
  readonly rows: SeriesRows;
  /** The site of each row, in the order of `rows`. */
  readonly sites: readonly Series[];
  /** Sorted positions, without rows that repeat others. */
  readonly order: Uint32Array;
}

/** A column for each number of a row. Rows from a file, which has no repeats, have the key zero. */
const [TIMESTAMP, VALUE, RECEIVED, HOUR, KEY, UNIT] = [0, 1, 2, 3, 4, 5] as const;
const [EXACT, MESSAGE_ID] = [0, 1] as const;
const NUMBERS = 6;
const TEXTS = 2;

/** Rows in memory, and in runs in the folder, with `rowsInMemory` rows each. */
function createStore({ folder, rowsInMemory }: { readonly folder: string; readonly rowsInMemory: number }) {
  const columns = createColumns({ rows: rowsInMemory, numbers: NUMBERS, texts: TEXTS });
  const runs: { readonly path: string; readonly rows: Rows }[] = [];
  return {
    add(one: number, numbers: readonly number[], texts: readonly (string | undefined)[]): void {
      if (columns.isFull()) {
        const file = path.join(folder, `${randomUUID()}.run`);
        runs.push({ path: file, rows: columns.spill(file) });
      }
      columns.add(one, numbers, texts);
    },
    all: () => [...runs.map(({ rows }) => rows), columns.take()],
    close(): void {
      for (const run of runs) {
        run.rows.close();
        rmSync(run.path, { force: true });
      }
    },
  };
}

/** Runs are written to `folder`, with `rowsInMemory` rows each, about 60 bytes a row. */
export function createRowSorter(options: {
  readonly folder: string;
  readonly rowsInMemory: number;
  readonly windowSeconds: number;
}): RowSorter {
  const store = createStore(options);
  const series = createSeries();
  const units = createNumbering();
  let repeated = 0;

  function* blocks(): Generator<RowBlock> {
    const merge = createMerging({ all: store.all(), series, ...options });
    for (const one of series.sorted()) {
      const { rows, sites, order } = merge(one);
      const own = sites.length === 0 ? order : order.filter((row) => sites[row] === one);
      if (one === series.firstOf(one.device, one.metric)) repeated += repeatsIn(rows, order);
      if (own.length > 0) yield blockOf(one, rows, own, units.textOf);
    }
  }

  return {
    add({ site, deviceId, timestamp, receivedAt, messageId, key, values }, hour) {
      for (let n = 0; n < values.length; n += 1) {
        const { metric, value, exact, unit } = values[n]!;
        // Repeats of a reading are counted by its first value.
        const unitAndFirst = units.numberOf(unit) * 2 + (n === 0 ? 1 : 0);
        const numbers = [timestamp, value, receivedAt, hour, key, unitAndFirst];
        store.add(series.of(site, deviceId, metric), numbers, [exact, messageId]);
      }
    },
    addBlock({ block, from, to }) {
      const one = series.of(block.site, block.device, block.metric);
      for (let n = from; n < to; n += 1) {
        const numbers = numbersAt(block, n, units.numberOf(block.units[n]) * 2);
        store.add(one, numbers, [block.exact[n], block.messageIds[n]]);
      }
    },
    blocks,
    repeated: () => repeated,
    close: () => store.close(),
  };
}

const numbersAt = ({ timestamps, values, receivedAt, hours }: RowBlock, n: number, unit: number) => [
  timestamps[n]!,
  values[n]!,
  receivedAt[n]!,
  hours[n]!,
  0,
  unit,
];

/** How many readings have their first value among the rows left out. */
function repeatsIn({ numbers, count }: SeriesRows, order: Uint32Array): number {
  if (order.length === count) return 0;
  const unit = numbers[UNIT]!;
  const firsts = (rows: Iterable<number>) => {
    let sum = 0;
    for (const row of rows) sum += unit[row]! % 2;
    return sum;
  };
  return firsts(unit.keys()) - firsts(order);
}

function blockOf(
  { site, device, metric }: Series,
  { numbers, texts }: SeriesRows,
  order: Uint32Array,
  unitOf: (number: number) => string | undefined,
): RowBlock {
  const isWhole = order.length === numbers[TIMESTAMP]!.length && order.every((row, n) => row === n);
  const pick = (column: number) => (isWhole ? numbers[column]! : picked(numbers[column]!, order));
  const pickText = (column: number) => textsOf(order, (row) => texts[column]?.[row]);
  return {
    ...{ site, device, metric },
    timestamps: pick(TIMESTAMP),
    values: pick(VALUE),
    receivedAt: pick(RECEIVED),
    hours: pick(HOUR),
    units: textsOf(order, (row) => unitOf(Math.floor(numbers[UNIT]![row]! / 2))),
    exact: pickText(EXACT),
    messageIds: pickText(MESSAGE_ID),
  };
}

function textsOf(order: Uint32Array, textOf: (row: number) => string | undefined): (string | undefined)[] {
  const texts: (string | undefined)[] = [];
  for (let n = 0; n < order.length; n += 1) texts.push(textOf(order[n]!));
  return texts;
}

/** Merges the rows of a device and metric from all runs. A device with only one site, as most have, is merged once. */
function createMerging(parts: {
  readonly all: readonly Rows[];
  readonly series: ReturnType<typeof createSeries>;
  readonly windowSeconds: number;
}): (one: Series) => Merged {
  const { all, series, windowSeconds } = parts;
  return ({ device, metric }) => {
    const many = series.ofMetric(device, metric);
    const found = many.flatMap((one) =>
      all.flatMap((rows) => {
        const part = rows.of(one.index);
        return part ? [{ one, part }] : [];
      }),
    );
    const rows = found.length === 1 ? found[0]!.part : concatenated(found.map(({ part }) => part));
    const sites =
      many.length === 1 ? [] : found.flatMap(({ one, part }) => Array<Series>(part.count).fill(one));
    return { rows, sites, order: distinct(rows, sorted(rows, sites), windowSeconds) };
  };
}

function concatenated(parts: readonly SeriesRows[]): SeriesRows {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const numbers = Array.from({ length: NUMBERS }, (_, column) => {
    const whole = new Float64Array(count);
    let at = 0;
    for (const part of parts) {
      whole.set(part.numbers[column]!, at);
      at += part.count;
    }
    return whole;
  });
  const texts = Array.from({ length: TEXTS }, (_, column) =>
    parts.flatMap((part) =>
      part.texts[column]?.length ? part.texts[column] : Array<undefined>(part.count).fill(undefined),
    ),
  );
  return { count, numbers, texts };
}

/** Sorts by time, then by site, as windows do, then by arrival. Most rows are in order already. */
function sorted({ numbers, count }: SeriesRows, sites: readonly Series[]): Uint32Array {
  const [times, received] = [numbers[TIMESTAMP]!, numbers[RECEIVED]!];
  const order = new Uint32Array(count);
  for (let row = 0; row < count; row += 1) order[row] = row;
  let isSorted = sites.length === 0;
  for (let row = 1; isSorted && row < count; row += 1) isSorted = times[row]! > times[row - 1]!;
  if (isSorted) return order;
  const bySite = (a: number, b: number) => (sites.length === 0 ? 0 : compare(sites[a]!.site, sites[b]!.site));
  return order.sort((a, b) => times[a]! - times[b]! || bySite(a, b) || received[a]! - received[b]! || a - b);
}

/** A positive key repeats only at the same time, a negative one within the same window. */
function distinct({ numbers }: SeriesRows, order: Uint32Array, windowSeconds: number): Uint32Array {
  const [times, keys] = [numbers[TIMESTAMP]!, numbers[KEY]!];
  const seen = { atTime: new Set<number>(), inWindow: new Set<number>() };
  let [time, window] = [NaN, NaN];
  const isAlone = (n: number) =>
    times[order[n]!] !== times[order[n - 1]!] && times[order[n]!] !== times[order[n + 1]!];
  return order.filter((row, n) => {
    const key = keys[row]!;
    if (key === 0 || (key > 0 && isAlone(n))) return true;
    if (times[row] !== time) {
      time = times[row]!;
      seen.atTime.clear();
      const start = windowStartOf(time, windowSeconds);
      if (start !== window) seen.inWindow.clear();
      window = start;
    }
    const known = key > 0 ? seen.atTime : seen.inWindow;
    if (known.has(key)) return false;
    known.add(key);
    return true;
  });
}

/** By the bytes of UTF-8, the order of texts in Parquet. */
const compare = (a: string, b: string): number =>
  a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));

function createSeries() {
  const all: Series[] = [];
  const byDevice = new Map<string, Map<string, Series[]>>();
  const ofMetric = (device: string, metric: string) => byDevice.get(device)?.get(metric) ?? [];
  return {
    ofMetric,
    firstOf: (device: string, metric: string) => ofMetric(device, metric)[0],
    of(site: string, device: string, metric: string): number {
      let metrics = byDevice.get(device);
      if (!metrics) byDevice.set(device, (metrics = new Map()));
      const known = metrics.get(metric);
      const found = known?.find((one) => one.site === site);
      if (found) return found.index;
      const one = { index: all.length, site, device, metric };
      all.push(one);
      if (known) known.push(one);
      else metrics.set(metric, [one]);
      return one.index;
    },
    sorted: () =>
      all.toSorted(
        (a, b) => compare(a.site, b.site) || compare(a.device, b.device) || compare(a.metric, b.metric),
      ),
  };
}

/** Replaces a few distinct texts by numbers; 0 means no text. */
function createNumbering() {
  const texts: (string | undefined)[] = [undefined];
  const numbers = new Map<string, number>();
  return {
    textOf: (number: number) => texts[number],
    numberOf(text: string | undefined): number {
      if (text === undefined) return 0;
      const known = numbers.get(text);
      if (known !== undefined) return known;
      numbers.set(text, texts.length);
      return texts.push(text) - 1;
    },
  };
}
