// The settings of a simulated sensor that can change while it runs, and their bounds.

import { round, USUAL_SETPOINT, type Pattern } from './patterns.ts';

/** Read again for every reading. */
export interface Controls {
  /** Readings a second. */
  sampleRate: number;
  /** °C that it holds; absent if nothing is cooled. */
  setpoint?: number;
}

const BOUNDS: Readonly<Record<keyof Controls, readonly [lowest: number, highest: number]>> = {
  sampleRate: [0.001, 1_000],
  setpoint: [-40, 85],
};

export interface Applied {
  /** Whether a setting changed. */
  readonly changed: boolean;
  /** Why some desired settings were not applied. */
  readonly problems: readonly string[];
}

/** Applies the desired settings that the sensor has and allows; other members are ignored. */
export function applyDesired(controls: Controls, desired: Readonly<Record<string, unknown>>): Applied {
  const problems: string[] = [];
  let changed = false;
  for (const name of Object.keys(BOUNDS) as (keyof Controls)[]) {
    const current = controls[name];
    if (current === undefined || !Object.hasOwn(desired, name)) continue;
    const value = desired[name];
    const [lowest, highest] = BOUNDS[name];
    if (typeof value !== 'number' || !(value >= lowest && value <= highest)) {
      const wanted = JSON.stringify(value).slice(0, 40);
      problems.push(`${name} ${wanted}: must be a number from ${lowest} to ${highest}; it stays ${current}`);
    } else if (value !== current) {
      controls[name] = value;
      changed = true;
    }
  }
  return { changed, problems };
}

/** The pattern, shifted to the setpoint. */
export function atSetpoint(pattern: Pattern, controls: Controls): Pattern {
  return (seed, second) => {
    const metrics = pattern(seed, second);
    const shift = (controls.setpoint ?? USUAL_SETPOINT) - USUAL_SETPOINT;
    if (!metrics || shift === 0 || metrics['temperature'] === undefined) return metrics;
    return { ...metrics, temperature: round(metrics['temperature'] + shift, 2) };
  };
}
