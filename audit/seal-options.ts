// The command line of `npm run seal`, checked before anything is read or sealed.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { TimeLimits } from '../core/reading.ts';
import { sealingKey, type SealingKey } from '../core/seal/public-key.ts';
import { AuditError, flag, limitsOf, parseFlags, text } from './archive-options.ts';

export const usage = `usage: npm run seal -- [--data-dir DIR] [--all]    the local cloud (.tidegate)
       npm run seal -- --stack-name NAME [--all]    a stack on AWS
         Seals the days of the raw archive that are due, and lists the sealed
         days with their heads, the newest 31 or --all, and the public key.
         --day 2026-11-29: compares that day's seal with the archive again.
         --accept-key SHA256: seals with a new key from now on.
       npm run seal -- verify FOLDER --public-key FILE [--head SHA256]
         [--report report.json]
         Checks a copy of the raw bucket offline: the chain of days, the
         signatures and every object. --public-key may be repeated.
         --head: a head that you noted earlier, which must be in the chain.
         --report: computes the values of a JSON report from the sealed
         lines again. As the stack has them, where it differs from these:
         --window-seconds 10, --max-lateness-days 7, --max-skew-seconds 60.
       Exit code 0: sealed or proven. 1: not. 2: it could not be found out.`;

const repeated = { type: 'string', multiple: true } as const;
const FLAGS = {
  ...{ 'data-dir': text, 'stack-name': text, all: flag, day: text, 'accept-key': text },
  ...{ 'public-key': repeated, head: text, report: text },
  ...{ 'window-seconds': text, 'max-lateness-days': text, 'max-skew-seconds': text },
  help: { ...flag, short: 'h' },
} as const;
type Values = ReturnType<typeof parseFlags<typeof FLAGS>>['values'];

export interface StackSealOptions {
  readonly kind: 'stack';
  readonly dataDir: string;
  /** Absent: the local cloud. */
  readonly stackName?: string | undefined;
  readonly isAll: boolean;
  readonly day?: string | undefined;
  readonly acceptKey?: string | undefined;
}

export interface VerifyOptions extends TimeLimits {
  readonly kind: 'verify';
  /** Holds `raw/` and `seals/`. */
  readonly folder: string;
  readonly keys: readonly SealingKey[];
  readonly head?: string | undefined;
  /** Of the report in JSON. */
  readonly report?: string | undefined;
  readonly windowSeconds: number;
}

const OF_STACK = ['data-dir', 'stack-name', 'all', 'day', 'accept-key'] as const;
const OF_VERIFY = [
  ...(['public-key', 'head', 'report'] as const),
  ...(['window-seconds', 'max-lateness-days', 'max-skew-seconds'] as const),
];

function refuse(values: Values, names: readonly (keyof Values)[], where: string): void {
  const wrong = names.find((name) => values[name] !== undefined && values[name] !== false);
  if (wrong !== undefined) throw new AuditError(`--${wrong} goes ${where}`);
}

const HASH = /^[0-9a-f]{64}$/;

function hashOf(option: string, value: string | undefined): string | undefined {
  if (value === undefined || HASH.test(value)) return value;
  throw new AuditError(`--${option} ${value}: must be a SHA-256, 64 lower-case hexadecimal digits`);
}

function keyIn(file: string): SealingKey {
  try {
    return sealingKey(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new AuditError(`--public-key ${file}: ${(error as Error).message}`, { cause: error });
  }
}

function verifyOptions(values: Values, folders: readonly string[]): VerifyOptions {
  refuse(values, OF_STACK, 'without verify');
  const [folder, another] = folders;
  if (folder === undefined || another !== undefined)
    throw new AuditError('verify takes one folder: a copy of the raw bucket');
  if (!existsSync(path.join(folder, 'seals')))
    throw new AuditError(
      `${folder}: has no folder seals/: copy the whole bucket, as by aws s3 sync s3://<RawBucket>/ ${folder}`,
    );
  const files = values['public-key'] ?? [];
  if (files.length === 0)
    throw new AuditError(
      '--public-key is missing: the file that the operator published; the one in the copy proves nothing by itself',
    );
  return {
    ...{ kind: 'verify', folder, keys: files.map(keyIn), head: hashOf('head', values.head) },
    ...{ report: values.report, ...limitsOf(values) },
  };
}

/** Undefined for --help. @throws AuditError that names the wrong option */
export function parseSealOptions(args: readonly string[]): StackSealOptions | VerifyOptions | undefined {
  const { values, positionals } = parseFlags(args, FLAGS);
  if (values.help) return undefined;
  const [verb, ...rest] = positionals;
  if (verb === 'verify') return verifyOptions(values, rest);
  if (verb !== undefined)
    throw new AuditError(
      `${verb}: unknown command, the only one is verify: npm run seal -- --help shows all options`,
    );
  refuse(values, OF_VERIFY, 'with verify FOLDER');
  if (values['stack-name'] !== undefined) refuse(values, ['data-dir'], 'without --stack-name');
  return {
    ...{ kind: 'stack', dataDir: values['data-dir'] ?? '.tidegate', stackName: values['stack-name'] },
    ...{ isAll: values.all, day: values.day, acceptKey: hashOf('accept-key', values['accept-key']) },
  };
}
