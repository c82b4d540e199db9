// Alert rules as the judging code reads them: limits of a statistic, silence of a device, or trouble that is predicted.

import type { QuietHours } from './quiet-hours.ts';

/** Ascending: the last is the worst. */
export const SEVERITIES = ['warning', 'minor', 'major', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];
export const STATS = ['min', 'max', 'mean', 'last', 'count'] as const;
export type Stat = (typeof STATS)[number];
export type Side = 'above' | 'below';
/** `email`, `sms`, or a name that subscriptions of the topic filter by. */
export type Channel = string;

/**
 * One severity and its limits: breached over `above` or under `below`. Clear under `clearBelow` or over `clearAbove`;
 * without these, clear within the limit.
 */
export interface Level {
  readonly severity: Severity;
  readonly above?: number;
  readonly below?: number;
  readonly clearBelow?: number;
  readonly clearAbove?: number;
}

/** The fields of every rule. Durations in milliseconds, times in epoch milliseconds. */
interface AnyRule {
  readonly id: string;
  /** For people: alerts quote it. */
  readonly comment?: string;
  /** False: the rule is stored but judges nothing. */
  readonly enabled?: boolean;
  /** The rule judges nothing before this time, and nothing from `enabledUntil` on. */
  readonly enabledFrom?: number;
  readonly enabledUntil?: number;
  readonly match?: Match;
  readonly channels: readonly Channel[];
  /** Notifications decided in these hours are sent at their end, unless the alert is over by then. */
  readonly quietHours?: QuietHours;
  /** Repeats the notification of an alarm at this interval until it is acknowledged. */
  readonly repeatEvery?: number;
  /** Notifies other channels, once, of an alarm that stays unacknowledged for this time. */
  readonly escalation?: { readonly after: number; readonly channels: readonly Channel[] };
}

/** Which devices the rule matches; all given fields must match. `*` matches any text. */
export interface Match {
  readonly site?: string;
  readonly device?: string;
  /** Thing type. */
  readonly type?: string;
  /** A thing group that the device is a direct member of. */
  readonly group?: string;
}

/** A limit on a statistic of a device's windows. One problem is one alert: reaching a worse level worsens it. */
export interface LimitRule extends AnyRule {
  /** Absent only with `count`, which then counts readings. */
  readonly metric?: string;
  /** Absent: the highest value is compared with upper limits, the lowest with lower limits. */
  readonly stat?: Stat;
  /** Also judges the usual spellings of the metric: the highest or lowest value among them. */
  readonly anySpelling?: true;
  /** Judges the change of the statistic per minute since the window before. */
  readonly perMinute?: true;
  /** One or more, ascending in severity. */
  readonly levels: readonly Level[];
  /** Consecutive windows that must breach a level, at least 1 (default). Windows without the metric do not count. */
  readonly forWindows?: number;
  /** Consecutive closed windows that must be clear of the level, at least 1 (default). */
  readonly clearAfter?: number;
  /** Also judges windows by readings that arrive long after the window's end. */
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

/** A metric is about to cross a limit at its present trend. */
export interface PredictedRule extends AnyRule {
  readonly insight: 'predicted';
  readonly metric: string;
  readonly severity: Severity;
  readonly side: Side;
  readonly limit: number;
  /** A crossing within this time has the rule's severity; a later one has the severity below it. Milliseconds. */
  readonly within: number;
  /** When the device defrosts, if people know it; otherwise it is learned. */
  readonly defrost?: KnownDefrost;
}

/** A metric differs from its usual values at this hour and from the neighbouring devices. */
export interface UnusualRule extends AnyRule {
  readonly insight: 'unusual';
  readonly metric: string;
  readonly severity: Severity;
}

/** Times of day in minutes after midnight in a time zone, an interval, or a metric that is not 0 while the device defrosts. */
export type KnownDefrost =
  | { readonly metric: string }
  | {
      /** Milliseconds between two. */ readonly every: number;
      /** Epoch milliseconds of one. */ readonly from: number;
      /** Milliseconds. */ readonly lasts: number;
    }
  | {
      readonly at: readonly number[];
      readonly timeZone: string;
      /** Milliseconds. */ readonly lasts: number;
    };

export type InsightRule = PredictedRule | UnusualRule;
export type AlertRule = LimitRule | SilenceRule | InsightRule;

/** What rules match on. */
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

/** Whether the rule judges the device at `now` (epoch milliseconds). */
export function appliesTo(rule: AlertRule, subject: Subject, now: number): boolean {
  const { match, enabled = true, enabledFrom = -Infinity, enabledUntil = Infinity } = rule;
  return enabled && now >= enabledFrom && now < enabledUntil && matches(match, subject);
}

/** Whether the device matches; without a match, every device does. */
export function matches(match: Match | undefined, subject: Subject): boolean {
  const { site, device, type, group } = match ?? {};
  return (
    isLike(subject.site, site) &&
    isLike(subject.deviceId, device) &&
    isLike(subject.type, type) &&
    (group === undefined || (subject.groups ?? []).some((name) => isLike(name, group)))
  );
}

/** Whether the match needs facts that only the registry has. */
export function needsRegistry({ match }: { readonly match?: Match }): boolean {
  return match?.type !== undefined || match?.group !== undefined;
}

/** Whether the text contains the parts between the pattern's asterisks in this order. Linear in the length of both. */
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

/** How many windows before the judged one may influence the result. */
export function windowsBefore(rule: LimitRule): number {
  return Math.max(rule.forWindows ?? 1, rule.clearAfter ?? 1) + 1;
}
