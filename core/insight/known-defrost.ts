// The predictor's settings from a rule: the limit, its side, and when the device defrosts, if people know it.

import type { KnownDefrost, PredictedRule } from '../alert-rule.ts';
import { offsetOf } from '../time-text.ts';
import { MINUTE_MS } from './minute.ts';
import type { PredictionSettings } from './prediction.ts';
import type { KnownSchedule } from './schedule.ts';

const DAY_MINUTES = 1440;

/** `at` in epoch milliseconds, because a zone's offset may change. */
export function settingsOf({ limit, side, defrost }: PredictedRule, at: number): PredictionSettings {
  return { limit, side, ...(defrost && 'at' in defrost && { defrosts: scheduleOf(defrost, at) }) };
}

/** Converts times of day of the zone to UTC. */
function scheduleOf(
  { at: times, timeZone, lasts }: Extract<KnownDefrost, { readonly at: unknown }>,
  at: number,
): KnownSchedule {
  const ahead = offsetOf(at, timeZone) / MINUTE_MS;
  const inUtc = times.map((time) => (time - ahead + 2 * DAY_MINUTES) % DAY_MINUTES);
  return { times: inUtc, length: lasts / MINUTE_MS };
}
