// Plans which simulated devices fail, how and when (`--failures`), and writes the file with the truth about each.

import { writeFileSync } from 'node:fs';
import { failureKinds, type FailureKind } from './fridge-failure.ts';
import { truthOf, type FridgeLife } from './fridge-pattern.ts';
import type { Defrosts } from './fridge-traits.ts';
import { SimError } from './sim-error.ts';
import { seedOf, uniform } from './random.ts';

export interface FailurePlan {
  /** The number of devices per kind of failure: the first devices of the run, in this order. */
  readonly failures: readonly (readonly [kind: FailureKind, devices: number])[];
  /** Simulated seconds after which failures begin, each within an hour. */
  readonly after: number;
  readonly defrosts: Defrosts;
  readonly restocking: boolean;
}

const COUNT = /^([a-z]+)=(\d{1,6})$/;

/** @throws SimError that names the part that cannot be read, and the valid values. */
export function parseFailures(text: string, devices: number): FailurePlan['failures'] {
  const takes = `give kinds with a number of devices, such as leak=2,stop=1; kinds are ${failureKinds.join(', ')}`;
  const found = text.split(',').map((part) => {
    const [, name, count] = COUNT.exec(part.trim()) ?? [];
    const kind = failureKinds.find((each) => each === name);
    if (!kind || !(Number(count) > 0))
      throw new SimError(`--failures ${text}: "${part.trim()}" cannot be read: ${takes}`);
    return [kind, Number(count)] as const;
  });
  const total = found.reduce((sum, [, count]) => sum + count, 0);
  if (total > devices)
    throw new SimError(
      `--failures ${text}: ${total} devices should fail, but there are only ${devices}: raise --devices`,
    );
  return found;
}

/** The life of the device with this index. */
export function lifeOf(plan: FailurePlan, index: number, seed: number, site: string): FridgeLife {
  let first = 0;
  const kind = plan.failures.find(([, count]) => index < (first += count))?.[0];
  const at = Math.round(plan.after + 3_600 * uniform(seed, 0, 191));
  const { defrosts, restocking } = plan;
  return { site: seedOf(site), defrosts, restocking, ...(kind && { failure: { kind, at } }) };
}

/** The limit in °C for the crossing in the truth file. */
const LIMIT = 8;

export interface TruthOptions {
  /** Epoch milliseconds of second 0, and simulated seconds in one second. */
  readonly start: number;
  readonly speed: number;
}

export interface NamedLife {
  readonly name: string;
  readonly seed: number;
  readonly life: FridgeLife;
}

/**
 * Writes one JSON object per line and device; times in epoch milliseconds. @throws SimError if the file cannot be
 * written.
 */
export function writeTruth(
  file: string,
  devices: readonly NamedLife[],
  { start, speed }: TruthOptions,
): void {
  const timeOf = (second: number | undefined) =>
    second === undefined ? null : Math.round(start + (second * 1_000) / speed);
  const lines = devices.map(({ name, seed, life }) => {
    const { failure, begins, crosses, defrosts } = truthOf(seed, life, LIMIT);
    return JSON.stringify({
      ...{
        device: name,
        failure: failure ?? null,
        beginsAt: timeOf(begins),
        limit: LIMIT,
        crossesAt: timeOf(crosses),
      },
      defrosts: {
        kind: defrosts.kind,
        firstAt: timeOf(defrosts.first),
        everyMs: Math.round((defrosts.every * 1_000) / speed),
      },
    });
  });
  try {
    writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  } catch (error) {
    throw new SimError(
      `--truth ${file}: cannot be written (${(error as Error).message}): name a file in an existing folder`,
      {
        cause: error,
      },
    );
  }
}
