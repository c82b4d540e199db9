// Learns the hours of the day in which only defrosts take a metric out of its band, such as the night: an alert need not wait for a door to close then.

import { levelAt, packLevel } from './packed.ts';

const HOURS = 24;
const HOUR_MINUTES = 60;
/** Days in a row. The hours beside it must have them too, as a shop opens at another minute each day. */
const LEAST_DAYS = 5;

/** A character an hour of the UTC day: days since it was disturbed. */
export const NEVER_CALM = packLevel(0).repeat(HOURS);

const hourOf = (minute: number) => Math.floor(minute / HOUR_MINUTES);

function withDays(calm: string, hour: number, days: number): string {
  const index = hour % HOURS;
  return calm.slice(0, index) + packLevel(days) + calm.slice(index + 1);
}

/** One more day for the hour that begins at `at`, minutes since the epoch; `before`: the minute before it. */
export function nextCalm(calm: string, at: number, before: number): string {
  const hour = hourOf(at);
  return hour === hourOf(before) ? calm : withDays(calm, hour, levelAt(calm, hour % HOURS) + 1);
}

/** Something other than a defrost took the metric out of its band at that minute. */
export const disturbed = (calm: string, at: number): string => withDays(calm, hourOf(at), 0);

export function isCalm(calm: string, at: number): boolean {
  const hour = hourOf(at) + HOURS;
  return [hour - 1, hour, hour + 1].every((each) => levelAt(calm, each % HOURS) >= LEAST_DAYS);
}
