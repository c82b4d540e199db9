// Simulates what happens around a fridge: the room, the door, restocking, defrosts, and gaps in the data.

import { USUAL_ROOM, type FridgeTraits } from './fridge-traits.ts';
import { uniform } from './random.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;
/** Seconds of the day between which the shop is open. */
const OPENS = 8 * HOUR;
const CLOSES = 20 * HOUR;

/** A stretch of time, in seconds since the start. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** For a restocking, the °C at which the air would settle with the door open. */
  readonly level: number;
}

/**
 * °C of the room: a daily rhythm, differences between days, and two hot half-days a month. `site` is the seed that its
 * devices share.
 */
export function roomAt(site: number, second: number): number {
  const day = Math.floor(second / DAY);
  const clock = second - day * DAY;
  const share = clock / DAY;
  const today = uniform(site, day, 140) * (1 - share) + uniform(site, day + 1, 140) * share;
  const isHot = uniform(site, day, 141) < 2 / 30 && clock >= 11 * HOUR && clock < 19 * HOUR;
  const hot = isHot ? 5 * Math.sin((Math.PI * (clock - 11 * HOUR)) / (8 * HOUR)) : 0;
  return USUAL_ROOM - 1 + 2 * today + 1.5 * Math.sin((2 * Math.PI * (clock - 9 * HOUR)) / DAY) + hot;
}

/** The n-th defrost. */
export function defrostOf(seed: number, traits: FridgeTraits, number: number): Stretch {
  const moved = (2 * uniform(seed, number, 142) - 1) * traits.defrostSpread;
  const from = traits.defrostFirst + number * traits.defrostEvery + moved;
  const length = traits.defrostLength * (0.9 + 0.2 * uniform(seed, number, 143));
  return { from, to: from + length, level: traits.defrostPeak + 0.6 * (uniform(seed, number, 144) - 0.5) };
}

/** Restockings: every two to five days, for two to six minutes, during opening hours. */
export function* restockings(seed: number): Generator<Stretch> {
  for (let number = 0, day = 0; ; number += 1) {
    day += 2 + Math.floor(4 * uniform(seed, number, 145));
    const from = day * DAY + OPENS + (CLOSES - OPENS) * uniform(seed, number, 146);
    const length = 60 * (2 + 4 * uniform(seed, number, 147));
    yield { from, to: from + length, level: 5.5 + 2.8 * uniform(seed, number, 148) };
  }
}

/** The share of a step of `length` seconds during which a customer has the door open, for 5 to 20 seconds. */
export function doorAt(seed: number, traits: FridgeTraits, step: number, length: number): number {
  const clock = (step * length) % DAY;
  if (clock < OPENS || clock >= CLOSES) return 0;
  if (uniform(seed, step, 149) >= (traits.doors * length) / HOUR) return 0;
  return (5 + 15 * uniform(seed, step, 150)) / length;
}

/** Whether a step is lost: in gaps of 5 to 60 minutes, one in three days on average, and one window of 200. */
export function isLost(seed: number, step: number, length: number): boolean {
  if (uniform(seed, step, 151) < 0.005) return true;
  const block = Math.floor((step * length) / (3 * DAY));
  const from = (block + 0.95 * uniform(seed, block, 152)) * 3 * DAY;
  const second = step * length;
  return second >= from && second < from + 60 * (5 + 55 * uniform(seed, block, 153));
}
