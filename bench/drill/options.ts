// The command line of the failover drill.

import { parseArgs } from 'node:util';

export interface DrillOptions {
  readonly devices: number;
  /** Parameters of dns.yaml, such as `Ttl=30`. They override those of the drill. */
  readonly overrides: readonly string[];
  /** Where the data directories are kept; they are removed if absent. */
  readonly dataDir?: string;
  readonly json: boolean;
}

export class UsageError extends Error {}

const MOST_DEVICES = 200;

export const USAGE = `usage: npm run dns -- drill [--devices N] [--parameter-overrides Key=Value ...]
                            [--data-dir DIR] [--json]
       Runs two local clouds as two regions and a fleet that finds its broker by
       the name of dns.yaml. Kills the first region, waits until every device is
       with the second, starts the first again, and compares what was
       acknowledged with the archives and windows of both. Takes about three
       minutes. Exit code 0: no reading was lost.
       --parameter-overrides: of dns.yaml, such as Ttl=30 CheckFailures=1`;

/** @returns undefined for --help. @throws UsageError that names the option */
export function parseOptions(args: readonly string[]): DrillOptions | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const overrides = [...values['parameter-overrides'], ...positionals];
  const devices = Number(values.devices);
  if (!/^\d{1,3}$/.test(values.devices) || devices < 1 || devices > MOST_DEVICES)
    throw new UsageError(`--devices ${values.devices} is not a whole number from 1 to ${MOST_DEVICES}`);
  const wrong = overrides.find((pair) => !/^[A-Za-z0-9]+=/.test(pair));
  if (wrong !== undefined)
    throw new UsageError(`${wrong}: the drill takes Key=Value for parameters of dns.yaml`);
  return {
    devices,
    overrides,
    ...(values['data-dir'] !== undefined && { dataDir: values['data-dir'] }),
    json: values.json,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        devices: { type: 'string', default: '5' },
        'parameter-overrides': { type: 'string', multiple: true, default: [] },
        'data-dir': { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message.split(/\. To |\n/)[0]);
  }
}
