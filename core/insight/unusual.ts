// Detects that a cycling metric is unusual for this hour of the day, and what that may mean.

import {
  extendHour,
  firstHour,
  hourOf,
  LONGEST_STEP,
  medianOf,
  type HourShape,
  type HourUnderWay,
  type Sample,
} from './hour-shape.ts';
import { addHour, CENTRE, compare, KEPT_HOURS, sameHours, scaleFor } from './hour-history.ts';
import { faultOf, rounded } from './minute.ts';
import { LEVELS } from './packed.ts';

export type UnusualStat = 'level' | 'duty' | 'cycles' | 'site' | 'no-defrost' | 'identical';

export interface Unusual {
  readonly stat: UnusualStat;
  /** The present value, and the usual range; in milliseconds for `no-defrost` and `identical`. */
  readonly value: number;
  readonly usual: readonly [low: number, high: number];
  /** 1 at the threshold; negative for a fall. */
  readonly score: number;
}

/** The kept hours, packed: one character each, oldest first; a space for an hour without a value. */
interface History {
  readonly duty: string;
  readonly level: string;
  readonly cycles: string;
  readonly site: string;
}

/** One JSON object of at most 1,024 characters. */
export interface UnusualState {
  readonly v: 1;
  /** Hours since the epoch: the first hour, and the last one in the history. */
  readonly from: number;
  readonly last: number;
  readonly now: HourUnderWay;
  readonly history: History;
  /** The value of level 45 in the history of levels, and the difference between two levels. */
  readonly centre: number;
  readonly step: number;
  /** The shapes of the last hours: the median of three is judged. */
  readonly shapes: readonly (readonly [median: number, duty: number, cycles: number])[];
  /** Since when readings are identical, and the longest such time while learning. */
  readonly same: readonly [value: number, since: number];
  readonly longestSame: number;
  /** Up to three different values; a metric without a third one is constant or binary. */
  readonly values: readonly number[];
  /** Consecutive late samples. */
  readonly stale: number;
  readonly found: readonly Unusual[];
  /** Hours since the epoch, and consecutive hours without a finding. */
  readonly open?: readonly [since: number, quiet: number] | undefined;
}

export interface UnusualContext {
  /** Median duty of the other devices of the site in the last hour, if there are at least two. */
  readonly siteDuty?: number | undefined;
  /** Epoch milliseconds of the last defrost, and the usual interval between two in milliseconds. */
  readonly defrosts?: { readonly last: number; readonly every: number } | undefined;
}

export type UnusualNone = 'learning' | 'normal' | 'constant' | 'binary' | 'unusable' | 'late';

export interface UnusualStep {
  readonly state: UnusualState;
  readonly none?: UnusualNone | undefined;
  readonly fault?: string | undefined;
  /** Set if this sample ended an hour. */
  readonly hour?: HourShape | undefined;
}

const MINUTE_MS = 60_000;
const LEARNING_HOURS = 96;
const SMOOTHED = 3;
/** The number of usual deviations that makes a finding. */
const THRESHOLDS: Readonly<Record<'level' | 'duty' | 'cycles' | 'site', number>> = {
  level: 7,
  duty: 8,
  cycles: 9,
  site: 7,
};
/** A defrost is missing after this many usual intervals: a single one may be hidden in a gap. */
const MISSING = 2.2;
const SAME_MS = 10 * MINUTE_MS;
const CLOSE_HOURS = 3;
const MOST_CYCLES = 45;
/** Late samples that mean a clock was set back: an hour of windows of ten seconds. */
const SET_BACK = 360;

