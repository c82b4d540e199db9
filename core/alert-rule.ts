// What people want to be told about, as data: a figure of a device's windows, its limits, and how long they must be crossed.

import { decimalOf, decimalText, DECIMAL_PLACES, type Decimal } from './decimal.ts';
import type { Window } from './window.ts';

/** Ascending: the last is the worst. */
export const SEVERITIES = ['warning', 'minor', 'major', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];
export type Channel = 'email' | 'sms';
export type Stat = 'min' | 'max' | 'mean' | 'count';
export type Side = 'above' | 'below';

/**
 * One severity and its limits: breached over `above` or under `below`. Clear once under `clearBelow` or over
 * `clearAbove`; without these, once within the limit.
 */
export interface Level {
  readonly severity: Severity;
  readonly above?: number;
  readonly below?: number;
  readonly clearBelow?: number;
  readonly clearAbove?: number;
}

/** A limit on a figure of a device's windows. One problem is one alert: a worse level worsens it. */
export interface AlertRule {
  readonly id: string;
  /** False: it is kept, and judges nothing. */
  readonly enabled?: boolean;
  /** Absent only with `count`, which then counts readings. */
  readonly metric?: string;
  readonly stat: Stat;
  /** Judges by how much the figure changed a minute since the window before. */
  readonly perMinute?: true;
  /** One or more, ascending in severity. */
  readonly levels: readonly Level[];
  /** Windows in a row that must breach a level, at least 1 (default). A window without the metric does not count. */
  readonly forWindows?: number;
  /** Closed windows in a row that must be clear of it, at least 1 (default). */
  readonly clearAfter?: number;
  /** Which devices; all that is given must match. An asterisk stands for any text. */
  readonly match?: { readonly site?: string; readonly device?: string };
  readonly channels: readonly Channel[];
}

/** A figure as a fraction, so that means and rates compare exactly; `over` is positive. */
export interface Figure {
  readonly part: bigint;
  readonly over: bigint;
}

const ONE = 10n ** BigInt(DECIMAL_PLACES);
const MINUTE_MS = 60_000n;

/** Limits of the template's parameters as rules; a limit that is absent or no number makes no rule. */
export function defaultRules(limits: { maxTemperature?: number; minTemperature?: number }): AlertRule[] {
  const { maxTemperature: max, minTemperature: min } = limits;
  const common = { metric: 'temperature', channels: ['email', 'sms'] } as const;
  const rules: AlertRule[] = [];
  if (isLimit(max)) {
    const level: Level = { severity: 'critical', above: max, clearBelow: shifted(max, -1) };
    rules.push({ id: 'temperature-high', stat: 'max', levels: [level], ...common });
  }
  if (isLimit(min)) {
    const level: Level = { severity: 'critical', below: min, clearAbove: shifted(min, 1) };
    rules.push({ id: 'temperature-low', stat: 'min', levels: [level], ...common });
  }
  return rules;
}

export function appliesTo(
  rule: AlertRule,
  device: { readonly deviceId: string; readonly site: string },
): boolean {
  const { match, enabled = true } = rule;
  if (!enabled || !match) return enabled;
  return isLike(device.site, match.site ?? '*') && isLike(device.deviceId, match.device ?? '*');
}

