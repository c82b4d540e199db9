// The failures of a simulated fridge: the effect of each kind on cooling, door, defrosts and sensor over time.

import type { FridgeTraits } from './fridge-traits.ts';
import { uniform } from './random.ts';

export const failureKinds = ['leak', 'stop', 'ajar', 'ice', 'drift', 'stuck'] as const;
export type FailureKind = (typeof failureKinds)[number];

export interface Failure {
  readonly kind: FailureKind;
  /** Seconds since the start at which it begins. */
  readonly at: number;
}

/** The effect of a failure at some time after it began. */
export interface Effect {
  /** Share of the cooling that is left. */
  readonly cooling: number;
  /** Share of the difference between room and air that the door lets in per second. */
  readonly door: number;
  readonly defrosts: boolean;
  /** °C that the sensor adds. */
  readonly offset: number;
  readonly stuck: boolean;
}

export const NO_EFFECT: Effect = { cooling: 1, door: 0, defrosts: true, offset: 0, stuck: false };
const HOUR = 3_600;

/** The same share for a door with which the air would settle at `level` °C while the compressor runs. */
export function doorFor(traits: FridgeTraits, level: number, room: number): number {
  const middle = (traits.low + traits.high) / 2;
  const heat = traits.cooling + traits.toGoods * (level - middle);
  return Math.max(0, heat / (room - level) - traits.toRoom);
}

/** Uniform over the logarithm, because slow failures are as likely as quick ones. */
const spread = (seed: number, stream: number, low: number, high: number) =>
  low * (high / low) ** uniform(seed, 0, stream);

type Course = (seed: number, traits: FridgeTraits) => (since: number) => Effect;

const COURSES: Readonly<Record<FailureKind, Course>> = {
  /** The cooling is gone after 4 to 72 hours. */
  leak(seed) {
    const lasts = spread(seed, 160, 4, 72) * HOUR;
    return (since) => ({ ...NO_EFFECT, cooling: Math.max(0, 1 - since / lasts) });
  },
  stop: () => () => ({ ...NO_EFFECT, cooling: 0 }),
  ajar(seed, traits) {
    const door = doorFor(traits, spread(seed, 161, 8.1, 9.5), 21);
    return () => ({ ...NO_EFFECT, door });
  },
  /** Without defrosts the evaporator ices over within 18 to 72 hours: slowly at first, then ever faster. */
  ice(seed) {
    const lasts = spread(seed, 162, 18, 72) * HOUR;
    return (since) => ({ ...NO_EFFECT, defrosts: false, cooling: Math.max(0, 1 - (since / lasts) ** 2) });
  },
  /** 1 to 4 °C a day; the thermostat has its own sensor. */
  drift(seed) {
    const perSecond = spread(seed, 163, 1, 4) / (24 * HOUR);
    return (since) => ({ ...NO_EFFECT, offset: since * perSecond });
  },
  stuck: () => () => ({ ...NO_EFFECT, stuck: true }),
};

/** @returns the effect of the failure at a second since the start; none before it begins. */
export function courseOf(seed: number, traits: FridgeTraits, failure?: Failure): (second: number) => Effect {
  if (!failure) return () => NO_EFFECT;
  const course = COURSES[failure.kind](seed, traits);
  return (second) => (second < failure.at ? NO_EFFECT : course(second - failure.at));
}
