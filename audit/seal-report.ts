// Computes the values of a report again from the sealed lines, by the same fold as ingest, and compares them.

import { readFileSync } from 'node:fs';
import { HOUR_MS, hourOf } from '../core/hour.ts';
import { monthOf, type Month } from '../core/month.ts';
import { sealOf } from '../core/report-seal.ts';
import type { SheetDevice } from '../core/report-sheet.ts';
import { reportOf, type DeviceReport } from '../core/report.ts';
import { rollUp, type Bucket } from '../core/rollup.ts';
import { DAY_MS, LATE_DAYS } from '../core/seal/sealed-days.ts';
import { chunksOf, hourOfPath } from './archive-files.ts';
import { AuditError } from './archive-options.ts';
import { foldArchive, type FoldedWindow } from './fold-archive.ts';
import type { VerifyOptions } from './seal-options.ts';

export interface ComparedReport {
  readonly deviceId: string;
  readonly month: string;
  readonly metric: string | undefined;
  /** The month's end, epoch milliseconds. */
  readonly to: number;
  /** Why the report proves nothing as it is: it was edited, or its month was not over. */
  readonly problems: readonly string[];
  readonly values: readonly ComparedValue[];
}

export interface ComparedValue {
  readonly name: string;
  readonly reported: string;
  readonly computed: string;
  readonly agrees: boolean;
}

/** Statistics as a report in JSON has them. */
type Reported = NonNullable<SheetDevice['report']> & Readonly<Record<string, unknown>>;

/** What a report has that does not come from readings. */
export const NOT_FROM_READINGS = 'excursions, acknowledgements, comments, predictions, limits, calibration';

const ALWAYS = ['readings', 'min', 'max', 'mean'] as const;

function devicesIn(file: string): readonly SheetDevice[] {
  let content: { readonly devices?: readonly SheetDevice[] } | null;
  try {
    content = JSON.parse(readFileSync(file, 'utf8')) as typeof content;
  } catch (error) {
    throw new AuditError(`--report ${file}: ${(error as Error).message}`, { cause: error });
  }
  const devices = Array.isArray(content?.devices) ? content.devices : [];
  if (devices.length > 0 && devices.every(({ deviceId, month, seal }) => deviceId && month && seal))
    return devices;
  throw new AuditError(
    `--report ${file}: has no sealed report: give a .json that npm run report -- --out report.json made`,
  );
}

/** The report of a month that is not over ends at the time when it was made. */
const monthOfReport = ({ month, timeZone, isOver, report, from, to }: SheetDevice): Month =>
  monthOf(month, timeZone, isOver ? to : from + (report?.spanMs ?? 0));

function piecesOf(
  windows: readonly FoldedWindow[],
  { from, until, days }: Month,
  windowSeconds: number,
): Bucket[] {
  const inMonth = windows
    .filter(({ windowStart }) => windowStart >= hourOf(from) && windowStart < until)
    .map((window) => ({ ...window, lastFingerprint: '', last: new Map() }));
  const cut = new Set(
    days.flatMap((day) => [day.from, day.to].filter((time) => time % HOUR_MS !== 0).map(hourOf)),
  );
  const [split, whole] = [true, false].map((isSplit) =>
    inMonth.filter(({ windowStart }) => cut.has(hourOf(windowStart)) === isSplit),
  ) as [typeof inMonth, typeof inMonth];
  const pieces = [...rollUp(whole, HOUR_MS / 1000), ...rollUp(split, windowSeconds)];
  return pieces.filter(({ start }) => start >= from && start < until).sort((a, b) => a.start - b.start);
}

/** Values as JSON has them: doubles, without absent members. */
const textOf = (value: unknown) => (value === undefined ? 'none' : JSON.stringify(value));

const numbered = (values: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      ['min', 'max', 'mean', 'celsius'].includes(name) && value !== undefined ? Number(value) : value,
    ]),
  );

function valuesOf(reported: Reported, computed: DeviceReport): ComparedValue[] {
  const own = numbered({ ...computed });
  const value = (name: string, a: unknown, b: unknown): ComparedValue => {
    const [before, now] = [textOf(a), textOf(b)];
    return { name, reported: before, computed: now, agrees: before === now };
  };
  const days = computed.days.map((day) => numbered({ ...day }));
  const byDate = new Map(reported.days.map((day) => [day.date, day]));
  const wrong = days.filter((day) => textOf(byDate.get(day['date'] as string)) !== textOf(day));
  const { meanKinetic } = computed;
  return [
    ...ALWAYS.map((name) => value(name, reported[name], own[name])),
    value('mean kinetic', reported.meanKinetic, meanKinetic && numbered({ ...meanKinetic })),
    value('measured ms', reported.measuredMs, computed.measuredMs),
    value('gaps', reported.gaps, computed.gaps),
    wrong.length === 0 && days.length === reported.days.length
      ? { name: 'days', reported: String(days.length), computed: String(days.length), agrees: true }
      : value(
          'days',
          wrong.map((day) => byDate.get(day['date'] as string)),
          wrong,
        ),
  ];
}

/** Compares the report of a device with the values of the sealed lines, also if nothing was measured. */
function compareDevice(
  device: SheetDevice,
  windows: readonly FoldedWindow[],
  windowSeconds: number,
): ComparedReport {
  const { deviceId, month: name, isOver, seal, report } = device;
  const month = monthOfReport(device);
  const problems = [
    ...(sealOf({ ...device }) === seal ? [] : ['the file was changed after it was made: its seal is wrong']),
    ...(isOver ? [] : ['the month was not over when it was made: make it again']),
  ];
  const pieces = piecesOf(windows, month, windowSeconds);
  const metric = report?.metric;
  const measured = pieces.reduce((sum, { readings }) => sum + readings, 0);
  const values =
    report === undefined || metric === undefined
      ? [{ name: 'readings', reported: '0', computed: String(measured), agrees: measured === 0 }]
      : valuesOf(
          report as Reported,
          reportOf({
            month,
            metric,
            unit: report.unit,
            pieces,
            excursions: [],
            predictions: [],
            isToTheWindow: true,
          }),
        );
  return { deviceId, month: name, metric, to: month.to, problems, values };
}

/** `files`: sealed objects. Rejects with an AuditError if the report cannot be read. */
export async function compareReport(
  files: readonly string[],
  options: VerifyOptions & { readonly report: string },
): Promise<ComparedReport[]> {
  const { report, windowSeconds, maxLatenessSeconds, maxSkewSeconds } = options;
  const devices = devicesIn(report);
  const months = devices.map(monthOfReport);
  const from = Math.min(...months.map((month) => month.from)) - maxSkewSeconds * 1000 - HOUR_MS;
  const to = Math.max(...months.map((month) => month.to)) + maxLatenessSeconds * 1000 + LATE_DAYS * DAY_MS;
  const wanted = files.filter((file) => {
    const hour = hourOfPath(file);
    return hour !== undefined && hour >= hourOf(from) && hour < to;
  });
  const folded = await foldArchive(chunksOf(wanted), { ...options, onRejected: () => {} });
  const windows = new Map<string, FoldedWindow[]>(devices.map(({ deviceId }) => [deviceId, []]));
  for (const window of folded.windows()) windows.get(window.deviceId)?.push(window);
  return devices.map((device) => compareDevice(device, windows.get(device.deviceId)!, windowSeconds));
}
