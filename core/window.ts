// One algebra for every path: a message, a batch and a replayed file are all deltas, and deltas merge in any order.

import type { Decimal } from './decimal.ts';
import { metricsText, type Metric, type Reading } from './reading.ts';
import { extendSpan, noSpan, type GrowingSpan, type Span } from './span.ts';

export interface Aggregate {
  readonly min: Decimal;
  readonly max: Decimal;
  readonly sum: Decimal;
  readonly count: number;
}

/** A device's window; `windowStart` in epoch milliseconds, aligned to the epoch, half open. */
export interface WindowKey {
  readonly deviceId: string;
  readonly site: string;
  readonly windowStart: number;
}

/** A window as it is stored: what all deltas so far amount to. */
export interface Window extends WindowKey, Span {
  readonly readings: number;
  readonly metrics: ReadonlyMap<string, Aggregate>;
}

/** What is known of a window without its fingerprints: enough to compare it with its archive. */
export interface WindowTotals extends Pick<Window, 'deviceId' | 'windowStart' | 'readings' | 'metrics'> {
  /** Event times of the oldest and the newest reading, epoch milliseconds; absent in windows stored before they had them. */
  readonly firstReadingAt?: number;
  readonly lastReadingAt?: number;
}

/** A part of a window: readings by fingerprint, what they amount to per metric, and the first of their sites by name. */
export interface Delta extends WindowKey, Span {
  readonly readings: ReadonlyMap<string, Reading>;
  readonly metrics: ReadonlyMap<string, Aggregate>;
}

type GrowingDelta = Omit<WindowKey, 'site'> &
  GrowingSpan & {
    site: string;
    readonly readings: Map<string, Reading>;
    readonly metrics: Map<string, Aggregate>;
  };

/** A device's readings in one window at most: this many a second of its length ... */
const MAX_READINGS_PER_SECOND = 2000;
/** ... and never more than this. */
const MAX_READINGS_IN_WINDOW = 100_000;

/** How many readings of one device a window takes; those beyond it are rejected as `window-full`. */
export function maxReadingsOf(windowSeconds: number): number {
  return Math.min(windowSeconds * MAX_READINGS_PER_SECOND, MAX_READINGS_IN_WINDOW);
}

/** Start of the window that holds the time; both in epoch milliseconds. A window's end belongs to the next one. */
export function windowStartOf(timestamp: number, windowSeconds: number): number {
  const size = windowSeconds * 1000;
  return Math.floor(timestamp / size) * size;
}

/** The identity of `merge` for one window. */
export function emptyDelta(key: WindowKey): Delta {
  return growing(key);
}

/** The delta of a single reading. */
export function deltaOf(reading: Reading, windowSeconds: number): Delta {
  const delta = growing({ ...reading, windowStart: windowStartOf(reading.timestamp, windowSeconds) });
  add(delta, reading);
  return delta;
}

/**
 * Both deltas' readings, each counted once. Associative, commutative and idempotent, whatever the readings: of two
 * different ones with the same fingerprint (a device that gives an id twice) the same one wins in every order.
 * Throws a RangeError when the deltas are of different windows.
 */
export function merge(a: Delta, b: Delta): Delta {
  if (a.deviceId !== b.deviceId || a.windowStart !== b.windowStart) {
    throw new RangeError('Deltas of different windows cannot be merged');
  }
  const [large, small] = a.readings.size < b.readings.size ? [b, a] : [a, b];
  const merged: GrowingDelta = {
    ...large,
    readings: new Map(large.readings),
    metrics: new Map(large.metrics),
  };
  for (const reading of small.readings.values()) add(merged, reading);
  // Also the site of a reading that another one with its fingerprint has replaced.
  if (small.readings.size > 0 && small.site < merged.site) merged.site = small.site;
  return merged;
}

/** The delta without the readings whose fingerprints are in `seen`; the delta itself where it has none of them. */
export function without(delta: Delta, seen: ReadonlySet<string>): Delta {
  const readings = [...delta.readings].filter(([print]) => !seen.has(print)).map(([, reading]) => reading);
  return readings.length === delta.readings.size ? delta : partOf(delta, readings);
}

/** The delta of some of a delta's readings. */
export function partOf(delta: Delta, readings: Iterable<Reading>): Delta {
  const part = growing(delta);
  for (const reading of readings) add(part, reading);
  return part;
}

/** Folds readings into deltas, one a device and window, oldest window first. */
export function foldReadings(readings: Iterable<Reading>, windowSeconds: number): Delta[] {
  const byWindow = new Map<string, GrowingDelta>();
  for (const reading of readings) {
    const windowStart = windowStartOf(reading.timestamp, windowSeconds);
    const key = `${windowStart}/${reading.deviceId}`;
    let delta = byWindow.get(key);
    if (!delta) byWindow.set(key, (delta = growing({ ...reading, windowStart })));
    add(delta, reading);
  }
  return [...byWindow.values()].sort((a, b) => a.windowStart - b.windowStart);
}

function growing({ deviceId, site, windowStart }: WindowKey): GrowingDelta {
  return { deviceId, site, windowStart, ...noSpan, readings: new Map(), metrics: new Map() };
}

function add(delta: GrowingDelta, reading: Reading): void {
  if (delta.readings.size === 0 || reading.site < delta.site) delta.site = reading.site;
  const known = delta.readings.get(reading.fingerprint);
  if (known === undefined) {
    delta.readings.set(reading.fingerprint, reading);
    count(delta, reading);
  } else if (known !== reading && contentText(reading) < contentText(known)) {
    delta.readings.set(reading.fingerprint, reading);
    delta.metrics.clear();
    Object.assign(delta, noSpan);
    for (const each of delta.readings.values()) count(delta, each);
  }
}

function count(delta: GrowingDelta, reading: Reading): void {
  for (const metric of reading.metrics) countMetric(delta.metrics, metric);
  extendSpan(delta, reading);
}

function countMetric(metrics: Map<string, Aggregate>, { name, value }: Metric): void {
  const sofar = metrics.get(name);
  metrics.set(
    name,
    sofar
      ? {
          min: value < sofar.min ? value : sofar.min,
          max: value > sofar.max ? value : sofar.max,
          sum: sofar.sum + value,
          count: sofar.count + 1,
        }
      : { min: value, max: value, sum: value, count: 1 },
  );
}

function contentText(reading: Reading): string {
  return `${metricsText(reading.metrics)},${reading.timestamp},${reading.site}`;
}
