// The steps of the outbox: a notification is stored first, and then sent at least once, by one sender at a time.

import type { AlertState, PendingNotification, HistoryEntry, Notification, Refusal } from './alert-state.ts';
import { refusalEntry } from './alert-step.ts';
import { withEntry } from './fold.ts';

/** As long as any sender may take; after that, a sender that has not finished has crashed. */
const HOLD_MS = 60_000;
/** The clocks of two senders differ by less than this. */
const MAX_SKEW_MS = 60_000;
/** Waits after SNS refused a notification: doubled each time, but short, because people who repair the stack want to see it sent. */
const FIRST_RETRY_MS = 60_000;
const LONGEST_RETRY_MS = 900_000;
/** A notification refused for this long is given up; the history keeps it. */
const GIVEN_UP_AFTER_MS = 86_400_000;

/** Who wants to send, and when (epoch milliseconds). Only a sender of digests sends notifications left to a digest. */
export interface Sender {
  readonly name: string;
  readonly now: number;
  readonly sendsDigest?: boolean;
}

/** Whether the sender may send a notification of this state now: the oldest, if no other sender holds it. */
export function canSend(state: AlertState, sender: Sender): boolean {
  return sendable(state, sender).size > 0;
}

/** Claims for the sender what it may send; write this state, on condition of its version, before sending anything. */
export function claim(state: AlertState, sender: Sender): AlertState {
  const taken = sendable(state, sender);
  const hold = { sender: sender.name, heldUntil: sender.now + HOLD_MS };
  const pending = state.pending.map((queued) => (taken.has(queued) ? { ...queued, ...hold } : queued));
  return { ...state, version: state.version + 1, pending };
}

/** The state once these entries are in the history; undefined if none of them was unrecorded. */
export function withoutRecorded(state: AlertState, entries: readonly HistoryEntry[]): AlertState | undefined {
  const ids = new Set(entries.map(({ entryId }) => entryId));
  const unrecorded = state.unrecorded.filter(({ entryId }) => !ids.has(entryId));
  return unrecorded.length < state.unrecorded.length
    ? { ...state, version: state.version + 1, unrecorded }
    : undefined;
}

/** The notifications that `sender` holds, oldest first. */
export function heldBy(state: AlertState, sender: string): Notification[] {
  return state.pending.filter((queued) => queued.sender === sender).map((queued) => queued.notification);
}

/** Until when the sender may send what it holds, epoch milliseconds; after that, others assume that it crashed. */
export function heldUntil(state: AlertState, sender: string): number {
  return Math.min(
    ...state.pending.filter((queued) => queued.sender === sender).map((queued) => queued.heldUntil),
  );
}

/** The state once notifications are known to be sent; undefined if none of them was pending. */
export function withoutSent(state: AlertState, sent: readonly Notification[]): AlertState | undefined {
  const ids = new Set(sent.map(({ alertId }) => alertId));
  const pending = state.pending.filter(({ notification }) => !ids.has(notification.alertId));
  return pending.length < state.pending.length
    ? { ...state, version: state.version + 1, pending }
    : undefined;
}

/** The state once `sender` knows that it could not send, so that the next sender may try at once. */
export function released(state: AlertState, sender: string): AlertState | undefined {
  return changed(state, sender, (queued) => ({ ...queued, sender: '', heldUntil: 0 }));
}

/** The state once the notifications that `sender` holds are left to the next digest, which is sent every minute. */
export function leftToDigest(state: AlertState, sender: string): AlertState | undefined {
  return changed(state, sender, (queued) => ({ ...queued, sender: '', heldUntil: 0, inDigest: true }));
}

/**
 * The state once SNS refused these notifications. A notification that SNS would never take is given up at once, the others
 * after a day; later ones wait behind them. The history records the first and the last refusal.
 */
export function refused(
  state: AlertState,
  notifications: readonly Notification[],
  { of, reason }: Refusal,
  now: number,
): AlertState | undefined {
  const ids = new Set(notifications.map(({ alertId }) => alertId));
  if (!state.pending.some(({ notification }) => ids.has(notification.alertId))) return undefined;
  const pending: PendingNotification[] = [];
  let { unrecorded } = state;
  for (const queued of state.pending) {
    if (!ids.has(queued.notification.alertId)) {
      pending.push(queued);
      continue;
    }
    const { times = 0, since = now } = queued.refused ?? {};
    const isOver = of === 'message' || Math.abs(now - since) >= GIVEN_UP_AFTER_MS;
    if (!isOver)
      pending.push({
        ...queued,
        sender: '',
        heldUntil: 0,
        refused: { times: times + 1, since, ...retry(times, now) },
      });
    if (isOver || times === 0)
      unrecorded = withEntry(unrecorded, refusalEntry(queued.notification, { reason, isOver, now }));
  }
  return { ...state, version: state.version + 1, pending, unrecorded };
}

const retry = (times: number, now: number) => ({
  retryAt: now + Math.min(FIRST_RETRY_MS * 2 ** times, LONGEST_RETRY_MS),
});

function changed(
  state: AlertState,
  sender: string,
  change: (queued: PendingNotification) => PendingNotification,
): AlertState | undefined {
  if (!state.pending.some((queued) => queued.sender === sender)) return undefined;
  const pending = state.pending.map((queued) => (queued.sender === sender ? change(queued) : queued));
  return { ...state, version: state.version + 1, pending };
}

/** Order is kept: a notification behind one that is left to a digest goes into the digest too. */
function sendable({ pending }: AlertState, sender: Sender): ReadonlySet<PendingNotification> {
  const [oldest] = pending;
  if (!oldest || (oldest.inDigest ?? false) !== (sender.sendsDigest ?? false)) return new Set();
  const end = pending.findIndex((queued) => !maySend(queued, sender));
  return new Set(end < 0 ? pending : pending.slice(0, end));
}

function maySend(queued: PendingNotification, { name, now }: Sender): boolean {
  if (now < (queued.notBefore ?? 0)) return false;
  const { retryAt = 0 } = queued.refused ?? {};
  if (now < retryAt && retryAt <= now + LONGEST_RETRY_MS + MAX_SKEW_MS) return false;
  // A hold longer than any valid one was taken before the clock stepped back.
  return queued.sender === name || queued.heldUntil <= now || queued.heldUntil > now + HOLD_MS + MAX_SKEW_MS;
}
