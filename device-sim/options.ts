// The command line of the simulator; errors name the option and its valid values.

import { parseArgs } from 'node:util';
import { parseFailures, type FailurePlan } from './failures.ts';
import { type PatternName, patternNames } from './patterns.ts';
import { SimError } from './sim-error.ts';

export interface SimOptions {
  readonly local: boolean;
  readonly dataDir: string;
  /** Folder of the devices' certificates and keys. */
  readonly out: string;
  readonly devices: number;
  /** Readings per second and device. */
  readonly rate: number;
  readonly qos: 0 | 1;
  readonly jitter: boolean;
  readonly pattern: PatternName;
  readonly duplicates: number;
  readonly reorder: number;
  readonly pack: number;
  readonly seed: string;
  readonly site: string;
  /** Milliseconds. */
  readonly duration: number | undefined;
  /** Readings per device. */
  readonly count: number | undefined;
  readonly basicIngest: boolean;
  /** Whether devices apply `sampleRate` and `setpoint` from their shadows. */
  readonly shadow: boolean;
  readonly speed: number;
  /** For the pattern `fridge`. */
  readonly failing: FailurePlan;
  /** File for the truth about each fridge. */
  readonly truth: string | undefined;
}

export const usage = `usage: npm run sim -- [--local] [options]

  --local            the local cloud (npm start) instead of AWS
  --data-dir DIR     its data directory (.tidegate)
  --out DIR          folder for certificates and keys (DIR/sim of --data-dir;
                     required without --local)
  --devices N        devices, named sim-1 to sim-N (5)
  --rate R           readings per second and device (1)
  --pattern NAME     ${patternNames.join(', ')}
                     (sine; fridge with --failures)
  --failures LIST    failing fridges, such as leak=2,stop=1: leak, stop, ajar,
                     ice, drift, stuck
  --fail-after T     simulated time until failures begin, each within an hour
                     (1h)
  --defrosts NAME    defrosts of fridges: regular, or irregular by half an hour
                     (regular)
  --no-restocking    without restocking, which opens a fridge for minutes every
                     few days
  --truth FILE       writes what happens to each fridge and when, one JSON
                     object per line
  --speed X          pattern seconds per second (1; 600 for csv)
  --site NAME        the site in the topic telemetry/<site>/<device> (sim)
  --qos 0|1          (1)
  --pack K           readings in one message (1)
  --jitter           readings up to a quarter of their interval early or late
  --duplicates P     share of messages sent twice, 0 to 1 (0)
  --reorder P        share of messages overtaken by later ones, 0 to 1 (0)
  --basic-ingest     publishes directly to the rule, without messaging charge on
                     AWS
  --no-shadow        ignores the sampleRate and setpoint that a device's shadow
                     desires
  --seed TEXT        the same seed gives the same readings (tidegate)
  --duration T       ends after 90, 90s, 15m or 2h; otherwise with Ctrl-C
  --count N          ends after N readings per device`;

const options = {
  local: { type: 'boolean', default: false },
  'data-dir': { type: 'string', default: '.tidegate' },
  out: { type: 'string' },
  devices: { type: 'string', default: '5' },
  rate: { type: 'string', default: '1' },
  qos: { type: 'string', default: '1' },
  jitter: { type: 'boolean', default: false },
  pattern: { type: 'string' },
  duplicates: { type: 'string', default: '0' },
  reorder: { type: 'string', default: '0' },
  pack: { type: 'string', default: '1' },
  seed: { type: 'string', default: 'tidegate' },
  site: { type: 'string', default: 'sim' },
  duration: { type: 'string' },
  count: { type: 'string' },
  'basic-ingest': { type: 'boolean', default: false },
  'no-shadow': { type: 'boolean', default: false },
  speed: { type: 'string' },
  failures: { type: 'string' },
  'fail-after': { type: 'string' },
  defrosts: { type: 'string' },
  'no-restocking': { type: 'boolean', default: false },
  truth: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

function numberOf(name: string, text: string, lowest: number, highest: number, whole: boolean): number {
  const value = Number(text);
  const isPlain = (whole ? /^\d{1,12}$/ : /^\d{1,12}(\.\d{1,12})?$/).test(text);
  if (!isPlain || value < lowest || value > highest) {
    throw new SimError(
      `--${name} ${text}: must be a ${whole ? 'whole ' : ''}number from ${lowest} to ${highest}`,
    );
  }
  return value;
}

function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === text);
  if (found === undefined) throw new SimError(`--${name} ${text}: must be ${allowed.join(', ')}`);
  return found;
}

