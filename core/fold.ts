// Keeps what an alert has yet to send and to file within bounds: beyond them, changes are folded into one that counts them.

import { SEVERITIES, type Severity } from './alert-rule.ts';
import {
  REMARKS,
  type PendingNotification,
  type Folded,
  type HistoryEntry,
  type Notification,
} from './alert-state.ts';

/** Pending notifications of one rule and device that stay apart; twice as many at most while a sender has them. */
export const MAX_PENDING = 20;
/** Entries of each kind that wait for the history and stay apart. */
export const MAX_UNFILED = 40;

/**
 * The outbox with one notification more. When there are many, the newest that nobody is sending takes it up: people then
 * hear of the last state, and of how many changes led there.
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

/** What waits for the history with one entry more. What people said is folded only into what people said. */
export function withEntry(unrecorded: readonly HistoryEntry[], entry: HistoryEntry): readonly HistoryEntry[] {
  const at = unrecorded.findLastIndex(({ what }) => kindOf(what) === kindOf(entry.what));
  if (unrecorded.length < MAX_UNFILED || at < 0) return [...unrecorded, entry];
  const changes = changesOf(unrecorded[at]!) + changesOf(entry);
  return [...unrecorded.slice(0, at), ...unrecorded.slice(at + 1), { ...entry, changes }];
}

/** Goes to whom either would have gone, as early as the first would. */
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
