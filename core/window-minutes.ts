// Builds the minutes of a metric from a device's windows: trends and usual values are judged by minutes.

import type { InsightRule } from './alert-rule.ts';
import { DECIMAL_PLACES } from './decimal.ts';
import { MINUTE_MS } from './insight/minute.ts';
import type { Seen } from './insight/observe.ts';
import type { Window } from './window.ts';

const ONE = 10 ** DECIMAL_PLACES;
const numberOf = (decimal: bigint) => Number(decimal) / ONE;

/**
 * The minutes of a device's windows (oldest first) that have the rule's metric. A window longer than a minute becomes one
 * minute, at its start.
 */
export function minutesOf(windows: readonly Window[], rule: InsightRule): Seen[] {
  const defrost = rule.insight === 'predicted' ? rule.defrost : undefined;
  const groups = Map.groupBy(windows, ({ windowStart }) => Math.floor(windowStart / MINUTE_MS) * MINUTE_MS);
  return [...groups].flatMap(([at, group]) => {
    const own = group.flatMap(({ windowStart, metrics }) => {
      const found = metrics.get(rule.metric);
      return found ? [{ ...found, windowStart }] : [];
    });
    if (own.length === 0) return [];
    const samples = own.map(({ windowStart, min, max, sum, count }) => ({
      ...{ at: windowStart, mean: numberOf(sum) / count, min: numberOf(min), max: numberOf(max) },
    }));
    const sum = own.reduce((total, each) => total + each.sum, 0n);
    const count = own.reduce((total, each) => total + each.count, 0);
    const defrosts =
      defrost && 'metric' in defrost ? group.flatMap(({ metrics }) => metrics.get(defrost.metric) ?? []) : [];
    const minute = {
      ...{ at, mean: numberOf(sum) / count },
      min: Math.min(...samples.map(({ min }) => min)),
      max: Math.max(...samples.map(({ max }) => max)),
      ...(defrosts.length > 0 && { defrosting: defrosts.some(({ min, max }) => min !== 0n || max !== 0n) }),
    };
    return [{ minute, samples }];
  });
}
