// A month's report of a device for inspectors: excursions, time in limits, hours without measurement, daily extremes.

import { decimalFromText, decimalText, type Decimal } from './decimal.ts';
import type { Excursion } from './excursions.ts';
import { HOUR_MS } from './hour.ts';
import { ACTIVATION_ENERGY, meanKineticTemperature } from './mean-kinetic.ts';
import type { Month } from './month.ts';
import type { JudgedAnnouncement } from './prediction-outcome.ts';
import { meanOf, type Bucket } from './rollup.ts';
import { isSpellingOf } from './spelling.ts';
import type { Aggregate } from './window.ts';

/** Times in epoch milliseconds, spans half open and in milliseconds; values are exact decimal text. */
export interface DeviceReport {
  readonly metric: string;
  readonly unit?: string;
  readonly readings: number;
  readonly min?: string;
  readonly max?: string;
  readonly mean?: string;
  /** The length of the month so far, its measured time, and the measured time without excursions. */
  readonly spanMs: number;
  readonly measuredMs: number;
  readonly inLimitsMs: number;
  readonly excursions: readonly ReportedExcursion[];
  /** The month's announced predictions with their outcomes. */
  readonly predictions: readonly JudgedAnnouncement[];
  /** Gaps of an hour or longer without a reading. */
  readonly gaps: readonly Gap[];
  readonly meanKinetic?: MeanKinetic;
  readonly days: readonly DayReport[];
  /** False if days, worst values or crossings come from whole hours because their windows are deleted. */
  readonly isToTheWindow: boolean;
}

export interface ReportedExcursion extends Excursion {
  /** The part that lies in the month. */
  readonly lastedMs: number;
}

export interface Gap {
  readonly from: number;
  readonly to: number;
}

export interface MeanKinetic {
  /** Degrees Celsius to two decimals. */
  readonly celsius: string;
  /** Number of hourly means that it is computed from. */
  readonly hours: number;
  /** kJ/mol. */
  readonly activationEnergy: number;
}

export interface DayReport {
  readonly date: string;
  readonly readings: number;
  readonly min?: string;
  readonly max?: string;
  readonly mean?: string;
}

export interface ReportInput {
  readonly month: Month;
  readonly metric: string;
  readonly unit?: string | undefined;
  /** The month's hours, oldest first; hours that a day or an excursion splits are replaced by their windows. */
  readonly pieces: readonly Bucket[];
  /** Of this metric. */
  readonly excursions: readonly Excursion[];
  /** Of this metric, announced in this month. */
  readonly predictions: readonly JudgedAnnouncement[];
  readonly isToTheWindow: boolean;
}

export function reportOf(input: ReportInput): DeviceReport {
  const { month, metric, unit, pieces, predictions, isToTheWindow } = input;
  const measuring = pieces.filter(({ metrics }) => metrics.has(metric));
  const { from, until } = month;
  const gaps = gapsOf(measuring, month);
  const excursions = input.excursions
    .filter((each) => each.from < until && (each.to ?? Infinity) > from)
    .map((each) => ({
      ...each,
      worst: worstOf(each, measuring, metric),
      lastedMs: Math.min(each.to ?? until, until) - Math.max(each.from, from),
    }));
  const spans = excursions.map((each) => ({
    from: Math.max(each.from, from),
    to: Math.min(each.to ?? until, until),
  }));
  const [spanMs, gapMs] = [until - from, lengthOf(gaps)];
  const meanKinetic = meanKineticOf(measuring, metric, unit);
  return {
    ...{ metric, ...(unit !== undefined && { unit }), ...totalOf(measuring, metric) },
    ...{ spanMs, measuredMs: spanMs - gapMs, inLimitsMs: spanMs - lengthOf(joined([...gaps, ...spans])) },
    ...{ excursions, predictions, gaps, ...(meanKinetic && { meanKinetic }), isToTheWindow },
    days: month.days
      .filter((day) => day.from < until)
      .map(({ date, from: start, to }) => ({
        date,
        ...totalOf(
          measuring.filter((piece) => piece.start >= start && piece.start < to),
          metric,
        ),
      })),
  };
}

function totalOf(pieces: readonly Bucket[], metric: string) {
  const all = pieces.map(({ metrics }) => metrics.get(metric)!);
  const [first, ...others] = all;
  if (!first) return { readings: 0 };
  const total = others.reduce(both, first);
  const { min, max, count } = total;
  return {
    readings: count,
    ...{ min: decimalText(min), max: decimalText(max), mean: decimalText(meanOf(total)) },
  };
}

const both = (a: Aggregate, b: Aggregate): Aggregate => ({
  min: a.min < b.min ? a.min : b.min,
  max: a.max > b.max ? a.max : b.max,
  ...{ sum: a.sum + b.sum, count: a.count + b.count },
});

/** A gap of an hour or longer always contains an hour's boundary, so the first and last readings of the hours show it. */
function gapsOf(pieces: readonly Bucket[], { from, until }: Month): Gap[] {
  const gaps: Gap[] = [];
  let last = from;
  for (const { start, end, firstReadingAt, lastReadingAt } of pieces) {
    const isKnown = Number.isFinite(firstReadingAt);
    const first = Math.max(from, isKnown ? firstReadingAt : start);
    if (first - last >= HOUR_MS) gaps.push({ from: last, to: first });
    last = Math.max(last, isKnown ? lastReadingAt : end);
  }
  if (until - last >= HOUR_MS) gaps.push({ from: last, to: until });
  return gaps;
}

/** The worst value of the pieces inside the excursion and of its transitions. */
function worstOf(
  { side, from, to = Infinity, worst }: Excursion,
  pieces: readonly Bucket[],
  metric: string,
): string {
  let found = decimalFromText(worst);
  for (const { start, end, metrics } of pieces) {
    const aggregate = metrics.get(metric);
    if (!aggregate || start < from || end > to) continue;
    const value = side === 'above' ? aggregate.max : aggregate.min;
    if (found === undefined || (side === 'above' ? value > found : value < found)) found = value;
  }
  return found === undefined ? worst : decimalText(found);
}

function meanKineticOf(pieces: readonly Bucket[], metric: string, unit?: string): MeanKinetic | undefined {
  const toCelsius = CELSIUS[unit ?? (isSpellingOf('temperature', metric) ? '°C' : '')];
  if (!toCelsius || pieces.length === 0) return undefined;
  const hours = Map.groupBy(pieces, ({ start }) => Math.floor(start / HOUR_MS));
  const means = [...hours.values()].map((some) =>
    toCelsius(numberOf(meanOf(some.map(({ metrics }) => metrics.get(metric)!).reduce(both)))),
  );
  const celsius = meanKineticTemperature(means).toFixed(2);
  return { celsius, hours: means.length, activationEnergy: ACTIVATION_ENERGY };
}

const numberOf = (value: Decimal) => Number(decimalText(value));

const CELSIUS: Readonly<Record<string, (value: number) => number>> = {
  '°C': (value) => value,
  '°F': (value) => ((value - 32) * 5) / 9,
  K: (value) => value - 273.15,
};

/** Joins spans that overlap or touch, oldest first. */
function joined(spans: readonly Gap[]): Gap[] {
  const found: Gap[] = [];
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    const last = found.at(-1);
    if (last && from <= last.to) found[found.length - 1] = { from: last.from, to: Math.max(last.to, to) };
    else found.push({ from, to });
  }
  return found;
}

const lengthOf = (spans: readonly Gap[]) => spans.reduce((sum, { from, to }) => sum + to - from, 0);
