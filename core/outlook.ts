// Decides when predicted trouble is announced and when it clears, from insight's result for a metric in each minute.

import { SEVERITIES, type InsightRule, type Severity, type Side } from './alert-rule.ts';
import type { AlertState, InsightFinding, Moment, Transition } from './alert-state.ts';
import { isAlarm, stateAfter } from './alert-step.ts';
import { decimalText } from './decimal.ts';
import { own } from './own.ts';
import { limitOf } from './statistic.ts';
import { endForeign } from './reminder.ts';

/** Insight's result for a metric in one minute. Times in epoch milliseconds, values in the metric's unit. */
export interface Outlook {
  /** Start of the minute. */
  readonly minute: number;
  /** The mean of the minute. */
  readonly value: number;
  /** What is predicted or unusual; absent if nothing is. */
  readonly ahead?: Ahead;
  /** Why there is no result for this minute, such as `learning`; absent if everything is normal. */
  readonly reason?: string;
  /** For `learning`: milliseconds until learning is complete, if known. */
  readonly left?: number;
}

export interface Ahead {
  readonly side: Side;
  /** The limit of the rule, or the bound of the usual values if known. */
  readonly limit?: number;
  readonly since: number;
  /** Undefined if it cannot be predicted. */
  readonly crossesAt?: number;
  /** A sentence without its subject; `unit` has a space before it, or is empty. */
  readonly words: (unit: string) => string;
}

/** An alarm clears once nothing has been found for this long. */
const CALM_MS = 10 * 60_000;
/** Reasons that leave an alarm unchanged, because the trouble may persist. */
const PASSING: ReadonlySet<string> = new Set(['defrost', 'gap', 'late', 'unusable']);
const CALM_WORDS = { predicted: 'back in its normal band', unusual: 'as usual again' } as const;

/**
 * Raises an alarm when insight finds something, changes its severity with the time to the crossing, and clears it after ten
 * calm minutes. Makes at most one step; returns the same object if there is none.
 */
export function judgeOutlook(
  rule: InsightRule,
  state: AlertState | undefined,
  device: { readonly deviceId: string; readonly site?: string },
  outlook: Outlook,
  moment: Moment,
): AlertState | undefined {
  const ended = endForeign(rule, state, moment);
  if (ended) return ended;
  const { minute, ahead } = outlook;
  const { deviceId, site = '' } = device;
  const decide: Decide = (transition, severity, since, finding) =>
    stateAfter(
      rule,
      state,
      { transition, deviceId, site, severity, finding, windowStart: minute, since },
      moment,
    );
  if (state === undefined || !isAlarm(state)) {
    if (!ahead || minute <= (state?.windowStart ?? -Infinity)) return state;
    const finding = findingOf(rule, outlook, ahead, moment);
    return decide('raised', severityOf(rule, outlook, ahead), ahead.since, finding);
  }
  const announced = state.alarm?.announced;
  if (minute <= state.windowStart || !announced?.insight) return state;
  if (!ahead) return judgeCalm(rule, state, outlook, { announced, decide });
  const severity = severityOf(rule, outlook, ahead);
  const change = rank(severity) - rank(state.severity ?? severity);
  if (change === 0) return state.alarm?.backSince === undefined ? state : withBackSince(state, undefined);
  const finding = findingOf(rule, outlook, ahead, moment);
  return decide(change > 0 ? 'worsened' : 'eased', severity, announced.since, finding);
}

type Decide = (
  transition: Transition,
  severity: Severity,
  since: number,
  finding: InsightFinding,
) => AlertState;

/** Clears an active alarm after ten minutes in which insight found nothing. */
function judgeCalm(
  rule: InsightRule,
  state: AlertState,
  { minute, value, reason }: Outlook,
  { announced, decide }: { readonly announced: InsightFinding & Since; readonly decide: Decide },
): AlertState {
  if (reason !== undefined && PASSING.has(reason)) return state;
  const { backSince } = state.alarm ?? {};
  if (backSince === undefined || backSince > minute) return withBackSince(state, minute);
  if (minute - backSince < CALM_MS) return state;
  const { crossesAt: _before, ...last } = announced;
  const finding = { ...last, value: meanText(value), words: CALM_WORDS[rule.insight] };
  return decide('cleared', state.severity ?? rule.severity, announced.since, finding);
}

interface Since {
  readonly since: number;
}

/** A crossing later than the rule's `within` leaves time, so it is one severity milder. */
function severityOf(rule: InsightRule, { minute }: Outlook, { crossesAt }: Ahead): Severity {
  if (rule.insight === 'unusual') return rule.severity;
  const isSoon = crossesAt !== undefined && crossesAt - minute <= rule.within;
  return isSoon ? rule.severity : SEVERITIES[Math.max(0, rank(rule.severity) - 1)]!;
}

function findingOf(
  rule: InsightRule,
  { value }: Outlook,
  { side, limit, crossesAt, words }: Ahead,
  { units }: Moment,
): InsightFinding {
  const { metric } = rule;
  const unit = own(units, metric);
  return {
    ...{ insight: rule.insight, metric, stat: 'mean', side },
    words: words(unit === undefined ? '' : ` ${unit}`),
    ...{ value: meanText(value), limit: limit === undefined ? '' : valueText(limit) },
    ...(unit !== undefined && { unit }),
    ...(crossesAt !== undefined && { crossesAt }),
  };
}

/** A minute's mean has more digits than a sensor resolves: three digits are kept, or one decimal. */
const meanText = (value: number): string =>
  valueText(Number(Math.abs(value) < 10 ? value.toPrecision(3) : value.toFixed(1)));
const valueText = (value: number): string => decimalText(limitOf(Number(value.toFixed(15)) || 0));

function withBackSince(state: AlertState, backSince: number | undefined): AlertState {
  const { alarm, version } = state;
  if (!alarm) return state;
  const { backSince: _before, ...rest } = alarm;
  const changed = { ...rest, ...(backSince !== undefined && { backSince }) };
  return { ...state, version: version + 1, alarm: changed };
}

const rank = (severity: Severity) => SEVERITIES.indexOf(severity);
