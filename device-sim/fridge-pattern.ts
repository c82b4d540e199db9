// The simulated fridge as a pattern of the simulator, and the truth about it, computed in advance.

import { createCrossing } from './fridge-crossing.ts';
import type { Failure, FailureKind } from './fridge-failure.ts';
import { traitsOf, type Defrosts } from './fridge-traits.ts';
import { fridgeSteps, READINGS, STEP, type FridgeStep } from './fridge.ts';

export interface FridgeLife {
  /** Seed of the shop. */
  readonly site: number;
  readonly defrosts: Defrosts;
  readonly restocking: boolean;
  readonly failure?: Failure | undefined;
}

/**
 * °C at a second since the start; undefined while nothing arrives. An earlier second than the last one restarts the
 * simulation, so the result depends only on the seed and the second.
 */
export function fridgeTemperature(life: FridgeLife): (seed: number, second: number) => number | undefined {
  let at = -1;
  let known: number | undefined;
  let steps = fridgeSteps({ seed: 0, ...life });
  let step: FridgeStep | undefined;
  return (seed, second) => {
    const wanted = Math.floor(second / STEP);
    if (seed !== known || wanted < at) [steps, at, known] = [fridgeSteps({ seed, ...life }), -1, seed];
    for (; at < wanted; at += 1) step = steps.next().value as FridgeStep;
    if (!step || step.lost) return undefined;
    return step.readings[Math.floor(((second - wanted * STEP) / STEP) * READINGS)];
  };
}

/** What happens to a fridge, in seconds since the start. */
export interface FridgeTruth {
  readonly failure: FailureKind | undefined;
  readonly begins: number | undefined;
  /** When it passes the limit; undefined if it does not within two weeks of the failure. */
  readonly crosses: number | undefined;
  readonly defrosts: { readonly kind: Defrosts; readonly first: number; readonly every: number };
}

const AHEAD = 14 * 86_400;
const MINUTE = 60;

export function truthOf(seed: number, life: FridgeLife, limit: number): FridgeTruth {
  const { defrostFirst, defrostEvery } = traitsOf(seed, life.defrosts);
  const defrosts = { kind: life.defrosts, first: Math.round(defrostFirst), every: defrostEvery };
  const { failure } = life;
  if (!failure) return { failure: undefined, begins: undefined, crosses: undefined, defrosts };
  const crossing = createCrossing(failure.at, limit);
  let sum = 0;
  for (const { second, readings, defrosting } of fridgeSteps({ seed, ...life })) {
    if (second > failure.at + AHEAD) break;
    sum += readings.reduce((sofar, reading) => sofar + reading) / READINGS;
    if (second % MINUTE !== MINUTE - STEP) continue;
    if (
      crossing.add({ second: second - (second % MINUTE), mean: (sum * STEP) / MINUTE, inDefrost: defrosting })
    )
      break;
    sum = 0;
  }
  return { failure: failure.kind, begins: failure.at, crosses: crossing.crossed(), defrosts };
}