const UNITS: Readonly<Record<string, number>> = { '': 1_000, s: 1_000, m: 60_000, h: 3_600_000 };

function durationOf(text: string, name = 'duration'): number {
  const [, digits, unit = ''] = /^(\d{1,6}(?:\.\d{1,3})?)([smh]?)$/.exec(text) ?? [];
  const milliseconds = Number(digits) * UNITS[unit]!;
  if (!(milliseconds > 0)) throw new SimError(`--${name} ${text}: must be a time such as 90, 90s, 15m or 2h`);
  return milliseconds;
}

const FRIDGE_OPTIONS = ['failures', 'fail-after', 'defrosts', 'no-restocking', 'truth'] as const;

function failingOf(values: ReturnType<typeof parse>, pattern: PatternName, devices: number): FailurePlan {
  const foreign = FRIDGE_OPTIONS.find((name) => values[name] !== undefined && values[name] !== false);
  if (foreign && pattern !== 'fridge')
    throw new SimError(
      `--${foreign} is only for fridges: leave out --pattern ${pattern}, or use --pattern fridge`,
    );
  return {
    failures: values.failures === undefined ? [] : parseFailures(values.failures, devices),
    after: durationOf(values['fail-after'] ?? '1h', 'fail-after') / 1_000,
    defrosts: oneOf('defrosts', values.defrosts ?? 'regular', ['regular', 'irregular']),
    restocking: !values['no-restocking'],
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new SimError(`${(error as Error).message.split('\n')[0]}\n\n${usage}`, { cause: error });
  }
}

/** @returns undefined for --help. @throws SimError that names the option and its valid values. */
export function parseOptions(args: readonly string[]): SimOptions | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  const { local, out, site, seed } = values;
  if (!local && out === undefined) {
    throw new SimError(
      'without --local the devices are created in AWS IoT: name the folder for their keys with --out',
    );
  }
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(site)) {
    throw new SimError(`--site ${site}: must be at most 64 letters, digits, - and _`);
  }
  const isFridge = values.pattern === undefined && values.failures !== undefined;
  const pattern = oneOf('pattern', values.pattern ?? (isFridge ? 'fridge' : 'sine'), patternNames);
  const devices = numberOf('devices', values.devices, 1, 100_000, true);
  return {
    local,
    dataDir: values['data-dir'],
    out: out ?? `${values['data-dir']}/sim`,
    devices,
    rate: numberOf('rate', values.rate, 0.001, 10_000, false),
    qos: Number(oneOf('qos', values.qos, ['0', '1'])) as 0 | 1,
    jitter: values.jitter,
    pattern,
    duplicates: numberOf('duplicates', values.duplicates, 0, 1, false),
    reorder: numberOf('reorder', values.reorder, 0, 1, false),
    pack: numberOf('pack', values.pack, 1, 1_000, true),
    seed,
    site,
    duration: values.duration === undefined ? undefined : durationOf(values.duration),
    count: values.count === undefined ? undefined : numberOf('count', values.count, 1, 1e9, true),
    basicIngest: values['basic-ingest'],
    shadow: !values['no-shadow'],
    speed: numberOf('speed', values.speed ?? (pattern === 'csv' ? '600' : '1'), 0.001, 1_000_000, false),
    failing: failingOf(values, pattern, devices),
    truth: values.truth,
  };
}
