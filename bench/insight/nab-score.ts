// Scores detections like the Numenta Anomaly Benchmark: early detections in a window score best, and false positives cost.

import type { Series } from './nab-corpus.ts';

export interface Profile {
  readonly wrong: number;
  readonly missed: number;
}

export const PROFILES: Readonly<Record<'standard' | 'low FP' | 'low FN', Profile>> = {
  standard: { wrong: 0.11, missed: 1 },
  'low FP': { wrong: 0.22, missed: 1 },
  'low FN': { wrong: 0.11, missed: 2 },
};

/** A series with a detector's score for each point. */
export interface Scored {
  readonly series: Series;
  readonly scores: ArrayLike<number>;
}

/** The contribution of a point at or above the threshold. `window` is -1 outside of windows. */
interface Point {
  readonly score: number;
  readonly window: number;
  readonly gain: number;
}

/** 1 far inside of a window, 0 at its end, -1 far behind it. */
const sigmoid = (position: number) => (position >= 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1);
const HIGHEST = sigmoid(-1);

/** Points of the series outside of its probation; `first` numbers its windows. */
function pointsOf({ series, scores }: Scored, first: number): Point[] {
  const { windows, values, probation } = series;
  const points: Point[] = [];
  let next = 0;
  for (let index = 0; index < values.length; index += 1) {
    while (next < windows.length && index > windows[next]![1]) next += 1;
    const window = windows[next];
    const isInside = window !== undefined && index >= window[0];
    if (index < probation) continue;
    const score = scores[index]!;
    if (isInside) {
      const [from, to] = window;
      const position = -(to - index + 1) / (to - from + 1);
      points.push({ score, window: first + next, gain: sigmoid(position) / HIGHEST });
    } else {
      const before = windows[next - 1];
      const position = before ? (index - before[1]) / (before[1] - before[0]) : 3;
      points.push({ score, window: -1, gain: sigmoid(position) });
    }
  }
  return points;
}

export interface Result {
  /** 0 for staying silent, 100 for all windows at their first point and nothing else. */
  readonly score: number;
  readonly threshold: number;
  readonly found: number;
  readonly windows: number;
  readonly falsePoints: number;
}

/** The result at every threshold, from silence down to an alarm at every point. */
export function* sweep(all: readonly Scored[], { wrong, missed }: Profile): Generator<Result> {
  let windows = 0;
  const points: Point[] = [];
  for (const scored of all) {
    for (const point of pointsOf(scored, windows)) points.push(point);
    windows += scored.series.windows.length;
  }
  points.sort((a, b) => b.score - a.score);
  const best = new Float64Array(windows).fill(-missed);
  let [sum, found, falsePoints, threshold] = [-missed * windows, 0, 0, Infinity];
  const result = (): Result => {
    const score = (100 * (sum + missed * windows)) / (windows * (1 + missed));
    return { score, threshold, found, windows, falsePoints };
  };
  for (const { score, window, gain } of points) {
    if (score !== threshold) {
      yield result();
      threshold = score;
    }
    if (window < 0) {
      sum += wrong * gain;
      falsePoints += 1;
    } else if (gain > best[window]!) {
      const before = best[window]!;
      if (before === -missed) found += 1;
      sum += gain - before;
      best[window] = gain;
    }
  }
  yield result();
}

/** The highest score over all thresholds. */
export function bestOf(all: readonly Scored[], profile: Profile): Result {
  let best: Result | undefined;
  for (const result of sweep(all, profile)) if (!best || result.score > best.score) best = result;
  return best!;
}

/** The result for a given threshold: points at or above it are alarms. */
export function resultAt(all: readonly Scored[], profile: Profile, threshold: number): Result {
  let last: Result | undefined;
  for (const result of sweep(all, profile)) {
    if (result.threshold < threshold) break;
    last = result;
  }
  return { ...last!, threshold };
}
