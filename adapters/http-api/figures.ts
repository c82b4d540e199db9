// A metric's figures in answers: JSON numbers with all their digits, which a client reads as exactly as it can.

import * as z from 'zod/mini';
import { decimalText, type Decimal } from '../../core/decimal.ts';
import { meanOf } from '../../core/rollup.ts';
import type { Aggregate } from '../../core/window.ts';

/** By the name of the metric. */
export const figures = z.record(
  z.string(),
  z.strictObject({ min: z.number(), max: z.number(), sum: z.number(), count: z.int(), mean: z.number() }),
);

/** Of ECMAScript 2026, and in Node 24. */
const { rawJSON } = JSON as typeof JSON & { readonly rawJSON: (text: string) => unknown };

/** A sum may have more digits than a double; JSON has no limit. */
const exact = (value: Decimal) => rawJSON(decimalText(value));

export function figuresOf(metrics: ReadonlyMap<string, Aggregate>): Record<string, unknown> {
  const entries = [...metrics].map(([metric, { min, max, sum, count }]) => {
    const mean = meanOf({ sum, count });
    return [metric, { min: exact(min), max: exact(max), sum: exact(sum), count, mean: exact(mean) }] as const;
  });
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
