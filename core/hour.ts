// Hours of windows: what is kept for years, when the windows themselves are gone.

import { bucketStartOf, rollUp, type Bucket } from './rollup.ts';
import type { Window } from './window.ts';

export const HOUR_MS = 3_600_000;
export const HOUR_SECONDS = 3600;

/**
 * Windows that change so long after the end of their hour are marked ... The clocks of the machines may differ by what lies
 * between this and the next: what was not marked was written before its hour is folded.
 */
export const MARKED_AFTER_MS = 600_000;
/** ... and so long after its end an hour is folded. */
export const FOLDED_AFTER_MS = 1_200_000;

/** Whether hours do not cut through windows of this length. */
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

/** The hours of windows that may have been folded before they changed; `now`: after they were written. */
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