/** Judges one window or minute. Samples come in order; an older one is ignored. */
export function judgeUnusual(
  given: UnusualState | undefined,
  sample: Sample,
  context: UnusualContext = {},
): UnusualStep {
  const fault = faultOf(sample);
  if (fault !== undefined)
    return { state: given ?? begin({ at: 0, mean: 0, min: 0, max: 0 }), none: 'unusable', fault };
  if (!given || given.from === 0 || hourOf(sample.at) - given.last > KEPT_HOURS)
    return { state: begin(sample), none: 'learning' };
  if (sample.at <= given.now.at) return lateOf(given, sample);
  const { now, ended } = extendHour(given.now, sample);
  const same =
    sample.at - given.now.at > LONGEST_STEP ? ([sample.max, sample.at] as const) : sameOf(given.same, sample);
  const isLearning = given.last - given.from < LEARNING_HOURS;
  const longestSame = isLearning ? Math.max(given.longestSame, sample.at - same[1]) : given.longestSame;
  const values = valuesOf(given.values, sample);
  const next = { ...given, now, same, longestSame, values, stale: 0 };
  const isStuck = !isLearning && sample.at - same[1] > Math.max(SAME_MS, 3 * longestSame);
  if (isStuck && !ended && !given.found.some(({ stat }) => stat === 'identical')) {
    const found = [...next.found, identicalOf(next, sample.at)];
    return { state: { ...next, found, open: next.open ?? [hourOf(sample.at), 0] } };
  }
  if (!ended) return { state: next, ...noneOf(next, isLearning) };
  const state = endHour(next, ended, isStuck, sample.at, context);
  return { state, hour: ended, ...noneOf(state, isLearning) };
}

function noneOf({ open, values }: UnusualState, isLearning: boolean): { readonly none?: UnusualNone } {
  if (isLearning) return { none: 'learning' };
  if (values.length < 3) return { none: values.length < 2 ? 'constant' : 'binary' };
  return open ? {} : { none: 'normal' };
}

/** Late samples are left out; after enough consecutive ones the clock was set back, and learning restarts. */
function lateOf(state: UnusualState, sample: Sample): UnusualStep {
  const stale = state.stale + 1;
  return stale < SET_BACK
    ? { state: { ...state, stale }, none: 'late' }
    : { state: begin(sample), none: 'learning' };
}

function valuesOf(values: readonly number[], { min, max }: Sample): readonly number[] {
  return values.length > 2 ? values : [...new Set([...values, min, max])].slice(0, 3);
}

function begin(sample: Sample): UnusualState {
  const hour = hourOf(sample.at);
  const step = 2 ** Math.floor(Math.log2(Math.max(Math.abs(sample.mean) * 1e-4, 1e-6)));
  return {
    ...{ v: 1, from: hour, last: hour - 1, now: firstHour(sample), centre: sample.mean, step },
    ...{ history: { duty: '', level: '', cycles: '', site: '' }, shapes: [], found: [] },
    ...{ same: [sample.min, sample.at], longestSame: 0, values: [], stale: 0 },
  };
}

/** Readings are identical while the lowest and the highest equal the value before. */
function sameOf([value, since]: UnusualState['same'], { at, min, max }: Sample): UnusualState['same'] {
  return min === value && max === value ? [value, since] : [max, at];
}

const identicalOf = ({ same, longestSame }: UnusualState, at: number): Unusual => {
  const usual = Math.max(SAME_MS, 3 * longestSame);
  return {
    stat: 'identical',
    value: at - same[1],
    usual: [0, longestSame],
    score: rounded((at - same[1]) / usual),
  };
};

function endHour(
  state: UnusualState,
  shape: HourShape,
  isStuck: boolean,
  at: number,
  { siteDuty, defrosts }: UnusualContext,
): UnusualState {
  const shapes = [...state.shapes, [shape.median, shape.duty, shape.cycles] as const].slice(-SMOOTHED);
  const hour = smoothed(shapes, siteDuty);
  const isYoung = shape.hour - state.from < KEPT_HOURS;
  const { text, ...scale } = scaleFor(state.history.level, state, hour.level, isYoung);
  const history = { ...state.history, level: text };
  const ahead = shape.hour - state.last;
  const found = [
    ...statisticsFound(hour, history, scale, ahead),
    missingOf(defrosts, at),
    isStuck ? identicalOf(state, at) : undefined,
  ].filter((each) => each !== undefined);
  const next: UnusualState = {
    ...{ ...state, ...scale, shapes, last: shape.hour, found },
    history: historyWith(hour, history, scale, ahead - 1),
  };
  return { ...next, open: openOf(next, shape.hour) };
}

