// `npm run query`: runs SQL, or one of Athena's saved queries, over the parsed archive on this machine with DuckDB.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { parseTimeText } from '../core/time-text.ts';
import { openApi, stackFlags, stackUsage } from './api.ts';
import { CommandError, runCommand } from './command-error.ts';
import { parseFlags } from './flags.ts';
import { formatOf, FORMATS, listing, type Column, type Format } from './listing.ts';
import { loadAlerts } from './query/alert-rows.ts';
import type { ArchivePlace } from './query/archive-faults.ts';
import { loadDuckDb } from './query/duckdb.ts';
import { runQuery } from './query/run-query.ts';
import { savedQueries, sqlOf, type SavedQuery, type Values } from './query/saved-queries.ts';
import { findStack } from './running-stack.ts';

const USAGE = `usage: npm run query -- "SELECT ..."
         runs DuckDB SQL; -s after run suppresses npm's own output
       npm run query -- --file question.sql
         from a file; - or a pipe: from standard input
       npm run query -- --saved
         lists Athena's saved queries
       npm run query -- --saved NAME [--site SITE] [--device DEVICE]
         [--metric NAME]
         runs one; options may be repeated; without --site: all sites
       readings: site, device, metric, timestamp, value, value_exact, unit,
                 received_at, message_id, arrival_hour, date. From the parsed
                 archive, each reading once.
       windows:  device, metric, start, min, max, sum, count, mean, site, date.
                 Computed from readings in exact decimals, as ingest does, so
                 it ends where the parsed archive ends.
       alerts:   at, what, severity, device, rule, metric, value, threshold,
                 unit, window_start, sent_at, person, comment, reason, changes,
                 entry_id. From the HTTP API of the running stack, since
                 --alerts-from (-90d).
       Times are UTC. --format ${FORMATS.join('|')}.
       --path DIR: a copy of the bucket from AWS, instead of the local cloud's.
       --window-seconds N: length of a window, for a copy (10; the local cloud
       has its own).
       ${stackUsage}
       Exit code 2 on errors, 130 after Ctrl-C.`;

const TEXT = { type: 'string' } as const;
const SEVERAL = { ...TEXT, multiple: true } as const;
const FLAGS = {
  ...stackFlags,
  ...{ file: TEXT, path: TEXT, 'window-seconds': TEXT },
  'alerts-from': { ...TEXT, default: '-90d' },
  saved: { type: 'boolean', default: false },
  ...{ site: SEVERAL, device: SEVERAL, metric: SEVERAL },
  format: { ...TEXT, default: 'table' },
} as const;

type Flags = ReturnType<typeof parseFlags<typeof FLAGS>>['values'];

const USUAL_WINDOW_SECONDS = 10;
const MOST_WINDOW_SECONDS = 3600;

const SAVED_COLUMNS: readonly Column<SavedQuery>[] = [
  { title: 'name', value: ({ name }) => name, isWhole: true },
  {
    title: 'options',
    value: ({ options }) => options.map((option) => `--${option}`).join(' '),
    isWhole: true,
  },
  { title: 'description', value: ({ description }) => description },
];

/** @throws CommandError if it cannot be read. */
async function sqlFrom(file: string): Promise<string> {
  if (file === '-') return readAll(process.stdin);
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`--file ${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** SQL from its one source. @throws CommandError for none or several sources. */
async function givenSql({ file }: Flags, positionals: readonly string[]): Promise<string> {
  if (positionals.length > 1)
    throw new CommandError(`put the SQL in quotes, as one argument: "${positionals.join(' ')}"`);
  const [given] = positionals;
  if (file !== undefined && given !== undefined) throw new CommandError('give the SQL or --file, not both');
  const isPiped = !process.stdin.isTTY;
  const source = file ?? (given === '-' || (given === undefined && isPiped) ? '-' : undefined);
  const sql = source === undefined ? given : await sqlFrom(source);
  if (sql === undefined || sql.replaceAll(/--[^\n]*|\/\*[^]*?\*\//g, '').trim() === '')
    throw new CommandError(`there is no SQL to run; ${USAGE}`);
  return sql;
}

function savedSql([name, ...more]: readonly string[], values: Values): string {
  const all = savedQueries();
  const names = all.map((query) => query.name).join(', ');
  const found = all.find((query) => query.name === name);
  if (!found) throw new CommandError(`there is no saved query ${name}; there are ${names}`);
  if (more.length > 0) throw new CommandError(`--saved ${name} does not take ${more.join(' ')}; ${USAGE}`);
  return sqlOf(found, values);
}

/** @throws CommandError if there is no such folder. */
function placeOf(flags: Flags): ArchivePlace {
  const { path: bucket, 'data-dir': dataDir } = flags;
  if (bucket !== undefined) {
    if (!existsSync(bucket)) throw new CommandError(`--path ${bucket}: there is no such folder`);
    return { bucket };
  }
  const found = findStack(dataDir);
  if ('problem' in found)
    throw new CommandError(`${found.problem}; for a copy of a bucket from AWS give --path`);
  const folderOf = (output: string) => {
    const name = found.outputs[output];
    if (name === undefined)
      throw new CommandError(`the stack of ${dataDir} has no ${output}: run npm start again`);
    return path.join(dataDir, 's3', name);
  };
  return { bucket: folderOf('ParsedBucket'), local: { dataDir, rawBucket: folderOf('RawBucket') } };
}

/** The local cloud's, unless given. @throws CommandError if it is not a valid window length. */
function windowSecondsOf(flags: Flags): number {
  const found = flags.path === undefined ? findStack(flags['data-dir']) : undefined;
  const own = found && 'outputs' in found ? found.outputs['WindowSeconds'] : undefined;
  const seconds = Number(flags['window-seconds'] ?? own ?? USUAL_WINDOW_SECONDS);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= MOST_WINDOW_SECONDS) return seconds;
  throw new CommandError(
    `--window-seconds ${flags['window-seconds']}: must be a whole number from 1 to ${MOST_WINDOW_SECONDS}`,
  );
}

function alertsFromOf({ 'alerts-from': from }: Flags): number {
  const found = parseTimeText(from, Date.now());
  if ('ms' in found) return found.ms;
  throw new CommandError(`--alerts-from ${from}: ${found.problem}`);
}

function listSaved(format: Format): void {
  const lines = listing(savedQueries(), SAVED_COLUMNS, { format });
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, FLAGS, USAGE);
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const format = formatOf(values.format);
  const { site = [], device = [], metric = [], saved } = values;
  if (saved && positionals.length === 0) {
    listSaved(format);
    return 0;
  }
  if (!saved && site.length + device.length + metric.length > 0)
    throw new CommandError(
      `--site, --device and --metric are for saved queries; in SQL, write WHERE site = 'seattle'`,
    );
  const sql = saved ? savedSql(positionals, { site, device, metric }) : await givenSql(values, positionals);
  const windowSeconds = windowSecondsOf(values);
  const alertsFrom = alertsFromOf(values);
  process.env['TZ'] = 'UTC'; // for DuckDB's times; must be set before it is loaded
  await runQuery(await loadDuckDb(), {
    ...{ sql, format, windowSeconds },
    place: () => placeOf(values),
    loadAlerts: async (connection) => loadAlerts(connection, await openApi(values), alertsFrom),
  });
  return 0;
}

await runCommand(main);