/** Whether the text has the parts between the pattern's asterisks, in this order; takes no longer than both are long. */
function isLike(text: string, pattern: string): boolean {
  const parts = pattern.split('*');
  if (parts.length === 1) return text === pattern;
  const [first, last] = [parts[0]!, parts.at(-1)!];
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/** How many windows before the one to judge may have a say. */
export function windowsBefore(rule: AlertRule): number {
  return Math.max(rule.forWindows ?? 1, rule.clearAfter ?? 1) + 1;
}

/** What the rule looks at in a window; undefined when the window, or for a rate the one before, does not have it. */
export function figureOf(rule: AlertRule, window: Window, before: Window | undefined): Figure | undefined {
  const figure = plainFigure(rule, window);
  if (!rule.perMinute || !figure) return figure;
  const earlier = before && plainFigure(rule, before);
  if (!earlier || before.windowStart >= window.windowStart) return undefined;
  return {
    part: (figure.part * earlier.over - earlier.part * figure.over) * MINUTE_MS,
    over: figure.over * earlier.over * BigInt(window.windowStart - before.windowStart),
  };
}

/** Whether the window has what the rule looks at, before any rate. */
export function hasFigure(rule: AlertRule, window: Window): boolean {
  return plainFigure(rule, window) !== undefined;
}

function plainFigure({ metric, stat }: AlertRule, window: Window): Figure | undefined {
  if (metric === undefined) return { part: BigInt(window.readings) * ONE, over: 1n };
  const values = window.metrics.get(metric);
  if (!values) return undefined;
  if (stat === 'mean') return { part: values.sum, over: BigInt(values.count) };
  if (stat === 'count') return { part: BigInt(values.count) * ONE, over: 1n };
  return { part: values[stat], over: 1n };
}

/** Which limit the figure crosses. */
export function breachOf(level: Level, figure: Figure): Side | undefined {
  if (level.above !== undefined && compare(figure, level.above) > 0) return 'above';
  if (level.below !== undefined && compare(figure, level.below) < 0) return 'below';
  return undefined;
}

/** Whether more readings in the window can only keep the figure beyond a limit on this side. */
export function isFinal({ stat, perMinute }: AlertRule, side: Side): boolean {
  return !perMinute && (side === 'above' ? stat === 'max' || stat === 'count' : stat === 'min');
}

/** Whether some breach of the rule shows only once its window is closed. */
export function needsClosedWindows(rule: AlertRule): boolean {
  return rule.levels.some(
    ({ above, below }) =>
      (above !== undefined && !isFinal(rule, 'above')) || (below !== undefined && !isFinal(rule, 'below')),
  );
}

/**
 * Whether a closed window is clear of the level. The highest value counts for an upper limit and the lowest for a lower
 * one where the rule looks at either.
 */
export function isClearOf(
  level: Level,
  rule: AlertRule,
  window: Window,
  before: Window | undefined,
): boolean {
  const upper = figureOf(withExtreme(rule, 'max'), window, before);
  const lower = figureOf(withExtreme(rule, 'min'), window, before);
  if (!upper || !lower) return false;
  const { above, below, clearBelow, clearAbove } = level;
  const isUnder =
    clearBelow === undefined
      ? above === undefined || compare(upper, above) <= 0
      : compare(upper, clearBelow) < 0;
  const isOver =
    clearAbove === undefined
      ? below === undefined || compare(lower, below) >= 0
      : compare(lower, clearAbove) > 0;
  return isUnder && isOver;
}

/** The rule that judges by the highest or lowest value, where it judges by one of them and not by its change. */
export function withExtreme(rule: AlertRule, stat: 'min' | 'max'): AlertRule {
  return rule.perMinute || rule.stat === 'mean' || rule.stat === 'count' ? rule : { ...rule, stat };
}

/** Decimal text; a fraction is rounded to six decimals towards zero. */
export function figureText({ part, over }: Figure): string {
  if (part % over === 0n) return decimalText(part / over);
  const step = ONE / 1_000_000n;
  return decimalText((part / (over * step)) * step);
}

/** Negative when the figure is under the limit, positive when over, 0 when equal. */
function compare({ part, over }: Figure, limit: number): number {
  const bound = limitOf(limit) * over;
  return part < bound ? -1 : part > bound ? 1 : 0;
}

function isLimit(value: number | undefined): value is number {
  return value !== undefined && decimalOf(value) !== undefined;
}

/** Adds in decimals: -1.1 + 1 in floating point has more decimals than a limit may have. */
function shifted(limit: number, by: number): number {
  return Number(decimalText(limitOf(limit) + limitOf(by)));
}

/** Throws a RangeError on a limit that no metric can have; rules are checked where they are made. */
export function limitOf(limit: number): Decimal {
  const value = decimalOf(limit);
  if (value === undefined)
    throw new RangeError(`Alert limit ${limit} is over 1e15 or has more than 15 decimals`);
  return value;
}
