// What became of each prediction that people were sent: out of the history of alerts and of what was measured, so that trust can be counted.

import type { HistoryEntry } from './alert-state.ts';
import { SEVERITIES, type Severity, type Side } from './alert-rule.ts';
import type { Remark } from './excursions.ts';

/** A prediction from its alert to the alert's end; times in epoch milliseconds. */
export interface Announcement {
  readonly ruleId: string;
  /** The worst that it had. */
  readonly severity: Severity;
  readonly metric: string;
  readonly side: Side;
  /** Decimal text. */
  readonly limit: string;
  readonly unit?: string;
  /** The minute that decided, and when that was. */
  readonly from: number;
  readonly announcedAt: number;
  /** For when the crossing was last announced; absent where that could not be said. */
  readonly crossesAt?: number;
  /** When the alert was over; absent while it lasts. */
  readonly to?: number;
  /** Its rule was removed, or judges something else. */
  readonly isEnded?: true;
  readonly acknowledged?: Remark;
  /** What people said, oldest first, that with which they acknowledged too. */
  readonly remarks: readonly Remark[];
}

/**
 * `crossed`: a minute passed the limit before the alert was over or within the announced time. `averted`: none did, and somebody
 * acknowledged or commented on the alert before it was over. `false`: none did, and nobody had. `ended`: its rule was removed or
 * changed before that could be known. `open`: it cannot be known yet.
 */
export const OUTCOMES = ['crossed', 'averted', 'false', 'open', 'ended'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface JudgedAnnouncement extends Announcement {
  readonly outcome: Outcome;
  /** The first minute beyond the limit. */
  readonly crossedAt?: number;
  /** Milliseconds from the alert to that minute; 0 where it was already there. */
  readonly leadMs?: number;
}

export type OutcomeCounts = Readonly<Record<Outcome | 'announced' | 'early', number>>;

/** A crossing that is announced so long ahead leaves time to move the goods. */
export const EARLY_MS = 600_000;

type Growing = { -readonly [Name in keyof Announcement]: Announcement[Name] };

/** Of one device's entries, in any order; the oldest first. */
export function announcementsOf(entries: readonly HistoryEntry[]): Announcement[] {
  const found: Growing[] = [];
  const open = new Map<string, Growing>();
  for (const entry of entries.toSorted(
    (a, b) => a.at - b.at || (a.windowStart ?? 0) - (b.windowStart ?? 0),
  )) {
    const { ruleId, what, at } = entry;
    const standing = open.get(ruleId);
    if (!standing) {
      const begun = what === 'raised' ? begin(entry) : undefined;
      if (!begun) continue;
      found.push(begun);
      open.set(ruleId, begun);
    } else if (entry.by !== undefined) remark(standing, entry);
    else if (what === 'cleared' || what === 'ended') {
      standing.to = at;
      if (what === 'ended') standing.isEnded = true;
      open.delete(ruleId);
    } else if (what === 'worsened' || what === 'eased') change(standing, entry);
  }
  return found;
}

function begin(entry: HistoryEntry): Growing | undefined {
  const { insight, ruleId, severity, metric, side, limit, unit, at, windowStart = at, crossesAt } = entry;
  if (insight !== 'predicted' || severity === undefined || metric === undefined) return undefined;
  if (side === undefined || limit === undefined) return undefined;
  return {
    ...{ ruleId, severity, metric, side, limit, ...(unit !== undefined && { unit }) },
    ...{ from: windowStart, announcedAt: at, ...(crossesAt !== undefined && { crossesAt }), remarks: [] },
  };
}

function change(standing: Growing, { severity, crossesAt }: HistoryEntry): void {
  if (severity && SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(standing.severity))
    standing.severity = severity;
  if (crossesAt !== undefined) standing.crossesAt = crossesAt;
}

function remark(standing: Growing, { what, by = '', at, comment }: HistoryEntry): void {
  const said = { by, at, ...(comment !== undefined && { comment }) };
  if (what === 'acknowledged') standing.acknowledged ??= said;
  standing.remarks = [...standing.remarks, said];
}

/** Until when a crossing counts as the one that was announced: the alert's end, or the announced time. */
export const countsUntil = ({ to, crossesAt = 0 }: Announcement, now: number): number =>
  Math.min(now, Math.max(to ?? now, crossesAt));

/** @param crossedAt start of the first minute beyond the limit that counts; undefined where there is none so far. */
export function judgedAnnouncement(
  announcement: Announcement,
  crossedAt: number | undefined,
  now: number,
): JudgedAnnouncement {
  if (crossedAt === undefined) return { ...announcement, outcome: uncrossed(announcement, now) };
  const leadMs = Math.max(0, crossedAt - announcement.announcedAt);
  return { ...announcement, outcome: 'crossed', crossedAt, leadMs };
}

function uncrossed({ to, isEnded, crossesAt = 0, remarks }: Announcement, now: number): Outcome {
  if (isEnded) return 'ended';
  if (to === undefined || crossesAt > now) return 'open';
  return remarks.length > 0 ? 'averted' : 'false';
}

export function countOutcomes(judged: readonly JudgedAnnouncement[]): OutcomeCounts {
  const counts = { announced: judged.length, early: 0, crossed: 0, averted: 0, false: 0, open: 0, ended: 0 };
  for (const { outcome, leadMs = 0 } of judged) {
    counts[outcome] += 1;
    if (outcome === 'crossed' && leadMs >= EARLY_MS) counts.early += 1;
  }
  return counts;
}

/** Such as `7 announced: 4 crossed, 3 of them ten minutes or more after the alert; 1 averted; 2 false`. */
export function outcomeText({
  announced,
  crossed,
  early,
  averted,
  open,
  ended,
  ...counts
}: OutcomeCounts): string {
  const parts = [
    `${crossed} crossed${crossed > 0 ? `, ${early} of them ten minutes or more after the alert` : ''}`,
    ...[`${averted} averted`, `${counts.false} false`],
    ...(open > 0 ? [`${open} open`] : []),
    ...(ended > 0 ? [`${ended} ended with a change of the rule`] : []),
  ];
  return `${announced} announced: ${parts.join('; ')}`;
}

export function sumOutcomes(all: readonly OutcomeCounts[]): OutcomeCounts {
  const none = countOutcomes([]);
  const names = Object.keys(none) as (keyof OutcomeCounts)[];
  const sum = (name: keyof OutcomeCounts) => all.reduce((total, counts) => total + counts[name], 0);
  return Object.fromEntries(names.map((name) => [name, sum(name)])) as OutcomeCounts;
}
