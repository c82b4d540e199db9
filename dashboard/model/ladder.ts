// How wide a plot's buckets are: of one ladder, aligned to the epoch, so that no line jumps when the span moves.

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];

const LADDER = [
  ...[10, 20, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  DAY,
];

/** More than that no screen shows. */
const MOST_POINTS = 720;

/** What the API rolls up to, in milliseconds, by name; the largest first. */
const RESOLUTIONS: readonly (readonly [size: number, name: string])[] = [
  [HOUR, '1h'],
  [10 * MINUTE, '10m'],
  [MINUTE, '1m'],
  [10 * SECOND, '10s'],
];

export interface Step {
  /** Of a bucket of the plot, in milliseconds. */
  readonly bucket: number;
  /** What to ask the API for, and how long its windows are: buckets are whole multiples of them. */
  readonly resolution: string;
  readonly size: number;
}

/** The buckets for a span of that many milliseconds. */
export function stepFor(span: number): Step {
  const bucket = LADDER.find((size) => span / size <= MOST_POINTS) ?? DAY;
  const [size, resolution] = RESOLUTIONS.find(([size]) => bucket % size === 0)!;
  return { bucket, resolution, size };
}

export const RANGES = [
  ['10m', 10 * MINUTE],
  ['1h', HOUR],
  ['6h', 6 * HOUR],
  ['24h', DAY],
  ['7d', 7 * DAY],
] as const;

export type RangeName = (typeof RANGES)[number][0];
export const USUAL_RANGE: RangeName = '1h';
export const SHORTEST_SPAN = 10 * MINUTE;
/** As far as the API answers within seconds. */
export const LONGEST_SPAN = 8 * DAY;

/** Milliseconds of a range, of the usual one for a name that is none. */
export const spanOf = (name: string | undefined): number =>
  RANGES.find(([each]) => each === name)?.[1] ?? RANGES.find(([each]) => each === USUAL_RANGE)![1];
