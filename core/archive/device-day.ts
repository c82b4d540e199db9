// Makes a device's windows from rows of the parsed archive, as ingest folds readings, and compares them with the hours that the table keeps.

import { decimalFromText, decimalOf, type Decimal } from '../decimal.ts';
import { foldHours, hourOf } from '../hour.ts';
import { identityText, type Metric, type Reading } from '../reading.ts';
import { fingerprint } from '../fingerprint.ts';
import type { Bucket } from '../rollup.ts';
import { hourText } from './parsed-rows.ts';
import { foldReadings, type Aggregate, type Window, type WindowKey } from '../window.ts';

/** A value of one device. Times in epoch milliseconds. */
export interface DeviceRow {
  readonly metric: string;
  readonly timestamp: number;
  readonly value: number;
  readonly exact: string | undefined;
  readonly receivedAt: number;
  /** The hour of arrival. */
  readonly hour: string;
  readonly messageId: string | undefined;
}

type Owner = Pick<WindowKey, 'deviceId' | 'site'>;

/** Rows do not say which values came as one reading: either all of a message and moment, or each value alone. */
type Grouping = (row: DeviceRow) => string;
const TOGETHER: Grouping = ({ receivedAt, hour, messageId = '' }) => `${receivedAt} ${hour} ${messageId}`;
const ALONE: Grouping = (row) => `${row.metric} ${TOGETHER(row)}`;

export interface DayOptions {
  readonly windowSeconds: number;
  /** The hours of the day that the table keeps. */
  readonly hours: readonly Bucket[];
  /** From this time on the table has all hours, epoch milliseconds; earlier ones are not compared. */
  readonly wholeFrom: number;
}

/**
 * Oldest first, each reading once. The windows add up to exactly the kept hours: a grouping gives the kept number of readings
 * only if its readings are those that were sent. Of hours that are not kept, `readings` may be too low; everything else is exact.
 * @throws Error that says which hour differs and how, or which value cannot be of a reading
 */
export function windowsOfDay(
  rows: readonly DeviceRow[],
  owner: Owner,
  { windowSeconds, hours, wholeFrom }: DayOptions,
): Window[] {
  const kept = new Map(hours.map((hour) => [hour.start, hour]));
  const byHour = Map.groupBy(rows, ({ timestamp }) => hourOf(timestamp));
  const starts = [...new Set([...byHour.keys(), ...kept.keys()])].sort((a, b) => a - b);
  return starts.flatMap((start) => {
    const own = byHour.get(start) ?? [];
    const together = fold(own, TOGETHER, owner, windowSeconds);
    const isKept = start >= wholeFrom;
    const difference = differenceOf(foldHours(together)[0], kept.get(start));
    if (isKept && difference === undefined) return together;
    const alone = fold(own, ALONE, owner, windowSeconds);
    if (isKept && differenceOf(foldHours(alone)[0], kept.get(start)) === undefined) return alone;
    if (!isKept && haveSameValues(foldHours(together)[0]!, foldHours(alone)[0]!)) return together;
    const reason = isKept ? difference : 'the rows do not show which values were sent again';
    throw new Error(`${hourText(start)}: ${reason}`);
  });
}

function fold(rows: readonly DeviceRow[], grouping: Grouping, owner: Owner, windowSeconds: number): Window[] {
  const readings: Reading[] = [];
  for (const some of byTime(rows))
    for (const reading of readingsOf(some, grouping, owner)) readings.push(reading);
  return foldReadings(readings, windowSeconds).map(({ readings: all, ...delta }) => ({
    ...delta,
    readings: all.size,
  }));
}

function byTime(rows: readonly DeviceRow[]): Iterable<DeviceRow[]> {
  const found = new Map<number, DeviceRow[]>();
  for (const row of rows) {
    const known = found.get(row.timestamp);
    if (known) known.push(row);
    else found.set(row.timestamp, [row]);
  }
  return found.values();
}

/** The readings of rows of one moment. */
function readingsOf(rows: readonly DeviceRow[], grouping: Grouping, owner: Owner): Reading[] {
  const { timestamp } = rows[0]!;
  // The fingerprint only tells readings of one moment apart.
  if (isOne(rows, grouping))
    return [{ ...owner, timestamp, fingerprint: String(timestamp), metrics: rows.map(metricOf) }];
  const groups = new Map<string, DeviceRow[]>();
  for (const row of rows) {
    const name = grouping(row);
    for (let n = 0; ; n += 1) {
      const known = groups.get(`${n} ${name}`);
      if (known?.some(({ metric }) => metric === row.metric)) continue;
      if (known) known.push(row);
      else groups.set(`${n} ${name}`, [row]);
      break;
    }
  }
  return [...groups.values()].map((values) => {
    const metrics = values.map(metricOf);
    return { ...owner, timestamp, fingerprint: printOf(values[0]!, metrics), metrics };
  });
}

/** True for nearly all moments; these need no names for groups. */
function isOne(rows: readonly DeviceRow[], grouping: Grouping): boolean {
  const [first] = rows;
  return rows.every(
    (row, n) =>
      n === 0 ||
      (grouping === TOGETHER &&
        row.receivedAt === first!.receivedAt &&
        row.hour === first!.hour &&
        row.messageId === first!.messageId &&
        !rows.slice(0, n).some(({ metric }) => metric === row.metric)),
  );
}

const metricOf = (row: DeviceRow): Metric => ({ name: row.metric, value: valueOf(row) });

function valueOf({ value, exact }: DeviceRow): Decimal {
  const decimal = exact === undefined ? decimalOf(value) : decimalFromText(exact);
  if (decimal === undefined) throw new Error(`the value ${exact ?? value} is not a decimal of a reading`);
  return decimal;
}

/** The fingerprint that ingest gave to a reading with a time of its own. */
function printOf({ timestamp, receivedAt, messageId }: DeviceRow, metrics: readonly Metric[]): string {
  // Windows choose the last of them by the trace id of AWS IoT, which rows do not have.
  if (timestamp === receivedAt)
    throw new Error(`several readings have the time of their arrival, ${new Date(timestamp).toISOString()}`);
  return fingerprint(identityText(messageId, { ms: timestamp, own: true }, metrics, ''));
}

function differenceOf(made: Bucket | undefined, kept: Bucket | undefined): string | undefined {
  if (!made || !kept) return `${made?.readings ?? 'no'} readings instead of ${kept?.readings ?? 'none'}`;
  if (made.readings !== kept.readings) return `${made.readings} readings instead of ${kept.readings}`;
  if (!haveSameValues(made, kept)) return `the same number of readings, ${made.readings}, with other values`;
  // Hours stored by older versions have no times.
  const hasTimes = Number.isFinite(kept.firstReadingAt);
  const isThen = made.firstReadingAt === kept.firstReadingAt && made.lastReadingAt === kept.lastReadingAt;
  return isThen || !hasTimes ? undefined : 'other times of the first and the last reading';
}

const haveSameValues = (a: Bucket, b: Bucket): boolean =>
  a.metrics.size === b.metrics.size &&
  [...a.metrics].every(([metric, statistics]) => isSame(statistics, b.metrics.get(metric)));

const isSame = (a: Aggregate | undefined, b: Aggregate | undefined): boolean =>
  a !== undefined &&
  b !== undefined &&
  a.min === b.min &&
  a.max === b.max &&
  a.sum === b.sum &&
  a.count === b.count;
