// What happens to an active alarm when its rule changes: it ends if the rule judges something else, or is announced again with new limits.

import {
  isInsightRule,
  isLimitRule,
  type AlertRule,
  type InsightRule,
  type LimitRule,
} from './alert-rule.ts';
import type { AlertState, Finding, InsightFinding } from './alert-state.ts';
import { decimalText } from './decimal.ts';
import { limitOf, statOf } from './statistic.ts';
import { isSpellingOf } from './spelling.ts';

/** Whether the rule still judges what the alarm announced: the same statistic on a side that has a limit, or the same silence. */
export function isAbout(rule: AlertRule, announced: Finding): boolean {
  if (isInsightRule(rule))
    return announced.insight === rule.insight && announced.metric === rule.metric && isAhead(rule, announced);
  if (!isLimitRule(rule)) return announced.silence === rule.silence && announced.metric === rule.metric;
  if (announced.silence || announced.insight) return false;
  const { metric, perMinute, side, stat } = announced;
  return (
    isOfMetric(rule, metric) &&
    (perMinute ?? false) === (rule.perMinute ?? false) &&
    stat === statOf(rule, side) &&
    rule.levels.some((level) => level[side] !== undefined)
  );
}

/** A metric may be unusual on either side. */
const isAhead = (rule: InsightRule, { side, limit }: InsightFinding) =>
  rule.insight === 'unusual' || (side === rule.side && limit === decimalText(limitOf(rule.limit)));

/** A rule with `anySpelling` announces the spelling that it judged. */
function isOfMetric({ metric, anySpelling }: LimitRule, announced: string | undefined): boolean {
  if (announced === metric) return true;
  return (
    anySpelling === true && metric !== undefined && announced !== undefined && isSpellingOf(metric, announced)
  );
}

/** Whether there is an active alarm that the rule no longer judges. */
export function isForeign(rule: AlertRule, state: Pick<AlertState, 'alarm'> | undefined): boolean {
  return state?.alarm !== undefined && !isAbout(rule, state.alarm.announced);
}

/** Whether the limits changed since the alarm got its severity. Older states have no limits, so their severity is compared. */
export function haveLevelsChanged(rule: LimitRule, { alarm, severity }: AlertState): boolean {
  const { levels } = alarm ?? {};
  if (!levels) return severity !== undefined && !rule.levels.some((level) => level.severity === severity);
  return levelsText(rule.levels) !== levelsText(levels);
}

const levelsText = (levels: LimitRule['levels']) =>
  JSON.stringify(
    levels.map(({ severity, above, below, clearBelow, clearAbove }) => [
      ...[severity, above, below, clearBelow, clearAbove],
    ]),
  );
