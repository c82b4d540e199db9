// The command line of `dns`: the template, the question, and the places of names on this machine.

import { isIP } from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { account } from '../account.ts';
import { isRecordType, recordTypes } from '../dns/rdata.ts';
import { absolute, nameProblem } from '../dns/name.ts';
import { isRegion, readNeighbourhood, regions, type Neighbourhood } from '../dns/regions.ts';
import { readStandIns, type StandIn } from '../dns/stand-ins.ts';
import { commandLineOf, dataDirOf, type Project } from '../project.ts';
import { sourceOf, sourceUsage, type StackSource } from '../stack-source.ts';
import { StartError } from '../start-error.ts';
import { parseOverrides } from './overrides.ts';
import { folded } from './usage-text.ts';

const TEMPLATE = 'dns.yaml';
const PORT = '5353';
const MOST_ANSWERS = 1_000_000;

export const usageOf = (project?: Project): string => {
  const line = commandLineOf('dns', project);
  const drill = project?.drill ? `\n       ${line} drill --help` : '';
  const source = sourceUsage(project) || '[--template FILE] ';
  const both = `${source}[--parameter-overrides Key=Value ...] [--at NAME=ADDRESS ...] [--place NETWORK=REGION ...]`;
  return `${folded(`usage: ${line} answer NAME [TYPE] [--from REGION|IP] [--unhealthy CHECK ...] [--count N]`)}
       ${line} serve [--port ${PORT}] [--host ADDRESS] [--data-dir DIR]${drill}
${folded(`       both: ${both}`)}
       answer   what Route 53 would answer by ${TEMPLATE}, the way through the
                records, and why each was skipped
       serve    a DNS server on UDP and TCP, real health checks, and the
                Route 53 API at the AWS port of the stack in DIR
       --at     where on this machine a name outside the zones is, such as
                NAME=http://127.0.0.1:8080/path or NAME=127.0.0.1:8883
       --place  region of a network, for latency records, such as
                10.1.0.0/16=eu-west-1; every other is in ${account.region}`;
};

/** A line for the reason, and the usage below it. */
const withUsage = (reason: string, project: Project | undefined, options?: ErrorOptions) =>
  new StartError([reason, ...usageOf(project).split('\n')], options);

export interface DnsSource {
  readonly source: StackSource;
  readonly overrides: Readonly<Record<string, string>>;
  readonly standIns: ReadonlyMap<string, StandIn>;
  readonly neighbourhoods: readonly Neighbourhood[];
}

export interface AnswerOptions extends DnsSource {
  readonly command: 'answer';
  readonly name: string;
  readonly type: string;
  /** A region or an address. */
  readonly from: string;
  /** Labels or ids of health checks. */
  readonly unhealthy: readonly string[];
  readonly count?: number;
}

export interface ServeOptions extends DnsSource {
  readonly command: 'serve';
  /** 0 lets the system choose a free one. */
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
}

const TEXT = { type: 'string' } as const;
const TEXTS = { type: 'string', multiple: true, default: [] as string[] } as const;

function parse(args: readonly string[], project: Project | undefined) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...{ template: TEXT, samconfig: TEXT, 'stack-name': TEXT, 'parameter-overrides': TEXTS },
        ...{ at: TEXTS, place: TEXTS, from: TEXT, unhealthy: TEXTS, count: TEXT },
        ...{ port: TEXT, host: TEXT, 'data-dir': TEXT },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    const [reason] = (error as Error).message.split(/\. To |\n/);
    throw withUsage(reason!, project, { cause: error });
  }
}

type Values = ReturnType<typeof parse>['values'];

function readSource(values: Values, project: Project | undefined): DnsSource {
  const template =
    values.template === undefined
      ? path.resolve(project?.root ?? '', TEMPLATE)
      : path.resolve(values.template);
  const given = project ? { template } : { ...values, template };
  return {
    source: { ...sourceOf(given, project), command: 'dns' },
    overrides: parseOverrides(values['parameter-overrides'], 'such as Ttl=30'),
    standIns: readStandIns(values.at),
    neighbourhoods: values.place.map((pair) => {
      const found = readNeighbourhood(pair);
      if (found) return found;
      throw new StartError(
        `--place ${pair}: write NETWORK/PREFIX=REGION, such as 10.1.0.0/16=eu-west-1; regions are ${regions.join(', ')}`,
      );
    }),
  };
}

function whole(flag: string, given: string, least: number, most: number): number {
  const number = Number(given);
  if (/^\d{1,9}$/.test(given) && number >= least && number <= most) return number;
  throw new StartError(`--${flag} ${given}: must be a whole number from ${least} to ${most}`);
}

function refuseOthers(values: Values, others: readonly (keyof Values)[], command: string): void {
  const other = others.find((key) => ![values[key]].flat().every((each) => each === undefined));
  if (other !== undefined) throw new StartError(`--${other} does not belong to ${command}`);
}

function readAnswer(values: Values, rest: readonly string[], project?: Project): AnswerOptions {
  const [name, type = 'A', ...more] = rest;
  if (name === undefined || more.length > 0) throw withUsage('answer takes a name and a type', project);
  refuseOthers(values, ['port', 'host', 'data-dir'], 'answer');
  const problem = nameProblem(absolute(name));
  if (problem) throw new StartError(`${name} is not a domain name: ${problem}`);
  if (!isRecordType(type.toUpperCase()))
    throw new StartError(`${type} is not a type of record here: use ${recordTypes.join(', ')}`);
  const from = values.from ?? account.region;
  if (!isRegion(from) && isIP(from) === 0)
    throw new StartError(
      `--from ${from}: is neither an IP address nor one of the regions ${regions.join(', ')}`,
    );
  return {
    ...readSource(values, project),
    ...{ command: 'answer', name, type: type.toUpperCase(), from, unhealthy: values.unhealthy },
    ...(values.count !== undefined && { count: whole('count', values.count, 1, MOST_ANSWERS) }),
  };
}

function readServe(values: Values, rest: readonly string[], project?: Project): ServeOptions {
  if (rest.length > 0) throw withUsage(`serve takes no ${rest[0]}`, project);
  refuseOthers(values, ['from', 'unhealthy', 'count'], 'serve');
  const host = values.host ?? '127.0.0.1';
  if (isIP(host) === 0) throw new StartError(`--host ${host}: must be an IP address of this machine`);
  return {
    ...readSource(values, project),
    ...{ command: 'serve', host, port: whole('port', values.port ?? PORT, 0, 65_535) },
    dataDir: path.resolve(values['data-dir'] ?? dataDirOf(project)),
  };
}

/** @returns undefined where the usage was requested. @throws StartError naming the option that is wrong. */
export function parseDnsOptions(
  args: readonly string[],
  project?: Project,
): AnswerOptions | ServeOptions | undefined {
  const { values: given, positionals } = parse(args, project);
  if (given.help || args.length === 0) return undefined;
  // As `sam deploy` takes them: several pairs after one flag.
  const isPair = (text: string) => /^[A-Za-z0-9]+=/.test(text);
  const values = {
    ...given,
    'parameter-overrides': [...given['parameter-overrides'], ...positionals.filter(isPair)],
  };
  const [command, ...rest] = positionals.filter((text) => !isPair(text));
  if (command === 'answer') return readAnswer(values, rest, project);
  if (command === 'serve') return readServe(values, rest, project);
  throw withUsage(`${command ?? args[0]} is not a command of dns`, project);
}
