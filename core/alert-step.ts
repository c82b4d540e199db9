// Turns a decision about an alert into the state to store: the new state, its pending notification, and its history entry.

import { hash } from 'node:crypto';
import type { AlertRule, Level, Severity } from './alert-rule.ts';
import type {
  Acknowledgement,
  AlertState,
  PendingNotification,
  Finding,
  HistoryEntry,
  Moment,
  Notification,
  Remark,
  Transition,
} from './alert-state.ts';
import { withEntry } from './fold.ts';
import { sendTime, withQueued } from './deferral.ts';

/** Reasons from SNS may be long. */
const MAX_REASON_LENGTH = 400;

/** A decision; times in epoch milliseconds. */
export interface Step {
  readonly transition: Transition;
  readonly deviceId: string;
  readonly site: string;
  /** The alert's severity afterwards; if it is over, its last severity. */
  readonly severity: Severity;
  readonly finding: Finding;
  /** The window that decided, or when a silent device was last there. */
  readonly windowStart: number;
  readonly since: number;
  /** For a limit rule: its present levels. */
  readonly levels?: readonly Level[];
  readonly isRuleChanged?: boolean;
}

/** The state of a rule that has never judged the device; it is not stored. */
export function emptyState(deviceId: string, ruleId: string): AlertState {
  return {
    deviceId,
    ruleId,
    state: 'ok',
    version: 0,
    windowStart: 0,
    value: '0',
    pending: [],
    unrecorded: [],
  };
}

/** The state after the step, with the step's notification pending unless the alert ended before its notification was due. */
export function stateAfter(
  rule: Pick<AlertRule, 'id' | 'channels' | 'quietHours' | 'comment'>,
  before: AlertState | undefined,
  step: Step,
  moment: Moment,
): AlertState {
  const { now, timeZone } = moment;
  const { comment } = rule;
  const { deviceId, windowStart, severity, transition, finding } = step;
  const notification: Notification = {
    ...finding, // first: a reminder's finding is the notification that it repeats
    ...{ alertId: alertIdOf(rule.id, before, step, now), transition },
    ...{ deviceId, site: step.site, ruleId: rule.id },
    ...{ severity, channels: rule.channels, windowStart, since: step.since, decidedAt: now },
    ...(step.isRuleChanged && { isRuleChanged: true as const }),
    ...{ ...(timeZone !== undefined && { timeZone }), ...(comment !== undefined && { comment }) },
  };
  const notifiedAt = sendTime(rule, moment);
  const queued: PendingNotification = {
    notification,
    sender: '',
    heldUntil: 0,
    ...(notifiedAt > now && { notBefore: notifiedAt }),
  };
  return {
    ...{ deviceId, ruleId: rule.id, value: finding.value },
    // A reminder has an older window than the one by which an alarm eased.
    windowStart: Math.max(windowStart, before?.windowStart ?? 0),
    ...alarmPartAfter(before, notification, { notifiedAt, levels: step.levels }),
    ...(leavesUnjudged(before, step) && { newerUnjudged: true as const }),
    version: (before?.version ?? 0) + 1,
    pending: withQueued(before?.pending ?? [], queued, now),
    unrecorded: withEntry(before?.unrecorded ?? [], entryOf(notification, queued)),
  };
}

/** The alarm once somebody has acknowledged it; undefined if there is no alarm. */
export function acknowledge(state: AlertState, acknowledged: Acknowledgement): AlertState | undefined {
  if (!isAlarm(state)) return undefined;
  const next = remarked(state, 'acknowledged', acknowledged);
  return { ...next, state: 'acknowledged', acknowledged };
}

/** The state with a person's remark in its history. */
export function remarked(state: AlertState, what: Remark, { by, at, comment }: Acknowledgement): AlertState {
  const { deviceId, ruleId, version } = state;
  const entry: HistoryEntry = {
    entryId: idOf([deviceId, ruleId, what, at, version]),
    ...{ deviceId, ruleId, at, what, by },
    ...(comment !== undefined && { comment }),
  };
  return { ...state, version: version + 1, unrecorded: withEntry(state.unrecorded, entry) };
}

/** Records that a notification was refused, and whether it will be retried. */
export function refusalEntry(
  notification: Notification,
  { reason, isOver, now }: { readonly reason: string; readonly isOver: boolean; readonly now: number },
): HistoryEntry {
  const { alertId, deviceId, ruleId, severity, windowStart, value, limit } = notification;
  const outcome = isOver ? 'not tried again' : 'tried again for a day';
  return {
    entryId: idOf([alertId, 'delivery-failed', isOver]),
    ...{ deviceId, ruleId, at: now, what: 'delivery-failed', severity, windowStart, value, limit },
    about: alertId,
    reason: `${notification.transition}: ${reason} (${outcome})`.slice(0, MAX_REASON_LENGTH),
  };
}

