// The command line of `npm run device`, checked before anything is created.

import { parseArgs } from 'node:util';
import { FORMATS, type Format } from '../commands/listing.ts';
import { thingNameProblem } from '../core/thing-names.ts';
import { checkName, parseAttributes, parseUnits } from './device-fields.ts';
import { OnboardingError } from './onboarding-error.ts';

export interface DeviceOptions {
  readonly command: 'create' | 'delete' | 'list' | 'rotate' | 'revoke' | 'claim' | 'provision' | 'allow';
  /** Empty for `list`; with `allow` the file of serial numbers. */
  readonly name: string;
  readonly type: string | undefined;
  readonly group: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
  readonly out: string;
  readonly policy: string;
  readonly local: boolean;
  readonly dataDir: string;
  readonly retireOld: boolean;
  /** With `create`: the file of a table of devices, instead of a name. */
  readonly from?: string;
  /** With `delete`. */
  readonly names?: readonly string[];
  /** With `delete`: do not ask. */
  readonly yes?: boolean;
  /** With `delete`: the API of a stack on AWS. */
  readonly apiUrl?: string;
  /** With `list`. */
  readonly format?: Format;
  /** With `claim`: revoke it instead of making one. */
  readonly revoke?: boolean;
  /** With `provision` only. */
  readonly provision?: ProvisionOptions;
  /** With `allow`: the registrations table; the local cloud provides its own. */
  readonly table?: string;
  /** With `allow`: remove the serial numbers from the list. */
  readonly remove?: boolean;
}

export interface ProvisionOptions {
  readonly claimCert: string;
  readonly claimKey: string;
  readonly template: string;
  /** Parameters for the template and its hook besides SerialNumber, which is the name. */
  readonly parameters: Readonly<Record<string, string>>;
  /**
   * The broker, `mqtts://host:port`; if absent it is looked up, which needs AWS credentials that a device does not have.
   */
  readonly endpoint?: string;
}

export const usage = `usage: npm run device -- create NAME [--type T] [--group G] [--attr k=v ...]
                         [--unit metric=unit ...] [--out DIR] [--policy P]
       npm run device -- create --from FILE.csv [the same as defaults]
         FILE.csv: name,type,group,units and a column per attribute; - reads
         standard input
       npm run device -- list [--type T] [--group G] [--format table|csv|json]
       npm run device -- delete NAME [...] [--out DIR] [--yes] [--api-url URL]
         deletes certificates, thing, record and key files; what the device
         sent stays
       npm run device -- rotate NAME [--out DIR] [--retire-old]
       npm run device -- revoke NAME
       npm run device -- claim [NAME] [--out DIR] [--policy P] [--revoke]
       npm run device -- provision SERIAL --claim-cert FILE [--claim-key FILE]
                         [--template T] [--parameter k=v ...]
                         [--endpoint HOST[:PORT]] [--out DIR]
       npm run device -- allow FILE [--table T] [--remove]
       each with --local [--data-dir DIR] for the local cloud`;

const COMMANDS: readonly string[] = [
  'create',
  'delete',
  'list',
  'rotate',
  'revoke',
  'claim',
  'provision',
  'allow',
];

/** The options that each command takes besides --local and --data-dir. */
const allowed: Readonly<Record<DeviceOptions['command'], readonly string[]>> = {
  create: ['type', 'group', 'attr', 'unit', 'out', 'policy', 'from'],
  delete: ['out', 'yes', 'api-url'],
  list: ['type', 'group', 'format'],
  rotate: ['out', 'policy', 'retire-old'],
  revoke: [],
  claim: ['out', 'policy', 'revoke'],
  provision: ['out', 'claim-cert', 'claim-key', 'template', 'parameter', 'endpoint'],
  allow: ['table', 'remove'],
};

const DEFAULT_DATA_DIR = '.tidegate';

/** The options that a suggested next command needs to reach the same cloud, with a leading space. */
export function sameCloud({ local, dataDir }: Pick<DeviceOptions, 'local' | 'dataDir'>): string {
  if (!local) return '';
  return dataDir === DEFAULT_DATA_DIR ? ' --local' : ` --local --data-dir ${dataDir}`;
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        type: text,
        group: text,
        attr: { ...text, multiple: true },
        unit: { ...text, multiple: true },
        from: text,
        format: text,
        yes: flag,
        'api-url': text,
        out: text,
        policy: text,
        local: flag,
        'data-dir': { ...text, default: DEFAULT_DATA_DIR },
        'retire-old': flag,
        revoke: flag,
        'claim-cert': text,
        'claim-key': text,
        template: text,
        parameter: { ...text, multiple: true },
        endpoint: text,
        table: text,
        remove: flag,
        help: { ...flag, short: 'h' },
      },
    });
  } catch (error) {
    throw new OnboardingError((error as Error).message.split('. ')[0], { cause: error });
  }
}

function checkCommand(command: string | undefined): DeviceOptions['command'] {
  if (command !== undefined && COMMANDS.includes(command)) return command as DeviceOptions['command'];
  const problem = command === undefined ? 'no command' : `no command ${JSON.stringify(command)}`;
  throw new OnboardingError(
    `${problem}: create NAME, list, delete NAME, rotate NAME, revoke NAME, claim, provision NAME or allow FILE`,
  );
}

