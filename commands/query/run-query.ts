// Runs one read-only SQL statement over views that are created when the statement names them.

import { CommandError } from '../command-error.ts';
import type { Format } from '../listing.ts';
import { damaged, notParsedYet, type ArchivePlace } from './archive-faults.ts';
import {
  firstDamaged,
  listFiles,
  listingText,
  readFooters,
  type ArchiveFile,
  type ListedFile,
} from './archive-files.ts';
import { openDuckDb, type Connection, type DuckDb, type Prepared, type Result } from './duckdb.ts';
import { printRows } from './print-rows.ts';
import { showProgress } from './progress-bar.ts';
import { lackingIn, readingsView, windowsView } from './views.ts';

export interface Query {
  readonly sql: string;
  readonly format: Format;
  readonly windowSeconds: number;
  /** @throws CommandError if there is none. */
  place(): ArchivePlace;
  /** Creates the table `alerts`. Rejects with a CommandError. */
  loadAlerts(connection: Connection): Promise<void>;
}

const INTERRUPTED_CODE = 130;
/** A merge of many sites takes time. */
const ATTEMPTS = 5;
/** DuckDB stops soon after an interrupt; otherwise the process is killed. */
const PATIENCE_MS = 500;
/** Most listings; hours come and go less often. */
const LISTINGS = 3;
const NO_TABLE = /^Catalog Error: Table with name "?(\w+)"? does not exist/i;
/** Errors that damaged bytes of a file may cause, and that do not always name the file. */
const MAY_BE_DAMAGE = /^(?:Invalid|IO|Internal|Serialization|Out of Range|FATAL|TProtocol)/;
const EXPLAIN = /^(?:\s|--[^\n]*\n|\/\*[^]*?\*\/)*EXPLAIN\b\s*(?:ANALYZE\b\s*)?(?:\([^)]*\)\s*)?/i;

/** Prints the result. Rejects with a CommandError for every error that the user can fix. */
export async function runQuery(duckDb: DuckDb, query: Query): Promise<void> {
  for (let tries = 0; tries < ATTEMPTS; tries += 1) if ((await attempt(duckDb, query)) === 'done') return;
  throw new CommandError(
    'the archive changed during each read, for example by a merge of files: run the query again in a minute',
  );
}

/** `changed`: a file was replaced or deleted meanwhile. */
async function attempt(duckDb: DuckDb, query: Query): Promise<'done' | 'changed'> {
  const connection = await openDuckDb(duckDb);
  const views = createViews(duckDb, connection, query);
  const bar = showProgress(() => connection.progress.percentage);
  const stop = onInterrupt(connection, () => bar.end());
  let result: Result;
  try {
    const prepared = await prepare(duckDb, connection, query.sql, views);
    result = await prepared.run();
  } catch (error) {
    bar.end();
    if (stop.isInterrupted()) process.exit(INTERRUPTED_CODE);
    if (error instanceof CommandError) throw error;
    if (views.isOfFiles(error as Error) && views.isChanged()) return 'changed';
    throw await views.faultOf(error as Error);
  } finally {
    bar.end();
    stop.end();
  }
  await printRows(result, query.format);
  return 'done';
}

/** Ctrl-C interrupts the query; otherwise the process would wait for it before it ends. */
function onInterrupt(connection: Connection, before: () => void) {
  let isInterrupted = false;
  function onSignal(): void {
    isInterrupted = true;
    before();
    connection.interrupt();
    setTimeout(() => {
      process.off('SIGINT', onSignal);
      process.kill(process.pid, 'SIGINT');
    }, PATIENCE_MS).unref();
  }
  process.on('SIGINT', onSignal);
  return {
    isInterrupted: () => isInterrupted,
    end() {
      process.off('SIGINT', onSignal);
      process.on('SIGINT', () => process.exit(INTERRUPTED_CODE));
    },
  };
}

type Views = ReturnType<typeof createViews>;

interface Listed {
  readonly files: readonly ListedFile[];
  readonly place: ArchivePlace | undefined;
}

const namedIn = (files: readonly ListedFile[], message: string) =>
  files.find((each) => message.includes(each.path));

/** The error for the user: it names the file if damaged bytes may be the cause. */
async function faultOf(duckDb: DuckDb, { files, place }: Listed, { message }: Error): Promise<CommandError> {
  const named = namedIn(files, message);
  const file = named ?? (MAY_BE_DAMAGE.test(message) ? await firstDamaged(duckDb, files) : undefined);
  const [reason = message] = message.split('\n');
  if (file) return new CommandError(damaged(file, faultIn(reason, file), place!));
  const isExtension = message.startsWith('Missing Extension Error');
  return new CommandError(isExtension ? `${reason}: this command does not load extensions` : message);
}

