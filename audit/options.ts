// The command line of `npm run audit`, checked before anything is read.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { TimeLimits } from '../core/reading.ts';
import { findStack } from '../commands/running-stack.ts';
import type { RecordOptions } from './record.ts';
import { parseTimeText } from '../core/time-text.ts';

/** What the person at the terminal can mend. */
export class AuditError extends Error {
  override readonly name = 'AuditError';
}

export interface AuditOptions extends TimeLimits {
  /** Folder of the local cloud that is asked; absent: AWS, or files alone. */
  readonly dataDir?: string;
  /** Archived objects, or folders that hold them. */
  readonly paths: readonly string[];
  readonly table: string;
  /** The parsed archive as a folder; absent: it is not compared. */
  readonly parsedFolder?: string;
  /** `paths` are all that the archive has. */
  readonly isWholeArchive?: boolean;
  /** Where mappings are, and the types and groups of devices that they match by; without them no line is mapped. */
  readonly mappings?: { readonly rulesTable: string; readonly devicesTable: string };
  readonly client: DynamoDBClientConfig;
  readonly windowSeconds: number;
  /** From the window that holds `from` until before `to`, epoch milliseconds; absent: where the archive begins and ends. */
  readonly from?: number;
  readonly to?: number;
  /** With it, the readings that the table lacks are counted, in windows that are kept so long. */
  readonly repair?: {
    readonly fingerprintsTable: string;
    /** Where the hours of repaired windows are marked to be folded again. */
    readonly rollupsTable: string;
    readonly retentionDays: number;
  };
  /** With it, what was found of each device is kept for its reports. */
  readonly record?: RecordOptions | undefined;
}

export const usage = `usage: npm run audit -- FILE or FOLDER ... --table NAME [--from TIME] [--to TIME]
         [--parsed FOLDER] [--repair --retention-days N --fingerprints-table NAME --rollups-table NAME]
       npm run audit -- --local [--data-dir DIR] [...]   the local cloud's table, and all of its archive where no file is named
       Compares the windows table with archived messages (plain or gzip): exit code 0 when it has exactly what they amount to,
       1 with a line for each window that differs, 2 when that could not be found out. The archive lags by up to 300 s.
       --parsed FOLDER: a copy of the parsed archive, which is then compared as well, by device and day (--local has its own;
       --no-parsed leaves it out). The files have to lie as in the bucket then: raw/2026/12/01/05/... Hours that are not parsed yet
       are named, and are no difference.
       --history-table NAME: the stack's AlertHistoryTable, where reports find what was checked (--local knows it).
       --rules-table NAME --devices-table NAME: the stack's, where it has mappings (--local knows them).
       --repair counts what the table lacks; --fingerprints-table and --rollups-table are the stack's (--local knows them).
       As the stack on AWS has them, where it was given others than these:
       --window-seconds 10, --max-lateness-days 7, --max-skew-seconds 60, --history-retention-days 1096 (--local knows its own).
       Times may be typed as -1h, 2026-11-20T13:00:00Z or "2026-11-20 14:00 Europe/Berlin".`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;
const FLAGS = {
  local: flag,
  'data-dir': { ...text, default: '.tidegate' },
  table: text,
  'rules-table': text,
  'devices-table': text,
  parsed: text,
  'no-parsed': flag,
  'history-table': text,
  'history-retention-days': text,
  from: text,
  to: text,
  repair: flag,
  'fingerprints-table': text,
  'rollups-table': text,
  'retention-days': text,
  'window-seconds': text,
  'max-lateness-days': text,
  'max-skew-seconds': text,
  help: { ...flag, short: 'h' },
} as const;

function parse(args: readonly string[]) {
  // A time such as -1h is no option.
  const given = args.map((arg) => (/^-\d/.test(arg) ? ` ${arg}` : arg));
  try {
    return parseArgs({ args: given, allowPositionals: true, options: FLAGS });
  } catch (error) {
    throw new AuditError((error as Error).message.split('. ')[0], { cause: error });
  }
}

function whole(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new AuditError(`--${option} ${text}: must be a whole number from ${least} to ${most}`);
}

function time(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const found = parseTimeText(text, Date.now());
  if ('ms' in found) return found.ms;
  throw new AuditError(`--${option} ${text}: ${found.problem}`);
}

/** The SDK reads AWS_REGION and the configuration; the AWS CLI reads AWS_DEFAULT_REGION too. */
function awsClient(): DynamoDBClientConfig {
  const region = process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'];
  return region === undefined ? {} : { region };
}

