// Combines the minutes of a metric into periods, and makes a time series of a statistic.

import type { Statistics } from './meter.ts';
import type { Point } from './metric-file.ts';
import { MINUTE_MS } from './metric-store.ts';

/** Value by the beginning of its period, in epoch milliseconds; in the order of time. */
export type TimeSeries = ReadonlyMap<number, number>;

/** In epoch milliseconds; `end` is not included. */
export interface Span {
  readonly start: number;
  readonly end: number;
  /** Of one data point, in milliseconds. */
  readonly period: number;
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html */
const STATISTICS: Readonly<Record<string, (statistics: Statistics) => number>> = {
  Sum: ({ sum }) => sum,
  Average: ({ sum, count }) => sum / count,
  Minimum: ({ min }) => min,
  Maximum: ({ max }) => max,
  SampleCount: ({ count }) => count,
};

export const STATISTIC_NAMES = Object.keys(STATISTICS);

/** Why the local cloud does not have a statistic; undefined where it has. */
export const problemOfStatistic = (name: string): string | undefined =>
  Object.hasOwn(STATISTICS, name)
    ? undefined
    : `${name.slice(0, 40)} is not supported by the local cloud: it keeps ${STATISTIC_NAMES.join(', ')} of each minute`;

export const statistic = (name: string, statistics: Statistics): number => STATISTICS[name]!(statistics);

/** The beginnings of all periods of a span. */
export function periodsOf({ start, end, period }: Span): number[] {
  const count = Math.max(Math.ceil((end - start) / period), 0);
  return Array.from({ length: count }, (_, index) => start + index * period);
}

/** Only periods that have values. `points` are in the order of their minutes, some thousand for an alarm over days. */
export function inPeriods(points: readonly Point[], { start, period }: Span): Map<number, Statistics> {
  const found = new Map<number, Statistics>();
  let [at, sum] = [NaN, { count: 0, sum: 0, min: 0, max: 0 }];
  for (const point of points) {
    const begins = start + Math.floor((point.minute * MINUTE_MS - start) / period) * period;
    if (begins !== at) {
      const { count, sum: total, min, max } = point;
      [at, sum] = [begins, { count, sum: total, min, max }];
      found.set(at, sum);
      continue;
    }
    sum.count += point.count;
    sum.sum += point.sum;
    if (point.min < sum.min) sum.min = point.min;
    if (point.max > sum.max) sum.max = point.max;
  }
  return found;
}