function createViews(duckDb: DuckDb, connection: Connection, query: Query) {
  let files: readonly ListedFile[] = [];
  let place: ArchivePlace | undefined;
  const made = new Set<string>();

  const isChanged = () => place !== undefined && listingText(listFiles(place.bucket)) !== listingText(files);

  async function readings(): Promise<void> {
    place = query.place();
    let known: readonly ArchiveFile[] = [];
    // A listing during a merge may lack both the new file and the old ones; the next listing shows it.
    for (let tries = 0; tries === 0 || (tries < LISTINGS && isChanged()); tries += 1) {
      files = listFiles(place.bucket);
      if (files.length === 0) throw new CommandError(notParsedYet(place, Date.now()));
      known = await readFooters(connection, files);
    }
    noteLacking(known);
    await connection.run(readingsView(known));
  }

  const makers: Readonly<Record<string, () => Promise<void>>> = {
    readings,
    async windows() {
      if (!made.has('readings')) await make('readings');
      await connection.run(windowsView(query.windowSeconds));
    },
    alerts: async () => query.loadAlerts(connection),
  };

  /** False if the name is unknown, or exists already. */
  async function make(name: string): Promise<boolean> {
    if (made.has(name) || !Object.hasOwn(makers, name)) return false;
    made.add(name);
    await makers[name]!();
    return true;
  }

  return {
    make,
    isChanged,
    isOfFiles: ({ message }: Error) => MAY_BE_DAMAGE.test(message) || namedIn(files, message) !== undefined,
    faultOf: async (error: Error) => faultOf(duckDb, { files, place }, error),
  };
}

/** DuckDB's message without its kind and the path. */
const faultIn = (reason: string, { path }: ListedFile): string =>
  reason
    .replace(/^[\w ]+ Error: /, '')
    .replaceAll(` "${path}"`, '')
    .replaceAll(` '${path}'`, '');

/**
 * Reports files of older versions, whose missing columns are read as nulls. @throws CommandError for a file without
 * readings.
 */
function noteLacking(files: readonly ArchiveFile[]): void {
  const older = new Map<string, ArchiveFile[]>();
  for (const file of files) {
    const { needed, nulls } = lackingIn(file);
    if (needed.length > 0)
      throw new CommandError(
        `${file.path} has no ${needed.join(', ')}, so it does not belong to the parsed archive: move it out of the folder readings/`,
      );
    if (nulls.length > 0) older.set(nulls.join(', '), [...(older.get(nulls.join(', ')) ?? []), file]);
  }
  for (const [names, lacking] of older) {
    const others = lacking.length > 1 ? ` and ${lacking.length - 1} more` : '';
    process.stderr.write(
      `${names} read as null in ${lacking[0]!.path}${others}, written by an older version\n`,
    );
  }
}

/** @throws CommandError unless it is one read-only statement. */
async function prepare(duckDb: DuckDb, connection: Connection, sql: string, views: Views): Promise<Prepared> {
  const prepared = await prepareOne(connection, sql, views);
  const type = duckDb.StatementType[prepared.statementType] ?? '';
  const explained = type === 'EXPLAIN' ? sql.replace(EXPLAIN, '') : sql;
  if (explained !== sql) await prepare(duckDb, connection, explained, views);
  else if (type !== 'SELECT')
    throw new CommandError(
      `this command only reads: it runs SELECT and EXPLAIN, not ${type}. To write a file: npm run -s query -- "SELECT ..." --format csv > rows.csv`,
    );
  if (prepared.parameterCount > 0)
    throw new CommandError('the SQL has a placeholder (? or $1): write the value in its place');
  return prepared;
}

async function prepareOne(connection: Connection, sql: string, views: Views): Promise<Prepared> {
  for (;;) {
    try {
      const statements = await connection.extractStatements(sql);
      if (statements.count !== 1)
        throw new CommandError(
          `run one statement at a time, not ${statements.count} (in a PIVOT, list the values: ON metric IN (...))`,
        );
      return await statements.prepare(0);
    } catch (error) {
      if (error instanceof CommandError) throw error;
      const { message } = error as Error;
      const name = NO_TABLE.exec(message)?.[1]?.toLowerCase();
      if (name === undefined || !(await views.make(name)))
        throw new Error(message.replace(/^Failed to extract statements: /, ''), { cause: error });
    }
  }
}
