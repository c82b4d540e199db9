// The course of a metric: an exponential approach over minutes, and a straight line over hours.

import { packPair, pairAt, type Scale } from './packed.ts';

/** T(t) = end - (end - now) e^(-t / tau), with t in minutes after the last value. */
export interface Approach {
  readonly end: number;
  readonly now: number;
  readonly tau: number;
  /** Root of the mean squared error. */
  readonly error: number;
}

const TAUS = [4, 8, 15, 30, 60, 120];
export const FIT_MINUTES = 25;
const LEAST_MINUTES = 8;

/** e^(age / tau) for ages in minutes before the last value, scaled by the oldest one to avoid overflow. */
const DECAYS = TAUS.map((tau) =>
  Array.from({ length: FIT_MINUTES }, (_, age) => Math.exp((age - FIT_MINUTES + 1) / tau)),
);

/** @param values minute means, oldest first. @returns undefined for fewer than eight. */
export function fitApproach(values: readonly number[]): Approach | undefined {
  const n = values.length;
  if (n < LEAST_MINUTES) return undefined;
  let best: Approach | undefined;
  TAUS.forEach((tau, index) => {
    const decays = DECAYS[index]!;
    let [x, y, xx, xy, yy] = [0, 0, 0, 0, 0];
    for (let age = 0; age < n; age += 1) {
      const decay = decays[age]!;
      const value = values[n - 1 - age]!;
      x += decay;
      y += value;
      xx += decay * decay;
      xy += decay * value;
      yy += value * value;
    }
    const spread = xx - (x * x) / n;
    if (!(spread > 0)) return;
    const slope = (xy - (x * y) / n) / spread;
    const end = (y - slope * x) / n;
    const squares = yy - (y * y) / n - slope * (xy - (x * y) / n);
    const error = Math.sqrt(Math.max(0, squares) / n);
    if (!best || error < best.error) best = { end, now: end + slope * decays[0]!, tau, error };
  });
  return best;
}

/** Minutes until the approach reaches the limit; undefined if it never does. */
export function minutesTo({ end, now, tau }: Approach, limit: number): number | undefined {
  if (now >= limit) return 0;
  return end > limit ? tau * Math.log((end - now) / (end - limit)) : undefined;
}

/** Median of the slopes between all pairs (Theil and Sen), per step of the values. */
export function medianSlope(values: readonly number[]): number {
  const slopes: number[] = [];
  values.forEach((later, index) => {
    for (let other = 0; other < index; other += 1) slopes.push((later - values[other]!) / (index - other));
  });
  slopes.sort((a, b) => a - b);
  return slopes[Math.floor(slopes.length / 2)] ?? 0;
}

/** Values are stored in 32nds of the band's step, starting 84 steps below its zero. */
const FINE = 32;
const BELOW = 84;
const PAIR = 2;

/** Appends a value to the text of the last ones, two characters each. */
export function remember(text: string, scale: Scale, value: number): string {
  const level = (value - scale.zero) / scale.step + BELOW;
  return (text + packPair(level * FINE)).slice(-FIT_MINUTES * PAIR);
}

export function recall(text: string, scale: Scale): number[] {
  const values: number[] = [];
  for (let index = 0; index + 1 < text.length; index += PAIR)
    values.push(scale.zero + (pairAt(text, index) / FINE - BELOW) * scale.step);
  return values;
}
