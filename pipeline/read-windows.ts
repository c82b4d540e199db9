// Reads a device's windows for pages and programs from the table, or from the parsed archive if that is faster or the table no longer has them.

import {
  DAY_MS,
  dayOf,
  daysWithin,
  firstWholeDay,
  sourcesOf,
  type Source,
  type SourceSpan,
} from '../core/archive/day-choice.ts';
import type { Device } from '../core/device.ts';
import { hasWholeWindows, HOUR_MS, HOUR_SECONDS } from '../core/hour.ts';
import type { TimeLimits } from '../core/reading.ts';
import { bucketStartOf, rollUp, type Bucket } from '../core/rollup.ts';
import type { Window } from '../core/window.ts';
import { hoursOfDay, type ArchivedDay } from './archived-days.ts';
import type { Counting, HistoryPage, HistoryQuestion, WindowHistory } from './ports.ts';

/** `sources` covers the span of the page; absent if all of it is from the table. */
export type WindowsPage = HistoryPage & { readonly sources?: readonly SourceSpan[] };

/**
 * As `WindowHistory.read`. `load` is called if the site of the device decides where its archive is. Rejects with the
 * SDK's error.
 */
export type ReadWindows = (
  question: HistoryQuestion,
  load: () => Promise<Device | undefined>,
  counting: Counting,
) => Promise<WindowsPage>;

/** Most days whose hours are read for a page, and most days from the archive: a second or two of a small function. */
const DAYS_A_PAGE = 92;
const ARCHIVED_A_PAGE = 4;
/** Time from the last possible reading of a day until all hours of arrival are parsed. */
const PARSED_AFTER_MS = 2 * HOUR_MS;
/** A day of windows of ten seconds takes several pages. */
const KEPT_DAYS = 4;
const KEPT_MS = 60_000;

