// One algebra for every path: a message, a batch and a replayed file are all deltas, and deltas merge in any order.

import type { Decimal } from './decimal.ts';
import { metricsText, type Metric, type Reading } from './reading.ts';
import { extendSpan, NO_SPAN, type MutableSpan, type Span } from './span.ts';

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

/** A stored window: the merge of all its deltas so far. */
export interface Window extends WindowKey, Span {
  readonly readings: number;
  readonly metrics: ReadonlyMap<string, Aggregate>;
}

/** A window without its fingerprints: enough to compare it with its archive. */
export interface WindowTotals extends Pick<Window, 'deviceId' | 'windowStart' | 'readings' | 'metrics'> {
  /** Event times of the oldest and the newest reading, epoch milliseconds; absent in windows stored before these times existed. */
  readonly firstReadingAt?: number;
  readonly lastReadingAt?: number;
}

/** A part of a window: readings by fingerprint, their aggregates by metric, and the first of their sites by name. */
export interface Delta extends WindowKey, Span {
  readonly readings: ReadonlyMap<string, Reading>;
  readonly metrics: ReadonlyMap<string, Aggregate>;
}

type MutableDelta = Omit<WindowKey, 'site'> &
  MutableSpan & {
    site: string;
    readonly readings: Map<string, Reading>;
    readonly metrics: Map<string, Aggregate>;
  };

/** Maximum readings of a device in one window, per second of its length. */
const MAX_READINGS_PER_SECOND = 2000;
/** Maximum readings of a device in one window of any length. */
const MAX_READINGS_IN_WINDOW = 100_000;

/** How many readings of a device a window takes; further ones are rejected as `window-full`. */
export function maxReadingsOf(windowSeconds: number): number {
  return Math.min(windowSeconds * MAX_READINGS_PER_SECOND, MAX_READINGS_IN_WINDOW);
}

/** Start of the window that contains the time; both in epoch milliseconds. A window's end belongs to the next window. */
export function windowStartOf(timestamp: number, windowSeconds: number): number {
  const size = windowSeconds * 1000;
  return Math.floor(timestamp / size) * size;
}

/** The identity of `merge` for one window. */
export function emptyDelta(key: WindowKey): Delta {
  return mutableDelta(key);
}

/** The delta of a single reading. */
export function deltaOf(reading: Reading, windowSeconds: number): Delta {
  const delta = mutableDelta({ ...reading, windowStart: windowStartOf(reading.timestamp, windowSeconds) });
  add(delta, reading);
  return delta;
}

/**
 * Both deltas' readings, each counted once. Associative, commutative and idempotent for any readings: if two different
 * readings have the same fingerprint (a device that reuses an id), the same one wins in every order.
 * Throws a RangeError if the deltas belong to different windows.
 */
export function merge(a: Delta, b: Delta): Delta {
  if (a.deviceId !== b.deviceId || a.windowStart !== b.windowStart) {
    throw new RangeError('Deltas of different windows cannot be merged');
  }
  const [large, small] = a.readings.size < b.readings.size ? [b, a] : [a, b];
  const merged: MutableDelta = {
    ...large,
    readings: new Map(large.readings),
    metrics: new Map(large.metrics),
  };
  for (const reading of small.readings.values()) add(merged, reading);
  // Keeps also the site of a reading that another one with the same fingerprint has replaced.
  if (small.readings.size > 0 && small.site < merged.site) merged.site = small.site;
  return merged;
}

/** The delta without the readings whose fingerprints are in `seen`; the same object if it has none of them. */
export function without(delta: Delta, seen: ReadonlySet<string>): Delta {
  const readings = [...delta.readings].filter(([print]) => !seen.has(print)).map(([, reading]) => reading);
  return readings.length === delta.readings.size ? delta : partOf(delta, readings);
}

/** The delta of a part of a delta's readings. */
export function partOf(delta: Delta, readings: Iterable<Reading>): Delta {
  const part = mutableDelta(delta);
  for (const reading of readings) add(part, reading);
  return part;
}

/** Folds readings into deltas, one per device and window, oldest window first. */
export function foldReadings(readings: Iterable<Reading>, windowSeconds: number): Delta[] {
  const byWindow = new Map<string, MutableDelta>();
  for (const reading of readings) {
    const windowStart = windowStartOf(reading.timestamp, windowSeconds);
    const key = `${windowStart}/${reading.deviceId}`;
    let delta = byWindow.get(key);
    if (!delta) byWindow.set(key, (delta = mutableDelta({ ...reading, windowStart })));
    add(delta, reading);
  }
  return [...byWindow.values()].sort((a, b) => a.windowStart - b.windowStart);
}

function mutableDelta({ deviceId, site, windowStart }: WindowKey): MutableDelta {
  return { deviceId, site, windowStart, ...NO_SPAN, readings: new Map(), metrics: new Map() };
}

function add(delta: MutableDelta, reading: Reading): void {
  if (delta.readings.size === 0 || reading.site < delta.site) delta.site = reading.site;
  const known = delta.readings.get(reading.fingerprint);
  if (known === undefined) {
    delta.readings.set(reading.fingerprint, reading);
    count(delta, reading);
  } else if (known !== reading && contentText(reading) < contentText(known)) {
    delta.readings.set(reading.fingerprint, reading);
    delta.metrics.clear();
    Object.assign(delta, NO_SPAN);
    for (const each of delta.readings.values()) count(delta, each);
  }
}

function count(delta: MutableDelta, reading: Reading): void {
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
