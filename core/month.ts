// A month in a time zone: its days, and when the clocks change.

import { HOUR_MS } from './hour.ts';
import { offsetOf, parseTimeText } from './time-text.ts';

const MONTH = /^(\d{4})-(0[1-9]|1[0-2])$/;

/** Times in epoch milliseconds, half open. */
export interface Month {
  /** Such as `2026-11`. */
  readonly name: string;
  readonly timeZone: string;
  readonly from: number;
  readonly to: number;
  /** The end of the time that can have been measured: now, if the month is not over. */
  readonly until: number;
  readonly days: readonly Day[];
  readonly clockChanges: readonly ClockChange[];
}

export interface Day {
  /** Such as `2026-11-20`. */
  readonly date: string;
  readonly from: number;
  readonly to: number;
}

export interface ClockChange {
  readonly at: number;
  /** How far the clocks are ahead of UTC, in minutes. */
  readonly before: number;
  readonly after: number;
}

export const isMonth = (text: string): boolean => MONTH.test(text);

/** `name` as `isMonth` accepts it; `timeZone` an IANA name; `now` in epoch milliseconds. */
export function monthOf(name: string, timeZone: string, now: number): Month {
  const [, year = '', month = ''] = MONTH.exec(name) ?? [];
  const count = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  const starts = Array.from({ length: count + 1 }, (_, n) => {
    const date = new Date(Date.UTC(Number(year), Number(month) - 1, n + 1)).toISOString().slice(0, 10);
    return { date, from: midnight(date, timeZone) };
  });
  const days = starts.slice(0, -1).map((day, index) => ({ ...day, to: starts[index + 1]!.from }));
  const [from, to] = [starts[0]!.from, starts.at(-1)!.from];
  const until = Math.max(from, Math.min(to, now));
  return { name, timeZone, from, to, until, days, clockChanges: changesIn(days, timeZone) };
}

function midnight(date: string, timeZone: string): number {
  const found = parseTimeText(`${date} 00:00 ${timeZone}`, 0);
  if ('ms' in found) return found.ms;
  throw new RangeError(`${timeZone} is not a time zone`);
}

function changesIn(days: readonly Day[], timeZone: string): ClockChange[] {
  const offset = (ms: number) => offsetOf(ms, timeZone) / 60_000;
  return days.flatMap(({ from, to }) => {
    if (offset(from) === offset(to)) return [];
    const quarters = Array.from(
      { length: Math.ceil(((to - from) / HOUR_MS) * 4) },
      (_, n) => from + (n + 1) * (HOUR_MS / 4),
    );
    const at = quarters.find((time) => offset(time) !== offset(from)) ?? to;
    return [{ at, before: offset(from), after: offset(at) }];
  });
}
