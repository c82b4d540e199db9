// The patterns of simulated sensors: pure functions of a seed and the time, so that a run can be repeated.

import { fridgeTemperature, type FridgeLife } from './fridge-pattern.ts';
import { noise, uniform } from './random.ts';
import { type Hour, weatherAt } from './weather.ts';

export type Metrics = Readonly<Record<string, number>>;

/** The values of the device with `seed` at `second` (simulated seconds since the start); undefined while it is silent. */
export type Pattern = (seed: number, second: number) => Metrics | undefined;

export function round(value: number, digits: number): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor || 0; // never -0
}

/** Usual setpoint of a fridge in °C. */
export const USUAL_SETPOINT = 4;
/** Noise has one value for each tenth of a second. */
const tick = (second: number) => Math.round(second * 10);

function climate(seed: number, second: number, temperature: number): Metrics {
  return {
    temperature: round(temperature, 2),
    humidity: round(52 - (temperature - USUAL_SETPOINT) + 3 * noise(seed, tick(second), 10), 1),
  };
}

/** A healthy store fridge: between about 2.3 and 5.7 °C, in a ten-minute rhythm with its own phase. */
function healthy(seed: number, second: number): number {
  const phase = uniform(seed, 0, 20);
  return (
    USUAL_SETPOINT + 1.5 * Math.sin(2 * Math.PI * (second / 600 + phase)) + 0.2 * noise(seed, tick(second))
  );
}

/** Splits time into blocks; gives the block's number and the second within it. */
function blockOf(second: number, length: number): readonly [number: number, within: number] {
  const number = Math.floor(second / length);
  return [number, second - number * length];
}

/** Warms by one degree in ten minutes, up to 30 °C. */
function drift(seed: number, second: number): number {
  return Math.min(USUAL_SETPOINT + second / 600, 30) + 0.2 * noise(seed, tick(second));
}

/** Ten seconds at about 12 °C in every two minutes. */
function spike(seed: number, second: number): number {
  const [block, within] = blockOf(second, 120);
  const start = 10 + 90 * uniform(seed, block, 21);
  return healthy(seed, second) + (within >= start && within < start + 10 ? 8 : 0);
}

/** The same value for one minute in every two. */
function stuck(seed: number, second: number): number {
  const [block, within] = blockOf(second, 120);
  const start = 60 * uniform(seed, block, 22);
  const isStuck = within >= start && within < start + 60;
  return healthy(seed, isStuck ? block * 120 + start : second);
}

/** Silent for 5 to 25 seconds in every minute. */
function isSilent(seed: number, second: number): boolean {
  const [block, within] = blockOf(second, 60);
  const length = 5 + 20 * uniform(seed, block, 23);
  const start = (60 - length) * uniform(seed, block, 24);
  return within >= start && within < start + length;
}

export const patternNames = ['sine', 'drift', 'spike', 'stuck', 'dropout', 'fridge', 'csv'] as const;
export type PatternName = (typeof patternNames)[number];

const HEALTHY_FRIDGE: FridgeLife = { site: 0, defrosts: 'regular', restocking: true };

/** A fridge with a compressor, defrosts, a door and, if its life has one, a failure. */
export function fridgePattern(life: FridgeLife): Pattern {
  const temperature = fridgeTemperature(life);
  return (seed, second) => {
    const value = temperature(seed, second);
    return value === undefined ? undefined : climate(seed, second, value);
  };
}

/** @param hours the weather that `csv` replays, with the metrics of an outdoor sensor. */
export function createPatterns(hours: readonly Hour[]): Readonly<Record<PatternName, Pattern>> {
  return {
    sine: (seed, second) => climate(seed, second, healthy(seed, second)),
    drift: (seed, second) => climate(seed, second, drift(seed, second)),
    spike: (seed, second) => climate(seed, second, spike(seed, second)),
    stuck: (seed, second) => climate(seed, second, stuck(seed, second)),
    dropout: (seed, second) =>
      isSilent(seed, second) ? undefined : climate(seed, second, healthy(seed, second)),
    fridge: fridgePattern(HEALTHY_FRIDGE),
    csv(seed, second) {
      const { temperature, pressure, wind } = weatherAt(hours, second / 3_600);
      const metrics = climate(seed, second, temperature + 0.2 * noise(seed, tick(second)));
      return { ...metrics, pressure: round(pressure, 1), wind: round(wind, 1) };
    },
  };
}

/** Phases of the failing fridge in seconds: healthy, warming to 12 °C, warm, cooling; then it repeats. */
const FAILURE = { begins: 20, warm: 50, cools: 120, recovered: 160, repeats: 300 };

function failingBy(second: number): number {
  const [, within] = blockOf(second, FAILURE.repeats);
  const { begins, warm, cools, recovered } = FAILURE;
  if (within < begins || within >= recovered) return 0;
  if (within < warm) return (within - begins) / (warm - begins);
  return within < cools ? 1 : (recovered - within) / (recovered - cools);
}

/**
 * A fridge of the demo: between 3 and 6 °C, a little warmer in warm weather; the failing one reaches 12 °C within a
 * minute, stays there for another, recovers, and fails again five minutes after the first time.
 *
 * One second replays an hour of weather. `second` counts from the start of the demo.
 */
export function demoFridge(hours: readonly Hour[], failing: boolean): Pattern {
  return (seed, second) => {
    const outside = weatherAt(hours, second).temperature;
    const normal =
      4.3 + 0.04 * (outside - 11) + 0.4 * Math.sin(second / 40 + seed) + 0.15 * noise(seed, tick(second));
    const share = failing ? failingBy(second) : 0;
    return climate(seed, second, normal + share * (12 - normal));
  };
}
