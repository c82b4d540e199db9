// What is learned from and judged: one minute of one metric of a device, and why a minute cannot be used.

export interface Minute {
  /** Epoch milliseconds of its start. */
  readonly at: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** Whether the device itself says that it defrosts, where it has a metric for it. */
  readonly defrosting?: boolean | undefined;
}

export const MINUTE_MS = 60_000;
/** Values beyond this are not measured by any sensor; ingest takes none beyond it either. */
const LARGEST = 1e15;

/** @returns why the minute cannot be judged, naming the member; undefined for a good one. */
export function faultOf({ at, mean, min, max }: Minute): string | undefined {
  if (!Number.isSafeInteger(at) || at < 0) return `at ${at} is not a time in epoch milliseconds`;
  for (const [name, value] of Object.entries({ min, mean, max }))
    if (!(Math.abs(value) <= LARGEST)) return `${name} ${value} is not a number from -1e15 to 1e15`;
  if (min > max) return `min ${min} is above max ${max}`;
  return undefined;
}

/** Minutes since the epoch. */
export const minuteOf = (ms: number) => Math.floor(ms / MINUTE_MS);

/** The minute with its values mirrored, so that a lower limit is judged as an upper one. */
export function mirrored(minute: Minute): Minute {
  return { ...minute, mean: -minute.mean, min: -minute.max, max: -minute.min };
}

/** With seven digits: more are not measured, and none is stored. */
export const rounded = (value: number) => Number(value.toPrecision(7));
