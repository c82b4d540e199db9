// Learns when a device defrosts: differences between its excursions vote for a period, which is checked against the excursions.

import type { Excursion } from './excursion.ts';

/** Defrosts that people entered: times of day, or a fixed interval from a start. */
export type KnownSchedule = (
  | { /** Minutes of the UTC day. */ readonly times: readonly number[] }
  | { /** Minutes. */ readonly every: number; /** Minutes since the epoch. */ readonly anchor: number }
) & { /** Minutes from the start until the metric is back in its band. */ readonly length?: number };

export interface LearnedSchedule {
  /** The interval in minutes, and one start in minutes since the epoch; both with fractions. */
  readonly every: number;
  readonly anchor: number;
}

/** How many minutes early or late a defrost may be. */
export const TOLERANCE = 8;
const SHORTEST = 180;
const LONGEST = 1_500;
/** Older excursions do not count, because the clocks of defrosts are changed. Minutes. */
const LOOK_BACK = 3.5 * 1_440;
const LEAST_HITS = 3;
/** Minimum shares: of the expected starts that came, and of the starts that the schedule explains. */
const LEAST_SHARE = 0.8;
const LEAST_EXPLAINED = 0.6;
/** Maximum root mean square deviation of the starts from the expected ones, in minutes. */
const LARGEST_ERROR = 2.8;
const CANDIDATES = 4;

/**
 * @param excursions newest first. @param at minutes since the epoch.
 * @returns undefined unless a schedule explains at least three excursions and most of them, and four fifths of the starts
 * that it expects came.
 */
export function learnSchedule(excursions: readonly Excursion[], at: number): LearnedSchedule | undefined {
  const starts = excursions.map(({ start }) => start).filter((start) => at - start <= LOOK_BACK);
  let best: (LearnedSchedule & { readonly score: number }) | undefined;
  for (const every of candidatesOf(starts)) {
    for (const anchor of starts.slice(0, CANDIDATES)) {
      const found = judge(starts, every, anchor, at);
      if (found && (!best || found.score > best.score)) best = found;
    }
  }
  return best && { every: best.every, anchor: best.anchor };
}

const votes = new Uint16Array(LONGEST + 2);

/** The most frequent differences between starts, within the tolerance. */
function candidatesOf(starts: readonly number[]): number[] {
  votes.fill(0);
  starts.forEach((newer, index) => {
    for (let other = index + 1; other < starts.length; other += 1) {
      const difference = newer - starts[other]!;
      if (difference > LONGEST) break;
      if (difference >= SHORTEST) votes[difference]! += 1;
    }
  });
  const found: number[] = [];
  while (found.length < CANDIDATES) {
    const peak = highestVote();
    if (peak === undefined) break;
    found.push(peak);
    votes.fill(0, Math.max(0, peak - TOLERANCE), peak + TOLERANCE + 1);
  }
  return found;
}

/** The centre of the range of twice the tolerance with the most votes, at least two. */
function highestVote(): number | undefined {
  let [sum, most, from, to] = [0, 1, -1, -1];
  for (let end = SHORTEST; end <= LONGEST; end += 1) {
    sum += votes[end]!;
    if (end - SHORTEST > 2 * TOLERANCE) sum -= votes[end - 2 * TOLERANCE - 1]!;
    if (sum > most) [most, from, to] = [sum, end, end];
    else if (sum === most && to === end - 1) to = end;
  }
  return from < 0 ? undefined : Math.round((from + to) / 2) - TOLERANCE;
}

/** How well a period, counted back from an anchor, explains the starts; period and anchor are then fitted to the matching starts. */
function judge(starts: readonly number[], every: number, anchor: number, at: number) {
  const oldest = starts.at(-1)!;
  let [period, phase] = [every, anchor];
  let hits = new Map<number, number>();
  for (let round = 0; round < 2; round += 1) {
    hits = hitsOf(starts, period, phase);
    if (hits.size < LEAST_HITS) return undefined;
    [phase, period] = lineThrough(hits);
    if (!(period >= SHORTEST - TOLERANCE && period <= LONGEST + TOLERANCE)) return undefined;
  }
  const first = Math.ceil((oldest - TOLERANCE - phase) / period);
  const last = Math.floor((at - TOLERANCE - phase) / period);
  const expected = last - first + 1;
  if (hits.size < LEAST_SHARE * expected || hits.size < LEAST_EXPLAINED * starts.length) return undefined;
  if (errorOf(hits, period, phase) > LARGEST_ERROR) return undefined;
  return { every: period, anchor: phase, score: 2 * hits.size - expected };
}

/** For each expected start, by its number: the nearest start within the tolerance. */
function hitsOf(starts: readonly number[], every: number, anchor: number): Map<number, number> {
  const hits = new Map<number, number>();
  const missBy = (start: number, number: number) => Math.abs(start - anchor - number * every);
  for (const start of starts) {
    const number = Math.round((start - anchor) / every);
    const known = hits.get(number);
    if (missBy(start, number) > TOLERANCE) continue;
    if (known === undefined || missBy(start, number) < missBy(known, number)) hits.set(number, start);
  }
  return hits;
}

/** Least squares: the position of number 0, and the distance between numbers. */
function lineThrough(hits: ReadonlyMap<number, number>): readonly [zero: number, slope: number] {
  let [x, y, n] = [0, 0, 0];
  for (const [number, start] of hits) [x, y, n] = [x + number, y + start, n + 1];
  let [xy, xx] = [0, 0];
  for (const [number, start] of hits) {
    xy += (number - x / n) * (start - y / n);
    xx += (number - x / n) ** 2;
  }
  const slope = xy / xx;
  return [y / n - (slope * x) / n, slope];
}

function errorOf(hits: ReadonlyMap<number, number>, every: number, anchor: number): number {
  let sum = 0;
  for (const [number, start] of hits) sum += (start - anchor - number * every) ** 2;
  return Math.sqrt(sum / hits.size);
}

/** The last start that is expected before `at` plus `ahead` minutes. Minutes since the epoch. */
export function lastExpected(schedule: KnownSchedule | LearnedSchedule, at: number, ahead: number): number {
  const latest = at + ahead;
  if (!('times' in schedule))
    return schedule.anchor + Math.floor((latest - schedule.anchor) / schedule.every) * schedule.every;
  const day = Math.floor(latest / 1_440) * 1_440;
  let last = -Infinity;
  for (const time of schedule.times) {
    const start = day + time <= latest ? day + time : day - 1_440 + time;
    if (start > last) last = start;
  }
  return last;
}
