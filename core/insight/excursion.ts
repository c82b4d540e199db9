// Records how often, how long and how far a metric leaves its band; most excursions are defrosts.

import { edgeOf, widthOf, type Band } from './band.ts';
import { levelAt, packLevel, packPair, pairAt } from './packed.ts';

export interface Excursion {
  /** Minutes since the epoch. */
  readonly start: number;
  /** Minutes. */
  readonly length: number;
  /** Above the band's upper edge, in the metric's unit. */
  readonly peak: number;
}

/** The present excursion. */
export interface Leaving {
  readonly start: number;
  /** The last minute above the edge. */
  readonly last: number;
  /** The highest mean. */
  readonly peak: number;
}

export interface Excursions {
  /** Five characters each, oldest first: minutes since the one before (2), length, and peak in 200ths of the band's width (2). */
  readonly list: string;
  /** Start of the last excursion in the list. */
  readonly last: number;
  readonly now?: Leaving | undefined;
}

export const NO_EXCURSIONS: Excursions = { list: '', last: 0 };
const KEPT = 32;
const SIZE = 5;
/** Shorter excursions are door openings. */
const SHORTEST = 5;
/** An excursion ends after this many minutes below the edge, because a cooling compressor moves the metric across it repeatedly. */
export const END_MINUTES = 5;
const PARTS = 200;

/** @param at minutes since the epoch. */
export function extendExcursions(all: Excursions, band: Band, at: number, mean: number): Excursions {
  const { now } = all;
  if (mean > edgeOf(band)) {
    const next = now
      ? { ...now, last: at, peak: Math.max(now.peak, mean) }
      : { start: at, last: at, peak: mean };
    return { ...all, now: next };
  }
  if (!now || at - now.last < END_MINUTES) return all;
  return endExcursion(all, band);
}

/** Ends the present excursion, for example after a gap. */
export function endExcursion({ list, last, now }: Excursions, band: Band): Excursions {
  const length = now ? now.last - now.start + 1 : 0;
  if (!now || length < SHORTEST) return { list, last };
  const peak = ((now.peak - band.high) * PARTS) / widthOf(band);
  const added = packPair(last === 0 ? 0 : now.start - last) + packLevel(length) + packPair(peak);
  return { list: (list + added).slice(-KEPT * SIZE), last: now.start };
}

/** Newest first. */
export function listExcursions({ list, last }: Excursions, band: Band): Excursion[] {
  const found: Excursion[] = [];
  let start = last;
  for (let index = list.length - SIZE; index >= 0; index -= SIZE) {
    const length = levelAt(list, index + 2);
    found.push({ start, length, peak: (pairAt(list, index + 3) * widthOf(band)) / PARTS });
    start -= pairAt(list, index);
  }
  return found;
}
