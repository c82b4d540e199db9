// The command line of `npm run audit`, checked before anything is read.

import { existsSync } from 'node:fs';
import path from 'node:path';
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { TimeLimits } from '../core/reading.ts';
import {
  ARCHIVE_FLAGS,
  AuditError,
  awsClient,
  checkPaths,
  flag,
  limitsOf,
  localStack,
  mappingTables,
  parseFlags,
  text,
  time,
  whole,
} from './archive-options.ts';
import type { RecordOptions } from './record.ts';

export interface AuditOptions extends TimeLimits {
  /** The local cloud's folder; absent for AWS, or for files only. */
  readonly dataDir?: string;
  /** Archived objects, or folders that hold them. */
  readonly paths: readonly string[];
  readonly table: string;
  /** The parsed archive's folder; if absent, it is not compared. */
  readonly parsedFolder?: string;
  /** Whether `paths` are the complete archive. */
  readonly isWholeArchive?: boolean;
  /** The tables of mappings, and of the types and groups of devices that they match; without them no line is mapped. */
  readonly mappings?: { readonly rulesTable: string; readonly devicesTable: string };
  readonly client: DynamoDBClientConfig;
  readonly windowSeconds: number;
  /** From the window that contains `from` until before `to`, epoch milliseconds; absent: the whole archive. */
  readonly from?: number;
  readonly to?: number;
  /** If set, missing readings are counted in the table, in windows with this retention. */
  readonly repair?: {
    readonly fingerprintsTable: string;
    /** The table in which the hours of repaired windows are marked to be folded again. */
    readonly rollupsTable: string;
    readonly retentionDays: number;
  };
  /** If set, the result for each device is stored for its reports. */
  readonly record?: RecordOptions | undefined;
}

export const usage = `usage: npm run audit -- --local [--data-dir DIR] [...]
         the local cloud's table and, if you name no file, all of its archive
       npm run audit -- FILE or FOLDER ... --table NAME [...]
         the table of a stack on AWS, and a copy of its archive
       Compares the windows table with archived messages (plain or gzip). The
       archive lags by up to 300 s.
       Exit code 0: all agree. 1: some differ; each has a line. 2: the audit
       could not find out.

       --from TIME, --to TIME: such as -1h, 2026-11-20T13:00:00Z or
         "2026-11-20 14:00 Europe/Berlin"
       --parsed FOLDER: compares a copy of the parsed archive as well, by device
         and day. Its files and the raw ones must lie as in the bucket, such as
         raw/2026/12/01/05/... Hours that are not parsed yet are listed, and are
         no difference. --local has its own; --no-parsed leaves it out
       --repair --retention-days N: counts what the table lacks
       These name other tables of the stack; --local knows them:
       --fingerprints-table NAME --rollups-table NAME: for --repair
       --history-table NAME: AlertHistoryTable, where reports find what was
         checked
       --rules-table NAME --devices-table NAME: if the stack has mappings
       These are parameters of the stack; --local knows them:
       --window-seconds 10, --max-lateness-days 7, --max-skew-seconds 60,
       --history-retention-days 1096`;

const FLAGS = {
  ...ARCHIVE_FLAGS,
  parsed: text,
  'no-parsed': flag,
  repair: flag,
  'history-table': text,
  'history-retention-days': text,
} as const;
type Values = ReturnType<typeof parseFlags<typeof FLAGS>>['values'];

function repairOf(
  values: Values,
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

/** A folder from the command line must exist; the local cloud creates its own with the first hour. */
function parsedFolderOf(
  { parsed, 'no-parsed': isLeftOut }: Values,
  own: string | undefined,
): string | undefined {
  if (parsed !== undefined && isLeftOut) throw new AuditError('--parsed does not go with --no-parsed');
  if (parsed === undefined) return isLeftOut ? undefined : own;
  if (existsSync(path.join(parsed, 'hours'))) return parsed;
  throw new AuditError(
    `--parsed ${parsed}: has no folder hours/: copy the whole bucket, as by aws s3 sync s3://<ParsedBucket>/ ${parsed}`,
  );
}

const isWithin = (file: string, folder: string) =>
  `${path.resolve(file)}/`.startsWith(`${path.resolve(folder)}/`);

/** @returns undefined for --help. @throws AuditError that names the wrong option */
export function parseAuditOptions(args: readonly string[]): AuditOptions | undefined {
  const { values, positionals } = parseFlags(args, FLAGS);
  if (values.help) return undefined;
  const stack = values.local ? localStack(values['data-dir']) : undefined;
  const repair = repairOf(values, stack);
  const paths = positionals.length === 0 && stack ? [stack.archive] : positionals;
  // Other files may be a part of any archive.
  const isOwn = stack !== undefined && paths.every((file) => isWithin(file, stack.archive));
  const parsedFolder = parsedFolderOf(values, isOwn ? stack.parsed : undefined);
  checkPaths(paths, stack?.archive);
  const table = values.table ?? stack?.table;
  if (table === undefined) throw new AuditError("--table is missing: the stack's output WindowsTable");
  const historyTable = values['history-table'] ?? stack?.historyTable;
  const retention = values['history-retention-days'] ?? stack?.parameters['HistoryRetentionDays'] ?? '1096';
  const retentionDays = whole('history-retention-days', retention, 1, 36_500);
  return {
    paths,
    ...(stack && { dataDir: stack.dataDir }),
    ...(parsedFolder !== undefined && { parsedFolder }),
    isWholeArchive: stack !== undefined && positionals.length === 0,
    table,
    mappings: mappingTables(values['rules-table'], values['devices-table']) ?? stack?.mappings,
    client: stack?.client ?? awsClient(),
    ...limitsOf(values, stack?.parameters),
    from: time('from', values.from),
    to: time('to', values.to),
    repair,
    record: historyTable === undefined ? undefined : { historyTable, retentionDays },
  };
}
