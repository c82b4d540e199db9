// What people want to hear about, as it is judged: limits of a statistic, a device that is gone, or trouble that lies ahead.

import type { QuietHours } from './quiet-hours.ts';

/** Ascending: the last is the worst. */
export const SEVERITIES = ['warning', 'minor', 'major', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];
export const STATS = ['min', 'max', 'mean', 'last', 'count'] as const;
export type Stat = (typeof STATS)[number];
export type Side = 'above' | 'below';
/** `email` and `sms`, or a name that subscriptions of the topic filter by. */
export type Channel = string;

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

/** What every rule has. Spans of time in milliseconds, points in epoch milliseconds. */
interface AnyRule {
  readonly id: string;
  /** For people: alerts say it. */
  readonly comment?: string;
  /** False: it is kept, and judges nothing. */
  readonly enabled?: boolean;
  /** Judges nothing before and nothing from `enabledUntil` on. */
  readonly enabledFrom?: number;
  readonly enabledUntil?: number;
  readonly match?: Match;
  readonly channels: readonly Channel[];
  /** What is decided in these hours is told at their end, unless it is over by then. */
  readonly quietHours?: QuietHours;
  /** Tells of an alarm again after this time, until somebody acknowledges it. */
  readonly repeatEvery?: number;
  /** Tells others of an alarm that nobody has acknowledged for this time, once. */
  readonly escalation?: { readonly after: number; readonly channels: readonly Channel[] };
}

/** Which devices; all that is given must match. An asterisk stands for any text. */
export interface Match {
  readonly site?: string;
  readonly device?: string;
  /** Of the thing type. */
  readonly type?: string;
  /** Of one of the thing groups that the device is in directly. */
  readonly group?: string;
}

/** A limit on a figure of a device's windows. One problem is one alert: a worse level worsens it. */
export interface LimitRule extends AnyRule {
  /** Absent only with `count`, which then counts readings. */
  readonly metric?: string;
  /** Absent: the highest value by upper limits, the lowest by lower ones. */
  readonly stat?: Stat;
  /** Judges the usual spellings of the metric too: the highest or lowest of them. */
  readonly anySpelling?: true;
  /** Judges by how much the figure changed a minute since the window before. */
  readonly perMinute?: true;
  /** One or more, ascending in severity. */
  readonly levels: readonly Level[];
  /** Windows in a row that must breach a level, at least 1 (default). A window without the metric does not count. */
  readonly forWindows?: number;
  /** Closed windows in a row that must be clear of it, at least 1 (default). */
  readonly clearAfter?: number;
  /** Judges windows also by readings that came long after their end. */
  readonly judgeLate?: true;
}

/** A device that sends nothing (`silent`), or no `metric`, or is not connected (`offline`), for longer than `longest`. */
export interface SilenceRule extends AnyRule {
  readonly silence: 'silent' | 'offline';
  /** With `silent` only: judges this metric, of devices that have sent it. */
  readonly metric?: string;
  readonly severity: Severity;
  readonly longest: number;
}

/** A limit that a metric will cross at its present trend. */
export interface PredictedRule extends AnyRule {
  readonly insight: 'predicted';
  readonly metric: string;
  readonly severity: Severity;
  readonly side: Side;
  readonly limit: number;
  /** A crossing no farther ahead than this has the rule's severity; one that is farther, the severity below it. Milliseconds. */
  readonly within: number;
  /** When the device defrosts, where people know; otherwise it is learned. */
  readonly defrost?: KnownDefrost;
}

/** A metric that behaves unlike itself at this hour, and unlike those of the devices beside it. */
export interface UnusualRule extends AnyRule {
  readonly insight: 'unusual';
  readonly metric: string;
  readonly severity: Severity;
}

/** Times of the day in minutes after midnight of a time zone, or a metric that is not 0 while the device defrosts. */
export type KnownDefrost =
  | { readonly metric: string }
  | {
      readonly at: readonly number[];
      readonly timeZone: string;
      /** Milliseconds. */ readonly lasts: number;
    };

export type InsightRule = PredictedRule | UnusualRule;
export type AlertRule = LimitRule | SilenceRule | InsightRule;

/** What rules match by. */
export interface Subject {
  readonly deviceId: string;
  readonly site?: string;
  readonly type?: string;
  readonly groups?: readonly string[];
}

export function isLimitRule(rule: AlertRule): rule is LimitRule {
  return 'levels' in rule;
}

export function isInsightRule(rule: AlertRule): rule is InsightRule {
  return 'insight' in rule;
}

/** Whether the rule judges the device now (epoch milliseconds). */
export function appliesTo(rule: AlertRule, subject: Subject, now: number): boolean {
  const { match, enabled = true, enabledFrom = -Infinity, enabledUntil = Infinity } = rule;
  return enabled && now >= enabledFrom && now < enabledUntil && matches(match, subject);
}

/** Whether the device is one of those; all are without a match. */
export function matches(match: Match | undefined, subject: Subject): boolean {
  const { site, device, type, group } = match ?? {};
  return (
    isLike(subject.site, site) &&
    isLike(subject.deviceId, device) &&
    isLike(subject.type, type) &&
    (group === undefined || (subject.groups ?? []).some((name) => isLike(name, group)))
  );
}

/** Whether it matches by what only the registry tells. */
export function needsRegistry({ match }: { readonly match?: Match }): boolean {
  return match?.type !== undefined || match?.group !== undefined;
}

/** Whether the text has the parts between the pattern's asterisks, in this order; takes no longer than both are long. */
function isLike(text: string | undefined, pattern: string | undefined): boolean {
  if (pattern === undefined) return true;
  if (text === undefined) return false;
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
export function windowsBefore(rule: LimitRule): number {
  return Math.max(rule.forWindows ?? 1, rule.clearAfter ?? 1) + 1;
}
