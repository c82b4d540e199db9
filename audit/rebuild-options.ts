// The command line of `npm run rebuild`, checked before anything is read.

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
  time,
  whole,
} from './archive-options.ts';

export interface RebuildOptions extends TimeLimits {
  /** The local cloud's folder; absent for AWS. */
  readonly dataDir?: string;
  /** Archived objects, or folders that hold them. */
  readonly paths: readonly string[];
  readonly table: string;
  /** The stack's other tables; absent if `table` is a separate one. */
  readonly stackTables?: { readonly fingerprintsTable: string; readonly rollupsTable: string };
  /** The stack's table of devices; if known, missing units are added to it. */
  readonly devicesTable?: string;
  /** Like the audit's option. */
  readonly mappings?: { readonly rulesTable: string; readonly devicesTable: string };
  readonly client: DynamoDBClientConfig;
  readonly windowSeconds: number;
  readonly retentionDays: number;
  /** From the window that contains `from` until before `to`, epoch milliseconds; absent: the whole archive. */
  readonly from?: number;
  readonly to?: number;
  readonly isDryRun: boolean;
}

export const usage = `usage: npm run rebuild -- --local [--data-dir DIR] [...]
         the local cloud's table and, if you name no file, all of its archive
       npm run rebuild -- FILE or FOLDER ... --table NAME --retention-days N
         [...]
         a table on AWS, and a copy of the archive
       Creates windows from archived messages (plain or gzip) as ingest would
       have created them. If it was interrupted, run it again.
       Exit code 0: everything was read and written. 1: a file could not be read
       to its end. 2: the rebuild could not be done.

       --table NAME: a name that does not exist yet creates a table (and
         NAME-fingerprints), with windows of any --window-seconds. The stack's
         WindowsTable needs --fingerprints-table and --rollups-table: readings
         that it lacks are counted, each once, also while devices send. Nothing
         is removed, and alerts are not judged.
       --retention-days N: windows expire after this time, the stack's
         WindowRetentionDays; --local knows it
       --from TIME, --to TIME: such as -1h, 2026-11-20T13:00:00Z or
         "2026-11-20 14:00 Europe/Berlin"
       --dry-run: lists what would be written at most, and writes nothing
       These name other tables of the stack; --local knows them:
       --fingerprints-table NAME --rollups-table NAME
       --rules-table NAME --devices-table NAME: if the stack has mappings
       These are parameters of the stack; --local knows them:
       --window-seconds 10, --max-lateness-days 7, --max-skew-seconds 60`;

const FLAGS = { ...ARCHIVE_FLAGS, 'dry-run': flag } as const;
type Values = ReturnType<typeof parseFlags<typeof FLAGS>>['values'];
type Stack = ReturnType<typeof localStack>;

/** @returns undefined for --help. @throws AuditError that names the wrong option */
export function parseRebuildOptions(args: readonly string[]): RebuildOptions | undefined {
  const { values, positionals } = parseFlags(args, FLAGS);
  if (values.help) return undefined;
  const stack = values.local ? localStack(values['data-dir']) : undefined;
  const paths = positionals.length === 0 && stack ? [stack.archive] : positionals;
  checkPaths(paths, stack?.archive);
  const table = values.table ?? stack?.table;
  if (table === undefined)
    throw new AuditError("--table is missing: a new table's name, or the stack's output WindowsTable");
  const retention = values['retention-days'] ?? stack?.parameters['WindowRetentionDays'];
  if (retention === undefined)
    throw new AuditError(
      "--retention-days is missing: the stack's WindowRetentionDays, or as a new table is to have it",
    );
  const [from, to] = [time('from', values.from), time('to', values.to)];
  if (from !== undefined && to !== undefined && from >= to)
    throw new AuditError(`--from ${values.from?.trim()}: must be before --to ${values.to?.trim()}`);
  const limits = limitsOf(values, stack?.parameters);
  checkLength(values, stack, table, limits.windowSeconds);
  const mappings = mappingTables(values['rules-table'], values['devices-table']) ?? stack?.mappings;
  return {
    paths,
    ...(stack && { dataDir: stack.dataDir }),
    table,
    stackTables: stackTablesOf(values, stack, table),
    ...(mappings && table === (stack?.table ?? table) && { devicesTable: mappings.devicesTable }),
    mappings,
    client: stack?.client ?? awsClient(),
    ...limits,
    retentionDays: whole('retention-days', retention, 1, 36_600),
    from,
    to,
    isDryRun: values['dry-run'],
  };
}

/** The stack's table accepts only windows of its own length. */
function checkLength(values: Values, stack: Stack | undefined, table: string, windowSeconds: number): void {
  const own = Number(stack?.parameters['WindowSeconds'] ?? windowSeconds);
  if (table !== stack?.table || own === windowSeconds) return;
  throw new AuditError(
    `--window-seconds ${values['window-seconds']}: the windows of ${table} have ${own} s: name a new table with --table, ` +
      'or start the stack with this WindowSeconds',
  );
}

function stackTablesOf(
  { 'fingerprints-table': fingerprintsTable, 'rollups-table': rollupsTable }: Values,
  stack: Stack | undefined,
  table: string,
): RebuildOptions['stackTables'] {
  if (fingerprintsTable !== undefined && rollupsTable !== undefined)
    return { fingerprintsTable, rollupsTable };
  if (fingerprintsTable !== rollupsTable)
    throw new AuditError(
      "--fingerprints-table goes with --rollups-table: the stack's outputs of these names",
    );
  if (table !== stack?.table) return undefined;
  return { fingerprintsTable: stack.fingerprintsTable, rollupsTable: stack.rollupsTable };
}
