// Shared command-line options of the commands that read the archive.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { findStack } from '../commands/running-stack.ts';
import { parseTimeText } from '../core/time-text.ts';

/** An error that the user can fix. */
export class AuditError extends Error {
  override readonly name = 'AuditError';
}

export const text = { type: 'string' } as const;
export const flag = { type: 'boolean', default: false } as const;
export const ARCHIVE_FLAGS = {
  local: flag,
  'data-dir': { ...text, default: '.tidegate' },
  table: text,
  'rules-table': text,
  'devices-table': text,
  from: text,
  to: text,
  'fingerprints-table': text,
  'rollups-table': text,
  'retention-days': text,
  'window-seconds': text,
  'max-lateness-days': text,
  'max-skew-seconds': text,
  help: { ...flag, short: 'h' },
} as const;

/** @throws AuditError that names an unknown option */
export function parseFlags<const Flags extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Flags,
) {
  // A time such as -1h is not an option.
  const given = args.map((arg) => (/^-\d/.test(arg) ? ` ${arg}` : arg));
  try {
    return parseArgs({ args: given, allowPositionals: true, options });
  } catch (error) {
    throw new AuditError((error as Error).message.split('. ')[0], { cause: error });
  }
}

export function whole(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new AuditError(`--${option} ${text}: must be a whole number from ${least} to ${most}`);
}

export function time(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const found = parseTimeText(text, Date.now());
  if ('ms' in found) return found.ms;
  throw new AuditError(`--${option} ${text}: ${found.problem}`);
}

/** The SDK reads AWS_REGION and the configuration; the AWS CLI reads AWS_DEFAULT_REGION too. */
export function awsClient(): DynamoDBClientConfig {
  const region = process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'];
  return region === undefined ? {} : { region };
}

/** The local cloud's address, table and archive. */
export function localStack(dataDir: string) {
  const found = findStack(dataDir);
  if ('problem' in found) throw new AuditError(found.problem);
  const { aws, outputs, parameters } = found;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return {
    client: { endpoint: aws, region: 'us-east-1', credentials },
    table: outputs['WindowsTable']!,
    fingerprintsTable: outputs['FingerprintsTable']!,
    rollupsTable: outputs['RollupsTable']!,
    historyTable: outputs['AlertHistoryTable']!,
    mappings: { rulesTable: outputs['RulesTable']!, devicesTable: outputs['DevicesTable']! },
    dataDir,
    archive: path.join(dataDir, 's3', outputs['RawBucket']!, 'raw'),
    parsed: outputs['ParsedBucket'] && path.join(dataDir, 's3', outputs['ParsedBucket']),
    parameters,
  };
}

export function mappingTables(rulesTable: string | undefined, devicesTable: string | undefined) {
  if (rulesTable !== undefined && devicesTable !== undefined) return { rulesTable, devicesTable };
  if (rulesTable === devicesTable) return undefined;
  throw new AuditError("--rules-table goes with --devices-table: the stack's outputs of these names");
}

/** @param own the local cloud's archive @throws AuditError if there are no paths or one is missing */
export function checkPaths(paths: readonly string[], own: string | undefined): void {
  const missing = paths.find((file) => !existsSync(file));
  if (paths.length === 0)
    throw new AuditError(
      'name the files or folders of archived objects, or give --local for the running stack',
    );
  if (missing !== undefined) {
    throw new AuditError(
      missing === own
        ? `${missing}: nothing is archived yet; it is every 5 MB or 300 s, and when the local cloud stops`
        : `${missing}: no such file or folder`,
    );
  }
}

type Setting = 'window-seconds' | 'max-lateness-days' | 'max-skew-seconds';

/** The value from the command line, from the stack, or from the template, in this order. */
export function limitsOf(
  values: { readonly [Name in Setting]?: string | undefined },
  parameters: Readonly<Record<string, string>> = {},
) {
  const setting = (option: Setting, parameter: string, usual: string, least: number, most: number) =>
    whole(option, values[option] ?? parameters[parameter] ?? usual, least, most);
  return {
    windowSeconds: setting('window-seconds', 'WindowSeconds', '10', 1, 3600),
    maxLatenessSeconds: setting('max-lateness-days', 'MaxLatenessDays', '7', 0, 366) * 86_400,
    maxSkewSeconds: setting('max-skew-seconds', 'MaxSkewSeconds', '60', 0, 86_400),
  };
}
