// What becomes of an alarm whose rule is changed while it stands: one about something else ends, one with other limits says so.

import {
  isInsightRule,
  isLimitRule,
  type AlertRule,
  type InsightRule,
  type LimitRule,
} from './alert-rule.ts';
import type { AlertState, Finding, InsightFinding } from './alert-state.ts';
import { decimalText } from './decimal.ts';
import { limitOf, statOf } from './figure.ts';
import { isSpellingOf } from './spelling.ts';

/** Whether the rule still judges what the alarm was told of: the same figure on a side that has a limit, or the same silence. */
export function isAbout(rule: AlertRule, told: Finding): boolean {
  if (isInsightRule(rule))
    return told.insight === rule.insight && told.metric === rule.metric && isAhead(rule, told);
  if (!isLimitRule(rule)) return told.absence === rule.absence && told.metric === rule.metric;
  if (told.absence || told.insight) return false;
  const { metric, perMinute, side, stat } = told;
  return (
    isOfMetric(rule, metric) &&
    (perMinute ?? false) === (rule.perMinute ?? false) &&
    stat === statOf(rule, side) &&
    rule.levels.some((level) => level[side] !== undefined)
  );
}

/** An unusual metric may be so on either side. */
const isAhead = (rule: InsightRule, { side, limit }: InsightFinding) =>
  rule.insight === 'unusual' || (side === rule.side && limit === decimalText(limitOf(rule.limit)));

/** A rule of any spelling was told of by the one that was judged. */
function isOfMetric({ metric, anySpelling }: LimitRule, told: string | undefined): boolean {
  if (told === metric) return true;
  return anySpelling === true && metric !== undefined && told !== undefined && isSpellingOf(metric, told);
}

/** Whether an alarm stands that the rule, as it is now, does not judge. */
export function isForeign(rule: AlertRule, state: Pick<AlertState, 'alarm'> | undefined): boolean {
  return state?.alarm !== undefined && !isAbout(rule, state.alarm.told);
}

/** Whether the limits are others than when the alarm got its severity. Older states do not say; then the severity tells. */
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
