// A prediction in words, which say no more than is known.

import type { NoPrediction, Prediction } from './prediction.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration as people say it: "12 minutes", "6 hours", "2 days". */
export function spanText(ms: number): string {
  const [unit, name] = ms < 90 * MINUTE ? [MINUTE, 'minute'] : ms < 36 * HOUR ? [HOUR, 'hour'] : [DAY, 'day'];
  const count = Math.max(1, Math.round(ms / unit));
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

/** Beyond a quarter of an hour, minutes are rounded to five, because the prediction is not more accurate. */
function aboutText(ms: number): string {
  const minutes = ms / MINUTE;
  return spanText(minutes > 15 && minutes < 90 ? Math.round(minutes / 5) * 5 * MINUTE : ms);
}

const REASONS: Readonly<Record<NoPrediction, string>> = {
  normal: 'in its normal band',
  defrost: 'outside its normal band, as at a defrost',
  learning: 'learning what is normal',
  gap: 'no prediction: waiting for data after a gap',
  changed: 'no prediction: the level changed during a pause, so what is normal is learned again',
  constant: 'no prediction: the metric has always had the same value',
  binary: 'no prediction: the metric has only two values',
  'limit-in-band': 'no prediction: the limit lies inside the normal band',
  late: 'no prediction: this minute is older than what is kept',
  unusable: 'no prediction: the minute has no usable values',
};

/**
 * Such as "above its normal band for 12 minutes; 8 °C in about 25 minutes at this rate". For a slow failure the time is in
 * hours and follows from the trend of the last hours.
 *
 * @param limit as people read it, with its unit. @param at epoch milliseconds of the judged minute.
 */
export function predictionText(
  prediction: Prediction,
  { limit, side, at }: { readonly limit: string; readonly side: 'above' | 'below'; readonly at: number },
): string {
  if (prediction.none !== undefined) {
    const { none, left, fault } = prediction;
    if (fault !== undefined) return `${REASONS[none]}: ${fault}`;
    return left === undefined ? REASONS[none] : `${REASONS[none]}: ${spanText(left)} left`;
  }
  const { since, crossesIn, basis } = prediction;
  const out = `${side} its normal band for ${spanText(Math.max(MINUTE, at + MINUTE - since))}`;
  if (crossesIn === 0) return `${out}; ${limit} is reached`;
  if (crossesIn === undefined) return `${out}; when it reaches ${limit} cannot be said yet`;
  const trend = basis === 'minutes' ? 'at this rate' : 'at the trend of the last hours';
  return `${out}; ${limit} in about ${aboutText(crossesIn)} ${trend}`;
}