interface Parts {
  readonly history: Pick<WindowHistory, 'read' | 'hours'>;
  readonly archivedDay: ArchivedDay;
  readonly limits: TimeLimits;
  /** How long the tables keep windows and hours. */
  readonly windowRetentionDays: number;
  readonly historyRetentionDays: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Days of the question that the table no longer has, and whole days that late readings cannot change any more: the archive takes two
 * thirds of the processor time (bench/forgotten-days.ts). The table is faster for an hour, and for resolutions that read hours.
 */
function archiveDays(
  { limits, windowRetentionDays, historyRetentionDays, now }: Parts,
  { from, to, seconds }: HistoryQuestion,
): ReadonlySet<number> {
  // Windows that lie across midnight have no days in the archive and no hours in the tables.
  if (seconds % HOUR_SECONDS === 0 || !hasWholeWindows(seconds)) return new Set();
  const firstKept = firstWholeDay(now(), windowRetentionDays);
  const lateMs = (limits.maxLatenessSeconds + limits.maxSkewSeconds) * 1000;
  const settled = dayOf(now() - lateMs - PARSED_AFTER_MS);
  // Without hours, nothing shows whether the archive has all of a day.
  const first = Math.max(from, firstWholeDay(now(), historyRetentionDays));
  const days = daysWithin(first, Math.min(to, Math.max(firstKept, settled)));
  const isWhole = (day: number) => day >= from && day + DAY_MS <= to && day < settled;
  return new Set(days.filter((day) => day < firstKept || isWhole(day)));
}

const isForgotten = ({ windowRetentionDays, now }: Parts, time: number): boolean =>
  dayOf(time) < firstWholeDay(now(), windowRetentionDays);

type AskedDay = Parameters<ArchivedDay>[1];

/**
 * Gives the part of a day that the question is about, from the archive or else from the table; at most its limit from
 * the table.
 */
function createReadDay(parts: Parts) {
  const { history, now } = parts;
  const archivedDay = kept(parts.archivedDay, now);
  return async (
    device: Pick<Device, 'deviceId' | 'site'>,
    asked: AskedDay,
    question: HistoryQuestion,
    counting: Counting,
  ): Promise<HistoryPage & { readonly source?: Source }> => {
    const own = await archivedDay(device, asked, counting);
    if (own) return { buckets: bucketsOf(own, question), source: 'archive' };
    const from = Math.max(question.from, asked.day);
    const to = Math.min(question.to, asked.day + DAY_MS);
    const { buckets, next } = await history.read({ ...question, from, to });
    return {
      buckets,
      ...(isForgotten(parts, asked.day) && { source: 'gone' as const }),
      ...(next !== undefined && next < to && { next }),
    };
  };
}

/** The page of the buckets that were found up to `next`; of more than the limit, the first. */
function pageOf(
  { limit, to }: Pick<HistoryQuestion, 'limit' | 'to'>,
  span: { readonly from: number; readonly to: number },
  {
    buckets,
    sources,
  }: { readonly buckets: readonly Bucket[]; readonly sources: ReadonlyMap<number, Source> },
  next: number | undefined,
): WindowsPage {
  const until = buckets[limit]?.start ?? next ?? (span.to < to ? span.to : undefined);
  return {
    buckets: buckets.slice(0, limit),
    ...(until !== undefined && { next: until }),
    ...(sources.size > 0 && {
      sources: sourcesOf({ from: span.from, to: until ?? span.to }, (day) => sources.get(day) ?? 'table'),
    }),
  };
}

/** Reads from the first of the days that may be in the archive to the last one. */
function createReadDays(parts: Parts) {
  const readDay = createReadDay(parts);
  return async (
    question: HistoryQuestion,
    wanted: ReadonlySet<number>,
    load: () => Promise<Device | undefined>,
    counting: Counting,
  ): Promise<WindowsPage> => {
    const { deviceId, seconds, limit } = question;
    const [first, last] = [Math.min(...wanted), Math.max(...wanted) + DAY_MS];
    const from = Math.max(bucketStartOf(question.from, seconds), first);
    const span = { from, to: Math.min(question.to, last) };
    const stretch = [...wanted].slice(0, DAYS_A_PAGE);
    const hours = await parts.history.hours({ deviceId, from: first, to: stretch.at(-1)! + DAY_MS });
    const days = stretch.flatMap((day) => {
      const own = hoursOfDay(hours, day);
      return own.length > 0 ? [{ day, hours: own, isWhole: true }] : [];
    });
    const device = days.length > 0 ? await load() : undefined;
    const found = { sources: new Map<number, Source>(), buckets: [] as Bucket[] };
    const { sources, buckets } = found;
    for (const [index, asked] of days.entries()) {
      if (index === ARCHIVED_A_PAGE || buckets.length >= limit)
        return pageOf(question, span, found, asked.day);
      const rest = { ...question, ...span, limit: limit - buckets.length };
      const own = await readDay(device ?? { deviceId }, asked, rest, counting);
      if (own.source) sources.set(asked.day, own.source);
      buckets.push(...own.buckets);
      if (own.next !== undefined) return pageOf(question, span, found, own.next);
    }
    const next = stretch.length < wanted.size ? stretch.at(-1)! + DAY_MS : undefined;
    return pageOf(question, span, found, next);
  };
}

export function createReadWindows(parts: Parts): ReadWindows {
  const { history } = parts;
  const readDays = createReadDays(parts);
  return async (question, load, counting) => {
    const wanted = archiveDays(parts, question);
    if (wanted.size === 0) return history.read(question);
    const first = Math.min(...wanted);
    if (question.from >= first || isForgotten(parts, question.from))
      return readDays(question, wanted, load, counting);
    // The part of a day before them is a page of its own.
    const page = await history.read({ ...question, to: first });
    return { ...page, next: page.next !== undefined && page.next < first ? page.next : first };
  };
}

function bucketsOf(
  windows: readonly Window[],
  {
    from,
    to,
    seconds,
    metric,
  }: Pick<HistoryQuestion, 'from' | 'to' | 'seconds'> & { readonly metric?: string | undefined },
): Bucket[] {
  const within = windows.filter(({ windowStart }) => {
    const start = bucketStartOf(windowStart, seconds);
    return start >= from && start < to;
  });
  if (metric === undefined) return rollUp(within, seconds);
  const own = within.flatMap((window) => {
    const statistics = window.metrics.get(metric);
    return statistics ? [{ ...window, metrics: new Map([[metric, statistics]]) }] : [];
  });
  return rollUp(own, seconds);
}

/** Keeps the last few days for a minute, and retries days that could not be read. */
function kept(read: ArchivedDay, now: () => number): ArchivedDay {
  const days = new Map<string, { readonly at: number; readonly found: ReturnType<ArchivedDay> }>();
  return async (device, asked, counting) => {
    const key = `${asked.day}/${device.site ?? ''}/${device.deviceId}`;
    const known = days.get(key);
    if (known && Math.abs(now() - known.at) < KEPT_MS) return known.found;
    const found = read(device, asked, counting);
    days.delete(key);
    days.set(key, { at: now(), found });
    for (const old of [...days.keys()].slice(0, -KEPT_DAYS)) days.delete(old);
    if ((await found) === undefined) days.delete(key);
    return found;
  };
}
