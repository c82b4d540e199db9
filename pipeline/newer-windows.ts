// Steps through stored windows from one that changes an alert to the next, and finds those not judged yet since an alert improved.

import { windowsBefore, type LimitRule } from '../core/alert-rule.ts';
import { judge } from '../core/alert.ts';
import type { AlertState, Moment } from '../core/alert-state.ts';
import { hasStatistic } from '../core/statistic.ts';
import type { Window } from '../core/window.ts';
import type { WindowStore } from './ports.ts';

export type Step = (state: AlertState | undefined, moment: Moment) => AlertState | undefined;

const WINDOWS_A_READ = 100;
/** Ten minutes of one-second windows: within that time, windows come in any order. */
const MAX_WINDOWS = 700;

/**
 * Windows may come in any order. A window that clears an alert may be handled after a newer one beyond a limit, which
 * found the alert active and changed nothing. So the writer that improved a state (`newerUnjudged`) judges the windows
 * stored since then once more, in order. It reads them after it wrote that state: a writer of windows either finds that
 * state and judges by it, or stored its window before, so that it is found here. Rejects with the SDK's error.
 */
export async function stepsSince(
  rule: LimitRule,
  { deviceId, windowStart }: AlertState,
  windows: Pick<WindowStore, 'before'>,
): Promise<Step> {
  let found: readonly Window[] = [];
  for (;;) {
    const start = found[0]?.windowStart ?? Number.MAX_SAFE_INTEGER;
    const more = await windows.before(deviceId, start, WINDOWS_A_READ);
    found = [...more, ...found];
    const older = found.filter((window) => window.windowStart < windowStart && hasStatistic(rule, window));
    const hasEnough = older.length >= windowsBefore(rule) || found.length >= MAX_WINDOWS;
    if (hasEnough || more.length < WINDOWS_A_READ) break;
  }
  // From the window that improved the state: it may have got more readings.
  const first = found.findIndex((window) => window.windowStart >= windowStart);
  return stepThrough(rule, found, { first: first < 0 ? found.length : first, isLastOpen: true });
}

/** Steps from one window that changes the state to the next, from window `first` on. */
export function stepThrough(
  rule: LimitRule,
  windows: readonly Window[],
  { first, isLastOpen = false }: { readonly first: number; readonly isLastOpen?: boolean },
): Step {
  let at = first;
  return (state, moment) => {
    for (; at < windows.length; at += 1) {
      const isLast = at === windows.length - 1;
      const recent =
        isLast && isLastOpen
          ? { closed: windows.slice(0, at), current: windows[at]! }
          : { closed: windows.slice(0, at + 1) };
      const next = judge(rule, state, recent, moment);
      if (next !== undefined && next !== state && (isLast || addsToHistory(state, next))) return next;
    }
    return state;
  };
}

/**
 * Whether the history records the change, sent or deferred by quiet hours. It does not record the first windows of a
 * row.
 */
function addsToHistory(before: AlertState | undefined, after: AlertState): boolean {
  return after.unrecorded.at(-1)?.entryId !== before?.unrecorded.at(-1)?.entryId;
}
