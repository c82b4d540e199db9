// Chooses a plot's bucket size: one of the API's resolutions, aligned to the epoch so that lines do not jump when the span moves.

import { RESOLUTIONS, resolutionsFor, type Resolution } from '../../core/rollup.ts';

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

/** The most points of a plot: screens cannot show more. A year of half days has 730. */
const MOST_POINTS = 740;

/** How the stack stores windows. */
export interface Storage {
  readonly windowSeconds: number;
  /**
   * How far back the table has windows; older ones come from the archive. For resolutions of `1h` and longer the API
   * reads hourly statistics, which are kept for years.
   */
  readonly windowDays: number;
}

export interface Step {
  readonly resolution: Resolution;
  /** The bucket size in milliseconds. */
  readonly size: number;
}

/**
 * The smallest bucket size for a span that fits the screen, is a multiple of the window's length and is still stored.
 *
 * @param from, to epoch milliseconds
 * @param isGone whether the API reported that the windows of the span are gone and the archive cannot be used
 */
export function stepFor(
  { from, to }: { from: number; to: number },
  now: number,
  storage: Storage,
  isGone = false,
): Step {
  const least = isGone && from < now - storage.windowDays * DAY ? HOUR : 0;
  const steps = resolutionsFor(storage.windowSeconds).map((resolution) => ({
    resolution,
    size: RESOLUTIONS[resolution] * 1000,
  }));
  const step = steps.find(({ size }) => size >= least && (to - from) / size <= MOST_POINTS);
  // No resolution is a multiple of windows of 7 seconds; the API reports that.
  return step ?? steps.at(-1) ?? { resolution: '1d', size: DAY };
}

export const RANGES = [
  ['10m', 10 * MINUTE],
  ['1h', HOUR],
  ['6h', 6 * HOUR],
  ['24h', DAY],
  ['7d', 7 * DAY],
  ['30d', 30 * DAY],
  ['1y', 365 * DAY],
  ['2y', 730 * DAY],
] as const;

export type RangeName = (typeof RANGES)[number][0];
export const USUAL_RANGE: RangeName = '1h';
export const SHORTEST_SPAN = 10 * MINUTE;
export const LONGEST_SPAN = 731 * DAY;

/** A range in milliseconds; the default range for an unknown name. */
export const spanOf = (name: string | undefined): number =>
  RANGES.find(([each]) => each === name)?.[1] ?? RANGES.find(([each]) => each === USUAL_RANGE)![1];
