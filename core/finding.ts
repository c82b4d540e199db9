// Describes a decision about a limit for notifications: a value, a limit, and how the value really compares to it.

import type { Level, LimitRule, Severity, Side } from './alert-rule.ts';
import type { Finding, LimitFinding, Relation, Transition } from './alert-state.ts';
import { decimalText } from './decimal.ts';
import {
  breachOf,
  clearingStatOf,
  statisticsOf,
  statisticText,
  isClearOf,
  limitOf,
  statOf,
  type Statistics,
} from './statistic.ts';
import type { Window } from './window.ts';

/** A window that has the statistic of the rule. */
export interface Sample {
  readonly window: Window;
  readonly before: Window | undefined;
  readonly statistics: Statistics;
}

/** A step of the state machine: which level, by which window. */
export interface Decision {
  readonly transition: Transition;
  readonly level: Level;
  /** The alert's severity afterwards. */
  readonly severity: Severity;
  readonly sample: Sample;
  /** Start of the first window of the row. */
  readonly since: number;
  /** If it eased: the worst level that it is not clear of. */
  readonly left?: Level;
}

interface Known {
  /** The last notification. */
  readonly announced: Finding | undefined;
  /** The limits changed since then. */
  readonly isRuleChanged: boolean;
}

/** The value that decided, and the limit that it crossed or came back from, on the side announced last. */
export function findingOf(
  rule: LimitRule,
  decision: Decision,
  { announced, isRuleChanged }: Known,
): LimitFinding {
  const { transition, level, left, sample } = decision;
  if (transition === 'raised' || transition === 'worsened')
    return found(rule, sample, level, breachOf(level, sample.statistics)!, 'beyond');
  const notifiedSide = announced && !announced.silence ? announced.side : undefined;
  if (!isRuleChanged) return found(rule, sample, level, sideOf(level, notifiedSide), 'back');
  if (!left) return { ...within(rule, decision, notifiedSide), relation: 'within' };
  const side = breachOf(left, sample.statistics);
  if (side) return { ...found(rule, sample, left, side, 'beyond'), relation: 'beyond' };
  return remaining(rule, left, sample, notifiedSide);
}

/** Clear of all present limits: the lowest level on the announced side is the most telling. */
function within(rule: LimitRule, { level, sample }: Decision, notifiedSide: Side | undefined): LimitFinding {
  const isClear = (each: Level) => isClearOf(each, rule, sample.window, sample.before);
  const least =
    rule.levels.find((each) => notifiedSide && each[notifiedSide] !== undefined && isClear(each)) ?? level;
  return found(rule, sample, least, sideOf(least, notifiedSide), 'within');
}

/** Not beyond the limit, and not clear of it, by the newest window or by one before it. */
function remaining(
  rule: LimitRule,
  left: Level,
  sample: Sample,
  notifiedSide: Side | undefined,
): LimitFinding {
  const clearsOn = (side: Side) => {
    const { above, below, clearBelow, clearAbove, severity } = left;
    const half = side === 'above' ? { above, clearBelow } : { below, clearAbove };
    const limits = Object.entries(half).filter(([, limit]) => limit !== undefined);
    return isClearOf({ severity, ...Object.fromEntries(limits) }, rule, sample.window, sample.before);
  };
  const side = (['above', 'below'] as const).find((each) => !clearsOn(each));
  if (side) return { ...found(rule, sample, left, side, 'back'), relation: 'lasting' };
  return { ...found(rule, sample, left, sideOf(left, notifiedSide), 'back'), relation: 'returning' };
}

function sideOf({ above, below }: Level, notifiedSide: Side | undefined): Side {
  const onlySide = below === undefined ? 'above' : above === undefined ? 'below' : undefined;
  return onlySide ?? notifiedSide ?? 'above';
}

function found(
  rule: LimitRule,
  { window, before, statistics }: Sample,
  { above, below, clearBelow, clearAbove }: Level,
  side: Side,
  relation: Extract<Relation, 'beyond' | 'back' | 'within'>,
): LimitFinding {
  const { metric, perMinute } = rule;
  const isBeyond = relation === 'beyond';
  const isPlain = isBeyond || relation === 'within';
  const limit =
    side === 'above'
      ? ((isPlain ? undefined : clearBelow) ?? above)
      : ((isPlain ? undefined : clearAbove) ?? below);
  const shown: Statistics = isBeyond ? statistics : statisticsOf(rule, window, before, clearingStatOf)!;
  return {
    ...{ ...(metric !== undefined && { metric }), ...(perMinute && { perMinute }) },
    ...{ side, stat: (isBeyond ? statOf : clearingStatOf)(rule, side), value: statisticText(shown[side]) },
    ...{ limit: limit === undefined ? '' : decimalText(limitOf(limit)) },
  };
}
