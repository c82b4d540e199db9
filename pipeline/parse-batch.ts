// Keeps the parsed archive up to date: parses the hours that are due, then merges the days that are complete, while there is time.

import { dueHours, firstIncomplete, hoursWithin, type WantedSpan } from '../core/archive/due-hours.ts';
import {
  dateOf,
  dateOfPartition,
  hourFromText,
  hourText,
  type Partition,
} from '../core/archive/parsed-rows.ts';
import { HOUR_MS } from '../core/hour.ts';
import { mergeDay } from './merge-day.ts';
import type { ParseHour } from './parse-hour.ts';
import type { Counting } from './ports.ts';
import type {
  HourManifest,
  ParsedArchive,
  ParseProgress,
  ProgressLease,
  StagingFolder,
} from './parse-ports.ts';

/** The result of a run. Hours as `2026-12-01T05`. */
export interface ParseReport {
  /** Hours that have readings or faults, in their present state, without the objects. */
  readonly hours: readonly Omit<HourManifest, 'objects' | 'files'>[];
  /** Hours that failed whole, with the reason: they stay unchanged, and the next run repeats them. */
  readonly failed: readonly { readonly hour: string; readonly reason: string }[];
  readonly merged: readonly Partition[];
  /** Partitions that could not be merged. */
  readonly unmerged: readonly { readonly partition: Partition; readonly reason: string }[];
  /** The first hour for which there was no time. */
  readonly nextHour?: string;
  /** Another run is active, until this time at most; nothing was done. */
  readonly busyUntil?: string;
}

