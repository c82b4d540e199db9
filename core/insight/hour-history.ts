// The hours of the last days, one character each, and how far a value is from the usual one at its hour of the day.

import { rounded } from './minute.ts';
import { levelAt, packLevel } from './packed.ts';

/** Six days. */
export const KEPT_HOURS = 144;
/** An hour without a value. */
const GAP = ' ';
/** Minimum number of values of the same hour of day, the hour before and the hour after. */
const LEAST = 8;
/** The middle level of a character. */
export const CENTRE = 45;

/** The value of level 45, and the difference between two levels. */
export interface Centred {
  readonly centre: number;
  readonly step: number;
}

/** Adds an hour, after `missed` hours without a value. */
export function addHour(text: string, missed: number, level: number | undefined): string {
  const added = level === undefined ? GAP : packLevel(level);
  return (text + GAP.repeat(Math.max(0, Math.min(KEPT_HOURS, missed))) + added).slice(-KEPT_HOURS);
}

/** Moves or widens the scale so that the value fits. @param isYoung few hours are known, so the scale may only be widened. */
export function scaleFor(
  text: string,
  given: Centred,
  value: number,
  isYoung: boolean,
): Centred & { readonly text: string } {
  let { centre, step } = given;
  if (Math.abs(value - centre) <= CENTRE * step) return { text, centre, step };
  while (isYoung && Math.abs(value - centre) > 0.4 * CENTRE * step) step *= 2;
  if (!isYoung) centre = rounded(centre + 0.5 * (value - centre));
  let moved = '';
  for (let index = 0; index < text.length; index += 1) {
    const old = given.centre + (levelAt(text, index) - CENTRE) * given.step;
    moved += text[index] === GAP ? GAP : packLevel(CENTRE + (old - centre) / step);
  }
  return { text: moved, centre, step };
}

/**
 * Values of the same hour of the day, and of the hours before and after it.
 * @param ahead hours from the last one in the text to the judged one.
 */
export function sameHours(text: string, ahead: number, valueOf: (level: number) => number): number[] {
  const values: number[] = [];
  for (let index = text.length - 1; index >= 0; index -= 1) {
    const age = ahead + (text.length - 1 - index);
    const distance = Math.min(age % 24, 24 - (age % 24));
    if (distance <= 1 && age > 2 && text[index] !== GAP) values.push(valueOf(levelAt(text, index)));
  }
  return values;
}

export interface Compared {
  readonly usual: readonly [low: number, high: number];
  /** Distance from the median in usual deviations: 1.48 MAD, or a third of the range if that is larger. */
  readonly z: number;
}

/** @param grain the smallest deviation that can be distinguished. @returns undefined for fewer than eight values. */
export function compare(value: number, values: readonly number[], grain: number): Compared | undefined {
  if (values.length < LEAST) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  const median = at(0.5);
  const deviations = sorted.map((each) => Math.abs(each - median)).sort((a, b) => a - b);
  const deviation = 1.48 * deviations[Math.floor(deviations.length / 2)]!;
  const z = (value - median) / Math.max(deviation, (at(0.95) - at(0.05)) / 3.3, grain);
  return { usual: [rounded(at(0.05)), rounded(at(0.95))], z };
}
