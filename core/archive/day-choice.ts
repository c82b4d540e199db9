// Decides whether a device's day comes from the tables or the parsed archive: which days a table no longer has, and whether the archive has all of one.

import { HOUR_MS } from '../hour.ts';
import { hourText } from './parsed-rows.ts';

export const DAY_MS = 24 * HOUR_MS;

/** Where the values of a span come from; `gone`: the table no longer has its windows, and the archive cannot be used. */
export type Source = 'archive' | 'table' | 'gone';

/** Epoch milliseconds, half open; whole days of UTC, except at the ends of the requested span. */
export interface SourceSpan {
  readonly from: number;
  readonly to: number;
  readonly source: Source;
}

/** Start of the day of UTC that holds the time; both in epoch milliseconds. */
export const dayOf = (time: number): number => Math.floor(time / DAY_MS) * DAY_MS;

/** Starts of the days that overlap the span. */
export function daysWithin(from: number, to: number): number[] {
  const days: number[] = [];
  for (let day = dayOf(from); day < to; day += DAY_MS) days.push(day);
  return days;
}

/** The first day of which the table has everything, if it keeps each item for so many days after the item's own time. */
export const firstWholeDay = (now: number, retentionDays: number): number =>
  dayOf(now - retentionDays * DAY_MS) + DAY_MS;

/** Why the archive may lack something of the day; undefined if it has everything that ingest accepted of it. */
export function lackOf(
  day: number,
  progress: { readonly until?: string; readonly open: readonly string[] } | undefined,
  limits: { readonly maxLatenessSeconds: number; readonly maxSkewSeconds: number },
): string | undefined {
  // A message is in the folder of the hour in which it arrived, or in which its object was begun.
  const first = hourText(day - limits.maxSkewSeconds * 1000 - HOUR_MS);
  const last = hourText(day + DAY_MS + limits.maxLatenessSeconds * 1000);
  if ((progress?.until ?? '') <= last) return `it is parsed until ${progress?.until ?? 'no hour yet'}`;
  const open = progress!.open.find((hour) => hour >= first && hour <= last);
  return open && `the hour ${open} is not parsed`;
}

/** Neighbours of one source as one span, clipped to the requested span. */
export function sourcesOf(
  { from, to }: { readonly from: number; readonly to: number },
  sourceOf: (day: number) => Source,
): SourceSpan[] {
  const spans: SourceSpan[] = [];
  for (const day of from < to ? daysWithin(from, to) : []) {
    const source = sourceOf(day);
    const span = { from: Math.max(from, day), to: Math.min(to, day + DAY_MS), source } as const;
    const last = spans.at(-1);
    if (last?.source === source) spans[spans.length - 1] = { ...last, to: span.to };
    else spans.push(span);
  }
  return spans;
}
