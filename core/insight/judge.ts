// Judges the newest minute of a device: whether to announce that the limit will be reached, and when, or why there is no prediction.

import { baseEdgeOf, edgeOf, hourlyLevels, widthOf } from './band.ts';
import { isCalm } from './calm-hours.ts';
import { isNearDefrost, maybeDefrost, modeOf, type GateMode } from './gate.ts';
import { MINUTE_MS } from './minute.ts';
import type { Learned, Prediction, PredictionSettings, PredictionState } from './prediction.ts';
import { fitApproach, medianSlope, minutesTo, recall } from './trend.ts';

const DAY = 1_440;
const WEEK = 7 * DAY;
export const LEARNING = 2 * DAY;
/** Of the 288 blocks of ten minutes in two days. */
const LEAST_BLOCKS = 240;
/** How many minutes a pause is remembered. */
export const WATCH = 60;
/** Shares of the way from the band to the limit, and for how many minutes each must be exceeded; longer than a door stays open. */
const KNOWN_LEVELS = [
  [0.52, 2],
  [0.22, 8],
] as const;
/** With a schedule, in the hours in which nobody opens the door. */
const CALM_LEVELS = [[0.15, 2]] as const;
const LEVELS: Readonly<Record<GateMode, readonly (readonly [share: number, minutes: number])[]>> = {
  learned: [
    [0.52, 2],
    [0.25, 10],
  ],
  free: [
    [0.65, 2],
    [0.35, 25],
  ],
  known: KNOWN_LEVELS,
  metric: KNOWN_LEVELS,
};
/** Minutes below the band's edge that end an announcement. */
const CLOSE_MINUTES = 5;
const FAST_MINUTES = 60;
const TREND_HOURS = 12;
const LONGEST_HOURS = 72;
const LASTING_HOURS = 2;

export interface Step {
  readonly state: PredictionState;
  readonly prediction: Prediction;
}

/** After an hour: whether both edges moved the same way by a similar amount, as after a change of the sensor or its setting. */
function isChanged({ gate: { band }, pause, at }: PredictionState): boolean {
  if (!pause || at - pause.at < WATCH) return false;
  const { before, since } = pause;
  const [low, high] = [since[0] - before[0], since[1] - before[1]];
  const width = widthOf(band);
  const [less, more] = [Math.min(Math.abs(low), Math.abs(high)), Math.abs(low - high)];
  const isElsewhere = low > 0 ? since[0] > band.low + less / 2 : since[1] < band.high - less / 2;
  return low * high > 0 && less > 0.7 * width && more < 0.7 * width && isElsewhere;
}

/** Judges the newest minute of a state. The result `changed` means that learning must restart. */
export function judge(state: PredictionState, limit: number, settings: PredictionSettings): Step {
  if (isChanged(state)) return { state, prediction: { none: 'changed' } };
  const obstacle = obstacleOf(state, limit);
  if (obstacle) return { state: state.open ? { ...state, open: undefined } : state, prediction: obstacle };
  if (state.open) return goOn(state, limit);
  const { gate, at } = state;
  if (last(state) <= edgeOf(gate.band)) return { state, prediction: { none: 'normal' } };
  if (isPausing(state)) return { state, prediction: { none: 'gap' } };
  const mode = modeOf(gate, settings.defrosts, isDistrusted(state));
  const excused = maybeDefrost(gate, mode, at, settings.defrosts);
  const levels = mode !== 'free' && isCalm(gate.calm, at) ? CALM_LEVELS : LEVELS[mode];
  const isOut = levels.some(([share, minutes]) => {
    const level = Math.max(edgeOf(gate.band), gate.band.base + share * (limit - gate.band.base));
    const isAbove = newest(state, minutes, (mean) => mean > level);
    return isAbove && (!excused || isLasting(state, level));
  });
  if (!isOut) return { state, prediction: { none: excused ? 'defrost' : 'normal' } };
  return goOn({ ...state, open: { since: gate.excursions.now?.start ?? at, crossed: false } }, limit);
}

function obstacleOf(state: PredictionState, limit: number): Prediction | undefined {
  const { at, from, gate, values, recent, pause } = state;
  const left = from + LEARNING - at;
  if (left > 0) return { none: 'learning', left: left * MINUTE_MS };
  if (gate.band.maxima.length < LEAST_BLOCKS)
    return { none: 'learning', left: (LEAST_BLOCKS - gate.band.maxima.length) * 10 * MINUTE_MS };
  if (values.length < 3) return { none: values.length < 2 ? 'constant' : 'binary' };
  if (gate.band.base + 0.1 * widthOf(gate.band) >= limit && !state.open) return { none: 'limit-in-band' };
  if (pause && recent.length < 2 * LEAST_RECENT) return { none: 'gap' };
  return undefined;
}

