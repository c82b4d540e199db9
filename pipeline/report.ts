// Gathers the data for a device's report of a month: hours, the windows of hours cut by a day's or an excursion's edge, days of the parsed archive, and alerts.

import { appliesTo, isInsightRule, isLimitRule, type AlertRule } from '../core/alert-rule.ts';
import { checkedOf, type ArchiveCheck, type Checked } from '../core/archive-check.ts';
import type { Device } from '../core/device.ts';
import { excursionsOf, type Excursion } from '../core/excursions.ts';
import {
  DAY_MS,
  dayOf,
  daysWithin,
  firstWholeDay,
  sourcesOf,
  type SourceSpan,
} from '../core/archive/day-choice.ts';
import { foldHours, HOUR_MS, hourOf } from '../core/hour.ts';
import { inParallel } from '../core/in-parallel.ts';
import { monthOf, type Month } from '../core/month.ts';
import { announcementsOf } from '../core/prediction-outcome.ts';
import { reportOf, type DeviceReport } from '../core/report.ts';
import { rollUp, type Bucket } from '../core/rollup.ts';
import { isSpellingOf } from '../core/spelling.ts';
import { unitsOf } from '../core/unit.ts';
import type { Window } from '../core/window.ts';
import { openDeviceDays, type ArchivedDay, type DeviceDays } from './archived-days.ts';
import type { HistoryEntry } from '../core/alert-state.ts';
import type { ArchiveChecks } from './device-ports.ts';
import type { AlertHistory, Counting, WindowHistory } from './ports.ts';
import { withOutcomes } from './prediction-crossings.ts';

export interface ReportedDevice {
  readonly device: Device;
  readonly month: Month;
  /** The nearest limits of the rules that apply now. */
  readonly limits: { readonly above?: number; readonly below?: number };
  /** Absent if the device did not send that metric in the month. */
  readonly report?: DeviceReport;
  /** Which parts of the month were compared with the archive. */
  readonly audit: Checked;
  /** Whether a rule that applies now predicts the metric. */
  readonly isPredicted: boolean;
  /** Where the values come from, by days of UTC; empty if the month has not begun. */
  readonly sources: readonly SourceSpan[];
}

/** `month` such as `2026-11`. Without a metric it is a temperature, or else the first by name. Rejects with the SDK's error. */
export type ReportDevice = (
  device: Device,
  asked: {
    readonly month: string;
    readonly metric?: string | undefined;
    readonly rules: readonly AlertRule[];
  },
  counting: Counting,
) => Promise<ReportedDevice>;

/** An alert raised up to this long before the month, and still active in it, is in its report. */
const LOOKS_BACK_MS = 92 * DAY_MS;
/** Alerts of the last day may be acknowledged this long after the month. */
const LOOKS_ON_MS = 31 * DAY_MS;
const ENTRIES_A_PAGE = 1000;
const READS_AT_ONCE = 4;
/** Hours whose windows are read. With more excursions than that, the worst value comes from the transitions. */
const MAX_SPLIT = 100;

interface Pieces {
  /** Oldest first. */
  readonly pieces: readonly Bucket[];
  readonly isToTheWindow: boolean;
}

