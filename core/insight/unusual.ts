// Says when a cycling metric is not as it used to be at this hour of the day, and what that may mean.
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
import { faultOf, rounded } from './minute.ts';
import { levelAt, LEVELS, packLevel } from './packed.ts';

export type UnusualStat = 'level' | 'duty' | 'cycles' | 'site' | 'no-defrost' | 'identical';

export interface Unusual {
  readonly stat: UnusualStat;
  /** What it is now, and between which values it usually is: of `no-defrost` and `identical` in milliseconds. */
  readonly value: number;
  readonly usual: readonly [low: number, high: number];
  /** 1 at the threshold; below 0 for a fall. */
  readonly score: number;
}

/** Hours that are kept, packed: a character each, oldest first; a space for an hour without. */
interface History {
  readonly duty: string;
  readonly level: string;
  readonly cycles: string;
  readonly site: string;
}

/** One JSON object of at most 1,024 characters. */
export interface UnusualState {
  readonly v: 1;
  /** Hours since the epoch: the first one, and the last one in the history. */
  readonly from: number;
  readonly last: number;
  readonly now: HourUnderWay;
  readonly history: History;
  /** Value of level 45 of the history of levels, and how far two are apart. */
  readonly centre: number;
  readonly step: number;
  /** The last hours' shapes: the median of three is judged. */
  readonly shapes: readonly (readonly [median: number, duty: number, cycles: number])[];
  /** Since when readings are identical, and the longest such time while it learned. */
  readonly same: readonly [value: number, since: number];
  readonly longestSame: number;
  readonly found: readonly Unusual[];
  /** Hours since the epoch, and hours in a row without a finding. */
  readonly open?: readonly [since: number, quiet: number] | undefined;
}

export interface UnusualContext {
  /** Median duty of the other devices of the site in the last hour, where there are at least two. */
  readonly siteDuty?: number | undefined;
  /** Epoch milliseconds of the last defrost, and milliseconds that usually pass between two. */
  readonly defrosts?: { readonly last: number; readonly every: number } | undefined;
}

export type UnusualNone = 'learning' | 'normal' | 'unusable' | 'late';

export interface UnusualStep {
  readonly state: UnusualState;
  readonly none?: UnusualNone | undefined;
  readonly fault?: string | undefined;
  /** Set once an hour has ended with this sample. */
  readonly hour?: HourShape | undefined;
}

const MINUTE_MS = 60_000;
/** Six days. */
const KEPT_HOURS = 144;
const LEARNING_HOURS = 96;
const SMOOTHED = 3;
const GAP = ' ';
/** Least values of the same hour of day, the hour before and the hour after. */
const LEAST = 8;
const CENTRE = 45;
/** How many usual deviations make a finding. */
const THRESHOLDS: Readonly<Record<'level' | 'duty' | 'cycles' | 'site', number>> = {
  level: 7,
  duty: 8,
  cycles: 9,
  site: 7,
};
/** Defrosts are missing after so many usual intervals: one alone may have hidden in a gap. */
const MISSING = 2.2;
const SAME_MS = 10 * MINUTE_MS;
const CLOSE_HOURS = 3;
const MOST_CYCLES = 45;

/** One window or minute. Samples come in their order; an older one is ignored. */
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
  if (sample.at <= given.now.at) return { state: given, none: 'late' };
  const { now, ended } = extendHour(given.now, sample);
  const same =
    sample.at - given.now.at > LONGEST_STEP ? ([sample.max, sample.at] as const) : sameOf(given.same, sample);
  const isLearning = given.last - given.from < LEARNING_HOURS;
  const longestSame = isLearning ? Math.max(given.longestSame, sample.at - same[1]) : given.longestSame;
  const next = { ...given, now, same, longestSame };
  const isStuck = !isLearning && sample.at - same[1] > Math.max(SAME_MS, 3 * longestSame);
  if (isStuck && !given.found.some(({ stat }) => stat === 'identical')) {
    const found = [...next.found, identicalOf(next, sample.at)];
    return { state: { ...next, found, open: next.open ?? [hourOf(sample.at), 0] }, hour: ended };
  }
  if (!ended) return { state: next, ...noneOf(next, isLearning) };
  const state = endHour(next, ended, isStuck, sample.at, context);
  return { state, hour: ended, ...noneOf(state, isLearning) };
}

const noneOf = ({ open }: UnusualState, isLearning: boolean) =>
  isLearning ? ({ none: 'learning' } as const) : open ? {} : ({ none: 'normal' } as const);

function begin(sample: Sample): UnusualState {
  const hour = hourOf(sample.at);
  const step = 2 ** Math.floor(Math.log2(Math.max(Math.abs(sample.mean) * 1e-4, 1e-6)));
  return {
    ...{ v: 1, from: hour, last: hour - 1, now: firstHour(sample), centre: sample.mean, step },
    ...{ history: { duty: '', level: '', cycles: '', site: '' }, shapes: [], found: [] },
    ...{ same: [sample.min, sample.at], longestSame: 0 },
  };
}

