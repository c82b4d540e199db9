// Turns the alert history into time spans, one for each alert.

import type { HistoryEntry } from './api-types.ts';

export interface AlertSpan {
  readonly deviceId: string;
  readonly ruleId: string;
  /** Epoch milliseconds. `to` is absent while the alert is active. */
  readonly from: number;
  readonly to?: number;
  readonly severity?: string;
  /** The value furthest beyond its limit, among those in the history. */
  readonly worst?: string;
  readonly unit?: string;
  readonly limit?: string;
  /** Oldest first. */
  readonly entries: readonly HistoryEntry[];
}

const ENDS = new Set(['cleared', 'ended']);

const beyond = ({ value, limit }: HistoryEntry) => Math.abs(Number(value) - Number(limit));

/** The entry with the value furthest beyond its limit. The entries that end an alert do not count. */
function worstOf(entries: readonly HistoryEntry[]): HistoryEntry | undefined {
  const measured = entries.filter(
    ({ what, value, limit }) => !ENDS.has(what) && Boolean(value) && limit !== undefined,
  );
  return measured.sort((a, b) => beyond(b) - beyond(a))[0];
}

/**
 * Late data is evaluated late: an alert about a limit ended with the first window back within it, not when it was
 * evaluated.
 */
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

/** @param entries newest first, as the API returns them. @returns spans, newest first */
export function alertSpansOf(entries: readonly HistoryEntry[]): AlertSpan[] {
  const spans: AlertSpan[] = [];
  const open = new Map<string, HistoryEntry[]>();
  for (const entry of entries.toReversed()) {
    const key = `${entry.deviceId} ${entry.ruleId}`;
    const sofar = open.get(key);
    if (entry.what === 'raised' && !sofar) open.set(key, [entry]);
    else if (sofar) sofar.push(entry);
    else if (ENDS.has(entry.what))
      continue; // the alert began before the history that was read
    else open.set(key, [entry]);
    if (!ENDS.has(entry.what)) continue;
    spans.push(spanOf(open.get(key)!));
    open.delete(key);
  }
  spans.push(...[...open.values()].map(spanOf));
  return spans.sort((a, b) => b.from - a.from);
}
