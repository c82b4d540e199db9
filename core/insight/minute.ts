// One minute of one metric of a device, from which insight learns and which it judges, and why a minute cannot be used.

export interface Minute {
  /** Its start in epoch milliseconds. */
  readonly at: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** Whether the device itself reports a defrost, if it has a metric for that. */
  readonly defrosting?: boolean | undefined;
}

export const MINUTE_MS = 60_000;
/** No sensor measures larger values, and ingest does not accept them either. */
const LARGEST = 1e15;

/** @returns why the minute cannot be judged, naming the member; undefined for a valid one. */
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

/** To seven digits: sensors do not measure more, and no more are stored. */
export const rounded = (value: number) => Number(value.toPrecision(7));
