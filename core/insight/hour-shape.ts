// The shape of an hour of a cycling metric: its median, the share of time in which it falls, and the number of its cycles.

import { rounded } from './minute.ts';

/** A window or minute: epoch milliseconds of its start, its mean, and the lowest and highest reading in it. */
export interface Sample {
  readonly at: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/** The state of the present hour. */
export interface HourUnderWay {
  /** Hours since the epoch. */
  readonly hour: number;
  /** Means of ten minutes. */
  readonly parts: readonly number[];
  readonly part: number;
  readonly sum: number;
  readonly count: number;
  /** Milliseconds covered by samples, and those in which the metric fell. */
  readonly seen: number;
  readonly fell: number;
  readonly cycles: number;
  /** Slow mean, and mean deviation from it, which defines a turn. */
  readonly level: number;
  readonly spread: number;
  /** Whether it falls, and the lowest (or highest) value since the last turn, with its time. */
  readonly falls: boolean;
  readonly extreme: number;
  readonly extremeAt: number;
  readonly turnedAt: number;
  readonly at: number;
}

export interface HourShape {
  readonly hour: number;
  readonly median: number;
  /** Share of the hour in which the metric falls; for a fridge, in which the compressor runs. */
  readonly duty: number;
  readonly cycles: number;
}

const HOUR_MS = 3_600_000;
const PART_MS = 600_000;
/** Weight of a sample in the slow mean per second. */
const PER_SECOND = 1 / 3_600;
/** A metric has turned once it comes back by this share of the spread. */
const TURN = 1.2;
/** A pause longer than this is not part of a rise or fall. */
export const LONGEST_STEP = 180_000;
/** An hour with less than half of its parts has no shape. */
const LEAST_PARTS = 3;

export const hourOf = (ms: number) => Math.floor(ms / HOUR_MS);

export function firstHour({ at, mean }: Sample): HourUnderWay {
  return {
    ...{ hour: hourOf(at), parts: [], part: Math.floor(at / PART_MS), sum: mean, count: 1 },
    ...{ seen: 0, fell: 0, cycles: 0, level: mean, spread: 0 },
    ...{ falls: false, extreme: mean, extremeAt: at, turnedAt: at, at },
  };
}

/** @returns the hour with the sample, and the shape of the hour that the sample ended, if any. */
export function extendHour(now: HourUnderWay, sample: Sample): { now: HourUnderWay; ended?: HourShape } {
  const step = sample.at - now.at;
  if (step <= 0) return { now };
  const hour = hourOf(sample.at);
  const isPart = Math.floor(sample.at / PART_MS) === now.part;
  const parts = isPart ? now.parts : [...now.parts, rounded(now.sum / now.count)];
  const moved = turned(now, sample, Math.min(step, LONGEST_STEP));
  const next = {
    ...moved,
    parts,
    part: Math.floor(sample.at / PART_MS),
    sum: isPart ? rounded(now.sum + sample.mean) : sample.mean,
    count: isPart ? now.count + 1 : 1,
  };
  if (hour === now.hour) return { now: next };
  const fresh = { ...next, hour, parts: [], seen: 0, fell: 0, cycles: 0 };
  if (parts.length < LEAST_PARTS || moved.seen < HOUR_MS / 2) return { now: fresh };
  const duty = rounded(Math.min(1, moved.fell / moved.seen));
  return { now: fresh, ended: { hour: now.hour, median: medianOf(parts), duty, cycles: moved.cycles } };
}

function turned(now: HourUnderWay, { at, mean }: Sample, step: number): HourUnderWay {
  const share = Math.min(1, (step / 1_000) * PER_SECOND);
  const level = rounded(now.level + share * (mean - now.level));
  const spread = rounded(now.spread + share * (Math.abs(mean - level) - now.spread));
  const seen = now.seen + step;
  const beyond = now.falls ? mean <= now.extreme : mean >= now.extreme;
  const base = { ...now, at, level, spread, seen };
  if (beyond) return { ...base, extreme: mean, extremeAt: at };
  if (Math.abs(mean - now.extreme) <= TURN * spread) return base;
  const fell = now.falls ? now.fell + Math.min(now.extremeAt - now.turnedAt, HOUR_MS) : now.fell;
  const cycles = now.cycles + (now.falls ? 0 : 1);
  return { ...base, fell, cycles, falls: !now.falls, turnedAt: now.extremeAt, extreme: mean, extremeAt: at };
}

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return sorted.length % 2 === 1
    ? sorted[Math.floor(half)]!
    : rounded((sorted[half - 1]! + sorted[half]!) / 2);
}