interface SmoothedHour {
  readonly level: number;
  readonly duty: number;
  readonly cycles: number;
  /** The difference to the site's duty, if that is known. */
  readonly site: number | undefined;
}

type Scale = Pick<UnusualState, 'centre' | 'step'>;

/** Medians of the last hours. */
function smoothed(shapes: UnusualState['shapes'], siteDuty: number | undefined): SmoothedHour {
  const duty = medianOf(shapes.map(([, each]) => each));
  return {
    level: medianOf(shapes.map(([median]) => median)),
    duty,
    cycles: medianOf(shapes.map(([, , each]) => each)),
    site: siteDuty === undefined ? undefined : duty - siteDuty,
  };
}

/** Compares an hour with the same hours of earlier days. @param ahead hours since the last one in the history */
function statisticsFound(
  { level, duty, cycles, site }: SmoothedHour,
  history: History,
  { centre, step }: Scale,
  ahead: number,
): (Unusual | undefined)[] {
  const levels = sameHours(history.level, ahead, (packed) => centre + (packed - CENTRE) * step);
  const duties = sameHours(history.duty, ahead, (packed) => packed / (LEVELS - 1));
  const counts = sameHours(history.cycles, ahead, (packed) => packed / 2);
  const differences = sameHours(history.site, ahead, (packed) => packed / CENTRE - 1);
  return [
    judge('level', level, levels, step),
    judge('duty', duty, duties, 1 / LEVELS),
    judge('cycles', cycles, counts, 0.5),
    site === undefined ? undefined : judge('site', site, differences, 1 / CENTRE),
  ];
}

/** The history with an hour, after `missed` hours without values. */
function historyWith(
  { level, duty, cycles, site }: SmoothedHour,
  history: History,
  { centre, step }: Scale,
  missed: number,
): History {
  const hasSite = history.site !== '' || site !== undefined;
  const packedSite = site === undefined ? undefined : (site + 1) * CENTRE;
  return {
    level: addHour(history.level, missed, CENTRE + (level - centre) / step),
    duty: addHour(history.duty, missed, duty * (LEVELS - 1)),
    cycles: addHour(history.cycles, missed, 2 * Math.min(cycles, MOST_CYCLES)),
    site: hasSite ? addHour(history.site, missed, packedSite) : '',
  };
}

function judge(
  stat: keyof typeof THRESHOLDS,
  value: number,
  values: readonly number[],
  grain: number,
): Unusual | undefined {
  const compared = compare(value, values, grain);
  if (!compared) return undefined;
  const score = rounded(compared.z / THRESHOLDS[stat]);
  return Math.abs(score) < 1 ? undefined : { stat, value: rounded(value), usual: compared.usual, score };
}

/**
 * Whether a finding is worth reporting: cycles only confirm others, and duty alone counts only without neighbours, because on
 * a hot day all of them run longer.
 */
function isTelling({ stat, score }: Unusual, found: readonly Unusual[], hasSite: boolean): boolean {
  if (stat === 'cycles') return false;
  const other = stat === 'duty' ? 'site' : stat === 'site' ? 'duty' : undefined;
  if (!hasSite || other === undefined) return true;
  return (
    found.some((each) => each.stat === other && each.score * score > 0) ||
    found.some((each) => each.stat === 'no-defrost')
  );
}

function openOf({ open, found, from, history }: UnusualState, hour: number): UnusualState['open'] {
  if (hour - from < LEARNING_HOURS) return undefined;
  if (found.some((each) => isTelling(each, found, history.site !== ''))) return [open?.[0] ?? hour, 0];
  return open && open[1] + 1 < CLOSE_HOURS ? [open[0], open[1] + 1] : undefined;
}

function missingOf(defrosts: UnusualContext['defrosts'], at: number): Unusual | undefined {
  if (!defrosts || !(at - defrosts.last > MISSING * defrosts.every)) return undefined;
  const value = at - defrosts.last;
  return {
    stat: 'no-defrost',
    value,
    usual: [0, defrosts.every],
    score: rounded(value / (MISSING * defrosts.every)),
  };
}
