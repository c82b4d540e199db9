// The options of `npm run world`.

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { Mode } from './run.ts';

export interface Options {
  readonly seed: number;
  readonly seeds: number;
  readonly days: number;
  readonly devices: number;
  readonly mode: Mode;
  /** Seconds between two messages of a device, on average. */
  readonly every: number;
  /** Faults in a day. */
  readonly faults: number;
  /** Numbers of the planned faults to inject, from 1 on; all if absent. */
  readonly only: readonly number[] | undefined;
  /** Processes that seeds run in. */
  readonly jobs: number;
}

export const USAGE = `usage: npm run world -- [--seed N] [--seeds COUNT] [--days D] [--devices N]
                        [--mode direct|stream] [--every SECONDS]
                        [--faults PER-DAY] [--only NUMBERS] [--jobs N]`;

export class OptionError extends Error {
  override readonly name = 'OptionError';
}

const text = { type: 'string' } as const;
const NAMES = {
  ...{ seed: text, seeds: text, days: text, devices: text, mode: text, every: text, faults: text },
  ...{ only: text, jobs: text },
  help: { type: 'boolean', short: 'h' },
} as const;

const MOST = {
  seed: 2 ** 31 - 1,
  seeds: 100_000,
  days: 365,
  devices: 1000,
  every: 86_400,
  faults: 10_000,
  jobs: 64,
};

function number(name: keyof typeof MOST, given: string | undefined, usual: number, least: number): number {
  if (given === undefined) return usual;
  const value = Number(given);
  const isWhole = name === 'days' || Number.isInteger(value);
  if (given.trim() === '' || !(value >= least && value <= MOST[name]) || !isWhole)
    throw new OptionError(
      `--${name} ${given} is not a${name === 'days' ? '' : ' whole'} number from ${least} to ${MOST[name]}`,
    );
  return value;
}

function listOf(given: string | undefined): readonly number[] | undefined {
  if (given === undefined) return undefined;
  const numbers = given === 'none' ? [] : given.split(',').map(Number);
  if (numbers.some((each) => !Number.isInteger(each) || each < 1))
    throw new OptionError(`--only ${given} is not "none" or a list of fault numbers such as 3,8`);
  return numbers;
}

/** @returns undefined for `--help`. @throws OptionError with the option, its value and what it may be */
export function parseOptions(args: readonly string[]): Options | undefined {
  let values;
  try {
    ({ values } = parseArgs({ args: [...args], options: NAMES, strict: true }));
  } catch (error) {
    throw new OptionError((error as Error).message, { cause: error });
  }
  if (values.help) return undefined;
  const { mode = 'direct' } = values;
  if (mode !== 'direct' && mode !== 'stream') throw new OptionError(`--mode ${mode} is not direct or stream`);
  return {
    seed: number('seed', values.seed, 1, 0),
    seeds: number('seeds', values.seeds, 1, 1),
    days: number('days', values.days, 1, 0.001),
    devices: number('devices', values.devices, 10, 1),
    mode,
    every: number('every', values.every, 600, 1),
    faults: number('faults', values.faults, 20, 0),
    only: listOf(values.only),
    jobs: number('jobs', values.jobs, availableParallelism(), 1),
  };
}
