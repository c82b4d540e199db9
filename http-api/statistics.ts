// The figures of windows in answers: JSON numbers with all their digits, which a client reads as exactly as it can.

import * as z from 'zod/mini';
import { statisticTextsOf, type StatisticTexts } from '../core/statistic-text.ts';
import type { Span } from '../core/span.ts';
import type { Window } from '../core/window.ts';
import { time } from './fields.ts';

const ofMetric = {
  ...{ min: z.number(), max: z.number(), sum: z.number(), count: z.int(), mean: z.number() },
  last: z.optional(z.number().check(z.describe('Of the newest reading, where it has the metric'))),
};

/** Members of an answer about a window or several; times are missing where only readings of before they were kept are in it. */
export const figures = {
  readings: z.int(),
  firstReadingAt: z.optional(time),
  lastReadingAt: z.optional(time),
  metrics: z.record(z.string(), z.strictObject(ofMetric)),
};

/** Of an answer about one device. */
export const units = z
  .record(z.string(), z.string())
  .check(z.describe('By metric, as people read them, such as °C; of those whose unit is known'));

/** Of ECMAScript 2026, and in Node 24. */
const { rawJSON } = JSON as typeof JSON & { readonly rawJSON: (text: string) => unknown };

/** A sum may have more digits than a double; JSON has no limit. */
export const exact = (text: string) => rawJSON(text);

/** The members that `figures` describes. */
export function shownStatistics({ metrics, ...rest }: StatisticTexts): Record<string, unknown> {
  const entries = Object.entries(metrics).map(([metric, { min, max, sum, count, mean, last }]) => {
    const always = { min: exact(min), max: exact(max), sum: exact(sum), count, mean: exact(mean) };
    return [metric, last === undefined ? always : { ...always, last: exact(last) }] as const;
  });
  return { ...rest, metrics: Object.fromEntries(entries) };
}

export const statisticsOf = (window: Pick<Window, 'readings' | 'metrics'> & Span) =>
  shownStatistics(statisticTextsOf(window));
