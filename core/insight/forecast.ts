// Where the last minutes lead: the curve of the predictor, with how well it fits them, as points to draw.

import { MINUTE_MS } from './minute.ts';
import type { PredictionSettings, PredictionState } from './prediction.ts';
import { FIT_MINUTES, fitApproach, recall } from './trend.ts';

export interface ForecastPoint {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly value: number;
  /** Two errors of the fit at the last minute, growing by as much in 25 minutes. */
  readonly low: number;
  readonly high: number;
}

const POINTS = 12;
const POINT_MINUTES = 5;

/** An hour ahead while a limit lies ahead; nothing otherwise, as a fridge in its band goes up and down. */
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
