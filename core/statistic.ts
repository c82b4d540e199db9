// What a rule looks at in a window, as exact fractions, and whether that is beyond a limit or back within it.

import type { Level, LimitRule, Side, Stat } from './alert-rule.ts';
import { decimalOf, decimalText, DECIMAL_PLACES, type Decimal } from './decimal.ts';
import { isSpellingOf } from './spelling.ts';
import type { Window } from './window.ts';

/** A figure as a fraction, so that means and rates compare exactly; `over` is positive. */
export interface Statistic {
  readonly part: bigint;
  readonly over: bigint;
}

/** What counts for an upper limit and what for a lower one; the same but for a rule without a stat. */
export type Statistics = Readonly<Record<Side, Statistic>>;

const ONE = 10n ** BigInt(DECIMAL_PLACES);
const MINUTE_MS = 60_000n;

/** A rule without a stat judges the highest value by upper limits and the lowest by lower ones. */
export function statOf({ stat }: LimitRule, side: Side): Stat {
  return stat ?? extremeOf(side);
}

/** What must come back for an alarm to clear: the extreme where the rule judges by one of them. */
export function clearingStatOf(rule: LimitRule, side: Side): Stat {
  const { stat, perMinute } = rule;
  return stat === undefined || (!perMinute && (stat === 'min' || stat === 'max')) ? extremeOf(side) : stat;
}

const extremeOf = (side: Side): Stat => (side === 'above' ? 'max' : 'min');

/** Undefined when the window, or for a rate the one before, does not have what the rule looks at. */
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

/** Whether the window has what the rule looks at, before any rate. */
export function hasStatistic(rule: LimitRule, window: Window): boolean {
  return plainStatistic(rule, statOf(rule, 'above'), window) !== undefined;
}

function statisticOf(
  rule: LimitRule,
  stat: Stat,
  window: Window,
  before: Window | undefined,
): Statistic | undefined {
  const figure = plainStatistic(rule, stat, window);
  if (!rule.perMinute || !figure) return figure;
  const earlier = before && plainStatistic(rule, stat, before);
  if (!earlier || before.windowStart >= window.windowStart) return undefined;
  return {
    part: (figure.part * earlier.over - earlier.part * figure.over) * MINUTE_MS,
    over: figure.over * earlier.over * BigInt(window.windowStart - before.windowStart),
  };
}

/** The figure of a window before any rate; undefined where it does not have the metric. */
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

/** Which metric the figure is of: where a rule judges any spelling, the one with the extreme. */
export function judgedMetric(rule: LimitRule, stat: Stat, window: Window): string | undefined {
  const { metric } = rule;
  if (metric === undefined || !rule.anySpelling || (stat !== 'min' && stat !== 'max')) return metric;
  const extreme = extremeOfAll(metric, stat, window)?.part;
  for (const [name, values] of window.metrics)
    if (isSpellingOf(metric, name) && values[stat] === extreme) return name;
  return metric;
}

/** Of all metrics that are spellings of the one. */
function extremeOfAll(metric: string, stat: 'min' | 'max', window: Window): Statistic | undefined {
  let extreme: Decimal | undefined;
  for (const [name, values] of window.metrics) {
    if (!isSpellingOf(metric, name)) continue;
    const value = values[stat];
    if (extreme === undefined || (stat === 'max' ? value > extreme : value < extreme)) extreme = value;
  }
  return extreme === undefined ? undefined : { part: extreme, over: 1n };
}

/** Which limit is crossed. */
export function breachOf(level: Level, { above, below }: Statistics): Side | undefined {
  if (level.above !== undefined && compare(above, level.above) > 0) return 'above';
  if (level.below !== undefined && compare(below, level.below) < 0) return 'below';
  return undefined;
}

/** Whether more readings in the window can only keep the figure beyond a limit on this side. */
export function isFinal(rule: LimitRule, side: Side): boolean {
  const stat = statOf(rule, side);
  return !rule.perMinute && (side === 'above' ? stat === 'max' || stat === 'count' : stat === 'min');
}

/** Whether some breach of the rule shows only once its window is closed. */
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
  const figures = statisticsOf(rule, window, before, clearingStatOf);
  if (!figures) return false;
  const { above, below, clearBelow, clearAbove } = level;
  const isUnder =
    clearBelow === undefined
      ? above === undefined || compare(figures.above, above) <= 0
      : compare(figures.above, clearBelow) < 0;
  const isOver =
    clearAbove === undefined
      ? below === undefined || compare(figures.below, below) >= 0
      : compare(figures.below, clearAbove) > 0;
  return isUnder && isOver;
}

/** Decimal text; a fraction is rounded to six decimals towards zero. */
export function statisticText({ part, over }: Statistic): string {
  if (part % over === 0n) return decimalText(part / over);
  const step = ONE / 1_000_000n;
  return decimalText((part / (over * step)) * step);
}

/** Negative when the figure is under the limit, positive when over, 0 when equal. */
function compare({ part, over }: Statistic, limit: number): number {
  const bound = limitOf(limit) * over;
  return part < bound ? -1 : part > bound ? 1 : 0;
}

/** Throws a RangeError on a limit that no metric can have; rules are checked where they are made. */
export function limitOf(limit: number): Decimal {
  const value = decimalOf(limit);
  if (value === undefined)
    throw new RangeError(`Alert limit ${limit} is over 1e15 or has more than 15 decimals`);
  return value;
}
