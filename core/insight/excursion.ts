// Remembers how often, how long and how far a metric left its band: defrosts for the most part.

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

/** The excursion under way. */
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
  /** Start of the last one in the list. */
  readonly last: number;
  readonly now?: Leaving | undefined;
}

export const NO_EXCURSIONS: Excursions = { list: '', last: 0 };
const KEPT = 32;
const SIZE = 5;
/** Shorter ones are the door's. */
const SHORTEST = 5;
/** It ends after so many minutes below the edge, as a cooling compressor goes to and fro across it. */
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

/** Closes the one under way, as after a gap. */
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
