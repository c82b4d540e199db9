// DuckDB is 70 MB, which only some people want: it lies in a lock of its own, and is installed when it is needed first.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CommandError } from '../command-error.ts';

/** What is used of a prepared statement; `statementType` is a number of `StatementType`. */
export interface Prepared {
  readonly statementType: number;
  readonly parameterCount: number;
  /** Rejects where it fails; a stream of DuckDB's would only end, as if there were no more rows. */
  run(): Promise<Result>;
}

export interface Result {
  columnNames(): string[];
  /** Such as `DECIMAL(38,15)`. */
  columnTypes(): { toString(): string }[];
  /** Rows in parts; what a double does not hold exactly is text. */
  yieldRowsJson(): AsyncIterableIterator<unknown[][]>;
}

export interface Connection {
  readonly progress: { readonly percentage: number };
  interrupt(): void;
  run(sql: string, values?: string[]): Promise<unknown>;
  runAndReadAll(sql: string, values?: string[]): Promise<{ getRowObjectsJson(): Record<string, unknown>[] }>;
  extractStatements(
    sql: string,
  ): Promise<{ readonly count: number; prepare(index: number): Promise<Prepared> }>;
}

export interface DuckDb {
  readonly StatementType: Readonly<Record<number, string>>;
  readonly DuckDBInstance: {
    create(
      path: string,
      options: Readonly<Record<string, string>>,
    ): Promise<{ connect(): Promise<Connection> }>;
  };
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string }>>;
}

const FOLDER = import.meta.dirname;
const PACKAGE = '@duckdb/node-api';
const INSTALL = 'npm ci --prefix commands/query';

/** Whether what the lock names is installed as a whole: npm writes its own lock last. */
export function isDuckDbInstalled(): boolean {
  const installed = path.join(FOLDER, 'node_modules/.package-lock.json');
  return existsSync(installed) && versionIn(installed) === versionIn(path.join(FOLDER, 'package-lock.json'));
}

const versionIn = (lock: string): string | undefined =>
  (JSON.parse(readFileSync(lock, 'utf8')) as Lock).packages[`node_modules/${PACKAGE}`]?.version;

/** Its types are there only where it is installed, hence the port. Rejects where it is not. */
export async function importDuckDb(): Promise<DuckDb> {
  const name: string = PACKAGE;
  return (await import(name)) as DuckDb;
}

/** Installs it where it is missing, with one line on standard error. @throws CommandError with the command to run. */
export async function loadDuckDb(): Promise<DuckDb> {
  if (!isDuckDbInstalled()) {
    process.stderr.write('installing DuckDB, once: 70 MB into commands/query/node_modules\n');
    // With the Node of this program, whose platform decides which of its packages is taken.
    const PATH = [path.dirname(process.execPath), process.env['PATH']].join(path.delimiter);
    const { status, stderr, error } = spawnSync('npm', ['ci', '--prefix', FOLDER], {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, PATH, npm_config_prefix: undefined },
    });
    if (status !== 0) throw new CommandError(notInstalled(error?.message ?? stderr));
  }
  try {
    return await importDuckDb();
  } catch (error) {
    throw new CommandError(notInstalled((error as Error).message), { cause: error });
  }
}

function notInstalled(reason: string): string {
  const lines = reason.split('\n').filter((line) => line.trim() !== '' && !line.includes('A complete log'));
  const shown = lines.slice(0, 3).map((line) => `  ${line}`);
  return [
    `DuckDB could not be installed. Run "${INSTALL}" where the npm registry can be reached; this command then works offline.`,
    ...shown,
  ].join('\n');
}

/** A database in memory that loads no extension from the network, with all times in UTC. */
export async function openDuckDb({ DuckDBInstance }: DuckDb): Promise<Connection> {
  // What does not fit into memory; DuckDB's own choice is the working directory.
  const folder = path.join(tmpdir(), `tidegate-query-${process.pid}`);
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const instance = await DuckDBInstance.create(':memory:', {
    temp_directory: folder,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  await connection.run(`SET TimeZone = 'UTC'`);
  await connection.run('SET enable_progress_bar = true');
  await connection.run('SET enable_progress_bar_print = false');
  return connection;
}
