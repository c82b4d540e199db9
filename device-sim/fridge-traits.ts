// The traits in which simulated fridges differ: heat stores, thermostat, sensor and defrosts, all from the seed.

import { uniform } from './random.ts';

export type Defrosts = 'regular' | 'irregular';

export interface FridgeTraits {
  /** °C between which the compressor cycles. */
  readonly low: number;
  readonly high: number;
  /** Share of the difference by which the air approaches the room, and the goods, per second. */
  readonly toRoom: number;
  readonly toGoods: number;
  /** Share of the difference by which the goods approach the air per second. */
  readonly goodsToAir: number;
  /** °C a second that the running compressor takes from the air. */
  readonly cooling: number;
  /** Lag of the sensor in seconds; its noise and its step in °C. */
  readonly lag: number;
  readonly noise: number;
  readonly step: number;
  /** In seconds: between defrosts, the first one, the most that each is early or late, and the length of each. */
  readonly defrostEvery: number;
  readonly defrostFirst: number;
  readonly defrostSpread: number;
  readonly defrostLength: number;
  /** °C to which a defrost warms the air. */
  readonly defrostPeak: number;
  /** Door openings an hour of the shop's day. */
  readonly doors: number;
}

const MINUTE = 60;
/** The room temperature in °C for which cycle and duty are chosen. */
export const USUAL_ROOM = 21;

/** Each trait has its own random stream, so that it does not depend on the number of other traits. */
const between = (seed: number, stream: number, low: number, high: number) =>
  low + (high - low) * uniform(seed, 0, 100 + stream);

/** Cycles of 3 to 8 minutes with a duty of 30 to 50 % at the usual room, and goods that follow within one to four hours. */
export function traitsOf(seed: number, defrosts: Defrosts = 'regular'): FridgeTraits {
  const middle = between(seed, 0, 3.2, 4.8);
  const half = between(seed, 1, 0.4, 0.9);
  const cycle = between(seed, 2, 3, 8) * MINUTE;
  const duty = between(seed, 3, 0.3, 0.5);
  const warming = (2 * half) / ((1 - duty) * cycle);
  const toRoom = warming / (USUAL_ROOM - middle);
  const isRegular = defrosts === 'regular';
  const every = between(seed, 4, 6, 12) * 60 * MINUTE;
  return {
    low: middle - half,
    high: middle + half,
    toRoom,
    toGoods: toRoom * between(seed, 5, 1.4, 5.5),
    goodsToAir: 1 / (between(seed, 6, 1, 4) * 3_600),
    cooling: warming + (2 * half) / (duty * cycle),
    lag: between(seed, 7, 18, 60),
    noise: between(seed, 8, 0.02, 0.1),
    step: uniform(seed, 0, 109) < 0.5 ? 0.1 : 0.0625,
    defrostEvery: Math.round(every / MINUTE) * MINUTE,
    defrostFirst: between(seed, 10, 0, 1) * every,
    defrostSpread: (isRegular ? 3 : 30) * MINUTE,
    defrostLength: between(seed, 11, 10, 25) * MINUTE,
    defrostPeak: between(seed, 12, 6, 9),
    doors: between(seed, 13, 4, 15),
  };
}
