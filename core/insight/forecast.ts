// The predictor's curve for the next hour as points to draw, with the error of its fit to the last minutes.

import { MINUTE_MS } from './minute.ts';
import type { PredictionSettings, PredictionState } from './prediction.ts';
import { FIT_MINUTES, fitApproach, recall } from './trend.ts';

export interface ForecastPoint {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly value: number;
  /** Two errors of the fit at the last minute, growing by the same amount every 25 minutes. */
  readonly low: number;
  readonly high: number;
}

const POINTS = 12;
const POINT_MINUTES = 5;

/** One hour ahead while an announcement is open; empty otherwise, because a fridge in its band varies up and down. */
export function forecastOf(
  state: PredictionState,
  { side }: Pick<PredictionSettings, 'side'>,
): readonly ForecastPoint[] {
  if (!state.open) return [];
  const fit = fitApproach(recall(state.recent, state.gate.band));
  if (!fit) return [];
  const sign = side === 'above' ? 1 : -1;
  const point = (minutes: number): ForecastPoint => {
    const value = sign * (fit.end - (fit.end - fit.now) * Math.exp(-minutes / fit.tau));
    const error = 2 * fit.error * (1 + minutes / FIT_MINUTES);
    return { at: (state.at + minutes) * MINUTE_MS, value, low: value - error, high: value + error };
  };
  return Array.from({ length: POINTS + 1 }, (_, index) => point(index * POINT_MINUTES));
}
