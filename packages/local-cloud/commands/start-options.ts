// The command line of `start`: few options, each checked where it is read.

import path from 'node:path';
import { parseArgs } from 'node:util';
import { commandLineOf, dataDirOf, type Project } from '../project.ts';
import { sourceOf, sourceOptions, sourceUsage, type StackSource } from '../stack-source.ts';
import { StartError } from '../start-error.ts';
import { parseOverrides } from './overrides.ts';
import { folded } from './usage-text.ts';

const MQTT_PORT = '8883';
const AWS_PORT = '4566';
const WEB_PORT = '8080';

export interface StartOptions {
  readonly source: StackSource;
  readonly dataDir: string;
  /** An address or name of this machine on which the MQTT port is opened, and no other; loopback if absent. */
  readonly host?: string;
  /** 0 lets the system choose a free port. */
  readonly mqttPort: number;
  readonly awsPort: number;
  readonly webPort: number;
  readonly demo: boolean;
  /** Changes of functions and of the template are picked up while it runs. */
  readonly watch: boolean;
  /** Whether calls that a function's role does not allow are refused, as on AWS. */
  readonly enforcesIam: boolean;
  readonly overrides: Readonly<Record<string, string>>;
}

export const usageOf = (project?: Project): string =>
  `${folded(
    `usage: ${commandLineOf('start', project)} ${sourceUsage(project)}[--data-dir DIR] [--host ADDRESS] [--mqtt-port N] [--aws-port N] ` +
      `[--web-port N] ${project?.demo ? '[--no-demo] ' : ''}[--watch] [--no-enforce-iam] [--parameter-overrides Key=Value ...]`,
  )}
       --data-dir DIR: where everything is kept (${dataDirOf(project)})
       --host ADDRESS: opens the MQTT port, and no other, to other machines
       --mqtt-port, --aws-port, --web-port: ${MQTT_PORT}, ${AWS_PORT}, ${WEB_PORT}; 0: a free one
       --watch: picks up changes of functions and of the template
       --no-enforce-iam: allows calls that the role of a function does not allow
       --parameter-overrides: values for parameters of the template`;

function parsePort(name: string, text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw new StartError(`--${name} ${text}: a port is a whole number from 0 (any free one) to 65535`);
  }
  return port;
}

function parse(args: readonly string[], project: Project | undefined) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...sourceOptions(project),
        'data-dir': { type: 'string', default: dataDirOf(project) },
        host: { type: 'string' },
        'mqtt-port': { type: 'string', default: MQTT_PORT },
        'aws-port': { type: 'string', default: AWS_PORT },
        'web-port': { type: 'string', default: WEB_PORT },
        ...(project?.demo && { 'no-demo': { type: 'boolean', default: false } as const }),
        watch: { type: 'boolean', default: false },
        'enforce-iam': { type: 'boolean', default: false },
        'no-enforce-iam': { type: 'boolean', default: false },
        'parameter-overrides': { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    // Node's message goes on with advice about `--`, which npm has taken already.
    const [reason] = (error as Error).message.split(/\. To |\n/);
    throw new StartError(`${reason}; ${usageOf(project)}`, { cause: error });
  }
}

/**
 * @returns undefined when help is requested.
 * @throws StartError naming the option and what it takes.
 */
export function parseStartOptions(args: readonly string[], project?: Project): StartOptions | undefined {
  const { values, positionals } = parse(args, project);
  if (values.help) return undefined;
  if (values['enforce-iam'] && values['no-enforce-iam'])
    throw new StartError('--enforce-iam and --no-enforce-iam contradict each other: give one of them');
  const pairs = [...values['parameter-overrides'], ...positionals];
  return {
    source: sourceOf(values, project),
    dataDir: path.resolve(values['data-dir']),
    host: values.host,
    mqttPort: parsePort('mqtt-port', values['mqtt-port']),
    awsPort: parsePort('aws-port', values['aws-port']),
    webPort: parsePort('web-port', values['web-port']),
    demo: !values['no-demo'],
    watch: values.watch,
    enforcesIam: !values['no-enforce-iam'],
    overrides: parseOverrides(pairs, usageOf(project)),
  };
}
