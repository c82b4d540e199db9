// Alerts of a device as stretches of time, out of what its history says.

import type { HistoryEntry } from './api-types.ts';

export interface AlertSpan {
  readonly deviceId: string;
  readonly ruleId: string;
  /** Epoch milliseconds; open without an end. */
  readonly from: number;
  readonly to?: number;
  readonly severity?: string;
  /** The figure that was judged the furthest beyond its limit, among those that the history has. */
  readonly worst?: string;
  readonly unit?: string;
  readonly limit?: string;
  /** Oldest first. */
  readonly entries: readonly HistoryEntry[];
}

const ENDS = new Set(['cleared', 'ended']);

const beyond = ({ value, limit }: HistoryEntry) => Math.abs(Number(value) - Number(limit));

/** The worst of those that were beyond the limit: not of the entry that says that it is over. */
function worstOf(entries: readonly HistoryEntry[]): HistoryEntry | undefined {
  const measured = entries.filter(
    ({ what, value, limit }) => !ENDS.has(what) && Boolean(value) && limit !== undefined,
  );
  return measured.sort((a, b) => beyond(b) - beyond(a))[0];
}

/** What came late is judged late: an alert about a limit was over with the window that was back. */
const endOf = ({ what, side, windowStart, at }: HistoryEntry) =>
  what === 'cleared' && side !== undefined ? (windowStart ?? at) : at;

function spanOf(entries: readonly HistoryEntry[]): AlertSpan {
  const [first, last] = [entries[0]!, entries.at(-1)!];
  const worst = worstOf(entries);
  const end = entries.find(({ what }) => ENDS.has(what));
  return {
    ...{ deviceId: first.deviceId, ruleId: first.ruleId, entries },
    from: first.windowStart ?? first.at,
    ...(end && { to: endOf(end) }),
    severity: last.severity ?? first.severity,
    ...(worst && { worst: worst.value, unit: worst.unit, limit: worst.limit }),
  };
}

/** @param entries newest first, as the API gives them. Spans newest first. */
export function alertSpansOf(entries: readonly HistoryEntry[]): AlertSpan[] {
  const spans: AlertSpan[] = [];
  const open = new Map<string, HistoryEntry[]>();
  for (const entry of entries.toReversed()) {
    const key = `${entry.deviceId} ${entry.ruleId}`;
    const sofar = open.get(key);
    if (entry.what === 'raised' && !sofar) open.set(key, [entry]);
    else if (sofar) sofar.push(entry);
    else if (ENDS.has(entry.what))
      continue; // its beginning is before what was asked for
    else open.set(key, [entry]);
    if (!ENDS.has(entry.what)) continue;
    spans.push(spanOf(open.get(key)!));
    open.delete(key);
  }
  spans.push(...[...open.values()].map(spanOf));
  return spans.sort((a, b) => b.from - a.from);
}
