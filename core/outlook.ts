// Decides when people hear of trouble that lies ahead, and when it is averted: by what insight says of a metric, minute by minute.

import { SEVERITIES, type InsightRule, type Severity, type Side } from './alert-rule.ts';
import type { AlertState, InsightFinding, Moment, Transition } from './alert-state.ts';
import { isAlarm, stateAfter } from './alert-step.ts';
import { decimalText } from './decimal.ts';
import { limitOf } from './statistic.ts';
import { endForeign } from './reminder.ts';

/** What insight says of a metric at a minute. Times in epoch milliseconds, values in the metric's unit. */
export interface Outlook {
  /** Start of the minute. */
  readonly minute: number;
  /** The mean of the minute. */
  readonly value: number;
  /** What lies ahead; absent where nothing does. */
  readonly ahead?: Ahead;
  /** Why nothing is said of this minute, such as `learning`; absent where all is as usual. */
  readonly reason?: string;
  /** Of `learning`: milliseconds until it has learned, where that is known. */
  readonly left?: number;
}

export interface Ahead {
  readonly side: Side;
  /** The limit of the rule, or the end of what is usual where that is known. */
  readonly limit?: number;
  readonly since: number;
  /** Undefined where it cannot be said. */
  readonly crossesAt?: number;
  /** A sentence without its subject; `unit` with a space before it, or empty. */
  readonly words: (unit: string) => string;
}

/** An alarm is over once nothing lies ahead for so long. */
const CALM_MS = 10 * 60_000;
/** Reasons for which an alarm stays as it is, as something may lie ahead. */
const PASSING: ReadonlySet<string> = new Set(['defrost', 'gap', 'late', 'unusable']);
const CALM_WORDS = { predicted: 'back in its normal band', unusual: 'as usual again' } as const;

/**
 * Raises an alarm when something lies ahead, changes its severity with how far ahead it is, and clears it after ten calm
 * minutes. Makes one step at most, and gives the same object when there is none.
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
  const decide = (transition: Transition, severity: Severity, since: number, finding: InsightFinding) => {
    const { deviceId, site = '' } = device;
    return stateAfter(
      rule,
      state,
      { transition, deviceId, site, severity, finding, windowStart: minute, since },
      moment,
    );
  };
  const isOpen = state !== undefined && isAlarm(state);
  if (!isOpen) {
    const isNews = ahead !== undefined && minute > (state?.windowStart ?? -Infinity);
    return isNews
      ? decide(
          'raised',
          severityOf(rule, outlook, ahead),
          ahead.since,
          findingOf(rule, outlook, ahead, moment),
        )
      : state;
  }
  const announced = state.alarm?.announced;
  if (minute <= state.windowStart || !announced?.insight) return state;
  if (ahead) {
    const severity = severityOf(rule, outlook, ahead);
    const change = rank(severity) - rank(state.severity ?? severity);
    if (change !== 0)
      return decide(
        change > 0 ? 'worsened' : 'eased',
        severity,
        announced.since,
        findingOf(rule, outlook, ahead, moment),
      );
    return state.alarm?.backSince === undefined ? state : withBackSince(state, undefined);
  }
  if (outlook.reason !== undefined && PASSING.has(outlook.reason)) return state;
  const { backSince } = state.alarm ?? {};
  if (backSince === undefined || backSince > minute) return withBackSince(state, minute);
  if (minute - backSince < CALM_MS) return state;
  const { crossesAt: _before, ...last } = announced;
  const finding = { ...last, value: meanText(outlook.value), words: CALM_WORDS[rule.insight] };
  return decide('cleared', state.severity ?? rule.severity, announced.since, finding);
}

/** A crossing that is farther ahead than the rule's `within` leaves time: it is one severity milder. */
function severityOf(rule: InsightRule, { minute }: Outlook, { crossesAt }: Ahead): Severity {
  if (rule.insight === 'unusual') return rule.severity;
  const isSoon = crossesAt !== undefined && crossesAt - minute <= rule.within;
  return isSoon ? rule.severity : SEVERITIES[Math.max(0, rank(rule.severity) - 1)]!;
}

function findingOf(
  rule: InsightRule,
  { value }: Outlook,
  { side, limit, crossesAt, words }: Ahead,
  { units = {} }: Moment,
): InsightFinding {
  const { metric } = rule;
  const unit = Object.hasOwn(units, metric) ? units[metric] : undefined;
  return {
    ...{ insight: rule.insight, metric, stat: 'mean', side },
    words: words(unit === undefined ? '' : ` ${unit}`),
    ...{ value: meanText(value), limit: limit === undefined ? '' : valueText(limit) },
    ...(unit !== undefined && { unit }),
    ...(crossesAt !== undefined && { crossesAt }),
  };
}

/** A mean of a minute has more digits than a sensor knows: three, or one decimal. */
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
