// Announces that a limit will be reached: one step a minute of a device and metric, from the state to the next one.
import { baseEdgeOf, edgeOf, hourlyLevels, widthOf } from './band.ts';
import { NO_EXCURSIONS } from './excursion.ts';
import {
  extendGate,
  firstGate,
  interruptGate,
  isNearDefrost,
  maybeDefrost,
  modeOf,
  type GateMode,
} from './gate.ts';
import { faultOf, MINUTE_MS, minuteOf, mirrored, rounded, type Minute } from './minute.ts';
import type { Learned, Pause, Prediction, PredictionSettings, PredictionState } from './prediction.ts';
import { FIT_MINUTES, fitApproach, medianSlope, minutesTo, recall, remember } from './trend.ts';

const DAY = 1_440;
const LEARNING = 2 * DAY;
/** Of the 288 stretches of ten minutes in two days. */
const LEAST_BLOCKS = 240;
/** A gap of so many minutes is filled; from `PAUSE` on the sensor may be another one; after `FORGET` all is learned anew. */
const FILL = 3;
const PAUSE = 10;
const FORGET = 3 * DAY;
/** Minutes for which a pause is remembered. */
const WATCH = 60;
/** Stale minutes in a row after which the clock has been set back. */
const SET_BACK = 60;
/** Where between the band's edge (0) and the limit (1) the level is, and for how many minutes it is exceeded. */
const LEVELS: Readonly<Record<GateMode, readonly [share: number, minutes: number]>> = {
  learned: [+(process.env.LS ?? 0.5), +(process.env.LM ?? 2)],
  free: [+(process.env.LS ?? 0.5), +(process.env.LM ?? 2)],
  known: [+(process.env.LK ?? 0.45), +(process.env.LKM ?? 1)],
  metric: [+(process.env.LK ?? 0.45), +(process.env.LKM ?? 1)],
};
/** Minutes below the band's edge that end an announcement. */
const CLOSE_MINUTES = 5;
const WEEK = 7 * DAY;
const FAST_MINUTES = 60;
const TREND_HOURS = 12;
const LONGEST_HOURS = 72;
const LASTING_HOURS = 2;

export interface Step {
  readonly state: PredictionState;
  readonly prediction: Prediction;
}

/**
 * Judges one minute. Minutes come in their order; one of the last 25 may come again, corrected, and is judged with what is
 * known now. Older ones are ignored. Pure: the same state and minute give the same answer.
 */
export function predict(
  state: PredictionState | undefined,
  given: Minute,
  settings: PredictionSettings,
): Step {
  const fault = faultOf(given);
  if (fault !== undefined)
    return {
      state: state ?? begin({ at: 0, mean: 0, min: 0, max: 0 }),
      prediction: { none: 'unusable', fault },
    };
  const isUp = settings.side === 'above';
  const known = { ...given, mean: rounded(given.mean) };
  const minute = isUp ? known : mirrored(known);
  const limit = isUp ? settings.limit : -settings.limit;
  const next = state && state.from > 0 ? advance(state, minute, settings) : begin(minute);
  if (next.stale > 0) return { state: next, prediction: { none: 'late' } };
  return judge(next, limit, settings);
}

function begin(minute: Minute): PredictionState {
  const at = minuteOf(minute.at);
  const gate = firstGate(minute);
  const recent = remember('', gate.band, minute.mean);
  return { v: 1, from: at, at, gate, recent, values: [], wrong: [], stale: 0 };
}

function advance(state: PredictionState, minute: Minute, settings: PredictionSettings): PredictionState {
  const at = minuteOf(minute.at);
  const missed = at - state.at - 1;
  if (missed < 0) return correct(state, minute, -missed - 1);
  if (missed > FORGET) return begin(minute);
  const paused = missed >= PAUSE;
  const gate = extendGate(paused ? interruptGate(state.gate) : state.gate, minute, settings.defrosts);
  return {
    ...state,
    at,
    gate,
    recent: continued(state, gate.band, minute.mean, missed),
    values: valuesOf(state.values, minute),
    pause: pauseOf(state, paused, at, minute.mean),
    stale: 0,
  };
}

/** Takes the place of what was judged `ago` minutes before the last one. */
function correct(state: PredictionState, minute: Minute, ago: number): PredictionState {
  const index = state.recent.length - 2 * (ago + 1);
  if (ago >= FIT_MINUTES || index < 0) {
    const stale = state.stale + 1;
    return stale < SET_BACK ? { ...state, stale } : setBack(state, minute);
  }
  const { band } = state.gate;
  const packed = remember('', band, minute.mean);
  const recent = state.recent.slice(0, index) + packed + state.recent.slice(index + 2);
  return { ...state, recent, values: valuesOf(state.values, minute), stale: 0 };
}

/** Keeps the band, which has no clock, and learns the defrosts anew. */
function setBack(state: PredictionState, minute: Minute): PredictionState {
  const fresh = begin(minute);
  const { block, top, bottom } = fresh.gate.band;
  const band = { ...state.gate.band, block, top, bottom };
  const gate = { ...fresh.gate, band, excursions: NO_EXCURSIONS };
  const learned = Math.min(state.at - state.from, LEARNING);
  const recent = remember('', band, minute.mean);
  return { ...fresh, from: fresh.from - learned, gate, recent, values: state.values };
}

