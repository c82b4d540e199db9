// Finds unusual values of any metric: values, their hours of day and their means beyond everything seen so far.

import { rounded } from './minute.ts';

/** The weight of a record of each signal; 0 leaves the signal out. */
export interface RecordWeights {
  readonly value: number;
  /** Mean of 3 points minus the usual one of this hour of the UTC day. */
  readonly hour: number;
  /** Mean of 24 points. */
  readonly mean: number;
}

/** One JSON object of at most 1,024 characters. */
export interface RecordState {
  readonly v: 1;
  readonly points: number;
  /** Lowest and highest value of each signal so far. */
  readonly ranges: readonly (readonly [low: number, high: number, points: number])[];
  /** Usual value of each hour of the day, and the number of its points, at most a hundred. */
  readonly hours: readonly (readonly [mean: number, points: number])[];
  /** The last 24 values, oldest first. */
  readonly last: readonly number[];
  /** Scores that no later one has exceeded: the point, and the score. */
  readonly scores: readonly (readonly [point: number, score: number])[];
}

export interface RecordStep {
  readonly state: RecordState;
  /** 0 for nothing new, up to 1: by which share of the range it was exceeded, weighted. */
  readonly score: number;
  /** The signal with the highest weighted record. */
  readonly by: keyof RecordWeights;
}

export const USUAL_WEIGHTS: RecordWeights = { value: 1, hour: 0.5, mean: 0.25 };
/** A point with at least this score is reported. */
export const USUAL_THRESHOLD = 0.0148;

const HOUR_MS = 3_600_000;
const HOURS = 24;
const LAST = 24;
const SHORT = 3;
/** A signal has no records in its first points. */
const SILENT_POINTS = 100;
const HOUR_POINTS = 10;
/** Each point moves the value of its hour by at least a hundredth of the difference. */
const LONGEST_MEMORY = 100;
/** The share of its range that each end gives up per point, because a stream that runs for years must forget. */
const FORGET = 0.0001;
/** A score counts only if it exceeds those of this many earlier points. */
const COOL_DOWN = 100;
const KEPT_SCORES = 12;
const NAMES = ['value', 'hour', 'mean'] as const;

const begin = (): RecordState => ({
  ...{ v: 1, points: 0, ranges: NAMES.map(() => [0, 0, 0] as const), last: [], scores: [] },
  hours: Array.from({ length: HOURS }, () => [0, 0] as const),
});

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Judges one point of a series. Points are counted, not timed: gaps and repeated times do no harm.
 * @param at epoch milliseconds. @param value leaves the state unchanged if it is not a finite number.
 */
export function judgeRecord(
  given: RecordState | undefined,
  at: number,
  value: number,
  weights: RecordWeights = USUAL_WEIGHTS,
): RecordStep {
  const state = given ?? begin();
  if (!Number.isFinite(value) || !Number.isFinite(at)) return { state, score: 0, by: 'value' };
  const last = [...state.last.slice(1 - LAST), rounded(value)];
  const hour = Math.floor((((at % (HOUR_MS * HOURS)) + HOUR_MS * HOURS) % (HOUR_MS * HOURS)) / HOUR_MS);
  const [usual, seen] = state.hours[hour]!;
  const short = meanOf(last.slice(-SHORT));
  const signals = [
    value,
    seen >= HOUR_POINTS ? short - usual : undefined,
    last.length === LAST ? meanOf(last) : undefined,
  ];
  let [score, by] = [0, 'value' as keyof RecordWeights];
  const ranges = state.ranges.map((range, index) => {
    const signal = signals[index];
    const weighted = weights[NAMES[index]!] * recordOf(range, signal);
    if (weighted > score) [score, by] = [weighted, NAMES[index]!];
    return extended(range, signal);
  });
  const rate = Math.max(1 / LONGEST_MEMORY, 1 / (seen + 1));
  const hours = state.hours.with(hour, [
    rounded(usual + rate * (short - usual)),
    Math.min(seen + 1, LONGEST_MEMORY),
  ]);
  const points = state.points + 1;
  const { scores, isHighest } = scoresWith(score, points, state.scores);
  return { state: { v: 1, points, ranges, hours, last, scores }, score: isHighest ? score : 0, by };
}

/** The kept scores after this point, and whether its score exceeds those of the points before. */
function scoresWith(score: number, point: number, known: RecordState['scores']) {
  const scores = known.filter(([earlier]) => earlier > point - COOL_DOWN);
  const isHighest = scores.every(([, other]) => other < score);
  const exceeding = scores.filter(([, other]) => other > score);
  const next = score === 0 ? scores : [...exceeding, [point, rounded(score)] as const];
  return { scores: next.slice(0, KEPT_SCORES), isHighest };
}

type Range = RecordState['ranges'][number];

function recordOf([low, high, points]: Range, signal: number | undefined): number {
  if (signal === undefined || points < SILENT_POINTS) return 0;
  const width = high - low;
  const beyond = Math.max(signal - high, low - signal);
  if (!(beyond > 0)) return 0;
  return width > 0 ? Math.min(1, beyond / width) : 1;
}

function extended([low, high, points]: Range, signal: number | undefined): Range {
  if (signal === undefined) return [low, high, points];
  if (points === 0) return [rounded(signal), rounded(signal), 1];
  const forgotten = points < SILENT_POINTS ? 0 : FORGET * (high - low);
  return [
    rounded(Math.min(low + forgotten, signal)),
    rounded(Math.max(high - forgotten, signal)),
    Math.min(points + 1, SILENT_POINTS),
  ];
}
