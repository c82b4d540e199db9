// Keeps metrics: the minutes under way in memory, those before in a file, each as sum, count, minimum and maximum.

import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
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
  /** Writes what is in memory, and forgets what is older than eight days. */
  flush(): void;
}

export const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
const HOUR_MINUTES = 60;
/** An alarm looks back seven days at most. AWS keeps minutes for fifteen. */
const KEPT_DAYS = 8;
/** A dimension with a value a message would fill the memory. */
const MOST_METRICS = 10_000;

interface Series extends ListedMetric {
  rowId: number | undefined;
  /** The minute that values come for. */
  current: { readonly minute: number; count: number; sum: number; min: number; max: number } | undefined;
  /** Not yet in the file. */
  readonly pending: Map<number, Statistics>;
}

const keyOf = ({ namespace, name, dimensions }: MetricId) =>
  JSON.stringify([namespace, name, ...Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);

function settle(series: Series): void {
  const { current, pending } = series;
  if (!current) return;
  const { minute, ...statistics } = current;
  pending.set(minute, merge(pending.get(minute), statistics));
  series.current = undefined;
}

function measure(series: Series, minute: number, value: number): void {
  const { current } = series;
  if (current?.minute !== minute) {
    settle(series);
    series.current = { minute, ...statisticsOf(value) };
    return;
  }
  current.count += 1;
  current.sum += value;
  if (value < current.min) current.min = value;
  if (value > current.max) current.max = value;
}

/** Gives the rows of metrics that are new in the file. */
function write(file: MetricFile, series: Iterable<Series>): Map<Series, number> {
  const added = new Map<Series, number>();
  for (const each of series) {
    settle(each);
    if (each.pending.size === 0) continue;
    const rowId = each.rowId ?? file.addMetric(each);
    if (each.rowId === undefined) added.set(each, rowId);
    for (const [minute, statistics] of each.pending) file.addPoint(rowId, { minute, ...statistics });
  }
  return added;
}

const newSeries = ({ namespace, name, dimensions }: MetricId, unit: string | undefined): Series => ({
  ...{ namespace, name, dimensions, unit },
  ...{ rowId: undefined, current: undefined, pending: new Map() },
});

export function createMetricStore(file: MetricFile, { clock, log }: { clock: Clock; log: Log }): MetricStore {
  const all = new Map<string, Series>();
  for (const { rowId, ...metric } of file.metrics())
    all.set(keyOf(metric), { ...metric, rowId, current: undefined, pending: new Map() });
  let isFull = false;
  /** Of which what is too old was deleted. */
  let hour = 0;
  const minuteNow = () => Math.floor(clock.now() / MINUTE_MS);

  function seriesOf(metric: MetricId, unit: string | undefined): Series | undefined {
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
    const made = newSeries(metric, unit);
    all.set(key, made);
    return made;
  }

  return {
    meter(namespace, name, dimensions = {}, unit) {
      const series = seriesOf({ namespace, name, dimensions }, unit);
      if (!series) return () => {};
      return (value) => measure(series, minuteNow(), value);
    },
    add(metric, at, statistics, unit) {
      const series = seriesOf(metric, unit);
      const minute = Math.floor(at / MINUTE_MS);
      series?.pending.set(minute, merge(series.pending.get(minute), statistics));
    },
    metrics: () =>
      [...all.values()].filter(({ rowId, current, pending }) => rowId ?? current ?? pending.size),
    isRecent(metric, at) {
      const series = all.get(keyOf(metric));
      if (!series) return false;
      const { rowId, current, pending } = series;
      const last = Math.max(
        current?.minute ?? -1,
        ...pending.keys(),
        rowId === undefined ? -1 : (file.lastMinute(rowId) ?? -1),
      );
      return last * MINUTE_MS >= at - MINUTE_MS;
    },
    points(metric, from, to) {
      const series = all.get(keyOf(metric));
      if (!series) return [];
      settle(series);
      const [first, end] = [Math.ceil(from / MINUTE_MS), Math.ceil(to / MINUTE_MS)];
      const stored = series.rowId === undefined ? [] : file.points(series.rowId, first, end);
      const found = new Map<number, Statistics>(stored.map(({ minute, ...rest }) => [minute, rest]));
      for (const [minute, statistics] of series.pending)
        if (minute >= first && minute < end) found.set(minute, merge(found.get(minute), statistics));
      return [...found].sort(([a], [b]) => a - b).map(([minute, statistics]) => ({ minute, ...statistics }));
    },
    flush() {
      const now = minuteNow();
      const isNewHour = Math.floor(now / HOUR_MINUTES) > hour;
      const added = file.transaction(() => {
        if (isNewHour) file.deleteBefore(now - KEPT_DAYS * DAY_MINUTES);
        return write(file, all.values());
      });
      hour = Math.floor(now / HOUR_MINUTES);
      for (const [series, rowId] of added) series.rowId = rowId;
      for (const { pending } of all.values()) pending.clear();
    },
  };
}
