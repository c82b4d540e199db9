// The minutes of one simulated fridge, with the ground truth that predictions are compared with.

import type { Minute } from '../../core/insight/minute.ts';
import { createCrossing } from '../../device-sim/fridge-crossing.ts';
import type { Failure, FailureKind } from '../../device-sim/fridge-failure.ts';
import { traitsOf, type Defrosts } from '../../device-sim/fridge-traits.ts';
import { fridgeSteps, STEP } from '../../device-sim/fridge.ts';
import { seedOf, uniform } from '../../device-sim/random.ts';
import type { KnownSchedule } from '../../core/insight/schedule.ts';

export const LIMIT = 8;
const DAY = 86_400;
/** Minutes from here on are evaluated. */
export const JUDGED_FROM = 7 * DAY;
/** Failures begin within this many seconds after that. */
const BEGINS_WITHIN = 5 * DAY;

export interface LifeOptions {
  /** The set's name, so that no two sets share a device. */
  readonly set: string;
  readonly number: number;
  readonly kind?: FailureKind | undefined;
  readonly defrosts: Defrosts;
  readonly restocking?: boolean;
}

/** A minute with the truth that the detector must not see. `second` counts from the start, which is epoch 0. */
export interface LifeMinute extends Minute {
  readonly second: number;
  readonly inDefrost: boolean;
}

export interface Life {
  readonly minutes: readonly LifeMinute[];
  readonly failure: Failure | undefined;
  /** When the value last rose through the limit before the ten-minute mean passed it outside of a defrost; milliseconds. */
  readonly crossed: number | undefined;
  readonly schedule: KnownSchedule;
}

const SEEDS = 'insight';
export const SHOP = 5;

/** The seeds of a device and of its shop. A shop has five devices of a set; a failing one shares it with healthy ones. */
export function seedsOf({ set, number, kind }: LifeOptions) {
  const seed = seedOf(SEEDS, set, kind ?? 'healthy', number);
  const site = seedOf(SEEDS, set, 'site', Math.floor(number / SHOP));
  const failure = kind && { kind, at: Math.round(JUDGED_FROM + BEGINS_WITHIN * uniform(seed, 0, 190)) };
  return { seed, site, failure };
}

/**
 * @param days the device's lifetime; a failing one ends when it has crossed the limit. @param each called with every
 * window that arrives
 */
export function liveOf(options: LifeOptions, days: number, each?: (window: Minute) => void): Life {
  const { defrosts, restocking } = options;
  const { seed, site, failure } = seedsOf(options);
  const minutes: LifeMinute[] = [];
  const truth = failure && createCrossing(failure.at, LIMIT);
  let windows: Minute[] = [];
  for (const step of fridgeSteps({
    seed,
    site,
    defrosts,
    failure,
    ...(restocking === false && { restocking }),
  })) {
    if (step.second >= days * DAY) break;
    const { readings } = step;
    if (!step.lost) {
      const mean = readings.reduce((sum, reading) => sum + reading, 0) / readings.length;
      windows.push({ at: step.second * 1_000, mean, min: Math.min(...readings), max: Math.max(...readings) });
      each?.(windows.at(-1)!);
    }
    if (step.second % 60 !== 60 - STEP || windows.length === 0) continue;
    const second = step.second + STEP - 60;
    const minute = {
      ...{ at: second * 1_000, second, inDefrost: step.defrosting },
      mean: windows.reduce((sum, { mean }) => sum + mean, 0) / windows.length,
      min: Math.min(...windows.map(({ min }) => min)),
      max: Math.max(...windows.map(({ max }) => max)),
    };
    minutes.push(minute);
    windows = [];
    if (truth?.add(minute)) break;
  }
  const traits = traitsOf(seed, defrosts);
  const schedule = { every: traits.defrostEvery / 60, anchor: traits.defrostFirst / 60 };
  const crossed = truth?.crossed();
  return { minutes, failure, crossed: crossed === undefined ? undefined : crossed * 1_000, schedule };
}
