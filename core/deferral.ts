// When notifications are sent: not in quiet hours, not while a device is snoozed, and always in order.

import type { AlertRule } from './alert-rule.ts';
import type { AlertState, PendingNotification, Moment } from './alert-state.ts';
import { withPending } from './fold.ts';
import { quietUntil } from './quiet-hours.ts';

/** When a notification decided now may be sent: now, or when the quiet hours or the snooze end (epoch milliseconds). */
export function sendTime(
  { quietHours }: Pick<AlertRule, 'quietHours'>,
  { now, snoozedUntil = 0 }: Moment,
): number {
  return Math.max(now, snoozedUntil, (quietHours && quietUntil(quietHours, now)) ?? 0);
}

/**
 * The outbox with one more notification. An alarm that is raised and over while its notifications are deferred is not
 * announced at all; the history has it. If a notification may be sent earlier than those before it, they are sent with
 * it, because the order is kept. If there are many, the newest are folded into one.
 */
export function withQueued(
  pending: readonly PendingNotification[],
  queued: PendingNotification,
  now: number,
): readonly PendingNotification[] {
  const { transition } = queued.notification;
  const isDeferred = ({ notBefore = 0, sender }: PendingNotification) => notBefore > now && sender === '';
  const isOver = transition === 'cleared' || transition === 'ended';
  const raised = pending.findLastIndex(isRaised);
  if (isOver && raised >= 0 && pending.slice(raised).every(isDeferred)) return pending.slice(0, raised);
  const due = queued.notBefore ?? now;
  const inOrder = pending.map((each) => ((each.notBefore ?? 0) > due ? dueAt(each, due, now) : each));
  return withPending(inOrder, queued, now);
}

/** A folded notification is excluded: it may contain the end of an alarm that people know of. */
const isRaised = ({ notification: { transition, folded } }: PendingNotification) =>
  transition === 'raised' && !folded;

/**
 * Moves what is deferred to the present end of the quiet hours or the snooze: a snooze may have been cancelled or
 * extended, and the clock may have been wrong. Returns the same object if nothing changes.
 */
export function rescheduled(
  rule: Pick<AlertRule, 'quietHours'>,
  state: AlertState,
  moment: Moment,
): AlertState {
  const { now } = moment;
  const due = sendTime(rule, moment);
  const isWrong = ({ notBefore, sender }: PendingNotification) =>
    notBefore !== undefined && sender === '' && notBefore !== due && (notBefore > now || due > now);
  if (!state.pending.some(isWrong)) return state;
  const isNew = state.pending.some(
    (queued) => isWrong(queued) && (isRaised(queued) || queued.notification.folded),
  );
  const { alarm } = state;
  return {
    ...state,
    version: state.version + 1,
    pending: state.pending.map((queued) => (isWrong(queued) ? dueAt(queued, due, now) : queued)),
    ...(alarm && { alarm: { ...alarm, notifiedAt: due, ...(isNew && { firstNotifiedAt: due }) } }),
  };
}

function dueAt(
  { notBefore: _before, ...queued }: PendingNotification,
  due: number,
  now: number,
): PendingNotification {
  return due > now ? { ...queued, notBefore: due } : queued;
}
