// The command line of `npm run device`, checked before anything is made.
import { parseArgs } from 'node:util';
import { OnboardingError } from './onboarding-error.ts';

export interface DeviceOptions {
  readonly command: 'create' | 'list' | 'rotate' | 'revoke';
  /** Empty for `list`. */
  readonly name: string;
  readonly type: string | undefined;
  readonly group: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
  readonly out: string;
  readonly policy: string;
  readonly local: boolean;
  readonly dataDir: string;
  readonly retireOld: boolean;
}

export const usage = `usage: npm run device -- create NAME [--type T] [--group G] [--attr k=v ...] [--out DIR] [--policy P]
       npm run device -- list
       npm run device -- rotate NAME [--out DIR] [--retire-old]
       npm run device -- revoke NAME
       each with --local [--data-dir DIR] for the local cloud`;

const commands: readonly string[] = ['create', 'list', 'rotate', 'revoke'];

/** The options that each command takes besides --local and --data-dir. */
const allowed: Readonly<Record<DeviceOptions['command'], readonly string[]>> = {
  create: ['type', 'group', 'attr', 'out', 'policy'],
  list: [],
  rotate: ['out', 'policy', 'retire-old'],
  revoke: [],
};

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
        out: text,
        policy: text,
        local: flag,
        'data-dir': { ...text, default: '.tidegate' },
        'retire-old': flag,
        help: flag,
      },
    });
  } catch (error) {
    throw new OnboardingError((error as Error).message.split('. ')[0], { cause: error });
  }
}

function checkCommand(command: string | undefined): DeviceOptions['command'] {
  if (command !== undefined && commands.includes(command)) return command as DeviceOptions['command'];
  const problem = command === undefined ? 'no command' : `no command ${JSON.stringify(command)}`;
  throw new OnboardingError(`${problem}: create NAME, list, rotate NAME or revoke NAME`);
}

/**
 * @returns undefined where the usage was asked for.
 * @throws OnboardingError naming the option and what it takes.
 */
export function parseDeviceOptions(args: readonly string[]): DeviceOptions | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const command = checkCommand(positionals[0]);
  const wanted = command === 'list' ? 1 : 2;
  if (positionals.length < wanted) throw new OnboardingError(`${command} needs the device's name`);
  if (positionals.length > wanted)
    throw new OnboardingError(`${command}: ${JSON.stringify(positionals[wanted])} is too much`);
  for (const [option, value] of Object.entries(values)) {
    if (value === false || ['local', 'data-dir', 'help', ...allowed[command]].includes(option)) continue;
    throw new OnboardingError(`${command} takes no --${option}`);
  }
  return {
    command,
    name: command === 'list' ? '' : checkName('thing name', positionals[1]!),
    type: values.type === undefined ? undefined : checkName('--type', values.type),
    group: values.group === undefined ? undefined : checkName('--group', values.group),
    attributes: parseAttributes(values.attr ?? []),
    out: values.out ?? 'certs',
    policy: values.policy ?? 'TidegateDevice',
    local: values.local,
    dataDir: values['data-dir'],
    retireOld: values['retire-old'],
  };
}
