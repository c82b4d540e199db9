// Parses the command line for this folder's commands; values may begin with a minus, such as -1h and -0.5.

import { parseArgs, type ParseArgsConfig } from 'node:util';
import { CommandError } from './command-error.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** Replaces a value's minus, which would make it an option. */
const MINUS = '\u0000';

/** @throws CommandError that names the wrong option, with the usage. */
export function parseFlags<Known extends Options>(args: readonly string[], options: Known, usage: string) {
  const given = args.map((arg) => (/^-[\d.]/.test(arg) ? MINUS + arg : arg));
  try {
    const { values, positionals } = parseArgs({
      args: given,
      allowPositionals: true,
      options: { ...options, help: { type: 'boolean', short: 'h', default: false } },
    });
    const restored = Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.replace(MINUS, '') : value,
    ]);
    return {
      values: Object.fromEntries(restored) as typeof values,
      positionals: positionals.map((text) => text.replace(MINUS, '')),
    };
  } catch (error) {
    throw new CommandError(`${(error as Error).message.split(/\n|\. To /)[0]}; ${usage}`, { cause: error });
  }
}