/** The part of a notification that a failed delivery reports. */
export type UndeliveredAlert = Pick<
  Notification,
  'alertId' | 'transition' | 'severity' | 'windowStart' | 'ruleId' | 'deviceId'
>;

/** Records that SNS took a notification and could not deliver it to a subscriber. `id`: of that failure. */
export function undeliveredEntry(
  { alertId, transition, ...alert }: UndeliveredAlert,
  { id, at, reason }: { readonly id: string; readonly at: number; readonly reason: string },
): HistoryEntry {
  return {
    entryId: idOf([alertId, 'delivery-failed', id]),
    ...{ ...alert, at, what: 'delivery-failed', about: alertId },
    reason: `${transition}: ${reason} (not tried again)`.slice(0, MAX_REASON_LENGTH),
  };
}

export function isAlarm({ state }: Pick<AlertState, 'state'>): boolean {
  return state === 'alarm' || state === 'acknowledged';
}

/** For limit rules only, and until the newer windows are judged. */
function leavesUnjudged(before: AlertState | undefined, { transition, levels }: Step): boolean {
  if (!levels || transition === 'ended') return false;
  return transition === 'cleared' || transition === 'eased' || before?.newerUnjudged === true;
}

/** The state once the windows newer than its transition's are judged. */
export function withNewerJudged(state: AlertState): AlertState {
  const { newerUnjudged: _before, ...judged } = state;
  return { ...judged, version: state.version + 1 };
}

/** A worsened alarm needs a new acknowledgement: the one for a warning does not cover a critical alarm. */
function alarmPartAfter(
  before: AlertState | undefined,
  announced: Notification,
  { notifiedAt, levels }: { readonly notifiedAt: number; readonly levels: readonly Level[] | undefined },
): Pick<AlertState, 'state' | 'severity' | 'alarm' | 'acknowledged' | 'cleared'> {
  const { transition, severity, decidedAt } = announced;
  if (transition === 'cleared') return { state: 'ok', cleared: severity };
  if (transition === 'ended') return { state: 'ok' };
  const known = transition === 'raised' ? undefined : before?.alarm;
  const firstNotifiedAt = Math.min(known?.firstNotifiedAt ?? notifiedAt, notifiedAt);
  const alarm = {
    raisedAt: decidedAt,
    ...known,
    announced,
    notifiedAt,
    firstNotifiedAt,
    ...(levels && { levels }),
  };
  if (transition === 'eased') {
    // Reminders repeat what was beyond a limit, not what came back.
    const isBeyond =
      announced.insight !== undefined || (!announced.silence && announced.relation === 'beyond');
    const eased = known && !isBeyond ? { ...alarm, announced: { ...known.announced, severity } } : alarm;
    const acknowledged = before?.acknowledged;
    return acknowledged
      ? { state: 'acknowledged', severity, alarm: eased, acknowledged }
      : { state: 'alarm', severity, alarm: eased };
  }
  if (transition === 'escalated')
    return { state: 'alarm', severity, alarm: { ...alarm, escalatedAt: decidedAt } };
  return { state: 'alarm', severity, alarm };
}

function entryOf(notification: Notification, { notBefore }: PendingNotification): HistoryEntry {
  const { alertId, transition, decidedAt, deviceId, ruleId, channels, since } = notification;
  const { severity, windowStart, value, limit, unit } = notification;
  return {
    ...judgedIn(notification),
    ...{ since, channels, ...(notBefore !== undefined && { notBefore }) },
    ...{ entryId: alertId, deviceId, ruleId, at: decidedAt, what: transition },
    ...{ severity, windowStart, value, ...(limit !== '' && { limit }) },
    ...(unit !== undefined && { unit }),
  };
}

function judgedIn(
  notification: Notification,
): Pick<HistoryEntry, 'metric' | 'side' | 'insight' | 'words' | 'crossesAt'> {
  if (notification.silence) return {};
  const { metric, side } = notification;
  const judged = { side, ...(metric !== undefined && { metric }) };
  if (!notification.insight) return judged;
  const { insight, words, crossesAt } = notification;
  return { ...judged, insight, words, ...(crossesAt !== undefined && { crossesAt }) };
}

/**
 * Successive transitions of a limit rule have increasing windows, with one exception: one window may clear an alert and
 * raise it again, and do both again under changed limits; the version distinguishes these. A step without a window of its
 * own has a time of its own. So no two steps have the same parts.
 */
function alertIdOf(ruleId: string, before: AlertState | undefined, step: Step, now: number): string {
  const { deviceId, windowStart, transition, severity, finding } = step;
  const parts = [deviceId, ruleId, windowStart, transition, severity];
  if (finding.silence || ['repeated', 'escalated', 'ended'].includes(transition))
    return idOf([...parts, now]);
  return idOf(before && before.windowStart >= windowStart ? [...parts, before.version] : parts);
}

function idOf(parts: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(parts)).slice(0, 32);
}
