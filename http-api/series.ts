// Cuts the histories of several devices into one page: all of them end at the same time, and the answer fits a response.

import type { Bucket } from '../core/rollup.ts';
import type { HistoryPage } from '../pipeline/ports.ts';

/**
 * Statistics of a metric in a bucket, each below 200 bytes of JSON: a response of Lambda has 6 MB at most.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const MAX_FIGURES = 20_000;

export interface SeriesPage {
  /** In the order of the histories. */
  readonly series: readonly (readonly Bucket[])[];
  /** Where all of them go on, when there is more of any. */
  readonly next?: number;
}

/** All histories were read from the same time; what begins first is always on the page, so that the next one goes on later. */
export function pageOfSeries(pages: readonly HistoryPage[], maxFigures = MAX_FIGURES): SeriesPage {
  const goesOn = Math.min(...pages.map(({ next = Infinity }) => next));
  const sizes = new Map<number, number>();
  for (const { start, metrics } of pages.flatMap(({ buckets }) => buckets))
    if (start < goesOn) sizes.set(start, (sizes.get(start) ?? 0) + Math.max(metrics.size, 1));
  const [first, ...others] = [...sizes].sort(([a], [b]) => a - b);
  let figures = first?.[1] ?? 0;
  const full = others.find(([, size]) => (figures += size) > maxFigures);
  const end = full?.[0] ?? goesOn;
  const series = pages.map(({ buckets }) => buckets.filter(({ start }) => start < end));
  return { series, ...(end < Infinity && { next: end }) };
}
