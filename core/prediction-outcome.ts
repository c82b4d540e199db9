// The outcome of each announced prediction, from the history of alerts and the measured values, so that people can judge their reliability.

import type { HistoryEntry } from './alert-state.ts';
import { SEVERITIES, type Severity, type Side } from './alert-rule.ts';
import type { Remark } from './excursions.ts';

/** A prediction from its alert to the alert's end; times in epoch milliseconds. */
export interface Announcement {
  readonly ruleId: string;
  /** The worst severity it reached. */
  readonly severity: Severity;
  readonly metric: string;
  readonly side: Side;
  /** Decimal text. */
  readonly limit: string;
  readonly unit?: string;
  /** The minute that decided, and when the decision was made. */
  readonly from: number;
  readonly announcedAt: number;
  /** The time last announced for the crossing; absent if it was unknown. */
  readonly crossesAt?: number;
  /** When the alert ended; absent while it is active. */
  readonly to?: number;
  /** Its rule was removed or now judges something else. */
  readonly isEnded?: true;
  readonly acknowledged?: Remark;
  /** People's remarks, oldest first, including the acknowledgement. */
  readonly remarks: readonly Remark[];
}

/**
 * `crossed`: a minute's mean passed the limit before the alert ended or within the announced time. `averted`: none did, and
 * a user acknowledged or commented on the alert before it ended. `false`: none did, and no user did. `ended`: the rule
 * was removed or changed before the outcome was known. `open`: the outcome is not known yet.
 */
export const OUTCOMES = ['crossed', 'averted', 'false', 'open', 'ended'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface JudgedAnnouncement extends Announcement {
  readonly outcome: Outcome;
  /** The first minute beyond the limit. */
  readonly crossedAt?: number;
  /** Milliseconds from the alert to that minute; 0 if the limit was already crossed. */
  readonly leadMs?: number;
}

export type OutcomeCounts = Readonly<Record<Outcome | 'announced' | 'early', number>>;

/** A crossing announced this long in advance leaves time to move the goods. */
export const EARLY_MS = 600_000;

type MutableAnnouncement = { -readonly [Name in keyof Announcement]: Announcement[Name] };

/** The announcements of one device, oldest first, from its entries in any order. */
export function announcementsOf(entries: readonly HistoryEntry[]): Announcement[] {
  const found: MutableAnnouncement[] = [];
  const open = new Map<string, MutableAnnouncement>();
  for (const entry of entries.toSorted(
    (a, b) => a.at - b.at || (a.windowStart ?? 0) - (b.windowStart ?? 0),
  )) {
    const { ruleId, what, at } = entry;
    const active = open.get(ruleId);
    if (!active) {
      const begun = what === 'raised' ? begin(entry) : undefined;
      if (!begun) continue;
      found.push(begun);
      open.set(ruleId, begun);
    } else if (entry.by !== undefined) remark(active, entry);
    else if (what === 'cleared' || what === 'ended') {
      active.to = at;
      if (what === 'ended') active.isEnded = true;
      open.delete(ruleId);
    } else if (what === 'worsened' || what === 'eased') change(active, entry);
  }
  return found;
}

function begin(entry: HistoryEntry): MutableAnnouncement | undefined {
  const { insight, ruleId, severity, metric, side, limit, unit, at, windowStart = at, crossesAt } = entry;
  if (insight !== 'predicted' || severity === undefined || metric === undefined) return undefined;
  if (side === undefined || limit === undefined) return undefined;
  return {
    ...{ ruleId, severity, metric, side, limit, ...(unit !== undefined && { unit }) },
    ...{ from: windowStart, announcedAt: at, ...(crossesAt !== undefined && { crossesAt }), remarks: [] },
  };
}

function change(active: MutableAnnouncement, { severity, crossesAt }: HistoryEntry): void {
  if (severity && SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(active.severity))
    active.severity = severity;
  if (crossesAt !== undefined) active.crossesAt = crossesAt;
}

function remark(active: MutableAnnouncement, { what, by = '', at, comment }: HistoryEntry): void {
  const said = { by, at, ...(comment !== undefined && { comment }) };
  if (what === 'acknowledged') active.acknowledged ??= said;
  active.remarks = [...active.remarks, said];
}

/** Until when a crossing counts as the announced one: the later of the alert's end and the announced time, but not after now. */
export const countsUntil = ({ to, crossesAt = 0 }: Announcement, now: number): number =>
  Math.min(now, Math.max(to ?? now, crossesAt));

/** @param crossedAt start of the first minute beyond the limit that counts; undefined if there is none so far. */
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
