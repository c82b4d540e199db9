// Learns the usual range of a metric from the highest and the lowest mean of each ten minutes, over three days.

import { rounded, type Minute } from './minute.ts';
import { LEVELS, levelAt, levelOf, packLevel, valueOf, type Scale } from './packed.ts';

export interface Band extends Scale {
  /** Highest means of ten minutes each, oldest first, one character each. */
  readonly maxima: string;
  /** Upper edge: 85 % of the maxima are below it. */
  readonly high: number;
  /** The upper edge of the last weeks: it follows a rise slowly, so that a drift does not become usual, and a fall at once. */
  readonly base: number;
  /** Lower edge: the running mean of the lowest means of ten minutes. */
  readonly low: number;
  /** The present ten minutes, counted since the epoch, and the highest and lowest mean in them. */
  readonly block: number;
  readonly top: number;
  readonly bottom: number;
}

export const BLOCK_MINUTES = 10;
/** Three days. */
const BLOCKS = 432;
const SHARE = 0.85;
/** Weight of a new minimum in the lower edge: half of the past is forgotten in a day. */
const FOLLOW = 1 / 200;
/** The same for the base: it follows half of a rise in three weeks. */
const RISE = 1 / 4_000;
/** If less than this share of the scale is in use, the steps are halved. */
const SPARSE = 0.4;

export function firstBand(block: number, { mean }: Minute): Band {
  // A power of two, so that its multiples have few digits.
  const step = 2 ** Math.floor(Math.log2(Math.max(Math.abs(mean) * 1e-4, 1e-6)));
  return {
    ...{ zero: (Math.round(mean / step) - 30) * step, step, maxima: '' },
    high: mean,
    base: mean,
    low: mean,
    block,
    top: mean,
    bottom: mean,
  };
}

/** @param block the minute's ten minutes, counted since the epoch. */
export function extendBand(band: Band, block: number, { mean }: Minute): Band {
  if (block <= band.block)
    return { ...band, top: Math.max(band.top, mean), bottom: Math.min(band.bottom, mean) };
  const scaled = fit(band, band.top);
  const maxima = (scaled.maxima + packLevel(levelOf(scaled, band.top))).slice(-BLOCKS);
  const count = maxima.length;
  const low = rounded(band.low + Math.max(FOLLOW, 1 / count) * (band.bottom - band.low));
  const high = quantileOf(scaled, maxima);
  const base = count < BLOCKS ? high : Math.min(high, rounded(band.base + RISE * (high - band.base)));
  return { ...scaled, maxima, low, high, base, block, top: mean, bottom: mean };
}

/** Keeps the value on the scale by coarser steps; a value far beyond the scale counts as its end instead. */
function fit(band: Band, value: number): Band {
  const level = levelOf(band, value);
  if (level >= 0 && level < LEVELS - 0.5) {
    const [lowest, highest] = extremes(band.maxima);
    const isSparse = band.maxima.length >= BLOCKS && highest - lowest < SPARSE * LEVELS;
    return isSparse && highest > lowest + 20 ? rescale(band, band.step / 2, valueOf(band, lowest - 5)) : band;
  }
  const isYoung = band.maxima.length < BLOCKS / 12;
  const [lowest, highest] = extremes(band.maxima).map((each) => valueOf(band, each)) as [number, number];
  const [least, most] = [Math.min(value, lowest), Math.max(value, highest)];
  let step = 2 * band.step;
  if (!isYoung && most - least > 0.9 * LEVELS * step) return band;
  while (most - least > 0.7 * LEVELS * step) step *= 2;
  return rescale(band, step, least - 5 * step);
}

function extremes(maxima: string): readonly [lowest: number, highest: number] {
  let [lowest, highest] = [LEVELS, 0];
  for (let index = 0; index < maxima.length; index += 1) {
    const level = levelAt(maxima, index);
    if (level < lowest) lowest = level;
    if (level > highest) highest = level;
  }
  return [Math.min(lowest, highest), highest];
}

function rescale(band: Band, step: number, zero: number): Band {
  const scale = { zero: Math.round(zero / step) * step, step };
  let maxima = '';
  for (let index = 0; index < band.maxima.length; index += 1)
    maxima += packLevel(levelOf(scale, valueOf(band, levelAt(band.maxima, index))));
  return { ...band, ...scale, maxima };
}

const counts = new Uint16Array(LEVELS);

function quantileOf(scale: Scale, maxima: string): number {
  counts.fill(0);
  for (let index = 0; index < maxima.length; index += 1) counts[levelAt(maxima, index)]! += 1;
  let left = Math.floor(SHARE * (maxima.length - 1)) + 1;
  let level = 0;
  while (level < LEVELS - 1 && (left -= counts[level]!) > 0) level += 1;
  return valueOf(scale, level);
}

/** The distance from the lower to the upper edge; never 0. */
export const widthOf = ({ high, low, step }: Band) => Math.max(high - low, step);

/** The value above the upper edge at which an excursion begins. */
export const edgeOf = (band: Band) => band.high + 0.2 * widthOf(band);

/** The same for the upper edge of the last weeks. */
export const baseEdgeOf = (band: Band) => band.base + 0.2 * widthOf(band);

/** Medians of the last hours' maxima, oldest first. */
export function hourlyLevels({ maxima, ...scale }: Band, hours: number): number[] {
  const first = Math.max(0, maxima.length - 6 * hours);
  const found: number[] = [];
  for (let from = maxima.length - 6; from >= first; from -= 6) {
    const six = Array.from({ length: 6 }, (_, index) => levelAt(maxima, from + index)).sort((a, b) => a - b);
    found.unshift(valueOf(scale, (six[2]! + six[3]!) / 2));
  }
  return found;
}
