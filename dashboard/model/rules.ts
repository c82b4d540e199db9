// Finds the rules that watch a device, and the limits that a plot draws.

import { matches } from '../../core/alert-rule.ts';
import { isSpellingOf } from '../../core/spelling.ts';
import type { Device, Rule } from './api-types.ts';

export interface Limit {
  readonly value: number;
  readonly side: 'above' | 'below';
  readonly ruleId: string;
}

export const watches = (rule: Rule, device: Device): boolean =>
  rule.enabled !== false && matches(rule.match, device);

const judges = ({ metric, anySpelling, predicted }: Rule, name: string): boolean =>
  predicted?.metric === name ||
  (metric !== undefined && (metric === name || (anySpelling === true && isSpellingOf(metric, name))));

const levelsOf = (rule: Rule) => [rule, ...(rule.levels ?? []), ...(rule.predicted ? [rule.predicted] : [])];

/**
 * Innermost limits first, from rules about the metric's value. Rules about its rate of change or its count are left out.
 */
export function limitsOf(rules: readonly Rule[], device: Device, metric: string): Limit[] {
  const own = rules.filter(
    (rule) =>
      watches(rule, device) && judges(rule, metric) && rule.perMinute !== true && rule.stat !== 'count',
  );
  const judging = own.toSorted(
    (a, b) => Number(a.predicted !== undefined) - Number(b.predicted !== undefined),
  );
  const limits = judging.flatMap((rule) =>
    levelsOf(rule).flatMap(({ above, below }) => [
      ...(above === undefined ? [] : [{ value: above, side: 'above' as const, ruleId: rule.id }]),
      ...(below === undefined ? [] : [{ value: below, side: 'below' as const, ruleId: rule.id }]),
    ]),
  );
  const rank = ({ side, value }: Limit) => (side === 'above' ? value : -value);
  // A limit that a prediction rule shares with another rule is drawn once, for the other rule.
  const isRepeated = ({ side, value }: Limit, index: number) =>
    limits.findIndex((each) => each.side === side && each.value === value) < index;
  return limits.filter((each, index) => !isRepeated(each, index)).sort((a, b) => rank(a) - rank(b));
}

/** The innermost limits on each side. */
export function channelOf(limits: readonly Limit[]): { readonly low?: number; readonly high?: number } {
  return {
    low: limits.find(({ side }) => side === 'below')?.value,
    high: limits.find(({ side }) => side === 'above')?.value,
  };
}

/** Whether the rule is about missing data or a lost connection. */
export const isSilenceRule = (rule: Rule | undefined): boolean =>
  rule?.noDataFor !== undefined || rule?.offlineFor !== undefined;

/** The metric that a tile shows: a temperature if there is one. */
export function mainMetricOf(metrics: readonly string[]): string | undefined {
  return (
    metrics.find((name) => name === 'temperature') ??
    metrics.find((name) => isSpellingOf('temperature', name)) ??
    [...metrics].sort()[0]
  );
}

const limitsIn = ({ above, below }: { readonly above?: number; readonly below?: number }) => ({
  ...(above !== undefined && { above }),
  ...(below !== undefined && { below }),
});

/** A rule in words, such as `above 8 °C, clears below 7 °C, for 3 windows`. */
export function ruleText(rule: Rule, unit = ''): string {
  if (rule.noDataFor !== undefined) return `no data for ${rule.noDataFor}`;
  if (rule.offlineFor !== undefined) return `not connected for ${rule.offlineFor}`;
  if (rule.unusual) return 'unusual for the hour';
  if (rule.predicted)
    return `${ruleText({ id: rule.id, ...limitsIn(rule.predicted) }, unit)} within ${rule.predicted.within ?? '30m'}, predicted`;
  const number = (value: number) => `${String(value).replace('-', '\u2212')}${unit && ` ${unit}`}`;
  const parts = levelsOf(rule).flatMap(({ above, below, clearBelow, clearAbove }) => [
    ...(above === undefined ? [] : [`above ${number(above)}`]),
    ...(below === undefined ? [] : [`below ${number(below)}`]),
    ...(clearBelow === undefined ? [] : [`clears below ${number(clearBelow)}`]),
    ...(clearAbove === undefined ? [] : [`clears above ${number(clearAbove)}`]),
  ]);
  const windows =
    rule.forWindows !== undefined && rule.forWindows > 1 ? [`for ${rule.forWindows} windows`] : [];
  const usual = rule.above === undefined && rule.levels === undefined ? 'min' : 'max';
  const subject = [rule.stat !== usual && rule.stat, rule.perMinute && 'change a minute']
    .filter(Boolean)
    .join(' ');
  return [subject, [...parts, ...windows].join(', ')].filter((part) => part !== '').join(' ');
}
