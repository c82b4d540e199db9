// Reads the windows and readings of the kernel from its memory, by the layout of assembly/layout.ts.

import * as layout from './assembly/layout.ts';

/** The address of a record in the memory; later records have greater addresses. */
export type Place = number;

/** The totals of a metric in a window: exact decimals as whole numbers of 10 ** -15. */
export interface MetricTotals {
  readonly min: bigint;
  readonly max: bigint;
  readonly sum: bigint;
  readonly count: number;
}

export interface FastWindow {
  readonly deviceId: string;
  /** The first of its sites by name. */
  readonly site: string;
  /** Epoch milliseconds, as all times. */
  readonly windowStart: number;
  readonly firstReadingAt: number;
  readonly lastReadingAt: number;
  /** Number of distinct readings. */
  readonly readings: number;
  /** Their totals by metric, in the order in which the metrics first came. */
  readonly metrics: ReadonlyMap<string, MetricTotals>;
}

export interface FastReading {
  /** The order: grows with every reading that is counted in any window. */
  readonly order: number;
  readonly timestamp: number;
  readonly site: string;
  readonly id: string | undefined;
  readonly metrics: readonly { readonly name: string; readonly value: number }[];
}

/** The memory, and a cache of the names in it. */
export interface KernelMemory {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  readonly names: Map<Place, string>;
}

const DECIMAL_PLACES = 15;
/** What one of the last digit is worth, in units of 10 ** -15, by the decimal places of a number. */
const UNITS = Array.from({ length: DECIMAL_PLACES + 1 }, (_, n) => 10n ** BigInt(DECIMAL_PLACES - n));

/** The windows from the given one on, in the order in which they were opened. */
export function windowsFrom(memory: KernelMemory, first: Place): Place[] {
  const windows: Place[] = [];
  for (let at = first; at !== 0; at = placeAt(memory, at + layout.WINDOW_NEXT)) windows.push(at);
  return windows;
}

export function startOf(memory: KernelMemory, window: Place): number {
  return numberAt(memory, window + layout.WINDOW_START);
}

export function deviceIdOf(memory: KernelMemory, window: Place): string {
  return nameOf(memory, placeAt(memory, window + layout.WINDOW_DEVICE));
}

export function windowAt(memory: KernelMemory, window: Place): FastWindow {
  return {
    deviceId: deviceIdOf(memory, window),
    site: nameOf(memory, placeAt(memory, window + layout.WINDOW_SITE)),
    windowStart: startOf(memory, window),
    firstReadingAt: numberAt(memory, window + layout.WINDOW_OLDEST_TIME),
    lastReadingAt: numberAt(memory, window + layout.WINDOW_NEWEST_TIME),
    readings: placeAt(memory, window + layout.WINDOW_READINGS),
    metrics: figuresOf(memory, window),
  };
}

/** The window's distinct readings in the order in which they came. */
export function readingsOf(memory: KernelMemory, window: Place): FastReading[] {
  const readings: Place[] = [];
  let at = placeAt(memory, window + layout.WINDOW_NEWEST);
  for (; at !== 0; at = placeAt(memory, at + layout.READING_OLDER)) readings.push(at);
  return readings.sort((a, b) => a - b).map((reading) => readingAt(memory, reading));
}

/** The metrics of a shape, in its order. */
export function metricNamesOf(memory: KernelMemory, shape: Place): string[] {
  const count = placeAt(memory, shape + layout.SHAPE_COUNT);
  return Array.from({ length: count }, (_, i) =>
    metricName(memory, placeAt(memory, shape + layout.SHAPE_NAMES + i * 4)),
  );
}

function figuresOf(memory: KernelMemory, window: Place): Map<string, MetricTotals> {
  const { view } = memory;
  const figures = new Map<string, MetricTotals>();
  let at = placeAt(memory, window + layout.WINDOW_FIGURES);
  for (; at !== 0; at = placeAt(memory, at + layout.METRIC_NEXT)) {
    const unit = UNITS[placeAt(memory, at + layout.METRIC_PLACES)]!;
    figures.set(metricName(memory, placeAt(memory, at + layout.METRIC_NAME)), {
      min: view.getBigInt64(at + layout.METRIC_MIN, true) * unit,
      max: view.getBigInt64(at + layout.METRIC_MAX, true) * unit,
      sum: view.getBigInt64(at + layout.METRIC_SUM, true) * unit,
      count: placeAt(memory, at + layout.METRIC_COUNT),
    });
  }
  return figures;
}

function readingAt(memory: KernelMemory, reading: Place): FastReading {
  const names = metricNamesOf(memory, placeAt(memory, reading + layout.READING_SHAPE));
  const metrics = names.map((name, i) => ({
    name,
    value: numberAt(memory, reading + layout.READING_VALUES + i * 8),
  }));
  const idLength = placeAt(memory, reading + layout.READING_ID_LENGTH);
  const id = reading + layout.READING_VALUES + metrics.length * 8;
  return {
    order: reading,
    timestamp: numberAt(memory, reading + layout.READING_TIME),
    site: nameOf(memory, placeAt(memory, reading + layout.READING_SITE)),
    id: idLength === 0 ? undefined : textAt(memory, id, idLength),
    metrics,
  };
}

function nameOf(memory: KernelMemory, name: Place): string {
  const known = memory.names.get(name);
  if (known !== undefined) return known;
  const text = textAt(memory, name + layout.NAME_BYTES, placeAt(memory, name + layout.NAME_LENGTH));
  memory.names.set(name, text);
  return text;
}

/** The kernel stores members with their quotes and colon. */
function metricName(memory: KernelMemory, member: Place): string {
  const known = memory.names.get(member);
  if (known !== undefined) return known;
  const spelled = placeAt(memory, member + layout.NAME_LENGTH);
  const name = textAt(memory, member + layout.NAME_BYTES + 1, spelled - 3);
  memory.names.set(member, name);
  return name;
}

/** The text of ASCII characters. */
function textAt({ bytes }: KernelMemory, at: Place, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

function placeAt({ view }: KernelMemory, at: Place): Place {
  return view.getUint32(at, true);
}

function numberAt({ view }: KernelMemory, at: Place): number {
  return view.getFloat64(at, true);
}
