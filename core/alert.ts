// Decides when a limit rule raises, worsens, eases and clears an alarm: a pure state machine over windows.

import { SEVERITIES, type LimitRule, type Level, type Severity } from './alert-rule.ts';
import type { AlertState, LimitFinding, Moment } from './alert-state.ts';
import { emptyState, isAlarm, stateAfter } from './alert-step.ts';
import {
  breachOf,
  statisticsOf,
  statisticText,
  hasStatistic,
  isClearOf,
  isFinal,
  judgedMetric,
} from './statistic.ts';
import { findingOf, type Decision, type Sample } from './finding.ts';
import { own } from './own.ts';
import { endForeign } from './reminder.ts';
import { haveLevelsChanged } from './active-alarm.ts';
import type { Window } from './window.ts';

/** Windows of one device. */
export interface Recent {
  /** The windows before the judged one, oldest first; a newer window with readings closes them. */
  readonly closed: readonly Window[];
  /** The window to judge, which may still get readings; absent if all windows are closed by time. */
  readonly current?: Window;
}

/**
 * Judges a window, and the closed ones before it, by a rule. Makes at most one step, so call it again until it returns
 * the same object: the windows before may clear an alarm and the window itself raise the next one. The new state has the
 * notification of its transition pending. Only a window newer than the last transition's raises or clears an alarm, except
 * that the window that cleared an alarm raises it again if it got more readings. An open window counts only if more
 * readings cannot undo its breach. An alarm ends if the changed rule no longer judges what it announced.
 */
export function judge(
  rule: LimitRule,
  state: AlertState | undefined,
  { closed, current }: Recent,
  moment: Moment,
): AlertState | undefined {
  const ended = endForeign(rule, state, moment);
  if (ended) return ended;
  const samples = samplesOf(rule, current ? [...closed, current] : closed);
  const before = samples.filter(({ window }) => window !== current);
  const decision =
    worseBy(rule, state, before, true) ??
    betterBy(rule, state, before) ??
    (samples.length > before.length ? worseBy(rule, state, samples, false) : undefined);
  return decision ? decided(rule, state, decision, moment) : awaiting(rule, state, samples, current);
}

/**
 * Whether this window alone, closed or open, is beyond a limit of the rule: then the windows before it and the state
 * must be read.
 */
export function isSuspect(rule: LimitRule, window: Window): boolean {
  const statistics = statisticsOf(rule, window, undefined);
  return statistics !== undefined && rule.levels.some((level) => breachOf(level, statistics));
}

function samplesOf(rule: LimitRule, windows: readonly Window[]): Sample[] {
  const samples: Sample[] = [];
  let before: Window | undefined;
  for (const window of windows) {
    const statistics = statisticsOf(rule, window, before);
    if (statistics) samples.push({ window, before, statistics });
    if (hasStatistic(rule, window)) before = window;
  }
  return samples;
}

/**
 * The worst level that the newest consecutive samples breach, if it is worse than the active one. A window that cleared
 * an alert undoes that alone: had it been beyond the limit from the start, the alert would still be active.
 */
function worseBy(
  rule: LimitRule,
  state: AlertState | undefined,
  samples: readonly Sample[],
  isClosed: boolean,
): Decision | undefined {
  const { forWindows = 1 } = rule;
  const row = samples.slice(-forWindows);
  const sample = row.at(-1);
  if (!sample) return undefined;
  const { windowStart } = sample.window;
  const isRow = (candidate: Level) =>
    row.length === forWindows && row.every(({ statistics }) => breachOf(candidate, statistics));
  const takesBack = ({ severity }: Level) =>
    windowStart === state?.windowStart &&
    state.cleared !== undefined &&
    rank(severity) <= rank(state.cleared);
  const level = rule.levels.findLast((candidate) => {
    const side = breachOf(candidate, sample.statistics);
    if (!side || !(isClosed || isFinal(rule, side))) return false;
    return isRow(candidate) || takesBack(candidate);
  });
  if (!level) return undefined;
  const { severity } = level;
  const first = isRow(level) ? row[0]! : sample;
  const common = { level, severity, sample, since: first.window.windowStart };
  if (!state || !isAlarm(state)) {
    return mayRaise(state, windowStart) ? { transition: 'raised', ...common } : undefined;
  }
  const isWorse = rank(severity) > rank(state.severity) && windowStart >= state.windowStart;
  return isWorse ? { transition: 'worsened', ...common } : undefined;
}

/** Whether the window may raise an alarm in a state without one. The window that cleared an alarm was within the limits then. */
function mayRaise(state: AlertState | undefined, windowStart: number): boolean {
  if (!state) return true;
  return state.cleared ? windowStart >= state.windowStart : windowStart > state.windowStart;
}

