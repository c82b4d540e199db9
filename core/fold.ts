// Bounds what an alert has yet to send and to record: beyond the bounds, changes are folded into one that counts them.

import { SEVERITIES, type Severity } from './alert-rule.ts';
import {
  REMARKS,
  type PendingNotification,
  type Folded,
  type HistoryEntry,
  type Notification,
} from './alert-state.ts';

/** Pending notifications of one rule and device that stay separate; up to twice as many while a sender holds them. */
export const MAX_PENDING = 20;
/** Entries of each kind that wait for the history and stay separate. */
export const MAX_UNRECORDED = 40;

/**
 * The outbox with one more notification. If there are many, it is folded into the newest one that nobody is sending:
 * people then get the last state and the number of changes that led to it.
 */
export function withPending(
  pending: readonly PendingNotification[],
  queued: PendingNotification,
  now: number,
): readonly PendingNotification[] {
  const last = pending.at(-1);
  if (!last || pending.length < MAX_PENDING) return [...pending, queued];
  const isFree = last.sender === '' || last.heldUntil <= now;
  if (!isFree && pending.length < 2 * MAX_PENDING) return [...pending, queued];
  return [...pending.slice(0, -1), foldedInto(last, queued)];
}

/** The unrecorded entries with one more. Remarks are folded only into remarks. */
export function withEntry(unrecorded: readonly HistoryEntry[], entry: HistoryEntry): readonly HistoryEntry[] {
  const at = unrecorded.findLastIndex(({ what }) => kindOf(what) === kindOf(entry.what));
  if (unrecorded.length < MAX_UNRECORDED || at < 0) return [...unrecorded, entry];
  const changes = changesOf(unrecorded[at]!) + changesOf(entry);
  return [...unrecorded.slice(0, at), ...unrecorded.slice(at + 1), { ...entry, changes }];
}

/** Goes to the channels of both, as early as the first would have gone. */
function foldedInto(
  { notBefore, refused, inDigest, notification: first }: PendingNotification,
  last: PendingNotification,
): PendingNotification {
  const { notification } = last;
  const channels = [...new Set([...first.channels, ...notification.channels])];
  return {
    ...{ notification: { ...notification, channels, folded: foldOf(first, notification) } },
    ...{ sender: '', heldUntil: 0 },
    ...(notBefore !== undefined && { notBefore }),
    ...(refused && { refused }),
    ...((inDigest || last.inDigest) && { inDigest: true as const }),
  };
}

function foldOf(first: Notification, last: Notification): Folded {
  return {
    changes: (first.folded?.changes ?? 1) + 1,
    since: first.folded?.since ?? first.decidedAt,
    worst: worseOf(first.folded?.worst ?? first.severity, last.severity),
  };
}

const worseOf = (a: Severity, b: Severity) => (SEVERITIES.indexOf(a) > SEVERITIES.indexOf(b) ? a : b);

const changesOf = ({ changes = 1 }: HistoryEntry) => changes;

function kindOf(what: HistoryEntry['what']): 'failure' | 'remark' | 'transition' {
  if (what === 'delivery-failed') return 'failure';
  return REMARKS.some((remark) => remark === what) ? 'remark' : 'transition';
}