/** Readings are identical as long as the lowest and the highest are the same value as before. */
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
  context: UnusualContext,
): UnusualState {
  const { siteDuty, defrosts } = context;
  const shapes = [...state.shapes, [shape.median, shape.duty, shape.cycles] as const].slice(-SMOOTHED);
  const [level, duty, cycles] = [0, 1, 2].map((index) => medianOf(shapes.map((each) => each[index]!))) as [
    number,
    number,
    number,
  ];
  const scaled = scaleFor(state, level, shape.hour);
  const site = siteDuty === undefined ? undefined : duty - siteDuty;
  const of = (text: string, back: (level: number) => number) =>
    usualOf(text, shape.hour - state.last, state.last, shape.hour, back);
  const levelOfText = (packed: number) => scaled.centre + (packed - CENTRE) * scaled.step;
  const found: Unusual[] = [
    judge('level', level, of(scaled.history.level, levelOfText), scaled.step),
    judge(
      'duty',
      duty,
      of(state.history.duty, (packed) => packed / (LEVELS - 1)),
      1 / LEVELS,
    ),
    judge(
      'cycles',
      cycles,
      of(state.history.cycles, (packed) => packed / 2),
      0.5,
    ),
    site === undefined
      ? undefined
      : judge(
          'site',
          site,
          of(state.history.site, (packed) => packed / CENTRE - 1),
          1 / CENTRE,
        ),
    missingOf(defrosts, at),
    isStuck ? identicalOf(state, at) : undefined,
  ].filter((each) => each !== undefined);
  const missed = Math.max(0, Math.min(KEPT_HOURS, shape.hour - state.last - 1));
  const add = (text: string, packed: number | undefined) =>
    (text + GAP.repeat(missed) + (packed === undefined ? GAP : packLevel(packed))).slice(-KEPT_HOURS);
  const { history } = scaled;
  const next: UnusualState = {
    ...scaled,
    shapes,
    last: shape.hour,
    history: {
      level: add(history.level, CENTRE + (level - scaled.centre) / scaled.step),
      duty: add(history.duty, duty * (LEVELS - 1)),
      cycles: add(history.cycles, 2 * Math.min(cycles, MOST_CYCLES)),
      site:
        history.site === '' && site === undefined
          ? ''
          : add(history.site, site === undefined ? undefined : (site + 1) * CENTRE),
    },
    found,
  };
  return { ...next, open: openOf(next, shape.hour) };
}

/**
 * What is worth a word: cycles only confirm, and duty alone counts only where there are no neighbours, as on a hot day all of
 * them run longer.
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

/** Keeps the levels that are kept within the characters' range: coarser steps when they do not fit. */
function scaleFor(state: UnusualState, level: number, hour: number): UnusualState {
  let { centre, step } = state;
  const isYoung = hour - state.from < KEPT_HOURS;
  if (Math.abs(level - centre) <= CENTRE * step) return state;
  while (isYoung && Math.abs(level - centre) > 0.4 * CENTRE * step) step *= 2;
  if (!isYoung) centre = rounded(centre + 0.5 * (level - centre));
  let text = '';
  for (let index = 0; index < state.history.level.length; index += 1) {
    const value = state.centre + (levelAt(state.history.level, index) - CENTRE) * state.step;
    text += state.history.level[index] === GAP ? GAP : packLevel(CENTRE + (value - centre) / step);
  }
  return { ...state, centre, step, history: { ...state.history, level: text } };
}

/** Values of the same hour of the day, and of the hours before and after it. */
function usualOf(
  text: string,
  ahead: number,
  last: number,
  hour: number,
  back: (level: number) => number,
): number[] {
  const values: number[] = [];
  for (let index = text.length - 1; index >= 0; index -= 1) {
    const age = ahead + (text.length - 1 - index);
    const distance = Math.min(age % 24, 24 - (age % 24));
    if (distance <= 1 && age > 2 && text[index] !== GAP) values.push(back(levelAt(text, index)));
  }
  return last <= hour ? values : [];
}

function judge(
  stat: keyof typeof THRESHOLDS,
  value: number,
  values: number[],
  grain: number,
): Unusual | undefined {
  if (values.length < LEAST) return undefined;
  values.sort((a, b) => a - b);
  const at = (share: number) => values[Math.round(share * (values.length - 1))]!;
  const median = at(0.5);
  const deviations = values.map((each) => Math.abs(each - median)).sort((a, b) => a - b);
  const deviation = 1.48 * deviations[Math.floor(deviations.length / 2)]!;
  const z = (value - median) / Math.max(deviation, (at(0.95) - at(0.05)) / 3.3, grain);
  const score = rounded(z / THRESHOLDS[stat]);
  return Math.abs(score) < 1
    ? undefined
    : { stat, value: rounded(value), usual: [rounded(at(0.05)), rounded(at(0.95))], score };
}
