// Distinguishes a defrost from a failure: learns a device's band and defrosts from its minutes, and decides when to stay silent.

import { BLOCK_MINUTES, extendBand, firstBand, widthOf, type Band } from './band.ts';
import { disturbed, nextCalm, NEVER_CALM } from './calm-hours.ts';
import {
  endExcursion,
  type Excursion,
  type Excursions,
  extendExcursions,
  listExcursions,
  NO_EXCURSIONS,
} from './excursion.ts';
import { MINUTE_MS, minuteOf, rounded, type Minute } from './minute.ts';
import {
  type KnownSchedule,
  lastExpected,
  type LearnedSchedule,
  learnSchedule,
  TOLERANCE,
} from './schedule.ts';

/** How defrosts are known: entered by people, from the device's own metric, learned, or only from the usual excursions. */
export type GateMode = 'known' | 'metric' | 'learned' | 'free';

/** The values of the excursions that are used every minute; lengths in minutes, peaks above the band's upper edge. */
interface Usual {
  readonly schedule?: LearnedSchedule | undefined;
  /** Of defrosts; 0 until one is known. */
  readonly length: number;
  readonly peak: number;
  /** 95 % of all excursions are below these; 0 without any. */
  readonly longest: number;
  readonly highest: number;
}

export interface Gate {
  readonly band: Band;
  readonly excursions: Excursions;
  readonly usual: Usual;
  /** Days for which each hour of the day has been calm. */
  readonly calm: string;
  /** First and last minute of the latest defrost that the device's own metric reported. */
  readonly defrost?: readonly [first: number, last: number] | undefined;
}

const NOTHING_USUAL: Usual = { length: 0, peak: 0, longest: 0, highest: 0 };
/** Assumed length of a defrost in minutes until one was observed. */
const FIRST_LENGTH = 30;
const LONGER = 1.2;
/** How many times as high as usual a defrost may become. */
const HIGHER = 1.3;
/** Without a schedule, an excursion is a failure if it exceeds 95 % of all earlier ones by one of these factors. */
const FREE_HIGHER = 1.25;
const FREE_LONGER = 1.15;
const LEAST_DEFROSTS = 5;

export function firstGate(minute: Minute): Gate {
  const block = Math.floor(minuteOf(minute.at) / BLOCK_MINUTES);
  return {
    band: firstBand(block, minute),
    excursions: NO_EXCURSIONS,
    usual: NOTHING_USUAL,
    calm: NEVER_CALM,
  };
}

export function extendGate(gate: Gate, minute: Minute, known?: KnownSchedule): Gate {
  const at = minuteOf(minute.at);
  const block = Math.floor(at / BLOCK_MINUTES);
  const band = extendBand(gate.band, block, minute);
  const excursions = extendExcursions(gate.excursions, band, at, minute.mean);
  const ended = excursions.list !== gate.excursions.list || excursions.last !== gate.excursions.last;
  const isHalfHour = block !== gate.band.block && block % 3 === 0;
  const usual = ended || isHalfHour ? learnUsual(excursions, band, at, known) : gate.usual;
  const defrost = minute.defrosting
    ? ([gate.defrost && at - gate.defrost[1] <= 5 ? gate.defrost[0] : at, at] as const)
    : gate.defrost;
  return { band, excursions, usual, calm: gate.calm, ...(defrost && { defrost }) };
}

/** Whether a minute was calm is decided this long after it: what happens now must not count against itself. */
export const CALM_LAG = 20;
/** How far above the upper edge of its band a metric counts as out of it, as a share of the band's width. */
const STIRRED = 0.05;

/**
 * Records whether the hours of the day are calm. `at`, `before`: this minute and the one before; `past`: the mean that
 * long before `before`, if known.
 */
export function extendCalm(
  gate: Gate,
  { at, before, past }: { readonly at: number; readonly before: number; readonly past?: number | undefined },
  known?: KnownSchedule,
): Gate {
  const { band } = gate;
  const then = before - CALM_LAG;
  const isStirred = past !== undefined && past > band.high + STIRRED * widthOf(band);
  const calm = nextCalm(gate.calm, at, before);
  if (isStirred && !isExplained(gate, then, known)) return { ...gate, calm: disturbed(calm, then) };
  return calm === gate.calm ? gate : { ...gate, calm };
}

/** Whether a defrost, or the cooling after it, explains what was warm at that minute. */
function isExplained({ usual, defrost }: Gate, at: number, known?: KnownSchedule): boolean {
  const lasts = LONGER * (usual.length || FIRST_LENGTH) + 2 * TOLERANCE;
  if (defrost) return at >= defrost[0] - TOLERANCE && at <= defrost[1] + lasts;
  const plan = known ?? usual.schedule;
  return plan !== undefined && at - lastExpected(plan, at, TOLERANCE) <= lasts;
}

