// Reads the windows before a window as far back as a rule needs them, once for all rules that start from the same time.

import { windowsBefore, type LimitRule } from '../core/alert-rule.ts';
import { isSuspect } from '../core/alert.ts';
import { hasStatistic } from '../core/statistic.ts';
import type { Window } from '../core/window.ts';
import type { WindowStore } from './ports.ts';

/** Which windows to read: those that start before `start` (epoch milliseconds). */
export interface EarlierWindowsQuery {
  readonly deviceId: string;
  readonly start: number;
  /** The window that starts there, if it is judged too. */
  readonly current?: Window;
  /** Whether the rule's alarm is active, so that it may clear. */
  readonly isAlarm: boolean;
}

/**
 * The windows before, oldest first: at least `usual`, and more while those lack the metric of a rule that may change
 * state. Rejects with the SDK's error.
 */
export type EarlierWindows = (rule: LimitRule, question: EarlierWindowsQuery) => Promise<readonly Window[]>;

/** The search ends here: a longer row of windows, interrupted by windows without the metric, is not found. */
const MAX_WINDOWS = 256;

export function createEarlierWindows(windows: Pick<WindowStore, 'before'>, usual: number): EarlierWindows {
  const read = new Map<string, { found: readonly Window[]; isWhole: boolean }>();

  async function readMore(key: string, deviceId: string, start: number): Promise<void> {
    const known = read.get(key)?.found ?? [];
    const limit = Math.max(usual, known.length);
    const more = await windows.before(deviceId, known[0]?.windowStart ?? start, limit);
    const found = [...more, ...known];
    read.set(key, { found, isWhole: more.length < limit || found.length >= MAX_WINDOWS });
  }

  return async (rule, { deviceId, start, current, isAlarm }) => {
    const key = `${start}/${deviceId}`;
    if (!read.has(key)) await readMore(key, deviceId, start);
    for (;;) {
      const { found, isWhole } = read.get(key)!;
      const samples = found.filter((window) => hasStatistic(rule, window));
      const newest = [...samples.slice(-1), ...(current && hasStatistic(rule, current) ? [current] : [])];
      const mayReport =
        newest.length > 0 && (isAlarm || rule.perMinute || newest.some((window) => isSuspect(rule, window)));
      if (isWhole || !mayReport || samples.length >= windowsBefore(rule)) return found;
      await readMore(key, deviceId, start);
    }
  };
}
