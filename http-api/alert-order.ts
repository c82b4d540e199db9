// The order in which people want alerts: the worst first, and of these the one that has stood longest.

import { SEVERITIES } from '../core/alert-rule.ts';
import type { AlertState } from '../core/alert-state.ts';

const rankOf = ({ severity }: AlertState) => (severity === undefined ? -1 : SEVERITIES.indexOf(severity));
const sinceOf = ({ alarm }: AlertState) => alarm?.announced.since ?? 0;
const nameOf = ({ deviceId, ruleId }: AlertState) => `${deviceId}/${ruleId}`;

/** For `sort`. */
export function byUrgency(a: AlertState, b: AlertState): number {
  return rankOf(b) - rankOf(a) || sinceOf(a) - sinceOf(b) || (nameOf(a) < nameOf(b) ? -1 : 1);
}

/** Keeps the first `limit` of all alerts that are added, in memory for twice as many. */
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
    /** Of all that were added. */
    count: () => added,
    sorted,
  };
}
