// Computed minutes of a fridge for the tests of core/insight: a cooling cycle, defrosts, and additions by a test.

import type { Minute } from '../../core/insight/minute.ts';
import { predict } from '../../core/insight/predict.ts';
import type { Prediction, PredictionSettings, PredictionState } from '../../core/insight/prediction.ts';

export const MINUTE = 60_000;
export const DAY = 1_440;
/** When the tests begin, in minutes since the epoch: a midnight. */
export const START = 29_649_600;

export interface FridgeOptions {
  /** Minutes at which defrosts begin. */
  readonly defrosts?: readonly number[];
  /** °C to add at a minute since the start. */
  readonly added?: (minute: number) => number;
}

/** Minutes at equal intervals from `first` on, each shifted by `moved(n)`. */
export function everySo(
  first: number,
  every: number,
  days: number,
  moved: (n: number) => number = () => 0,
): number[] {
  const count = Math.ceil((days * DAY - first) / every);
  return Array.from({ length: count }, (_, n) => first + n * every + moved(n));
}

/** °C at a minute since the start: 3.2 to 4.8 in 5.3 minutes, and 7 at the end of a defrost of 20 minutes. */
function temperature(minute: number, { defrosts = [], added = () => 0 }: FridgeOptions): number {
  const since = minute - (defrosts.findLast((start) => start <= minute) ?? -Infinity);
  const cycle = 4 + 0.8 * Math.sin((2 * Math.PI * minute) / 5.3) + 0.05 * Math.sin(minute * 12.9898);
  const warm = since < 20 ? (3.4 * since) / 20 : since < 28 ? (3.4 * (28 - since)) / 8 : 0;
  return Math.max(cycle, warm > 0.5 ? 3.8 + warm : -Infinity) + added(minute);
}

/** @param minute since the start. */
export function minuteAt(minute: number, options: FridgeOptions): Minute {
  const mean = Math.round(temperature(minute, options) * 1_000) / 1_000;
  return { at: (START + minute) * MINUTE, mean, min: mean - 0.05, max: mean + 0.05 };
}

export const SETTINGS: PredictionSettings = { limit: 8, side: 'above' };

export interface Judged {
  readonly minute: number;
  readonly prediction: Prediction;
}

/** Judges the minutes of a range for which `has` is true. */
export function run(
  state: PredictionState | undefined,
  [from, to]: readonly [number, number],
  options: FridgeOptions,
  settings: PredictionSettings = SETTINGS,
  has: (minute: number) => boolean = () => true,
): { readonly state: PredictionState; readonly judged: readonly Judged[] } {
  const judged: Judged[] = [];
  let next = state;
  for (let minute = from; minute < to; minute += 1) {
    if (!has(minute)) continue;
    const step = predict(next, minuteAt(minute, options), settings);
    next = step.state;
    judged.push({ minute, prediction: step.prediction });
  }
  return { state: next!, judged };
}

/** Minutes at which an announcement began. */
export function openings(judged: readonly Judged[]): number[] {
  return judged
    .filter(
      ({ prediction }, index) =>
        prediction.none === undefined && judged[index - 1]?.prediction.none !== undefined,
    )
    .map(({ minute }) => minute);
}
