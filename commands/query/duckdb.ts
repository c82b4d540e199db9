// Loads DuckDB, which has its own lock file and is installed at first use, because few people need its 70 MB.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CommandError } from '../command-error.ts';

/** The used part of a prepared statement; `statementType` is a number of `StatementType`. */
export interface Prepared {
  readonly statementType: number;
  readonly parameterCount: number;
  /** Rejects if it fails; a DuckDB stream would only end, as if there were no more rows. */
  run(): Promise<Result>;
}

export interface Result {
  columnNames(): string[];
  /** Such as `DECIMAL(38,15)`. */
  columnTypes(): { toString(): string }[];
  /** Rows in chunks; values that a double cannot hold exactly are text. */
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

/** Whether the version of the lock file is completely installed: npm writes its own lock last. */
export function isDuckDbInstalled(): boolean {
  const installed = path.join(FOLDER, 'node_modules/.package-lock.json');
  return existsSync(installed) && versionIn(installed) === versionIn(path.join(FOLDER, 'package-lock.json'));
}

const versionIn = (lock: string): string | undefined =>
  (JSON.parse(readFileSync(lock, 'utf8')) as Lock).packages[`node_modules/${PACKAGE}`]?.version;

/** Its types exist only if it is installed, hence the port. Rejects if it is not installed. */
export async function importDuckDb(): Promise<DuckDb> {
  const name: string = PACKAGE;
  return (await import(name)) as DuckDb;
}

/** Installs it if it is missing, with a line on standard error. @throws CommandError with the command to run. */
export async function loadDuckDb(): Promise<DuckDb> {
  if (!isDuckDbInstalled()) {
    process.stderr.write('installing DuckDB (once, 70 MB) into commands/query/node_modules\n');
    // With this program's Node, whose platform selects the package.
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

/** Opens a database in memory that loads no extensions from the network, with all times in UTC. */
export async function openDuckDb({ DuckDBInstance }: DuckDb): Promise<Connection> {
  // For data that does not fit into memory; DuckDB's default is the working directory.
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
