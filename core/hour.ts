// Hours of windows: what is kept for years, when the windows themselves are gone.

import { bucketStartOf, rollUp, type Bucket } from './rollup.ts';
import type { Window } from './window.ts';

export const HOUR_MS = 3_600_000;
export const HOUR_SECONDS = 3600;

/** An hour of one device, aligned to the epoch. */
export interface Hour extends Bucket {
  /** By metric, how many windows of the hour have it. */
  readonly windows: ReadonlyMap<string, number>;
}

/** Whether hours do not cut through windows of this length. */
export const hasWholeWindows = (windowSeconds: number): boolean => HOUR_SECONDS % windowSeconds === 0;

/** Start of the hour that holds the time; both in epoch milliseconds. */
export const hourOf = (time: number): number => bucketStartOf(time, HOUR_SECONDS);

/** The hours of one device's windows, oldest first. */
export function foldHours(windows: readonly Window[]): Hour[] {
  const counts = new Map<number, Map<string, number>>();
  for (const { windowStart, metrics } of windows) {
    const start = hourOf(windowStart);
    const counted = counts.get(start) ?? new Map<string, number>();
    for (const metric of metrics.keys()) counted.set(metric, (counted.get(metric) ?? 0) + 1);
    counts.set(start, counted);
  }
  return rollUp(windows, HOUR_SECONDS).map((bucket) => ({
    ...bucket,
    windows: counts.get(bucket.start) ?? new Map(),
  }));
}
