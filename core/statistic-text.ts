// The statistics of windows as decimal text, to store or send them with all their digits.

import { decimalText } from './decimal.ts';
import { meanOf } from './rollup.ts';
import type { Span } from './span.ts';
import type { Window } from './window.ts';

/** Decimal text, except the count; `last`: from the newest reading, if it has the metric. */
export interface MetricTexts {
  readonly min: string;
  readonly max: string;
  readonly sum: string;
  readonly count: number;
  readonly mean: string;
  readonly last?: string;
}

/** Times in epoch milliseconds; absent if all readings were counted before times were stored. */
export interface StatisticTexts {
  readonly readings: number;
  readonly firstReadingAt?: number;
  readonly lastReadingAt?: number;
  /** Sorted by name. */
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
