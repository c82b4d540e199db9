// Hours of windows: what is kept for years, when the windows themselves are gone.

import { bucketStartOf, rollUp, type Bucket } from './rollup.ts';
import type { Window } from './window.ts';

export const HOUR_MS = 3_600_000;
export const HOUR_SECONDS = 3600;

/** Whether hours do not cut through windows of this length. */
export const hasWholeWindows = (windowSeconds: number): boolean => HOUR_SECONDS % windowSeconds === 0;

/** Start of the hour that holds the time; both in epoch milliseconds, and aligned to the epoch. */
export const hourOf = (time: number): number => bucketStartOf(time, HOUR_SECONDS);

/** The hours of one device's windows, oldest first. */
export const foldHours = (windows: readonly Window[]): Bucket[] => rollUp(windows, HOUR_SECONDS);
