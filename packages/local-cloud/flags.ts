// The command line of `npm start`: few flags, each checked where it is read.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { StartError } from './start-error.ts';

export interface Flags {
  readonly dataDir: string;
  /** 0 lets the system choose a free port. */
  readonly mqttPort: number;
  readonly awsPort: number;
  readonly webPort: number;
  readonly demo: boolean;
  readonly overrides: Readonly<Record<string, string>>;
}

export const usage =
  'usage: npm start -- [--data-dir DIR] [--mqtt-port N] [--aws-port N] [--web-port N] [--no-demo] [--parameter-overrides Key=Value ...]';

function parsePort(name: string, text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw new StartError(`--${name} ${text}: a port is a whole number from 0 (any free one) to 65535`);
  }
  return port;
}

/** Reads `Key=Value` pairs; a pair may stand alone, or several in one argument as `sam deploy` takes them. */
export function parseOverrides(pairs: readonly string[]): Record<string, string> {
  const overrides = new Map<string, string>();
  for (const pair of pairs.flatMap((text) => text.split(/\s+(?=[A-Za-z0-9]+=)/))) {
    const equals = pair.indexOf('=');
    if (equals < 1) throw new StartError(`${pair}: a parameter override is Key=Value; ${usage}`);
    overrides.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  return Object.fromEntries(overrides);
}

/**
 * @returns undefined when help is asked for.
 * @throws StartError naming the flag and what it takes.
 */
export function parseFlags(args: readonly string[]): Flags | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        'data-dir': { type: 'string', default: '.tidegate' },
        'mqtt-port': { type: 'string', default: '8883' },
        'aws-port': { type: 'string', default: '4566' },
        'web-port': { type: 'string', default: '8080' },
        'no-demo': { type: 'boolean', default: false },
        'parameter-overrides': { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return undefined;
    return {
      dataDir: path.resolve(values['data-dir']),
      mqttPort: parsePort('mqtt-port', values['mqtt-port']),
      awsPort: parsePort('aws-port', values['aws-port']),
      webPort: parsePort('web-port', values['web-port']),
      demo: !values['no-demo'],
      overrides: parseOverrides([...values['parameter-overrides'], ...positionals]),
    };
  } catch (error) {
    if (error instanceof StartError) throw error;
    // Node's message goes on with advice about `--`, which npm has taken already.
    throw new StartError(`${(error as Error).message.split(/\. To |\n/)[0]}; ${usage}`, { cause: error });
  }
}
