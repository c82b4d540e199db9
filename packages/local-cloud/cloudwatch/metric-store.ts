// Keeps metrics per minute as sum, count, minimum and maximum: the newest minutes in memory, earlier ones in a file.

import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { keepPoints, mergePoint, type KeptPoints } from './kept-points.ts';
import { merge, statisticsOf, type MetricId, type Meter, type Statistics } from './meter.ts';
import type { MetricFile, Point } from './metric-file.ts';

export interface ListedMetric extends MetricId {
  readonly unit: string | undefined;
}

export interface MetricStore {
  readonly meter: Meter;
  /** @param at epoch milliseconds */
  add(metric: MetricId, at: number, statistics: Statistics, unit?: string): void;
  /** In no order. */
  metrics(): readonly ListedMetric[];
  /** Whether it has had a value since `at`, in epoch milliseconds. */
  isRecent(metric: MetricId, at: number): boolean;
  /** In the order of their minutes; epoch milliseconds, `from` is included, `to` is not. */
  points(metric: MetricId, from: number, to: number): Point[];
  /** Writes what is in memory, and deletes what is older than eight days. */
  flush(): void;
}

export const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
const HOUR_MINUTES = 60;
/** An alarm looks back seven days at most. AWS keeps minutes for fifteen. */
const KEPT_DAYS = 8;
/** A dimension with a new value in every message would fill the memory. */
const MOST_METRICS = 10_000;
/** Beyond every minute that a clock shows. */
const LAST_MINUTE = Number.MAX_SAFE_INTEGER;

interface Series extends ListedMetric {
  rowId: number | undefined;
  /** The minute that values are added to now. */
  current: { readonly minute: number; count: number; sum: number; min: number; max: number } | undefined;
  /** Not yet in the file. */
  readonly pending: Map<number, Statistics>;
  readonly stored: KeptPoints;
}

const keyOf = ({ namespace, name, dimensions }: MetricId) =>
  JSON.stringify([namespace, name, ...Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);

/** Moves the statistics of the current minute to those that wait for the file. */
function endCurrent(series: Series): void {
  const { current, pending } = series;
  if (!current) return;
  const { minute, ...statistics } = current;
  pending.set(minute, merge(pending.get(minute), statistics));
  series.current = undefined;
}

function measure(series: Series, minute: number, value: number): void {
  const { current } = series;
  if (current?.minute !== minute) {
    endCurrent(series);
    series.current = { minute, ...statisticsOf(value) };
    return;
  }
  current.count += 1;
  current.sum += value;
  if (value < current.min) current.min = value;
  if (value > current.max) current.max = value;
}

/** @returns the row ids of the metrics that are new in the file */
function write(file: MetricFile, series: Iterable<Series>): Map<Series, number> {
  const added = new Map<Series, number>();
  for (const each of series) {
    endCurrent(each);
    if (each.pending.size === 0) continue;
    const rowId = each.rowId ?? file.addMetric(each);
    if (each.rowId === undefined) added.set(each, rowId);
    for (const [minute, statistics] of each.pending) file.addPoint(rowId, { minute, ...statistics });
  }
  return added;
}

function newSeries({ unit, ...metric }: ListedMetric, file: MetricFile, rowId?: number): Series {
  const series: Series = {
    ...{ ...metric, unit, rowId, current: undefined, pending: new Map<number, Statistics>() },
    stored: keepPoints((from, to) =>
      series.rowId === undefined ? [] : file.points(series.rowId, from, Math.min(to, LAST_MINUTE)),
    ),
  };
  return series;
}

/** What the file has now of each, after its transaction. */
function settleWritten(all: Iterable<Series>, added: ReadonlyMap<Series, number>): void {
  for (const [series, rowId] of added) series.rowId = rowId;
  for (const { pending, stored } of all) {
    if (pending.size === 0) continue;
    stored.add([...pending].map(([minute, statistics]) => ({ minute, ...statistics })));
    pending.clear();
  }
}

/** All series by their key, and a new one for a metric not seen before, up to the most that are kept. */
function openSeries(file: MetricFile, log: Log) {
  const all = new Map<string, Series>();
  for (const { rowId, ...metric } of file.metrics()) all.set(keyOf(metric), newSeries(metric, file, rowId));
  let isFull = false;
  return {
    all: () => all.values(),
    find: (metric: MetricId) => all.get(keyOf(metric)),
    /** Undefined when there is no room for a new metric. */
    findOrAdd(metric: MetricId, unit: string | undefined): Series | undefined {
      const key = keyOf(metric);
      const known = all.get(key);
      if (known) return known;
      if (all.size >= MOST_METRICS) {
        if (!isFull)
          log.warn(`CloudWatch keeps ${MOST_METRICS} metrics here, and leaves out new ones`, {
            namespace: metric.namespace,
            metric: metric.name,
          });
        isFull = true;
        return undefined;
      }
      const { namespace, name, dimensions } = metric;
      const made = newSeries({ namespace, name, dimensions, unit }, file);
      all.set(key, made);
      return made;
    },
  };
}

/** The last minute with a value, in minutes since the epoch; -1 without any. */
const lastMinuteOf = (file: MetricFile, { rowId, current, pending }: Series): number =>
  Math.max(
    current?.minute ?? -1,
    ...pending.keys(),
    rowId === undefined ? -1 : (file.lastMinute(rowId) ?? -1),
  );

/** The points of a series, stored and pending. @param first, end minutes since the epoch */
function pointsOf(series: Series, first: number, end: number): Point[] {
  endCurrent(series);
  const found = [...series.stored.points(first, end)];
  for (const [minute, statistics] of series.pending)
    if (minute >= first && minute < end) mergePoint(found, { minute, ...statistics });
  return found;
}

/** @returns a function that writes all series at `now` (minutes since the epoch) and, once an hour, deletes old points */
function createFlush(file: MetricFile, all: () => Iterable<Series>): (now: number) => void {
  let cleanedHour = 0;
  return (now) => {
    const hour = Math.floor(now / HOUR_MINUTES);
    const added = file.transaction(() => {
      if (hour > cleanedHour) file.deleteBefore(now - KEPT_DAYS * DAY_MINUTES);
      return write(file, all());
    });
    cleanedHour = hour;
    settleWritten(all(), added);
  };
}

export function createMetricStore(file: MetricFile, { clock, log }: { clock: Clock; log: Log }): MetricStore {
  const series = openSeries(file, log);
  const flush = createFlush(file, series.all);
  const minuteNow = () => Math.floor(clock.now() / MINUTE_MS);
  return {
    meter(namespace, name, dimensions = {}, unit) {
      const measured = series.findOrAdd({ namespace, name, dimensions }, unit);
      if (!measured) return () => {};
      return (value) => measure(measured, minuteNow(), value);
    },
    add(metric, at, statistics, unit) {
      const pending = series.findOrAdd(metric, unit)?.pending;
      const minute = Math.floor(at / MINUTE_MS);
      pending?.set(minute, merge(pending.get(minute), statistics));
    },
    metrics: () =>
      [...series.all()].filter(({ rowId, current, pending }) => rowId ?? current ?? pending.size),
    isRecent(metric, at) {
      const found = series.find(metric);
      return found !== undefined && lastMinuteOf(file, found) * MINUTE_MS >= at - MINUTE_MS;
    },
    points(metric, from, to) {
      const found = series.find(metric);
      return found ? pointsOf(found, Math.ceil(from / MINUTE_MS), Math.ceil(to / MINUTE_MS)) : [];
    },
    flush: () => flush(minuteNow()),
  };
}