function continued(
  state: PredictionState,
  band: PredictionState['gate']['band'],
  mean: number,
  missed: number,
) {
  const { zero, step } = state.gate.band;
  const isSame = zero === band.zero && step === band.step;
  let text = missed > FILL ? '' : state.recent;
  if (!isSame && text !== '')
    text = recall(text, state.gate.band).reduce((sofar, value) => remember(sofar, band, value), '');
  for (let index = 0; index < missed && text !== ''; index += 1) text = remember(text, band, mean);
  return remember(text, band, mean);
}

function valuesOf(values: readonly number[], { min, max }: Minute): readonly number[] {
  if (values.length > 2) return values;
  return [...new Set([...values, min, max])].slice(0, 3);
}

function pauseOf(
  { pause, recent, gate }: PredictionState,
  paused: boolean,
  at: number,
  mean: number,
): Pause | undefined {
  if (paused) {
    const values = recall(recent, gate.band);
    return { at, before: [Math.min(...values), Math.max(...values)], since: [mean, mean] };
  }
  if (!pause || at - pause.at > WATCH) return undefined;
  const [low, high] = pause.since;
  return { ...pause, since: [Math.min(low, mean), Math.max(high, mean)] };
}

/** After an hour: whether both edges have moved the same way by about as much, as by another sensor or another setting. */
function isChanged({ gate: { band }, pause, at }: PredictionState): boolean {
  if (!pause || at - pause.at < WATCH) return false;
  const { before, since } = pause;
  const [low, high] = [since[0] - before[0], since[1] - before[1]];
  const width = widthOf(band);
  const [less, more] = [Math.min(Math.abs(low), Math.abs(high)), Math.abs(low - high)];
  const isElsewhere = low > 0 ? since[0] > band.low + less / 2 : since[1] < band.high - less / 2;
  return low * high > 0 && less > 0.7 * width && more < 0.7 * width && isElsewhere;
}

function judge(state: PredictionState, limit: number, settings: PredictionSettings): Step {
  if (isChanged(state)) {
    const { at, recent, gate } = state;
    const mean = recall(recent, gate.band).at(-1)!;
    return {
      state: begin({ at: at * MINUTE_MS, mean, min: mean, max: mean }),
      prediction: { none: 'changed' },
    };
  }
  const obstacle = obstacleOf(state, limit);
  if (obstacle) return { state: state.open ? { ...state, open: undefined } : state, prediction: obstacle };
  const { band } = state.gate;
  const mode = modeOf(state.gate, settings.defrosts, isDistrusted(state));
  const [share, minutes] = LEVELS[mode];
  const level = Math.max(edgeOf(band), band.base + share * (limit - band.base));
  if (state.open) return goOn(state, limit);
  const suspicious = newest(state, minutes, (mean) => mean > level);
  const excused = () =>
    maybeDefrost(state.gate, mode, state.at, settings.defrosts) && !isLasting(state, level);
  if (suspicious && !isPausing(state) && !excused())
    return goOn(
      { ...state, open: { since: state.gate.excursions.now?.start ?? state.at, crossed: false } },
      limit,
    );
  const isOut = last(state) > edgeOf(band);
  const none =
    isOut && isPausing(state)
      ? 'gap'
      : isOut && maybeDefrost(state.gate, mode, state.at, settings.defrosts)
        ? 'defrost'
        : 'normal';
  return { state, prediction: { none } };
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
/** Minutes after a pause before anything is said. */
const LEAST_RECENT = 5;

/** After a pause the metric may be elsewhere for good: only what goes on rising is judged in the first hour. */
function isPausing({ pause, recent, gate }: PredictionState): boolean {
  if (!pause || pause.since[0] < edgeOf(gate.band)) return false;
  const values = recall(recent, gate.band);
  if (values.length < 2 * RISE_MINUTES) return true;
  const mean = (some: readonly number[]) => some.reduce((sum, value) => sum + value, 0) / some.length;
  const rise = mean(values.slice(-RISE_MINUTES)) - mean(values.slice(0, RISE_MINUTES));
  return rise < 0.5 * widthOf(gate.band);
}

/** Two wrong announcements in a week cost the learned schedule its say for three. */
function isDistrusted({ wrong: [first, second], at }: PredictionState): boolean {
  return first !== undefined && second !== undefined && second - first < WEEK && at - second < 3 * WEEK;
}

function last({ recent, gate: { band } }: PredictionState): number {
  return recall(recent.slice(-2), band)[0]!;
}

/** Whether the newest `count` means are all as `holds` says. */
function newest(
  { recent, gate: { band } }: PredictionState,
  count: number,
  holds: (mean: number) => boolean,
) {
  return recent.length >= 2 * count && recall(recent.slice(-2 * count), band).every(holds);
}

/** An announcement that is open goes on until the metric is back in its band. */
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

/** What the gate has learned, for people. */
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
