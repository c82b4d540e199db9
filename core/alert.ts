// Decides when people are told: a state machine over windows, pure, so that every history can be tried in a test.

import { hash } from 'node:crypto';
import {
  breachOf,
  figureOf,
  figureText,
  hasFigure,
  isClearOf,
  isFinal,
  limitOf,
  SEVERITIES,
  withExtreme,
  type AlertRule,
  type Channel,
  type Figure,
  type Level,
  type Severity,
  type Side,
  type Stat,
} from './alert-rule.ts';
import { decimalText } from './decimal.ts';
import type { Window } from './window.ts';

export type Transition = 'raised' | 'worsened' | 'eased' | 'cleared';

/** What is told about one transition; numbers as decimal text, times in epoch milliseconds. */
export interface Notification {
  /** The same for every copy of this notification, and for no other. */
  readonly alertId: string;
  readonly transition: Transition;
  readonly deviceId: string;
  readonly site: string;
  readonly ruleId: string;
  /** Absent where readings are counted. */
  readonly metric?: string;
  readonly stat: Stat;
  readonly perMinute?: true;
  readonly value: string;
  readonly side: Side;
  readonly limit: string;
  /** The severity that the alert has now; of one that is cleared, the one that it had. */
  readonly severity: Severity;
  readonly channels: readonly Channel[];
  readonly windowStart: number;
  readonly decidedAt: number;
}

export interface AlertState {
  readonly deviceId: string;
  readonly ruleId: string;
  /** `acknowledged`: an alarm that somebody has taken charge of. */
  readonly state: 'ok' | 'alarm' | 'acknowledged';
  /** Of an alarm; absent when there is none. */
  readonly severity?: Severity;
  readonly acknowledged?: Acknowledgement;
  /** Grows by one with every write, so that a writer that lost a race notices. */
  readonly version: number;
  /** The window that made the last transition. */
  readonly windowStart: number;
  /** What was measured there, decimal text. */
  readonly value: string;
  /** Notifications written down and not yet known to be sent, oldest first. */
  readonly pending: readonly Debt[];
}

/** Who took charge of an alarm, and when (epoch milliseconds). */
export interface Acknowledgement {
  readonly by: string;
  readonly at: number;
  readonly comment?: string;
}

/** A notification owed, and who is about to send it: until `heldUntil` (epoch milliseconds) nobody else does. */
export interface Debt {
  readonly notification: Notification;
  readonly payer: string;
  readonly heldUntil: number;
}

/** The state before, itself, when there is no transition to notify of. */
export type Judgement =
  | { readonly state: AlertState | undefined; readonly notification?: undefined }
  | { readonly state: AlertState; readonly notification: Notification };

/** Windows of one device. */
export interface Recent {
  /** Those before the window to judge, oldest first: that a newer one has readings closes them. */
  readonly closed: readonly Window[];
  /** The window to judge, which may still get readings; absent when all are closed, by time. */
  readonly current?: Window;
}

/** A window that has what the rule looks at. */
interface Sample {
  readonly window: Window;
  readonly before: Window | undefined;
  readonly figure: Figure;
}

/** A step of the machine: which level is told of, by which window. */
interface Step {
  readonly kind: Transition;
  readonly level: Level;
  /** What the alert has afterwards. */
  readonly severity: Severity;
  readonly sample: Sample;
}

/** Beyond this many unsent notifications of one rule and device, its state stands still until some are sent. */
const MAX_PENDING = 20;

/**
 * Judges a window, and the closed one before it, by a rule. Makes at most one transition, so judge again until there is
 * none: a window can clear an alarm by what came before it and raise the next one itself. The new state owes its
 * notification. An alarm is raised, and cleared, only by a window newer than the last transition's; a window that is not
 * closed counts only where more readings cannot take its breach back. `now` in epoch milliseconds.
 */
export function judge(
  rule: AlertRule,
  state: AlertState | undefined,
  { closed, current }: Recent,
  now: number,
): Judgement {
  if (state && state.pending.length >= MAX_PENDING) return { state };
  const samples = samplesOf(rule, current ? [...closed, current] : closed);
  const before = samples.filter(({ window }) => window !== current);
  const step =
    worseBy(rule, state, before, true) ??
    betterBy(rule, state, before) ??
    (samples.length > before.length ? worseBy(rule, state, samples, false) : undefined);
  return step ? transition(rule, state, step, now) : { state };
}

/**
 * Whether this window alone, were it closed or not, is a reason to look at the windows before it and at the state: it
 * is beyond a limit of the rule.
 */
export function isSuspect(rule: AlertRule, window: Window): boolean {
  const figure = figureOf(rule, window, undefined);
  return figure !== undefined && rule.levels.some((level) => breachOf(level, figure));
}

/** The alarm once somebody has taken charge of it; undefined when there is none to take charge of. */
export function acknowledge(state: AlertState, acknowledged: Acknowledgement): AlertState | undefined {
  if (state.state === 'ok') return undefined;
  return { ...state, state: 'acknowledged', acknowledged, version: state.version + 1 };
}

function samplesOf(rule: AlertRule, windows: readonly Window[]): Sample[] {
  const samples: Sample[] = [];
  let before: Window | undefined;
  for (const window of windows) {
    const figure = figureOf(rule, window, before);
    if (figure) samples.push({ window, before, figure });
    if (hasFigure(rule, window)) before = window;
  }
  return samples;
}

