// Hourly statistics of windows, which are kept for years after the windows themselves are deleted.

import { bucketStartOf, rollUp, type Bucket } from './rollup.ts';
import type { Window } from './window.ts';

export const HOUR_MS = 3_600_000;
export const HOUR_SECONDS = 3600;

/**
 * A window that changes later than this after the end of its hour marks the hour. The clocks of the machines may differ by
 * less than the time from here to `FOLDED_AFTER_MS`: a change without a mark was written before its hour is folded.
 */
export const MARKED_AFTER_MS = 600_000;
/** An hour is folded this long after its end. */
export const FOLDED_AFTER_MS = 1_200_000;

/** Whether an hour holds a whole number of windows of this length. */
export const hasWholeWindows = (windowSeconds: number): boolean => HOUR_SECONDS % windowSeconds === 0;

/** Start of the hour that holds the time; both in epoch milliseconds, and aligned to the epoch. */
export const hourOf = (time: number): number => bucketStartOf(time, HOUR_SECONDS);

/** The hours of one device's windows, oldest first. */
export const foldHours = (windows: readonly Window[]): Bucket[] => rollUp(windows, HOUR_SECONDS);

export interface ChangedHour {
  readonly deviceId: string;
  /** Epoch milliseconds. */
  readonly start: number;
}

/** The hours of windows that may have been folded before the windows changed; `now`: after the change was written. */
export function changedHours(
  windows: Iterable<Pick<Window, 'deviceId' | 'windowStart'>>,
  now: number,
): ChangedHour[] {
  const found = new Map<string, ChangedHour>();
  for (const { deviceId, windowStart } of windows) {
    const start = hourOf(windowStart);
    if (now >= start + HOUR_MS + MARKED_AFTER_MS) found.set(`${start}/${deviceId}`, { deviceId, start });
  }
  return [...found.values()];
}
