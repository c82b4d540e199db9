// The statistics of windows in answers, as JSON numbers with all their digits.

import * as z from 'zod/mini';
import { statisticTextsOf, type StatisticTexts } from '../core/statistic-text.ts';
import type { Span } from '../core/span.ts';
import type { Window } from '../core/window.ts';
import { time } from './fields.ts';

const OF_METRIC = {
  ...{ min: z.number(), max: z.number(), sum: z.number(), count: z.int(), mean: z.number() },
  last: z.optional(z.number().check(z.describe('The value in the newest reading, if it has the metric'))),
};

/**
 * Members of an answer about one or several windows; times are missing if all readings were stored by versions without
 * them.
 */
export const statisticFields = {
  readings: z.int(),
  firstReadingAt: z.optional(time),
  lastReadingAt: z.optional(time),
  metrics: z.record(z.string(), z.strictObject(OF_METRIC)),
};

/** The units in an answer about one device. */
export const units = z
  .record(z.string(), z.string())
  .check(z.describe('Units by metric, such as °C, for metrics whose unit is known'));

/** From ECMAScript 2026; Node 24 has it. */
const { rawJSON } = JSON as typeof JSON & { readonly rawJSON: (text: string) => unknown };

/** A sum may have more digits than a double; JSON allows any number. */
export const exact = (text: string) => rawJSON(text);

/** The members that `statisticFields` describes. */
export function shownStatistics({ metrics, ...rest }: StatisticTexts): Record<string, unknown> {
  const entries = Object.entries(metrics).map(([metric, { min, max, sum, count, mean, last }]) => {
    const always = { min: exact(min), max: exact(max), sum: exact(sum), count, mean: exact(mean) };
    return [metric, last === undefined ? always : { ...always, last: exact(last) }] as const;
  });
  return { ...rest, metrics: Object.fromEntries(entries) };
}

export const statisticsOf = (window: Pick<Window, 'readings' | 'metrics'> & Span) =>
  shownStatistics(statisticTextsOf(window));
