// Joins stored windows and live readings into one series that counts each reading once.

import { own } from '../../core/own.ts';

/** The statistics of one metric in one window, as the API returns them. */
export interface Statistics {
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly count: number;
  readonly last?: number;
}

/** `start` is in epoch milliseconds and a multiple of the window's length. */
export interface StoredWindow {
  readonly start: number;
  readonly readings: number;
  readonly lastReadingAt?: number;
  readonly metrics: Readonly<Record<string, Statistics>>;
}

/** A reading received over MQTT; `at` is its event time. */
export interface LiveReading {
  readonly at: number;
  readonly values: Readonly<Record<string, number>>;
}

export const startOf = (at: number, size: number): number => Math.floor(at / size) * size;

/** The time of a window's newest reading; the window's start if an older version stored it without that time. */
export const lastReadingAtOf = ({ start, lastReadingAt }: StoredWindow): number => lastReadingAt ?? start;

/** The newest value of each metric; the highest value for metrics that the last reading lacks. */
export const newestOf = ({ metrics }: StoredWindow): Record<string, number> =>
  Object.fromEntries(Object.entries(metrics).map(([name, { last, max }]) => [name, last ?? max]));

function withValue(statistics: Statistics | undefined, value: number): Statistics {
  if (!statistics) return { min: value, max: value, sum: value, count: 1, last: value };
  const { min, max, sum, count } = statistics;
  return {
    min: Math.min(min, value),
    max: Math.max(max, value),
    sum: sum + value,
    count: count + 1,
    last: value,
  };
}

function withReading(window: StoredWindow, { at, values }: LiveReading): StoredWindow {
  const metrics: Record<string, Statistics> = { ...window.metrics };
  for (const [name, value] of Object.entries(values)) metrics[name] = withValue(own(metrics, name), value);
  return { ...window, metrics, readings: window.readings + 1, lastReadingAt: at };
}

/**
 * Joins stored windows and live readings, oldest first. A live reading counts if its window is not stored, or if it
 * is later than the stored window's last reading.
 *
 * @param size the window's length in milliseconds
 */
export function joined(
  stored: ReadonlyMap<number, StoredWindow>,
  live: readonly LiveReading[],
  size: number,
): StoredWindow[] {
  const windows = new Map(stored);
  for (const reading of [...live].sort((a, b) => a.at - b.at)) {
    const start = startOf(reading.at, size);
    const known = windows.get(start);
    if (known && reading.at <= (known.lastReadingAt ?? Infinity)) continue;
    windows.set(start, withReading(known ?? { start, readings: 0, metrics: {} }, reading));
  }
  return [...windows.values()].sort((a, b) => a.start - b.start);
}

/** The live readings that are not in stored windows, in windows from `closedBefore` on. */
export const stillLive = (
  live: readonly LiveReading[],
  stored: ReadonlyMap<number, StoredWindow>,
  size: number,
  closedBefore: number,
): LiveReading[] =>
  live.filter(({ at }) => {
    const known = stored.get(startOf(at, size));
    return at >= closedBefore && (!known || at > (known.lastReadingAt ?? Infinity));
  });

interface OpenWindow {
  start: number;
  readings: number;
  lastReadingAt: number;
  metrics: Record<string, { -readonly [Name in keyof Statistics]: Statistics[Name] }>;
}

/**
 * Adds a reading to live windows, which it changes in place. For a large fleet out of sight, a copy for each message
 * would cause most of the garbage.
 */
export function addReading(
  windows: Map<number, StoredWindow>,
  { at, values }: LiveReading,
  size: number,
): void {
  const start = startOf(at, size);
  let window = windows.get(start) as OpenWindow | undefined;
  if (!window) windows.set(start, (window = { start, readings: 0, lastReadingAt: at, metrics: {} }));
  window.readings += 1;
  window.lastReadingAt = Math.max(window.lastReadingAt, at);
  for (const name in values) {
    const value = values[name]!;
    const known = own(window.metrics, name);
    if (!known) {
      window.metrics[name] = { min: value, max: value, sum: value, count: 1, last: value };
      continue;
    }
    if (value < known.min) known.min = value;
    if (value > known.max) known.max = value;
    known.sum += value;
    known.count += 1;
    known.last = value;
  }
}

/** The live windows that are newer, or have more readings, than the newest stored window. */
export const laterThan = (
  newest: StoredWindow | undefined,
  live: ReadonlyMap<number, StoredWindow>,
): readonly (readonly [start: number, window: StoredWindow])[] =>
  [...live].filter(
    ([start, window]) =>
      newest === undefined ||
      start > newest.start ||
      (start === newest.start && window.readings > newest.readings),
  );

/** A metric's columns for a plot; `x` is in seconds. A null value breaks the line. */
export interface Columns {
  readonly x: number[];
  readonly min: (number | null)[];
  readonly max: (number | null)[];
  readonly mean: (number | null)[];
  readonly count: number[];
  readonly gaps: (readonly [from: number, to: number])[];
}

/** The median time between windows: a device that sends once a minute has no gaps in its ten-second windows. */
export function usualPause(starts: readonly number[], size: number): number {
  const pauses = starts.slice(1).map((start, index) => start - starts[index]!);
  const middle = pauses.sort((a, b) => a - b)[Math.floor(pauses.length / 2)] ?? size;
  return Math.max(size, middle);
}

/**
 * Builds a metric's columns. Gaps are in epoch milliseconds: spans of more than two and a half usual pauses without
 * the metric, up to `until`.
 *
 * @param windows oldest first, of `size` milliseconds
 */
export function columnsOf(
  windows: readonly StoredWindow[],
  metric: string,
  size: number,
  until?: number,
): Columns {
  const columns: Columns = { x: [], min: [], max: [], mean: [], count: [], gaps: [] };
  const having = windows.filter(({ metrics }) => Object.hasOwn(metrics, metric));
  const pause = usualPause(
    having.map(({ start }) => start),
    size,
  );
  let end: number | undefined;
  const breakLine = (from: number, to: number) => {
    columns.gaps.push([from, to]);
    columns.x.push((from + (to - from) / 2) / 1000);
    for (const column of [columns.min, columns.max, columns.mean]) column.push(null);
    columns.count.push(0);
  };
  for (const { start, metrics } of having) {
    const { min, max, sum, count } = metrics[metric]!;
    if (end !== undefined && start - end > 1.5 * pause) breakLine(end, start);
    columns.x.push((start + size / 2) / 1000);
    columns.min.push(min);
    columns.max.push(max);
    columns.mean.push(sum / count);
    columns.count.push(count);
    end = start + size;
  }
  if (end !== undefined && until !== undefined && until - end > Math.max(2.5 * pause, 30_000))
    columns.gaps.push([end, until]);
  return columns;
}
