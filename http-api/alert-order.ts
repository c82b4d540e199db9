// Sorts alerts by urgency: the most severe first, and of these the oldest.

import { SEVERITIES } from '../core/alert-rule.ts';
import type { AlertState } from '../core/alert-state.ts';

const rankOf = ({ severity }: AlertState) => (severity === undefined ? -1 : SEVERITIES.indexOf(severity));
const sinceOf = ({ alarm }: AlertState) => alarm?.announced.since ?? 0;
const nameOf = ({ deviceId, ruleId }: AlertState) => `${deviceId}/${ruleId}`;

/** A comparison for `sort`. */
export function byUrgency(a: AlertState, b: AlertState): number {
  return rankOf(b) - rankOf(a) || sinceOf(a) - sinceOf(b) || (nameOf(a) < nameOf(b) ? -1 : 1);
}

/** Keeps the `limit` most urgent alerts of all that are added, with at most twice as many in memory. */
export function createFirstAlerts(limit: number) {
  let kept: AlertState[] = [];
  let added = 0;
  const sorted = () => kept.sort(byUrgency).slice(0, limit);
  return {
    add(state: AlertState): void {
      added += 1;
      kept.push(state);
      if (kept.length >= limit * 2) kept = sorted();
    },
    /** The number of alerts added. */
    count: () => added,
    sorted,
  };
}
