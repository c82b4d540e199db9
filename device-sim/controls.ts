// What can be set on a simulated sensor while it runs, and within which bounds it obeys.

import { round, usualSetpoint, type Pattern } from './patterns.ts';

/** Read anew for every reading. */
export interface Controls {
  /** Readings a second. */
  sampleRate: number;
  /** °C that it holds; absent where nothing is cooled. */
  setpoint?: number;
}

const bounds: Readonly<Record<keyof Controls, readonly [lowest: number, highest: number]>> = {
  sampleRate: [0.001, 1_000],
  setpoint: [-40, 85],
};

export interface Applied {
  /** True when something is different from before. */
  readonly changed: boolean;
  /** Why some of what was desired is left undone. */
  readonly problems: readonly string[];
}

/** Takes over what of `desired` the sensor has and can do; other members are none of its business. */
export function applyDesired(controls: Controls, desired: Readonly<Record<string, unknown>>): Applied {
  const problems: string[] = [];
  let changed = false;
  for (const name of Object.keys(bounds) as (keyof Controls)[]) {
    const current = controls[name];
    if (current === undefined || !Object.hasOwn(desired, name)) continue;
    const value = desired[name];
    const [lowest, highest] = bounds[name];
    if (typeof value !== 'number' || !(value >= lowest && value <= highest)) {
      const wanted = JSON.stringify(value).slice(0, 40);
      problems.push(
        `${name} ${wanted}: it takes a number from ${lowest} to ${highest}, so it stays ${current}`,
      );
    } else if (value !== current) {
      controls[name] = value;
      changed = true;
    }
  }
  return { changed, problems };
}

/** The pattern, moved to where the setpoint is. */
export function atSetpoint(pattern: Pattern, controls: Controls): Pattern {
  return (seed, second) => {
    const metrics = pattern(seed, second);
    const shift = (controls.setpoint ?? usualSetpoint) - usualSetpoint;
    if (!metrics || shift === 0 || metrics['temperature'] === undefined) return metrics;
    return { ...metrics, temperature: round(metrics['temperature'] + shift, 2) };
  };
}
