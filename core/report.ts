// What an inspector wants of a device and a month: excursions, time in limits, hours without measurement, daily extremes.

import { decimalFromText, decimalText, type Decimal } from './decimal.ts';
import type { Excursion } from './excursions.ts';
import { HOUR_MS } from './hour.ts';
import { ACTIVATION_ENERGY, meanKineticTemperature } from './mean-kinetic.ts';
import type { Month } from './month.ts';
import type { JudgedAnnouncement } from './prediction-outcome.ts';
import { meanOf, type Bucket } from './rollup.ts';
import { isSpellingOf } from './spelling.ts';
import type { Aggregate } from './window.ts';

/** Times in epoch milliseconds, spans half open and in milliseconds; figures are exact decimal text. */
export interface DeviceReport {
  readonly metric: string;
  readonly unit?: string;
  readonly readings: number;
  readonly min?: string;
  readonly max?: string;
  readonly mean?: string;
  /** That the month has so far, that something was measured, and that of it no excursion takes. */
  readonly spanMs: number;
  readonly measuredMs: number;
  readonly inLimitsMs: number;
  readonly excursions: readonly ReportedExcursion[];
  /** Those of the month that people were sent, and what became of them. */
  readonly predictions: readonly JudgedAnnouncement[];
  /** Hours and longer without a reading. */
  readonly gaps: readonly Gap[];
  readonly meanKinetic?: MeanKinetic;
  readonly days: readonly DayReport[];
  /** False where days, worst values or crossings had to be taken from whole hours, because their windows are gone. */
  readonly isToTheWindow: boolean;
}

export interface ReportedExcursion extends Excursion {
  /** That lies in the month. */
  readonly lastedMs: number;
}

export interface Gap {
  readonly from: number;
  readonly to: number;
}

export interface MeanKinetic {
  /** Degrees Celsius to two decimals. */
  readonly celsius: string;
  /** Hourly means that it is of. */
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
  /** Hours, and single windows in the place of those that a day or an excursion cuts; oldest first, of this month. */
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

/** An hour or longer without a reading always holds the border of two hours, so their first and last readings show it. */
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

/** Of the pieces that lie in it, and of what its transitions say. */
function worstOf(
  { side, from, to = Infinity, worst }: Excursion,
  pieces: readonly Bucket[],
  metric: string,
): string {
  let found = decimalFromText(worst);
  for (const { start, end, metrics } of pieces) {
    const figures = metrics.get(metric);
    if (!figures || start < from || end > to) continue;
    const value = side === 'above' ? figures.max : figures.min;
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

/** The spans without what they have in common, oldest first. */
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
