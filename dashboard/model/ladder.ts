// How wide a plot's buckets are: one of the API's resolutions, aligned to the epoch, so that no line jumps when the span moves.

import { resolutions, resolutionsFor, type Resolution } from '../../core/rollup.ts';

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

/** More than that no screen shows; a year of half days is 730. */
const MOST_POINTS = 740;

/** How the stack stores windows. */
export interface Storage {
  readonly windowSeconds: number;
  /** From `1h` on the API answers from hours, which are kept for years; shorter resolutions reach back this far. */
  readonly windowDays: number;
}

export interface Step {
  readonly resolution: Resolution;
  /** Of a bucket, in milliseconds. */
  readonly size: number;
}

/**
 * The buckets for a span: the shortest that a screen shows, that windows add up to and that the API still has.
 *
 * @param from, to epoch milliseconds
 */
export function stepFor({ from, to }: { from: number; to: number }, now: number, storage: Storage): Step {
  const least = from < now - storage.windowDays * DAY ? HOUR : 0;
  const steps = resolutionsFor(storage.windowSeconds).map((resolution) => ({
    resolution,
    size: resolutions[resolution] * 1000,
  }));
  const step = steps.find(({ size }) => size >= least && (to - from) / size <= MOST_POINTS);
  // Windows of 7 seconds add up to nothing: the API says so.
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

/** Milliseconds of a range, of the usual one for a name that is none. */
export const spanOf = (name: string | undefined): number =>
  RANGES.find(([each]) => each === name)?.[1] ?? RANGES.find(([each]) => each === USUAL_RANGE)![1];