function parseParameters(pairs: readonly string[]): Record<string, string> {
  const entries = pairs.map((pair) => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
    if (name !== undefined && value !== undefined) return [name, value] as const;
    throw new OnboardingError(`--parameter ${JSON.stringify(pair)} is not name=value`);
  });
  return Object.fromEntries(entries);
}

/** `host` or `host:port`. */
function checkEndpoint(endpoint: string): string {
  if (/^[a-zA-Z0-9.-]+(:\d{1,5})?$/.test(endpoint))
    return `mqtts://${endpoint}${endpoint.includes(':') ? '' : ':8883'}`;
  throw new OnboardingError(`--endpoint ${JSON.stringify(endpoint)} is not a host or host:port`);
}

type Values = NonNullable<ReturnType<typeof parse>>['values'];

function provisionOptions(values: Values): ProvisionOptions {
  const claimCert = values['claim-cert'];
  if (claimCert === undefined) throw new OnboardingError('provision needs --claim-cert FILE');
  const claimKey = values['claim-key'] ?? claimCert.replace(/\.cert\.pem$/, '.key.pem');
  if (claimKey === claimCert) throw new OnboardingError('provision needs --claim-key FILE');
  const template = values.template ?? 'Tidegate';
  if (!/^[0-9A-Za-z_-]{1,36}$/.test(template))
    throw new OnboardingError(
      `--template ${JSON.stringify(template)} is not allowed: 1 to 36 of a-z A-Z 0-9 _ -`,
    );
  return {
    claimCert,
    claimKey,
    template,
    parameters: parseParameters(values.parameter ?? []),
    ...(values.endpoint === undefined ? {} : { endpoint: checkEndpoint(values.endpoint) }),
  };
}

function formatOf(text = 'table'): Format {
  const found = FORMATS.find((format) => format === text);
  if (found) return found;
  throw new OnboardingError(`--format ${JSON.stringify(text)}: must be ${FORMATS.join(', ')}`);
}

function deleteOptions(
  { local, yes, 'api-url': apiUrl }: Values,
  words: readonly string[],
): Pick<DeviceOptions, 'names' | 'yes' | 'apiUrl'> {
  const names = [...new Set(words.map((word) => checkName('thing name', word)))];
  if (local && apiUrl !== undefined)
    throw new OnboardingError('give delete either --local or --api-url, which is for a stack on AWS');
  if (!local && apiUrl === undefined)
    throw new OnboardingError(
      'delete needs --api-url URL, the output ApiUrl of the stack; for the local cloud add --local',
    );
  return { names, yes, ...(apiUrl !== undefined && { apiUrl }) };
}

function tableOf({ table }: Values): { table?: string } {
  if (table === undefined) return {};
  if (/^[a-zA-Z0-9_.-]{3,255}$/.test(table)) return { table };
  throw new OnboardingError(`--table ${JSON.stringify(table)} is not a table name`);
}

/** The name after the command; that of a claim may be left out. */
function nameOf(command: DeviceOptions['command'], words: readonly string[], isFromFile: boolean): string {
  const most = command === 'list' || isFromFile ? 0 : command === 'delete' ? Infinity : 1;
  if (words.length > most)
    throw new OnboardingError(`${command}: too many arguments: ${JSON.stringify(words[most])}`);
  const [name = command === 'claim' ? 'claim' : undefined] = words;
  if (command === 'list' || isFromFile) return '';
  if (command === 'allow' && name === undefined)
    throw new OnboardingError('allow needs a file with one serial number per line');
  if (name === undefined) throw new OnboardingError(`${command} needs the device's name`);
  if (command === 'allow') return name;
  const problem = command === 'create' && name !== undefined ? thingNameProblem(name) : undefined;
  if (problem !== undefined) throw new OnboardingError(`thing name ${JSON.stringify(name)} ${problem}`);
  return checkName('thing name', name);
}

/** @returns undefined for --help. @throws OnboardingError that names the option and its valid values. */
export function parseDeviceOptions(args: readonly string[]): DeviceOptions | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const command = checkCommand(positionals[0]);
  const name = nameOf(command, positionals.slice(1), command === 'create' && values.from !== undefined);
  for (const [option, value] of Object.entries(values)) {
    if (value === false || ['local', 'data-dir', 'help', ...allowed[command]].includes(option)) continue;
    throw new OnboardingError(`${command} does not take --${option}`);
  }
  return {
    command,
    name,
    type: values.type === undefined ? undefined : checkName('--type', values.type),
    group: values.group === undefined ? undefined : checkName('--group', values.group),
    attributes: { ...parseAttributes(values.attr ?? []), ...parseUnits(values.unit ?? []) },
    out: values.out ?? 'certs',
    policy: values.policy ?? (command === 'claim' ? 'TidegateClaim' : 'TidegateDevice'),
    local: values.local,
    dataDir: values['data-dir'],
    retireOld: values['retire-old'],
    ...(values.from === undefined ? {} : { from: values.from }),
    ...(command === 'list' ? { format: formatOf(values.format) } : {}),
    ...(command === 'delete' ? deleteOptions(values, positionals.slice(1)) : {}),
    ...(command === 'claim' ? { revoke: values.revoke } : {}),
    ...(command === 'provision' ? { provision: provisionOptions(values) } : {}),
    ...(command === 'allow' ? { remove: values.remove, ...tableOf(values) } : {}),
  };
}