/** Whether the last hours were all above the level: no defrost lasts that long. */
function isLasting({ gate }: PredictionState, level: number): boolean {
  const levels = hourlyLevels(gate.band, LASTING_HOURS);
  return levels.length === LASTING_HOURS && levels.every((each) => each > level);
}

/** Minutes, longer than most cycles, whose means show whether a metric rises. */
const RISE_MINUTES = 8;
/** Minutes after a pause without a prediction. */
const LEAST_RECENT = 5;

/** A metric that left its band during a pause may have a new level: in the first hour, only a continuing rise is judged. */
function isPausing({ pause, recent, gate }: PredictionState): boolean {
  const edge = edgeOf(gate.band);
  if (!pause || pause.since[0] < edge || pause.before[0] > edge) return false;
  const values = recall(recent, gate.band);
  if (values.length < 2 * RISE_MINUTES) return true;
  const mean = (some: readonly number[]) => some.reduce((sum, value) => sum + value, 0) / some.length;
  const rise = mean(values.slice(-RISE_MINUTES)) - mean(values.slice(0, RISE_MINUTES));
  return rise < 0.5 * widthOf(gate.band);
}

/** After two wrong announcements within a week, the learned schedule is not used for three weeks. */
function isDistrusted({ wrong: [first, second], at }: PredictionState): boolean {
  return first !== undefined && second !== undefined && second - first < WEEK && at - second < 3 * WEEK;
}

function last({ recent, gate: { band } }: PredictionState): number {
  return recall(recent.slice(-2), band)[0]!;
}

/** Whether the newest `count` means all pass `holds`. */
function newest(
  { recent, gate: { band } }: PredictionState,
  count: number,
  holds: (mean: number) => boolean,
) {
  return recent.length >= 2 * count && recall(recent.slice(-2 * count), band).every(holds);
}

/** An open announcement continues until the metric is back in its band. */
function goOn(state: PredictionState, limit: number): Step {
  const { open, at, gate, wrong } = state;
  const edge = baseEdgeOf(gate.band);
  if (newest(state, CLOSE_MINUTES, (mean) => mean <= edge)) {
    const isWrong = !open!.crossed && isNearDefrost(gate, open!.since);
    const added = isWrong ? [...wrong, at].slice(-2) : wrong;
    return { state: { ...state, open: undefined, wrong: added }, prediction: { none: 'normal' } };
  }
  const crossed = open!.crossed || last(state) >= limit;
  const next = crossed === open!.crossed ? state : { ...state, open: { ...open!, crossed } };
  return { state: next, prediction: { since: open!.since * MINUTE_MS, ...outlook(next, limit) } };
}

function outlook(state: PredictionState, limit: number) {
  const { recent, gate } = state;
  if (last(state) >= limit) return { crossesIn: 0, kind: 'fast', basis: 'level' } as const;
  const approach = fitApproach(recall(recent, gate.band));
  const minutes = approach && minutesTo(approach, limit);
  if (minutes !== undefined && minutes <= FAST_MINUTES)
    return {
      crossesIn: Math.max(1, Math.round(minutes)) * MINUTE_MS,
      kind: 'fast',
      basis: 'minutes',
    } as const;
  const levels = hourlyLevels(gate.band, TREND_HOURS);
  const slope = medianSlope(levels);
  const hours = (limit - Math.max(...levels.slice(-2))) / slope;
  if (!(slope > 0.02 * widthOf(gate.band)) || !(hours > 0) || hours > LONGEST_HOURS)
    return { crossesIn: undefined, kind: 'slow', basis: 'level' } as const;
  return { crossesIn: Math.round(hours * 60) * MINUTE_MS, kind: 'slow', basis: 'hours' } as const;
}

/** What the gate has learned, for display. */
export function learnedOf(state: PredictionState, settings: PredictionSettings): Learned {
  const { band, usual } = state.gate;
  const mode = modeOf(state.gate, settings.defrosts, isDistrusted(state));
  const [high, low] = settings.side === 'above' ? [band.high, band.low] : [-band.high, -band.low];
  const { schedule, length } = usual;
  const defrosts = schedule && {
    every: Math.round(schedule.every) * MINUTE_MS,
    anchor: Math.round(schedule.anchor) * MINUTE_MS,
    length: length * MINUTE_MS,
  };
  return { mode, high, low, ...(defrosts && { defrosts }) };
}
