// Decides when people are told: a state machine over windows, pure, so that every history can be tried in a test.

import { hash } from 'node:crypto';
import { decimalOf, decimalText, type Decimal } from './decimal.ts';
import type { Window } from './window.ts';

export type Severity = 'critical' | 'major' | 'minor';
export type Channel = 'email' | 'sms';

/**
 * A limit on a metric. Raises when `stat` of a window is over `above` or under `below`. Clears when a closed window
 * lies wholly under `clearBelow` or over `clearAbove`; without these, when it lies wholly within the limit.
 */
export interface AlertRule {
  readonly id: string;
  readonly metric: string;
  readonly stat: 'min' | 'max';
  readonly above?: number;
  readonly below?: number;
  readonly clearBelow?: number;
  readonly clearAbove?: number;
  readonly severity: Severity;
  readonly channels: readonly Channel[];
}

/** What is told about one transition; numbers as decimal text, times in epoch milliseconds. */
export interface Notification {
  /** The same for every copy of this notification, and for no other. */
  readonly alertId: string;
  readonly transition: 'raised' | 'cleared';
  readonly deviceId: string;
  readonly site: string;
  readonly ruleId: string;
  readonly metric: string;
  readonly stat: 'min' | 'max';
  readonly value: string;
  readonly side: 'above' | 'below';
  readonly limit: string;
  readonly severity: Severity;
  readonly channels: readonly Channel[];
  readonly windowStart: number;
  readonly decidedAt: number;
}

export interface AlertState {
  readonly deviceId: string;
  readonly ruleId: string;
  readonly state: 'ok' | 'alarm';
  /** Grows by one with every write, so that a writer that lost a race notices. */
  readonly version: number;
  /** The window that made the last transition. */
  readonly windowStart: number;
  /** What was measured there, decimal text. */
  readonly value: string;
  /** Notifications written down and not yet known to be sent, oldest first. */
  readonly pending: readonly Debt[];
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

/** Beyond this many unsent notifications of one rule and device, its state stands still until some are sent. */
const MAX_PENDING = 20;

type Side = 'above' | 'below';

/** Limits of the template's parameters as rules; a limit that is absent or no number makes no rule. */
export function defaultRules(limits: { maxTemperature?: number; minTemperature?: number }): AlertRule[] {
  const { maxTemperature: max, minTemperature: min } = limits;
  const common = { metric: 'temperature', severity: 'critical', channels: ['email', 'sms'] } as const;
  const rules: AlertRule[] = [];
  if (isLimit(max)) {
    rules.push({ id: 'temperature-high', stat: 'max', above: max, clearBelow: shifted(max, -1), ...common });
  }
  if (isLimit(min)) {
    rules.push({ id: 'temperature-low', stat: 'min', below: min, clearAbove: shifted(min, 1), ...common });
  }
  return rules;
}

function isLimit(value: number | undefined): value is number {
  return value !== undefined && decimalOf(value) !== undefined;
}

/** Adds in decimals: -1.1 + 1 in floating point has more decimals than a limit may have. */
function shifted(limit: number, by: number): number {
  return Number(decimalText(limitOf(limit) + limitOf(by)));
}

/**
 * Judges a window by a rule. `closed` is the device's newest window between the last transition's and this one: that
 * this window has readings closes it. Makes at most one transition, so judge again until there is none: a window can
 * clear an alarm by what came before it and raise the next one itself. The new state owes its notification. A window not
 * newer than the last transition changes nothing. `now` in epoch milliseconds.
 */
export function judge(
  rule: AlertRule,
  state: AlertState | undefined,
  window: Window,
  closed: Window | undefined,
  now: number,
): Judgement {
  if (state && (window.windowStart <= state.windowStart || state.pending.length >= MAX_PENDING))
    return { state };
  if (state?.state === 'alarm') {
    const isNews =
      closed && closed.windowStart > state.windowStart && closed.windowStart < window.windowStart;
    return isNews && isClear(rule, closed) ? transition('cleared', rule, state, closed, now) : { state };
  }
  return isBreached(rule, window) ? transition('raised', rule, state, window, now) : { state };
}

function isBreached(rule: AlertRule, window: Window): boolean {
  const value = window.metrics.get(rule.metric)?.[rule.stat];
  if (value === undefined) return false;
  return (
    (rule.above !== undefined && value > limitOf(rule.above)) ||
    (rule.below !== undefined && value < limitOf(rule.below))
  );
}

/** The highest value counts for an upper limit and the lowest for a lower one, whatever the rule's own stat. */
function isClear(rule: AlertRule, window: Window): boolean {
  const values = window.metrics.get(rule.metric);
  if (!values) return false;
  const { above, below, clearBelow, clearAbove } = rule;
  const under =
    clearBelow === undefined
      ? above === undefined || values.max <= limitOf(above)
      : values.max < limitOf(clearBelow);
  const over =
    clearAbove === undefined
      ? below === undefined || values.min >= limitOf(below)
      : values.min > limitOf(clearAbove);
  return under && over;
}

function transition(
  kind: Notification['transition'],
  rule: AlertRule,
  before: AlertState | undefined,
  window: Window,
  now: number,
): Judgement {
  const { deviceId, site, windowStart } = window;
  const notification: Notification = {
    alertId: alertIdOf(kind, rule.id, window),
    transition: kind,
    ...{ deviceId, site, ruleId: rule.id, metric: rule.metric },
    ...measured(kind, rule, window),
    ...{ severity: rule.severity, channels: rule.channels, windowStart, decidedAt: now },
  };
  const state: AlertState = {
    ...{ deviceId, ruleId: rule.id, windowStart },
    state: kind === 'raised' ? 'alarm' : 'ok',
    version: (before?.version ?? 0) + 1,
    value: notification.value,
    pending: [...(before?.pending ?? []), { notification, payer: '', heldUntil: 0 }],
  };
  return { state, notification };
}

/** The value that decided, and the limit that it crossed or came back from. */
function measured(
  kind: Notification['transition'],
  rule: AlertRule,
  window: Window,
): Pick<Notification, 'stat' | 'value' | 'side' | 'limit'> {
  const values = window.metrics.get(rule.metric)!;
  const { above, below, clearBelow, clearAbove } = rule;
  const isUpper =
    above !== undefined && (below === undefined || kind === 'cleared' || values[rule.stat] > limitOf(above));
  const side: Side = isUpper ? 'above' : 'below';
  if (kind === 'raised') {
    return {
      side,
      stat: rule.stat,
      value: decimalText(values[rule.stat]),
      limit: limitText(isUpper ? above : below),
    };
  }
  return isUpper
    ? { side, stat: 'max', value: decimalText(values.max), limit: limitText(clearBelow ?? above) }
    : { side, stat: 'min', value: decimalText(values.min), limit: limitText(clearAbove ?? below) };
}

/** Windows of a rule's transitions only ever grow, so no two transitions share these parts. */
function alertIdOf(kind: string, ruleId: string, window: Window): string {
  return hash('sha256', JSON.stringify([window.deviceId, ruleId, window.windowStart, kind])).slice(0, 32);
}

/** Throws a RangeError on a limit that no metric can have; rules are checked where they are made. */
function limitOf(limit: number): Decimal {
  const value = decimalOf(limit);
  if (value === undefined)
    throw new RangeError(`Alert limit ${limit} is over 1e15 or has more than 15 decimals`);
  return value;
}

function limitText(limit: number | undefined): string {
  return limit === undefined ? '' : decimalText(limitOf(limit));
}