interface ReportParts {
  readonly windows: Pick<WindowHistory, 'hours' | 'stored'>;
  readonly history: Pick<AlertHistory, 'read'>;
  readonly checks: Pick<ArchiveChecks, 'newestFirst'>;
  readonly archivedDay: ArchivedDay;
  readonly windowSeconds: number;
  /** How long the table keeps hours. */
  readonly historyRetentionDays: number;
  /** For devices without one in the registry, an IANA name. */
  readonly timeZone: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

async function entriesOf(
  { history, now }: Pick<ReportParts, 'history' | 'now'>,
  deviceId: string,
  { from, to }: Month,
): Promise<HistoryEntry[]> {
  const span = { deviceId, from: from - LOOKS_BACK_MS, to: Math.min(now() + 1, to + LOOKS_ON_MS) };
  const entries: HistoryEntry[] = [];
  let next: string | undefined;
  do {
    const page = await history.read({
      ...span,
      limit: ENTRIES_A_PAGE,
      ...(next !== undefined && { next }),
    });
    entries.push(...page.entries);
    next = page.next;
  } while (next !== undefined);
  return entries;
}

/** The hour as its windows; undefined where they are gone, or some of them. */
async function splitHour(
  { windows, windowSeconds }: Pick<ReportParts, 'windows' | 'windowSeconds'>,
  deviceId: string,
  hour: Bucket,
): Promise<readonly Bucket[] | undefined> {
  const limit = HOUR_MS / 1000 / windowSeconds + 1;
  const stored = await windows.stored({ deviceId, from: hour.start, to: hour.end, limit });
  const readings = stored.reduce((sum, window) => sum + window.readings, 0);
  return readings >= hour.readings ? rollUp(stored, windowSeconds) : undefined;
}

async function piecesOf(
  parts: ReportParts,
  deviceId: string,
  { from, until, days }: Month,
  excursions: readonly Excursion[],
  archive: DeviceDays,
): Promise<Pieces> {
  const { windows, windowSeconds, historyRetentionDays, now } = parts;
  // All hours of the days of UTC that the month cuts: days of the archive are compared with them.
  const end = dayOf(Math.max(until - 1, from)) + DAY_MS;
  const hours = await windows.hours({ deviceId, from: dayOf(from), to: end });
  const edges = [...days.flatMap((day) => [day.from, day.to]), ...excursions.flatMap(edgesOf)];
  const cut = new Set(edges.filter((time) => time % HOUR_MS !== 0).map(hourOf));
  const toSplit = hours.filter(({ start }) => cut.has(start));
  const split = new Map<number, readonly Bucket[] | undefined>();
  await inParallel(toSplit.slice(0, MAX_SPLIT), READS_AT_ONCE, async (hour) => {
    split.set(hour.start, await splitHour(parts, deviceId, hour));
  });
  const unsplit = toSplit.filter(({ start }) => split.get(start) === undefined);
  const forgotten = daysWithin(from, Math.min(until, firstWholeDay(now(), historyRetentionDays)));
  const wanted = [...new Set([...forgotten, ...unsplit.map(({ start }) => dayOf(start))])];
  const archived = new Map<number, readonly Window[]>();
  await inParallel(wanted, READS_AT_ONCE, async (day) => {
    const own = await archive.of(day, async () => hours);
    if (own) archived.set(day, own);
  });
  const pieces = [
    ...hours
      .filter(({ start }) => !archived.has(dayOf(start)))
      .flatMap((hour) => split.get(hour.start) ?? [hour]),
    ...[...archived.values()].flatMap((own) => piecesOfWindows(own, cut, windowSeconds)),
  ];
  return {
    isToTheWindow: unsplit.every(({ start }) => archived.has(dayOf(start))),
    pieces: pieces
      .filter(({ start }) => start >= from && start < until)
      .sort((one, other) => one.start - other.start),
  };
}

/** The newest audits, as many as it takes to cover the month. */
async function auditOf(
  { checks }: Pick<ReportParts, 'checks'>,
  deviceId: string,
  month: Month,
): Promise<Checked> {
  const found: ArchiveCheck[] = [];
  for await (const check of checks.newestFirst({ deviceId, since: month.from })) {
    found.push(check);
    const audit = checkedOf(found, month);
    if (audit.unchecked.length === 0) return audit;
  }
  return checkedOf(found, month);
}

export function createReportDevice(parts: ReportParts): ReportDevice {
  const { windows, windowSeconds, historyRetentionDays, archivedDay, now } = parts;

  return async (device, { month: name, metric: wanted, rules }, counting) => {
    const month = monthOf(name, device.timeZone ?? parts.timeZone, now());
    const { deviceId } = device;
    const [entries, audit] = await Promise.all([
      entriesOf(parts, deviceId, month),
      auditOf(parts, deviceId, month),
    ]);
    const all = excursionsOf(entries).filter(
      ({ from, to = Infinity }) => from < month.until && to > month.from,
    );
    const firstWhole = firstWholeDay(now(), historyRetentionDays);
    const archive = openDeviceDays(archivedDay, device, firstWhole, counting);
    const { pieces, isToTheWindow } = await piecesOf(parts, deviceId, month, all, archive);
    const sources = () =>
      sourcesOf({ from: month.from, to: month.until }, (day) => (archive.isUsed(day) ? 'archive' : 'table'));
    const metric = wanted ?? usualMetric(pieces);
    const applying = rules.filter((rule) => appliesTo(rule, device, now()));
    const limits = metric === undefined ? {} : limitsOf(applying, metric);
    const isPredicted = applying.some(
      (rule) => isInsightRule(rule) && rule.insight === 'predicted' && rule.metric === metric,
    );
    if (metric === undefined || !pieces.some(({ metrics }) => metrics.has(metric)))
      return { device, month, limits, audit, isPredicted, sources: sources() };
    const excursions = all.filter((each) => each.metric === metric);
    const announcements = announcementsOf(entries).filter(
      (each) => each.metric === metric && each.announcedAt >= month.from && each.announcedAt < month.until,
    );
    const { predictions, isToTheMinute } = await withOutcomes(windows, windowSeconds, {
      ...{ deviceId, announcements, archive, now: now() },
    });
    const unit = unitsOf(device)[metric];
    const isExact = isToTheWindow && isToTheMinute;
    const report = reportOf({ month, metric, unit, pieces, excursions, predictions, isToTheWindow: isExact });
    return { device, month, limits, report, audit, isPredicted, sources: sources() };
  };
}

/** Hours, with windows in place of the hours that are cut. */
function piecesOfWindows(
  windows: readonly Window[],
  cut: ReadonlySet<number>,
  windowSeconds: number,
): Bucket[] {
  const { whole = [], split = [] } = Object.groupBy(windows, ({ windowStart }) =>
    cut.has(hourOf(windowStart)) ? 'split' : 'whole',
  );
  return [...foldHours(whole), ...rollUp(split, windowSeconds)];
}

const edgesOf = ({ from, to }: Excursion) => (to === undefined ? [from] : [from, to]);

function usualMetric(pieces: readonly Bucket[]): string | undefined {
  const names = [...new Set(pieces.flatMap(({ metrics }) => [...metrics.keys()]))].sort();
  return names.find((name) => isSpellingOf('temperature', name)) ?? names[0];
}

/** Limits on minimum and maximum only: a sheet's values do not show the other statistics. */
function limitsOf(rules: readonly AlertRule[], metric: string): ReportedDevice['limits'] {
  const judging = rules.filter(isLimitRule).filter((rule) => {
    const isOfValues =
      !rule.perMinute && (rule.stat === undefined || rule.stat === 'min' || rule.stat === 'max');
    const isMeant = rule.metric !== undefined && rule.anySpelling && isSpellingOf(rule.metric, metric);
    return isOfValues && (rule.metric === metric || isMeant);
  });
  const levels = judging.flatMap((rule) => rule.levels);
  const above = Math.min(...levels.map((level) => level.above ?? Infinity));
  const below = Math.max(...levels.map((level) => level.below ?? -Infinity));
  return { ...(above < Infinity && { above }), ...(below > -Infinity && { below }) };
}
