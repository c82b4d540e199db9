// Merges stored windows into longer ones on request: all statistics and times stay exact, because all of them merge.

import type { Decimal } from './decimal.ts';
import { joinSpans, NO_SPAN, type Span } from './span.ts';
import type { Aggregate, Window } from './window.ts';

/** The merged windows of a span; `start` and `end` in epoch milliseconds, aligned to the epoch, half open. */
export interface Bucket extends Span {
  readonly start: number;
  readonly end: number;
  readonly readings: number;
  readonly metrics: ReadonlyMap<string, Aggregate>;
}

/** Seconds by the name that requests use. All divide a day, so the buckets of each lie within those of a day. */
export const RESOLUTIONS = {
  ...{ '10s': 10, '20s': 20, '30s': 30 },
  ...{ '1m': 60, '2m': 120, '5m': 300, '10m': 600, '15m': 900, '30m': 1800 },
  ...{ '1h': 3600, '2h': 7200, '3h': 10_800, '6h': 21_600, '12h': 43_200, '1d': 86_400 },
} as const;

export type Resolution = keyof typeof RESOLUTIONS;

/** The resolutions that windows of `windowSeconds` add up to, without those that would split a window. */
export function resolutionsFor(windowSeconds: number): Resolution[] {
  const names = Object.keys(RESOLUTIONS) as Resolution[];
  return names.filter((name) => RESOLUTIONS[name] % windowSeconds === 0);
}

/** Start of the bucket that contains the time; both in epoch milliseconds. */
export function bucketStartOf(time: number, seconds: number): number {
  const size = seconds * 1000;
  return Math.floor(time / size) * size;
}

type Statistics = Pick<Window, 'windowStart' | 'readings' | 'metrics'> & Span;

/** Buckets of `seconds`, oldest first, from one device's windows in any order. Spans without a window have no bucket. */
export function rollUp(windows: Iterable<Statistics>, seconds: number): Bucket[] {
  const buckets = new Map<number, { readings: number; span: Span; metrics: Map<string, Aggregate> }>();
  for (const { windowStart, readings, metrics, ...span } of windows) {
    const start = bucketStartOf(windowStart, seconds);
    let bucket = buckets.get(start);
    if (!bucket) buckets.set(start, (bucket = { readings: 0, span: NO_SPAN, metrics: new Map() }));
    bucket.readings += readings;
    bucket.span = joinSpans(bucket.span, span);
    for (const [metric, aggregate] of metrics) {
      const sofar = bucket.metrics.get(metric);
      bucket.metrics.set(metric, sofar ? both(sofar, aggregate) : aggregate);
    }
  }
  return [...buckets]
    .sort(([a], [b]) => a - b)
    .map(([start, { span, ...bucket }]) => ({ start, end: start + seconds * 1000, ...bucket, ...span }));
}

/** The mean to fifteen decimals, rounded half up. */
export function meanOf({ sum, count }: Pick<Aggregate, 'sum' | 'count'>): Decimal {
  const [double, size] = [2n * sum + BigInt(count), 2n * BigInt(count)];
  const quotient = double / size;
  return double < 0n && quotient * size !== double ? quotient - 1n : quotient;
}

function both(a: Aggregate, b: Aggregate): Aggregate {
  return {
    min: a.min < b.min ? a.min : b.min,
    max: a.max > b.max ? a.max : b.max,
    sum: a.sum + b.sum,
    count: a.count + b.count,
  };
}
