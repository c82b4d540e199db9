// The command line of `npm run device`, checked before anything is made.
import { parseArgs } from 'node:util';
import { OnboardingError } from './onboarding-error.ts';

export interface DeviceOptions {
  readonly command: 'create' | 'list' | 'rotate' | 'revoke' | 'claim' | 'provision' | 'allow';
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
  /** With `claim`: revoke it instead of making one. */
  readonly revoke?: boolean;
  /** With `provision` only. */
  readonly provision?: ProvisionOptions;
  /** With `allow`: the table of registrations, where the local cloud does not tell. */
  readonly table?: string;
  /** With `allow`: take the serial numbers off the list. */
  readonly remove?: boolean;
}

export interface ProvisionOptions {
  readonly claimCert: string;
  readonly claimKey: string;
  readonly template: string;
  /** What the template and its hook get besides SerialNumber, which is the name. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The broker, `mqtts://host:port`; looked up where absent, which needs AWS credentials that a device does not have. */
  readonly endpoint?: string;
}

export const usage = `usage: npm run device -- create NAME [--type T] [--group G] [--attr k=v ...]
                                [--unit metric=unit ...] [--out DIR] [--policy P]
       npm run device -- list
       npm run device -- rotate NAME [--out DIR] [--retire-old]
       npm run device -- revoke NAME
       npm run device -- claim [NAME] [--out DIR] [--policy P] [--revoke]
       npm run device -- provision SERIAL --claim-cert FILE [--claim-key FILE] [--template T] [--parameter k=v ...]
                                   [--endpoint HOST[:PORT]] [--out DIR]
       npm run device -- allow FILE [--table T] [--remove]
       each with --local [--data-dir DIR] for the local cloud`;

const commands: readonly string[] = ['create', 'list', 'rotate', 'revoke', 'claim', 'provision', 'allow'];

/** The options that each command takes besides --local and --data-dir. */
const allowed: Readonly<Record<DeviceOptions['command'], readonly string[]>> = {
  create: ['type', 'group', 'attr', 'unit', 'out', 'policy'],
  list: [],
  rotate: ['out', 'policy', 'retire-old'],
  revoke: [],
  claim: ['out', 'policy', 'revoke'],
  provision: ['out', 'claim-cert', 'claim-key', 'template', 'parameter', 'endpoint'],
  allow: ['table', 'remove'],
};

/** https://docs.aws.amazon.com/iot/latest/apireference/API_AttributePayload.html */
const MAX_ATTRIBUTE_LENGTH = 800;
const defaultDataDir = '.tidegate';

/** What a command that is suggested next needs to reach the same cloud, with a space before it. */
export function sameCloud({ local, dataDir }: Pick<DeviceOptions, 'local' | 'dataDir'>): string {
  if (!local) return '';
  return dataDir === defaultDataDir ? ' --local' : ` --local --data-dir ${dataDir}`;
}

function checkName(what: string, name: string): string {
  if (/^[a-zA-Z0-9:_-]{1,128}$/.test(name)) return name;
  throw new OnboardingError(`${what} ${JSON.stringify(name)} is not allowed: 1 to 128 of a-z A-Z 0-9 : _ -`);
}

