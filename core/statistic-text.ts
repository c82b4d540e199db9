// The figures of windows as decimal text, to be kept or sent with all their digits.

import { decimalText } from './decimal.ts';
import { meanOf } from './rollup.ts';
import type { Span } from './span.ts';
import type { Window } from './window.ts';

/** Decimal text, but for the count; `last`: of the newest reading, where it has the metric. */
export interface MetricTexts {
  readonly min: string;
  readonly max: string;
  readonly sum: string;
  readonly count: number;
  readonly mean: string;
  readonly last?: string;
}

/** Times in epoch milliseconds are missing where only readings of before they were kept are in it. */
export interface StatisticTexts {
  readonly readings: number;
  readonly firstReadingAt?: number;
  readonly lastReadingAt?: number;
  /** In the order of their names. */
  readonly metrics: Readonly<Record<string, MetricTexts>>;
}

export function statisticTextsOf(window: Pick<Window, 'readings' | 'metrics'> & Span): StatisticTexts {
  const { readings, metrics, firstReadingAt, lastReadingAt, last } = window;
  const entries = [...metrics].map(([metric, { min, max, sum, count }]) => {
    const newest = last.get(metric);
    const texts: MetricTexts = {
      ...{ min: decimalText(min), max: decimalText(max), sum: decimalText(sum), count },
      mean: decimalText(meanOf({ sum, count })),
      ...(newest !== undefined && { last: decimalText(newest) }),
    };
    return [metric, texts] as const;
  });
  return {
    readings,
    ...(Number.isFinite(firstReadingAt) && { firstReadingAt, lastReadingAt }),
    metrics: Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
