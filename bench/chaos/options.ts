// The command line of the chaos harness.

import { parseArgs } from 'node:util';

export const MODES = ['direct', 'stream'] as const;
export type Mode = (typeof MODES)[number];

export interface ChaosOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly mode: Mode;
  readonly devices: number;
  /** Where the data directory is copied if it is kept; a new folder if absent. */
  readonly dataDir?: string;
  /** Keeps the data directory even if no fault was found. */
  readonly keep: boolean;
  readonly json: boolean;
}

export class UsageError extends Error {}

export const USAGE = `usage: npm run chaos -- [--seed N] [--minutes M] [--mode direct|stream]
                        [--devices N] [--data-dir D] [--keep] [--json]

Runs the whole stack under a fleet with outboxes, and kills, freezes, starves
and disconnects it at times that depend only on the seed. Then compares the
acknowledged messages, the archive, the windows and the emails. Exits with 0
if they agree.`;

/** Returns undefined for --help. @throws UsageError that names the option */
export function parseOptions(args: readonly string[]): ChaosOptions | undefined {
  const { values } = parse(args);
  if (values.help) return undefined;
  const mode = MODES.find((each) => each === values.mode);
  if (!mode) throw new UsageError(`--mode ${values.mode} is not direct or stream`);
  return {
    mode,
    seed: number('seed', values.seed, 0, 0xffff_ffff),
    minutes: number('minutes', values.minutes, 0.1, 1440, false),
    devices: number('devices', values.devices, 2, 500),
    ...(values['data-dir'] !== undefined && { dataDir: values['data-dir'] }),
    keep: values.keep,
    json: values.json,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seed: { type: 'string', default: '1' },
        minutes: { type: 'string', default: '10' },
        mode: { type: 'string', default: 'direct' },
        devices: { type: 'string', default: '12' },
        'data-dir': { type: 'string' },
        keep: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function number(name: string, text: string, least: number, most: number, isWhole = true): number {
  const value = Number(text);
  const fits = text.trim() !== '' && value >= least && value <= most && (!isWhole || Number.isInteger(value));
  if (!fits) {
    throw new UsageError(
      `--${name} ${text} is not a ${isWhole ? 'whole ' : ''}number from ${least} to ${most}`,
    );
  }
  return value;
}