/**
 * The worst active level that the newest closed samples since it last worsened are not clear of. If the rule was changed
 * and has only levels worse than the active one, its first level counts.
 */
function betterBy(
  rule: LimitRule,
  state: AlertState | undefined,
  closed: readonly Sample[],
): Decision | undefined {
  if (!state || !isAlarm(state)) return undefined;
  const { clearAfter = 1 } = rule;
  const worseAt = state.alarm?.announced.windowStart ?? state.windowStart;
  // By changed limits the window that worsened the alarm may be clear, and a newer one may take long to come.
  const isChanged = haveLevelsChanged(rule, state);
  const isNewer = (window: Window, than: number) =>
    window.windowStart > than || (isChanged && window.windowStart === than);
  const row = closed.filter(({ window }) => isNewer(window, worseAt)).slice(-clearAfter);
  const sample = row.at(-1);
  if (!sample || row.length < clearAfter || !isNewer(sample.window, state.windowStart)) return undefined;
  const isClear = (level: Level) => row.every(({ window, before }) => isClearOf(level, rule, window, before));
  const active = rule.levels.filter(
    ({ severity }, index) => index === 0 || rank(severity) <= rank(state.severity),
  );
  const left = active.findLast((level) => !isClear(level));
  const level = active.at(-1)!;
  const since = state.alarm?.announced.since ?? state.windowStart;
  if (!left) {
    return { transition: 'cleared', level, severity: state.severity ?? level.severity, sample, since };
  }
  const isLess = rank(left.severity) < rank(state.severity);
  return isLess ? { transition: 'eased', level, severity: left.severity, sample, since, left } : undefined;
}

/** A state written before alarms had levels has no severity, and then nothing ranks above it. */
function rank(severity: Severity | undefined): number {
  return severity === undefined ? SEVERITIES.length : SEVERITIES.indexOf(severity);
}

/** If the rule requires several consecutive windows, notes that the newest one begins such a row. */
function awaiting(
  rule: LimitRule,
  state: AlertState | undefined,
  samples: readonly Sample[],
  current: Window | undefined,
): AlertState | undefined {
  if (state && isAlarm(state)) return state;
  // The state may be pending by an earlier version of the rule.
  if ((rule.forWindows ?? 1) === 1) return state?.state === 'pending' ? unawaited(state) : state;
  const sides = (sample: Sample) => rule.levels.map((level) => breachOf(level, sample.statistics));
  const isBreached = (sample: Sample) => sides(sample).some((side) => side !== undefined);
  const isKnown = (sample: Sample) =>
    sample.window !== current || sides(sample).some((side) => side !== undefined && isFinal(rule, side));
  const newest = samples.findLast(isKnown);
  if (!newest) return state;
  const { deviceId, windowStart } = newest.window;
  const known = state ?? emptyState(deviceId, rule.id);
  const { pendingBy = -Infinity } = known;
  const side = sides(newest).find((each) => each !== undefined) ?? 'above';
  const value = statisticText(newest.statistics[side]);
  if (isBreached(newest) && mayRaise(state, windowStart)) {
    if (windowStart <= pendingBy) return state;
    return { ...known, state: 'pending', version: known.version + 1, value, pendingBy: windowStart };
  }
  return state?.state === 'pending' && windowStart >= pendingBy ? { ...unawaited(state), value } : state;
}

function unawaited(state: AlertState): AlertState {
  const { pendingBy: _before, ...rest } = state;
  return { ...rest, state: 'ok', version: state.version + 1 };
}

function decided(
  rule: LimitRule,
  state: AlertState | undefined,
  decision: Decision,
  moment: Moment,
): AlertState {
  const { transition, severity, sample, since } = decision;
  const { deviceId, site, windowStart } = sample.window;
  const isRuleChanged = transition !== 'raised' && state !== undefined && haveLevelsChanged(rule, state);
  const found = findingOf(rule, decision, { announced: state?.alarm?.announced, isRuleChanged });
  const finding = named(found, rule, sample, moment);
  const step = { transition, deviceId, site, severity, finding, windowStart, since };
  return stateAfter(rule, state, { ...step, levels: rule.levels, isRuleChanged }, moment);
}

/** With the judged metric, one of several spellings, and its unit. */
function named(finding: LimitFinding, rule: LimitRule, { window }: Sample, { units }: Moment): LimitFinding {
  const metric = judgedMetric(rule, finding.stat, window);
  if (metric === undefined) return finding;
  const unit = finding.stat === 'count' ? undefined : own(units, metric);
  return { ...finding, metric, ...(unit !== undefined && { unit }) };
}