/** The worst level that the newest samples in a row breach, when it is worse than what stands. */
function worseBy(
  rule: AlertRule,
  state: AlertState | undefined,
  samples: readonly Sample[],
  isClosed: boolean,
): Step | undefined {
  const { forWindows = 1 } = rule;
  const row = samples.slice(-forWindows);
  const sample = row.at(-1);
  if (!sample || row.length < forWindows) return undefined;
  const level = rule.levels.findLast((candidate) => {
    const side = breachOf(candidate, sample.figure);
    if (!side || !(isClosed || isFinal(rule, side))) return false;
    return row.every(({ figure }) => breachOf(candidate, figure));
  });
  if (!level) return undefined;
  const { severity } = level;
  const { windowStart } = sample.window;
  if (!state || state.state === 'ok') {
    return !state || windowStart > state.windowStart
      ? { kind: 'raised', level, severity, sample }
      : undefined;
  }
  const isWorse = rank(severity) > rank(state.severity) && windowStart >= state.windowStart;
  return isWorse ? { kind: 'worsened', level, severity, sample } : undefined;
}

/** The worst level of those that stand which the newest closed samples are not clear of. */
function betterBy(
  rule: AlertRule,
  state: AlertState | undefined,
  closed: readonly Sample[],
): Step | undefined {
  if (!state || state.state === 'ok') return undefined;
  const { clearAfter = 1 } = rule;
  const row = closed.filter(({ window }) => window.windowStart > state.windowStart).slice(-clearAfter);
  const sample = row.at(-1);
  if (!sample || row.length < clearAfter) return undefined;
  const isClear = (level: Level) => row.every(({ window, before }) => isClearOf(level, rule, window, before));
  const standing = rule.levels.filter(({ severity }) => rank(severity) <= rank(state.severity));
  const left = standing.findLast((level) => !isClear(level));
  const level = standing.at(-1) ?? rule.levels[0]!;
  if (!left) return { kind: 'cleared', level, severity: state.severity ?? level.severity, sample };
  const isLess = rank(left.severity) < rank(state.severity);
  return isLess ? { kind: 'eased', level, severity: left.severity, sample } : undefined;
}

/** A state written before alarms had levels has none, and then there is nothing worse. */
function rank(severity: Severity | undefined): number {
  return severity === undefined ? SEVERITIES.length : SEVERITIES.indexOf(severity);
}

function transition(
  rule: AlertRule,
  before: AlertState | undefined,
  { kind, level, severity, sample }: Step,
  now: number,
): Judgement {
  const { deviceId, site, windowStart } = sample.window;
  const notification: Notification = {
    alertId: alertIdOf(kind, rule.id, severity, sample.window),
    transition: kind,
    ...{ deviceId, site, ruleId: rule.id },
    ...(rule.metric !== undefined && { metric: rule.metric }),
    ...(rule.perMinute && { perMinute: true }),
    ...measured(kind, rule, level, sample),
    ...{ severity, channels: rule.channels, windowStart, decidedAt: now },
  };
  const state: AlertState = {
    ...{ deviceId, ruleId: rule.id, windowStart },
    ...stateAfter(kind, severity, before),
    version: (before?.version ?? 0) + 1,
    value: notification.value,
    pending: [...(before?.pending ?? []), { notification, payer: '', heldUntil: 0 }],
  };
  return { state, notification };
}

/** Whoever took charge of a warning has not seen that it is critical. */
function stateAfter(
  kind: Transition,
  severity: Severity,
  before: AlertState | undefined,
): Pick<AlertState, 'state' | 'severity' | 'acknowledged'> {
  if (kind === 'cleared') return { state: 'ok' };
  if (kind === 'eased' && before?.acknowledged) {
    return { state: 'acknowledged', severity, acknowledged: before.acknowledged };
  }
  return { state: 'alarm', severity };
}

/** The value that decided, and the limit that it crossed or came back from. */
function measured(
  kind: Transition,
  rule: AlertRule,
  level: Level,
  { window, before, figure }: Sample,
): Pick<Notification, 'stat' | 'value' | 'side' | 'limit'> {
  const { above, below, clearBelow, clearAbove } = level;
  if (kind === 'raised' || kind === 'worsened') {
    const side = breachOf(level, figure)!;
    const limit = limitText(side === 'above' ? above : below);
    return { side, stat: rule.stat, value: figureText(figure), limit };
  }
  const side: Side = above !== undefined || clearBelow !== undefined ? 'above' : 'below';
  const judged = withExtreme(rule, side === 'above' ? 'max' : 'min');
  const limit = limitText(side === 'above' ? (clearBelow ?? above) : (clearAbove ?? below));
  return { side, stat: judged.stat, value: figureText(figureOf(judged, window, before)!), limit };
}

/** Windows of a rule's transitions only ever grow, or the severity does, so no two transitions share these parts. */
function alertIdOf(kind: Transition, ruleId: string, severity: Severity, window: Window): string {
  const parts = [window.deviceId, ruleId, window.windowStart, kind, severity];
  return hash('sha256', JSON.stringify(parts)).slice(0, 32);
}

function limitText(limit: number | undefined): string {
  return limit === undefined ? '' : decimalText(limitOf(limit));
}