/** The local cloud's address, table and archive. */
function localStack(dataDir: string) {
  const found = findStack(dataDir);
  if ('problem' in found) throw new AuditError(found.problem);
  const { aws, outputs, parameters } = found;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return {
    client: { endpoint: aws, region: 'us-east-1', credentials },
    table: outputs['WindowsTable']!,
    fingerprintsTable: outputs['FingerprintsTable']!,
    rollupsTable: outputs['RollupsTable']!,
    mappings: { rulesTable: outputs['RulesTable']!, devicesTable: outputs['DevicesTable']! },
    historyTable: outputs['AlertHistoryTable']!,
    dataDir,
    archive: path.join(dataDir, 's3', outputs['RawBucket']!, 'raw'),
    parsed: outputs['ParsedBucket'] && path.join(dataDir, 's3', outputs['ParsedBucket']),
    parameters,
  };
}

function mappingTables(rulesTable: string | undefined, devicesTable: string | undefined) {
  if (rulesTable !== undefined && devicesTable !== undefined) return { rulesTable, devicesTable };
  if (rulesTable === devicesTable) return undefined;
  throw new AuditError("--rules-table goes with --devices-table: the stack's outputs of these names");
}

function repairOf(
  values: ReturnType<typeof parse>['values'],
  known: { readonly fingerprintsTable?: string; readonly rollupsTable?: string } = {},
): AuditOptions['repair'] {
  const { repair, 'retention-days': retention } = values;
  if (repair !== (retention !== undefined)) {
    throw new AuditError("--repair goes with --retention-days, the stack's WindowRetentionDays");
  }
  if (retention === undefined) return undefined;
  const fingerprintsTable = values['fingerprints-table'] ?? known.fingerprintsTable;
  if (fingerprintsTable === undefined)
    throw new AuditError("--repair goes with --fingerprints-table, the stack's output FingerprintsTable");
  const rollupsTable = values['rollups-table'] ?? known.rollupsTable;
  if (rollupsTable === undefined)
    throw new AuditError("--repair goes with --rollups-table, the stack's output RollupsTable");
  return { fingerprintsTable, rollupsTable, retentionDays: whole('retention-days', retention, 1, 3660) };
}

/** A folder that somebody names has to be there; the local cloud has one once an hour is parsed. */
function parsedFolderOf(
  { parsed, 'no-parsed': isLeftOut }: ReturnType<typeof parse>['values'],
  own: string | undefined,
): string | undefined {
  if (parsed !== undefined && isLeftOut) throw new AuditError('--parsed does not go with --no-parsed');
  if (parsed === undefined) return !isLeftOut && own && existsSync(path.join(own, 'hours')) ? own : undefined;
  if (existsSync(path.join(parsed, 'hours'))) return parsed;
  throw new AuditError(
    `--parsed ${parsed}: has no folder hours/: copy the whole bucket, as by aws s3 sync s3://<ParsedBucket>/ ${parsed}`,
  );
}

/** @returns undefined where the usage was asked for. @throws AuditError naming the option that is wrong. */
export function parseAuditOptions(args: readonly string[]): AuditOptions | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const stack = values.local ? localStack(values['data-dir']) : undefined;
  const repair = repairOf(values, stack);
  const paths = positionals.length === 0 && stack ? [stack.archive] : positionals;
  const parsedFolder = parsedFolderOf(values, stack?.parsed);
  const missing = paths.find((file) => !existsSync(file));
  if (paths.length === 0)
    throw new AuditError(
      'name the files or folders of archived objects, or give --local for the running stack',
    );
  if (missing !== undefined) {
    throw new AuditError(
      missing === stack?.archive
        ? `${missing}: nothing is archived yet; it is every 5 MB or 300 s, and when the local cloud stops`
        : `${missing}: no such file or folder`,
    );
  }
  type Setting = 'window-seconds' | 'max-lateness-days' | 'max-skew-seconds' | 'history-retention-days';
  const setting = (option: Setting, parameter: string, usual: string, least: number, most: number) =>
    whole(option, values[option] ?? stack?.parameters[parameter] ?? usual, least, most);
  const table = values.table ?? stack?.table;
  if (table === undefined) throw new AuditError("--table is missing: the stack's output WindowsTable");
  const historyTable = values['history-table'] ?? stack?.historyTable;
  const historyDays = setting('history-retention-days', 'HistoryRetentionDays', '1096', 1, 36_500);
  return {
    paths,
    ...(stack && { dataDir: stack.dataDir }),
    ...(parsedFolder !== undefined && { parsedFolder }),
    isWholeArchive: stack !== undefined && positionals.length === 0,
    table,
    mappings: mappingTables(values['rules-table'], values['devices-table']) ?? stack?.mappings,
    client: stack?.client ?? awsClient(),
    windowSeconds: setting('window-seconds', 'WindowSeconds', '10', 1, 3600),
    maxLatenessSeconds: setting('max-lateness-days', 'MaxLatenessDays', '7', 0, 366) * 86_400,
    maxSkewSeconds: setting('max-skew-seconds', 'MaxSkewSeconds', '60', 0, 86_400),
    from: time('from', values.from),
    to: time('to', values.to),
    repair,
    record: historyTable === undefined ? undefined : { historyTable, retentionDays: historyDays },
  };
}