function parseAttributes(pairs: readonly string[]): Record<string, string> {
  const entries = pairs.map((pair) => {
    const [, name = '', value] = /^([^=]*)=(.*)$/s.exec(pair) ?? [];
    if (!/^[a-zA-Z0-9_.,@/:#-]{1,128}$/.test(name) || !/^[a-zA-Z0-9_.,@/:#=[\]-]{1,800}$/.test(value ?? '')) {
      throw new OnboardingError(
        `--attr ${JSON.stringify(pair)} is not allowed: name=value, of a-z A-Z 0-9 _ . , @ / : # - without spaces`,
      );
    }
    return [name, value!] as const;
  });
  return Object.fromEntries(entries);
}

const PLAIN_MARKS: Readonly<Record<string, string>> = {
  ...{ '°': '', '%': 'percent', µ: 'u', μ: 'u', '²': '2', '³': '3', Ω: 'Ohm' },
};

/** The thing attribute `units`, which has no `°` and no `%`: `temperature:C,humidity:percent`. */
function parseUnits(pairs: readonly string[]): Record<string, string> {
  const parts = pairs.map((pair) => {
    const [, metric, text] = /^([A-Za-z][A-Za-z0-9_]{0,63})=(.+)$/.exec(pair) ?? [];
    const spelling = (text ?? '').replaceAll(/[°%µμ²³Ω]/g, (mark) => PLAIN_MARKS[mark] ?? mark);
    if (metric !== undefined && /^[a-zA-Z0-9_.@/#-]{1,16}$/.test(spelling)) return `${metric}:${spelling}`;
    throw new OnboardingError(
      `--unit ${JSON.stringify(pair)} is not allowed: metric=unit, such as temperature=C or humidity=percent`,
    );
  });
  if (parts.length === 0) return {};
  const units = parts.join(',');
  if (units.length <= MAX_ATTRIBUTE_LENGTH) return { units };
  throw new OnboardingError(
    `--unit: together they are longer than the ${MAX_ATTRIBUTE_LENGTH} characters of an attribute`,
  );
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
        out: text,
        policy: text,
        local: flag,
        'data-dir': { ...text, default: defaultDataDir },
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
  if (command !== undefined && commands.includes(command)) return command as DeviceOptions['command'];
  const problem = command === undefined ? 'no command' : `no command ${JSON.stringify(command)}`;
  throw new OnboardingError(
    `${problem}: create NAME, list, rotate NAME, revoke NAME, claim, provision NAME or allow FILE`,
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
  throw new OnboardingError(`--endpoint ${JSON.stringify(endpoint)} is no host, nor host:port`);
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

function tableOf({ table }: Values): { table?: string } {
  if (table === undefined) return {};
  if (/^[a-zA-Z0-9_.-]{3,255}$/.test(table)) return { table };
  throw new OnboardingError(`--table ${JSON.stringify(table)} is no name of a table`);
}

/** How many words each command takes after its own; the name of a claim may be left out. */
function nameOf(command: DeviceOptions['command'], words: readonly string[]): string {
  const most = command === 'list' ? 0 : 1;
  if (words.length > most)
    throw new OnboardingError(`${command}: ${JSON.stringify(words[most])} is too much`);
  const [name = command === 'claim' ? 'claim' : undefined] = words;
  if (command === 'list') return '';
  if (command === 'allow' && name === undefined)
    throw new OnboardingError('allow needs a file of serial numbers, one a line');
  if (name === undefined) throw new OnboardingError(`${command} needs the device's name`);
  if (command === 'allow') return name;
  if (command === 'create' && name.includes(':'))
    throw new OnboardingError(
      `thing name ${JSON.stringify(name)} is not allowed: gateway:child is how a sensor behind a gateway is named; use - or _ instead of :`,
    );
  return checkName('thing name', name);
}

/**
 * @returns undefined where the usage was asked for.
 * @throws OnboardingError naming the option and what it takes.
 */
export function parseDeviceOptions(args: readonly string[]): DeviceOptions | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const command = checkCommand(positionals[0]);
  const name = nameOf(command, positionals.slice(1));
  for (const [option, value] of Object.entries(values)) {
    if (value === false || ['local', 'data-dir', 'help', ...allowed[command]].includes(option)) continue;
    throw new OnboardingError(`${command} takes no --${option}`);
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
    ...(command === 'claim' ? { revoke: values.revoke } : {}),
    ...(command === 'provision' ? { provision: provisionOptions(values) } : {}),
    ...(command === 'allow' ? { remove: values.remove, ...tableOf(values) } : {}),
  };
}