/** An excursion that is interrupted by a gap ends there, because nothing is known of its rest. */
export function interruptGate(gate: Gate): Gate {
  return { ...gate, excursions: endExcursion(gate.excursions, gate.band) };
}

function learnUsual(excursions: Excursions, band: Band, at: number, known?: KnownSchedule): Usual {
  const all = listExcursions(excursions, band);
  const schedule = learnSchedule(all, at);
  const plan = known ?? schedule;
  const defrosts = plan ? all.filter((each) => isExpected(each, plan)) : all;
  return {
    schedule: schedule && { every: rounded(schedule.every), anchor: Math.round(schedule.anchor * 10) / 10 },
    length: known?.length ?? quantile(defrosts, 'length', 0.9),
    peak: quantile(defrosts, 'peak', 0.9),
    longest: quantile(all, 'length', 0.95),
    highest: quantile(all, 'peak', 0.95),
  };
}

function isExpected({ start }: Excursion, plan: KnownSchedule | LearnedSchedule): boolean {
  return start - lastExpected(plan, start, TOLERANCE) <= 2 * TOLERANCE;
}

function quantile(all: readonly Excursion[], member: 'length' | 'peak', share: number): number {
  const sorted = all.map((each) => each[member]).sort((a, b) => a - b);
  return rounded(sorted[Math.ceil(share * sorted.length) - 1] ?? 0);
}

/** @param distrusted whether announcements by the learned schedule were wrong. */
export function modeOf(gate: Gate, known: KnownSchedule | undefined, distrusted: boolean): GateMode {
  if (known) return 'known';
  if (gate.defrost) return 'metric';
  return gate.usual.schedule && !distrusted ? 'learned' : 'free';
}

/**
 * Whether values above the band may be a defrost. `at`: minutes since the epoch.
 *
 * With a schedule: from a tolerance before an expected start until the defrost should be over, unless it is warmer than usual.
 * Without one: while the excursion is neither longer nor higher than nearly all earlier ones.
 */
export function maybeDefrost(gate: Gate, mode: GateMode, at: number, known?: KnownSchedule): boolean {
  const { usual, excursions, defrost } = gate;
  const { now } = excursions;
  const peak = now ? now.peak - gate.band.high : 0;
  const ends = (start: number) => start + LONGER * (usual.length || FIRST_LENGTH) + 2;
  if (mode === 'metric' && defrost) return at <= Math.max(ends(defrost[0]), defrost[1] + FIRST_LENGTH / 2);
  const schedule = mode === 'known' ? known : usual.schedule;
  if (mode === 'free' || !schedule) {
    const length = now ? at - now.start + 1 : 0;
    return length < FREE_LONGER * usual.longest && peak < FREE_HIGHER * usual.highest;
  }
  const expected = lastExpected(schedule, at, TOLERANCE);
  const isNear = now && Math.abs(now.start - expected) <= TOLERANCE;
  const isUsual = usual.peak === 0 || peak <= HIGHER * usual.peak;
  return at <= ends(isNear ? now.start : expected + TOLERANCE) && isUsual;
}

/** Whether the learned schedule should have covered an announcement that began at `start`: only then does it count against the schedule. */
export function isNearDefrost({ usual: { schedule, length } }: Gate, start: number): boolean {
  if (!schedule) return false;
  const near = 4 * TOLERANCE;
  return start - lastExpected(schedule, start, near) <= near + LONGER * (length || FIRST_LENGTH) + near;
}

/**
 * The last defrost and the usual interval between two, in milliseconds: by the schedule, otherwise the interval that nine of ten
 * gaps between excursions of at least half the usual length do not exceed. Undefined while fewer than five are known.
 */
export function defrostsOf({
  excursions,
  band,
  usual,
}: Gate): { readonly last: number; readonly every: number } | undefined {
  const all = listExcursions(excursions, band).filter(({ length }) => length >= usual.longest / 2);
  if (all.length < LEAST_DEFROSTS) return undefined;
  const gaps = all.slice(1).map(({ start }, index) => all[index]!.start - start);
  gaps.sort((a, b) => a - b);
  const every = usual.schedule?.every ?? gaps[Math.ceil(0.9 * gaps.length) - 1]!;
  const last = Math.max(all[0]!.start, excursions.now?.start ?? 0);
  return { last: last * MINUTE_MS, every: every * MINUTE_MS };
}
