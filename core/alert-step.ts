// Writes a decision about an alert down: the state after it, the notification that it owes, and its line in the history.

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

/** What SNS says may be long. */
const MAX_REASON_LENGTH = 400;

/** A decision; times in epoch milliseconds. */
export interface Step {
  readonly transition: Transition;
  readonly deviceId: string;
  readonly site: string;
  /** What the alert has afterwards; of one that is over, what it had. */
  readonly severity: Severity;
  readonly finding: Finding;
  /** The window that decided, or when a device was last there. */
  readonly windowStart: number;
  readonly since: number;
  /** Of a limit rule: its levels now. */
  readonly levels?: readonly Level[];
  readonly isRuleChanged?: boolean;
}

/** Of a rule that has never judged the device; it is not stored. */
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

/** The state after the step; it owes the step's notification, unless all was over before anybody was to be told. */
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
    ...finding, // first: that of a reminder is the notification that it repeats
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
    // A reminder is of an older window than the one by which an alarm got better.
    windowStart: Math.max(windowStart, before?.windowStart ?? 0),
    ...standing(before, notification, { notifiedAt, levels: step.levels }),
    ...(leavesUnjudged(before, step) && { newerUnjudged: true as const }),
    version: (before?.version ?? 0) + 1,
    pending: withQueued(before?.pending ?? [], queued, now),
    unrecorded: withEntry(before?.unrecorded ?? [], entryOf(notification, queued)),
  };
}

/** The alarm once somebody has taken charge of it; undefined when there is none to take charge of. */
export function acknowledge(state: AlertState, acknowledged: Acknowledgement): AlertState | undefined {
  if (!isAlarm(state)) return undefined;
  const next = remarked(state, 'acknowledged', acknowledged);
  return { ...next, state: 'acknowledged', acknowledged };
}

/** The state with a remark of somebody in its history. */
export function remarked(state: AlertState, what: Remark, { by, at, comment }: Acknowledgement): AlertState {
  const { deviceId, ruleId, version } = state;
  const entry: HistoryEntry = {
    entryId: idOf([deviceId, ruleId, what, at, version]),
    ...{ deviceId, ruleId, at, what, by },
    ...(comment !== undefined && { comment }),
  };
  return { ...state, version: version + 1, unrecorded: withEntry(state.unrecorded, entry) };
}

/** That a notification was not delivered, and whether it is tried again. */
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

/** What a notification says of itself where it cannot be delivered. */
export type UndeliveredAlert = Pick<
  Notification,
  'alertId' | 'transition' | 'severity' | 'windowStart' | 'ruleId' | 'deviceId'
>;

/** That SNS took a notification and could not deliver it to a subscriber. `id`: of that failure. */
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

/** Of a limit rule only, and until somebody has judged the newer windows. */
function leavesUnjudged(before: AlertState | undefined, { transition, levels }: Step): boolean {
  if (!levels || transition === 'ended') return false;
  return transition === 'cleared' || transition === 'eased' || before?.newerUnjudged === true;
}

/** The state once the windows that are newer than its transition's are judged. */
export function withNewerJudged(state: AlertState): AlertState {
  const { newerUnjudged: _before, ...judged } = state;
  return { ...judged, version: state.version + 1 };
}

/** Whoever took charge of a warning has not seen that it is critical. */
function standing(
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
    // Reminders tell of what was beyond a limit, not of what came back.
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
 * Windows of a rule's transitions only ever grow, but for those of one window: it may clear an alert and raise it again,
 * and do both once more by limits that were changed, which versions tell apart. Whatever has no window of its own comes
 * at a time of its own. So no two steps share these parts.
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
