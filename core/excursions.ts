// When a device was beyond a limit, from the history of its alerts, with people's remarks.

import type { HistoryEntry } from './alert-state.ts';
import { SEVERITIES, type Severity, type Side } from './alert-rule.ts';

/** Times in epoch milliseconds. */
export interface Excursion {
  readonly ruleId: string;
  /** The worst severity it reached. */
  readonly severity: Severity;
  readonly metric?: string;
  readonly side: Side;
  /** Decimal text: the limit of the first level that was crossed. */
  readonly limit: string;
  readonly from: number;
  /** The window that was back within the limit; absent while the excursion lasts. */
  readonly to?: number;
  /** The worst value of its transitions, decimal text. */
  readonly worst: string;
  readonly unit?: string;
  readonly acknowledged?: Remark;
  /** People's remarks, oldest first, including the acknowledgement. */
  readonly remarks: readonly Remark[];
}

export interface Remark {
  readonly by: string;
  readonly at: number;
  readonly comment?: string;
}

type MutableExcursion = { -readonly [Name in keyof Excursion]: Excursion[Name] };

const WORSENING: readonly HistoryEntry['what'][] = ['raised', 'worsened'];
const OVER: readonly HistoryEntry['what'][] = ['cleared', 'ended'];

/** The excursions of one device, oldest first, from its entries in any order; without silence and predictions. */
export function excursionsOf(entries: readonly HistoryEntry[]): Excursion[] {
  const found: MutableExcursion[] = [];
  const open = new Map<string, MutableExcursion>();
  // A remark on an alert that is over still belongs to it.
  const latest = new Map<string, MutableExcursion>();
  for (const entry of [...entries].sort(inOrder)) {
    const { ruleId, what } = entry;
    const active = open.get(ruleId);
    if (entry.by !== undefined) {
      remark(latest.get(ruleId), entry);
    } else if (active && OVER.includes(what)) {
      active.to = what === 'cleared' ? (entry.windowStart ?? entry.at) : entry.at;
      open.delete(ruleId);
    } else if (active && WORSENING.includes(what)) {
      worsen(active, entry);
    } else if (!active && WORSENING.includes(what)) {
      const begun = begin(entry);
      if (!begun) continue;
      found.push(begun);
      open.set(ruleId, begun);
      latest.set(ruleId, begun);
    }
  }
  return found.sort((a, b) => a.from - b.from);
}

const inOrder = (a: HistoryEntry, b: HistoryEntry) =>
  a.at - b.at || (a.windowStart ?? 0) - (b.windowStart ?? 0);

function begin(entry: HistoryEntry): MutableExcursion | undefined {
  const {
    ruleId,
    severity,
    side,
    metric,
    value,
    limit,
    unit,
    at,
    windowStart = at,
    since = windowStart,
  } = entry;
  // A predicted or unusual value need not be beyond a limit.
  if (entry.insight !== undefined || entry.words !== undefined) return undefined;
  if (severity === undefined || side === undefined || value === undefined || limit === undefined)
    return undefined;
  return {
    ...{ ruleId, severity, side, limit, from: since, worst: value, remarks: [] },
    ...{ ...(metric !== undefined && { metric }), ...(unit !== undefined && { unit }) },
  };
}

function worsen(excursion: MutableExcursion, { severity, value }: HistoryEntry): void {
  if (severity && SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(excursion.severity))
    excursion.severity = severity;
  if (value !== undefined) excursion.worst = worseOf(excursion.side, excursion.worst, value);
}

function remark(excursion: MutableExcursion | undefined, { what, by = '', at, comment }: HistoryEntry): void {
  if (!excursion) return;
  const said = { by, at, ...(comment !== undefined && { comment }) };
  if (what === 'acknowledged') excursion.acknowledged ??= said;
  excursion.remarks = [...excursion.remarks, said];
}

/** The worse of two decimal texts, compared as doubles; the windows have the exact values. */
export const worseOf = (side: Side, a: string, b: string): string =>
  (side === 'above' ? Number(b) > Number(a) : Number(b) < Number(a)) ? b : a;
