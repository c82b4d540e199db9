// The predictor's settings from a rule: the limit, its side, and when the device defrosts, if people know it.

import type { KnownDefrost, PredictedRule } from '../alert-rule.ts';
import { offsetOf } from '../time-text.ts';
import { MINUTE_MS } from './minute.ts';
import type { PredictionSettings } from './prediction.ts';
import type { KnownSchedule } from './schedule.ts';

const DAY_MINUTES = 1440;

/** `at` in epoch milliseconds, because a zone's offset may change. */
export function settingsOf({ limit, side, defrost }: PredictedRule, at: number): PredictionSettings {
  return { limit, side, ...(defrost && !('metric' in defrost) && { defrosts: scheduleOf(defrost, at) }) };
}

type Entered = Exclude<KnownDefrost, { readonly metric: string }>;

function scheduleOf(defrost: Entered, at: number): KnownSchedule {
  if ('at' in defrost) return timesOf(defrost, at);
  const { every, from, lasts } = defrost;
  return { every: every / MINUTE_MS, anchor: from / MINUTE_MS, length: lasts / MINUTE_MS };
}

/** Converts times of day of the zone to UTC. */
function timesOf(
  { at: times, timeZone, lasts }: Extract<Entered, { readonly at: unknown }>,
  at: number,
): KnownSchedule {
  const ahead = offsetOf(at, timeZone) / MINUTE_MS;
  const inUtc = times.map((time) => (time - ahead + 2 * DAY_MINUTES) % DAY_MINUTES);
  return { times: inUtc, length: lasts / MINUTE_MS };
}
