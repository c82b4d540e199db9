// Cuts the histories of several devices into one page that ends at the same time for all and fits a response.

import type { Bucket } from '../core/rollup.ts';
import type { HistoryPage } from '../pipeline/ports.ts';

/**
 * Most sets of statistics (one per metric and bucket), each below 200 bytes of JSON: a response of Lambda has at most 6
 * MB. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const MAX_FIGURES = 20_000;

export interface SeriesPage {
  /** In the order of the histories. */
  readonly series: readonly (readonly Bucket[])[];
  /** The time from which all of them continue, if there is more of any. */
  readonly next?: number;
}

/**
 * All histories must be read from the same time. The first bucket is always on the page, so that the next page starts
 * later.
 */
export function pageOfSeries(pages: readonly HistoryPage[], maxStatistics = MAX_FIGURES): SeriesPage {
  const goesOn = Math.min(...pages.map(({ next = Infinity }) => next));
  const sizes = new Map<number, number>();
  for (const { start, metrics } of pages.flatMap(({ buckets }) => buckets))
    if (start < goesOn) sizes.set(start, (sizes.get(start) ?? 0) + Math.max(metrics.size, 1));
  const [first, ...others] = [...sizes].sort(([a], [b]) => a - b);
  let count = first?.[1] ?? 0;
  const full = others.find(([, size]) => (count += size) > maxStatistics);
  const end = full?.[0] ?? goesOn;
  const series = pages.map(({ buckets }) => buckets.filter(({ start }) => start < end));
  return { series, ...(end < Infinity && { next: end }) };
}
