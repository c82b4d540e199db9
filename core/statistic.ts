// The statistic of a window that a rule judges, as an exact fraction, and whether it is beyond a limit or back within it.

import type { Level, LimitRule, Side, Stat } from './alert-rule.ts';
import { decimalOf, decimalText, DECIMAL_PLACES, type Decimal } from './decimal.ts';
import { isSpellingOf } from './spelling.ts';
import type { Window } from './window.ts';

/** A statistic as a fraction, so that means and rates compare exactly; `over` is positive. */
export interface Statistic {
  readonly part: bigint;
  readonly over: bigint;
}

/** The statistics to compare with upper and with lower limits; they differ only for a rule without a stat. */
export type Statistics = Readonly<Record<Side, Statistic>>;

const ONE = 10n ** BigInt(DECIMAL_PLACES);
const MINUTE_MS = 60_000n;

/** A rule without a stat judges the highest value by upper limits and the lowest by lower limits. */
export function statOf({ stat }: LimitRule, side: Side): Stat {
  return stat ?? extremeOf(side);
}

/** The statistic that must come back for an alarm to clear: the extreme, if the rule judges by an extreme. */
export function clearingStatOf(rule: LimitRule, side: Side): Stat {
  const { stat, perMinute } = rule;
  return stat === undefined || (!perMinute && (stat === 'min' || stat === 'max')) ? extremeOf(side) : stat;
}

const extremeOf = (side: Side): Stat => (side === 'above' ? 'max' : 'min');

/** Undefined if the window, or for a rate the one before, lacks the statistic. */
export function statisticsOf(
  rule: LimitRule,
  window: Window,
  before: Window | undefined,
  statFor = statOf,
): Statistics | undefined {
  const above = statisticOf(rule, statFor(rule, 'above'), window, before);
  const below = statisticOf(rule, statFor(rule, 'below'), window, before);
  return above && below && { above, below };
}

/** Whether the window has the rule's statistic, before any rate. */
export function hasStatistic(rule: LimitRule, window: Window): boolean {
  return plainStatistic(rule, statOf(rule, 'above'), window) !== undefined;
}

function statisticOf(
  rule: LimitRule,
  stat: Stat,
  window: Window,
  before: Window | undefined,
): Statistic | undefined {
  const statistic = plainStatistic(rule, stat, window);
  if (!rule.perMinute || !statistic) return statistic;
  const earlier = before && plainStatistic(rule, stat, before);
  if (!earlier || before.windowStart >= window.windowStart) return undefined;
  return {
    part: (statistic.part * earlier.over - earlier.part * statistic.over) * MINUTE_MS,
    over: statistic.over * earlier.over * BigInt(window.windowStart - before.windowStart),
  };
}

/** The statistic of a window before any rate; undefined if the window lacks the metric. */
export function plainStatistic(
  rule: Pick<LimitRule, 'metric' | 'anySpelling'>,
  stat: Stat,
  window: Window,
): Statistic | undefined {
  const { metric } = rule;
  if (metric === undefined) return { part: BigInt(window.readings) * ONE, over: 1n };
  if (rule.anySpelling && (stat === 'min' || stat === 'max')) return extremeOfAll(metric, stat, window);
  const values = window.metrics.get(metric);
  if (!values) return undefined;
  if (stat === 'last') {
    const value = window.last.get(metric);
    return value === undefined ? undefined : { part: value, over: 1n };
  }
  if (stat === 'mean') return { part: values.sum, over: BigInt(values.count) };
  if (stat === 'count') return { part: BigInt(values.count) * ONE, over: 1n };
  return { part: values[stat], over: 1n };
}

/** The metric of the statistic: if the rule judges any spelling, the one with the extreme value. */
export function judgedMetric(rule: LimitRule, stat: Stat, window: Window): string | undefined {
  const { metric } = rule;
  if (metric === undefined || !rule.anySpelling || (stat !== 'min' && stat !== 'max')) return metric;
  const extreme = extremeOfAll(metric, stat, window)?.part;
  for (const [name, values] of window.metrics)
    if (isSpellingOf(metric, name) && values[stat] === extreme) return name;
  return metric;
}

/** The extreme over all spellings of the metric. */
function extremeOfAll(metric: string, stat: 'min' | 'max', window: Window): Statistic | undefined {
  let extreme: Decimal | undefined;
  for (const [name, values] of window.metrics) {
    if (!isSpellingOf(metric, name)) continue;
    const value = values[stat];
    if (extreme === undefined || (stat === 'max' ? value > extreme : value < extreme)) extreme = value;
  }
  return extreme === undefined ? undefined : { part: extreme, over: 1n };
}

/** The side on which a limit is crossed. */
export function breachOf(level: Level, { above, below }: Statistics): Side | undefined {
  if (level.above !== undefined && compare(above, level.above) > 0) return 'above';
  if (level.below !== undefined && compare(below, level.below) < 0) return 'below';
  return undefined;
}

/** Whether a breach on this side is final: more readings in the window cannot undo it. */
export function isFinal(rule: LimitRule, side: Side): boolean {
  const stat = statOf(rule, side);
  return !rule.perMinute && (side === 'above' ? stat === 'max' || stat === 'count' : stat === 'min');
}

/** Whether some breaches of the rule show only once the window is closed. */
export function needsClosedWindows(rule: LimitRule): boolean {
  return rule.levels.some(
    ({ above, below }) =>
      (above !== undefined && !isFinal(rule, 'above')) || (below !== undefined && !isFinal(rule, 'below')),
  );
}

/** Whether a closed window is clear of the level. */
export function isClearOf(
  level: Level,
  rule: LimitRule,
  window: Window,
  before: Window | undefined,
): boolean {
  const statistics = statisticsOf(rule, window, before, clearingStatOf);
  if (!statistics) return false;
  const { above, below, clearBelow, clearAbove } = level;
  const isUnder =
    clearBelow === undefined
      ? above === undefined || compare(statistics.above, above) <= 0
      : compare(statistics.above, clearBelow) < 0;
  const isOver =
    clearAbove === undefined
      ? below === undefined || compare(statistics.below, below) >= 0
      : compare(statistics.below, clearAbove) > 0;
  return isUnder && isOver;
}

/** Decimal text; a fraction is rounded to six decimals towards zero. */
export function statisticText({ part, over }: Statistic): string {
  if (part % over === 0n) return decimalText(part / over);
  const step = ONE / 1_000_000n;
  return decimalText((part / (over * step)) * step);
}

/** Negative if the statistic is under the limit, positive if over, 0 if equal. */
function compare({ part, over }: Statistic, limit: number): number {
  const bound = limitOf(limit) * over;
  return part < bound ? -1 : part > bound ? 1 : 0;
}

/** Throws a RangeError for a limit that no metric can reach; rules are checked when they are made. */
export function limitOf(limit: number): Decimal {
  const value = decimalOf(limit);
  if (value === undefined)
    throw new RangeError(`Alert limit ${limit} is over 1e15 or has more than 15 decimals`);
  return value;
}