export interface ParseBatchPorts {
  readonly parsed: ParsedArchive;
  readonly staging: StagingFolder;
  readonly parseHour: ParseHour;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Without a span, the hours that are due. `endsAt` (epoch milliseconds): no work starts that might not end by then. */
export type ParseBatch = (options: {
  readonly span?: WantedSpan | undefined;
  readonly endsAt: number;
}) => Promise<ParseReport>;

/** Work starts only if the time left is this many times what the longest hour or merge took. */
const SAFETY = 2;
const LEAST_LEFT_MS = 20_000;

type Growing = { -readonly [Key in 'hours' | 'failed' | 'merged' | 'unmerged']: ParseReport[Key][number][] };

export function createParseBatch(ports: ParseBatchPorts): ParseBatch {
  const { parsed, now } = ports;

  return async ({ span, endsAt }) => {
    const report: Growing = { hours: [], failed: [], merged: [], unmerged: [] };
    const lease = await parsed.lease(endsAt);
    if ('busyUntil' in lease) return { ...report, busyUntil: new Date(lease.busyUntil).toISOString() };
    const run = { report, progress: createProgress(lease), timer: createTimer(ports, endsAt) };
    try {
      const { until, open } = lease.progress;
      const due = dueHours(
        now(),
        until === undefined ? undefined : hourFromText(until),
        open.map(hourFromText),
      );
      const hours = span ? hoursWithin(span, now()) : due;
      for (const hour of hours) {
        if (!run.timer.hasTime()) return { ...report, nextHour: hourText(hour) };
        await parseDue(ports, run, hour, span?.again);
        if (!span) await run.progress.passed(hour);
      }
      await mergeDue(ports, run);
      return report;
    } finally {
      await lease.release();
    }
  };
}

/** The progress, stored with each change. */
function createProgress(lease: ProgressLease) {
  let { progress } = lease;

  async function change(next: Partial<ParseProgress>): Promise<void> {
    const changed = { ...progress, ...next };
    if (JSON.stringify(changed) === JSON.stringify(progress)) return;
    await lease.save(changed);
    progress = changed;
  }

  return {
    get: () => progress,
    change,
    withHour: (hour: string) => [...new Set([...progress.open, hour])].sort(),
    withoutHour: (hour: string) => progress.open.filter((open) => open !== hour),
    withUnmerged: (partitions: readonly Partition[]) =>
      [...new Set([...progress.unmerged, ...partitions])].sort(),
    withoutUnmerged: (partition: Partition) => progress.unmerged.filter((one) => one !== partition),
    /** The hour is done, or listed as open: the schedule does not start it again. */
    async passed(hour: number): Promise<void> {
      const next = hourText(hour + HOUR_MS);
      if (next > (progress.until ?? '')) await change({ until: next });
    },
  };
}

/** Measures each piece of work, to know whether there is time for another. */
function createTimer({ staging, now }: Pick<ParseBatchPorts, 'staging' | 'now'>, endsAt: number) {
  let longest = LEAST_LEFT_MS / SAFETY;
  return {
    hasTime: () => now() + longest * SAFETY <= endsAt,
    async timed<Result>(work: () => Promise<Result>): Promise<Result> {
      const begun = now();
      try {
        return await work();
      } catch (error) {
        staging.clear();
        throw error;
      } finally {
        longest = Math.max(longest, now() - begun);
      }
    },
  };
}

interface Run {
  readonly report: Growing;
  readonly progress: ReturnType<typeof createProgress>;
  readonly timer: ReturnType<typeof createTimer>;
}

async function parseDue(
  { parseHour, now }: ParseBatchPorts,
  { report, progress, timer }: Run,
  hour: number,
  again = false,
): Promise<void> {
  const name = hourText(hour);
  const onPartitions = (partitions: readonly Partition[]) =>
    progress.change({ open: progress.withHour(name), unmerged: progress.withUnmerged(partitions) });
  try {
    const manifest = await timer.timed(() => parseHour(hour, onPartitions, { again }));
    if (manifest) {
      const { objects: _objects, files: _files, ...rest } = manifest;
      report.hours.push(rest);
    }
    const comesAgain = manifest?.state === 'failed' || hour >= firstIncomplete(now());
    await progress.change({ open: comesAgain ? progress.withHour(name) : progress.withoutHour(name) });
  } catch (error) {
    report.failed.push({ hour: name, reason: (error as Error).message });
    await progress.change({ open: progress.withHour(name) });
  }
}

/** Once a day, after all hours of the days before were parsed. */
async function mergeDue(
  { parsed, staging, now }: ParseBatchPorts,
  { report, progress, timer }: Run,
): Promise<void> {
  const today = dateOf(firstIncomplete(now()));
  const { until = '', mergedOn, unmerged } = progress.get();
  if (mergedOn === today || until < hourText(Date.parse(today))) return;
  for (const partition of unmerged.filter((one) => dateOfPartition(one) < today)) {
    if (!timer.hasTime()) return;
    try {
      await timer.timed(() => mergeDay(partition, { parsed, staging }));
      report.merged.push(partition);
      await progress.change({ unmerged: progress.withoutUnmerged(partition) });
    } catch (error) {
      report.unmerged.push({ partition, reason: (error as Error).message });
    }
  }
  if (report.unmerged.length === 0) await progress.change({ mergedOn: today });
}

/** Counts the metrics that alarms watch, and logs each reason. */
export function reportTo(counting: Counting, report: ParseReport): void {
  const { hours, failed, unmerged, nextHour, busyUntil } = report;
  const faulty = hours.filter(({ state }) => state === 'failed');
  for (const { hour, faults } of faulty)
    for (const fault of faults) counting.warn('Hour has a fault', { hour, fault });
  for (const one of failed) counting.warn('Hour was not parsed', one);
  for (const one of unmerged) counting.warn('Day was not merged', one);
  if (nextHour !== undefined) counting.warn('Out of time: the next run continues', { nextHour });
  if (busyUntil !== undefined) counting.warn('Another run is active', { busyUntil });
  counting.count('ParsingFaults', faulty.length + failed.length + unmerged.length);
  counting.count('HoursBehind', nextHour === undefined ? 0 : 1);
}
