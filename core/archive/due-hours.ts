// Which hours of arrival have to be parsed, and which days are complete.

import { HOUR_MS, hourOf } from '../hour.ts';
import { parseTimeText } from '../time-text.ts';

/** The last object of an hour is written 300 s after its end, and is listed a moment later. */
export const PARSED_AFTER_MS = 600_000;
/** Firehose retries for a day to write an object into the folder of the hour in which its oldest message arrived. */
export const LATE_OBJECT_HOURS = 26;

/** The first hour whose objects may be incomplete; epoch milliseconds, like all times here. */
export const firstIncomplete = (now: number): number => hourOf(now - PARSED_AFTER_MS);

/** Hours that a scheduled run parses, oldest first: from where it stopped, and those that may still get an object. */
export function dueHours(now: number, until: number | undefined, open: readonly number[]): number[] {
  const end = firstIncomplete(now);
  const recent = end - LATE_OBJECT_HOURS * HOUR_MS;
  const hours = new Set(open.filter((hour) => hour < end));
  for (let hour = Math.min(until ?? recent, recent); hour < end; hour += HOUR_MS) hours.add(hour);
  return [...hours].sort((a, b) => a - b);
}

/** Hours that begin within the span, including the present one. */
export function hoursWithin(
  { from, to }: { readonly from: number; readonly to: number },
  now: number,
): number[] {
  const hours: number[] = [];
  for (let hour = hourOf(from); hour < Math.min(to, now); hour += HOUR_MS) hours.push(hour);
  return hours;
}

/** Hours that a caller wants parsed. */
export interface WantedSpan {
  /** Epoch milliseconds: hours from the one that contains `from` until before `to`. */
  readonly from: number;
  readonly to: number;
  /** Parses also hours that are done and whose objects have not changed. */
  readonly again?: true;
}

/**
 * The span that an event requests, such as `{ "from": "2026-11-01", "to": "2026-12-01T00:00:00Z", "again": true }`;
 * undefined for the event of a schedule.
 * @throws Error that names the invalid member.
 */
export function spanIn(event: unknown, now: number): WantedSpan | undefined {
  const { from, to, again } = (event ?? {}) as Readonly<Record<keyof WantedSpan, unknown>>;
  if (from === undefined && to === undefined && again === undefined) return undefined;
  if (again !== undefined && typeof again !== 'boolean')
    throw new Error(`again must be true or false, not ${JSON.stringify(again)}`);
  const span = { from: timeOf('from', from, now), to: timeOf('to', to, now) };
  if (span.from >= span.to) throw new Error('from must be before to');
  return { ...span, ...(again === true && { again }) };
}

function timeOf(name: string, value: unknown, now: number): number {
  const found = typeof value === 'string' ? parseTimeText(value, now) : undefined;
  if (found && 'ms' in found) return found.ms;
  throw new Error(`${name} must be a time such as 2026-12-01T05:00:00Z, not ${JSON.stringify(value)}`);
}
