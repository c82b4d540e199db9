// Simulates a fridge with air and goods as two heat stores, in steps of ten seconds, repeatable by seed.

import { defrostOf, doorAt, isLost, restockings, roomAt, type Stretch } from './fridge-day.ts';
import { courseOf, doorFor, type Effect, type Failure } from './fridge-failure.ts';
import { traitsOf, type Defrosts, type FridgeTraits } from './fridge-traits.ts';
import { noise } from './random.ts';

export interface FridgeOptions {
  readonly seed: number;
  /** Seed of the shop: its fridges share the weather. */
  readonly site: number;
  readonly defrosts?: Defrosts;
  readonly failure?: Failure | undefined;
  /** False: no restocking. */
  readonly restocking?: boolean;
}

/** Seconds of a step, and readings in it. */
export const STEP = 10;
export const READINGS = 5;

/** One step of ten seconds; `readings` are °C, in an array that every step reuses. */
export interface FridgeStep {
  /** Seconds since the start, at which it begins. */
  readonly second: number;
  readonly readings: readonly number[];
  /** Whether none of it arrives. */
  readonly lost: boolean;
  readonly defrosting: boolean;
}

interface Heat {
  air: number;
  goods: number;
  sensor: number;
  cools: boolean;
}

/** Two parts per step are enough: with twenty, the cycles would change by less than the noise. */
const PARTS = 2;

interface Outside {
  readonly room: number;
  readonly door: number;
  /** °C to which a defrost warms, while there is one. */
  readonly defrost: number | undefined;
  readonly effect: Effect;
}

function warm(heat: Heat, traits: FridgeTraits, { room, door, defrost, effect }: Outside): void {
  const seconds = STEP / PARTS;
  for (let part = 0; part < PARTS; part += 1) {
    if (heat.air > traits.high) heat.cools = true;
    else if (heat.air < traits.low) heat.cools = false;
    const cooling = heat.cools && defrost === undefined ? traits.cooling * effect.cooling : 0;
    const inflow = (traits.toRoom + door + effect.door) * (room - heat.air);
    const heater =
      defrost === undefined ? 0 : Math.max(0, (defrost - heat.air) * (2.2 / traits.defrostLength));
    const change = inflow + traits.toGoods * (heat.goods - heat.air) - cooling;
    heat.goods += seconds * traits.goodsToAir * (heat.air - heat.goods);
    heat.air += seconds * (defrost === undefined ? change : heater);
    heat.sensor += (seconds / (traits.lag + seconds)) * (heat.air - heat.sensor);
  }
}

/** Share of the difference that a customer's open door lets in per second. */
const OPEN_DOOR = 0.002;

/** Endless steps from second 0, which is midnight in the shop. */
export function* fridgeSteps(options: FridgeOptions): Generator<FridgeStep> {
  const { seed, site, defrosts, failure } = options;
  const traits = traitsOf(seed, defrosts);
  const effectAt = courseOf(seed, traits, failure);
  const middle = (traits.low + traits.high) / 2;
  const heat: Heat = { air: middle, goods: middle, sensor: middle, cools: false };
  const visits = options.restocking === false ? undefined : restockings(seed);
  let visit: Stretch | undefined = visits?.next().value;
  let number = 0;
  let defrost = defrostOf(seed, traits, number);
  let held: number | undefined;
  const readings = Array.from({ length: READINGS }, () => 0);
  for (let step = 0; ; step += 1) {
    const second = step * STEP;
    while (defrost.to <= second) defrost = defrostOf(seed, traits, (number += 1));
    if (visit && visit.to <= second) visit = visits?.next().value;
    const effect = effectAt(second);
    const room = roomAt(site, second);
    const defrosting = second >= defrost.from && effect.defrosts;
    const restocking = visit && second >= visit.from ? doorFor(traits, visit.level, room) : 0;
    const door = restocking + OPEN_DOOR * doorAt(seed, traits, step, STEP);
    warm(heat, traits, { room, door, defrost: defrosting ? defrost.level : undefined, effect });
    for (let index = 0; index < READINGS; index += 1) {
      const noisy =
        heat.sensor + effect.offset + traits.noise * 2 * noise(seed, step * READINGS + index, 170);
      readings[index] = Math.round(noisy / traits.step) * traits.step;
    }
    if (effect.stuck) readings.fill((held ??= readings[0]!));
    yield { second, readings, lost: isLost(seed, step, STEP), defrosting };
  }
}
