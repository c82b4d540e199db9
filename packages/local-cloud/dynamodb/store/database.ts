// The SQLite database of the tables: all requests of a turn share one transaction, and are answered once it is on the disk.

import { closeSync, existsSync, fdatasync, fstatSync, openSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { serverError } from '../error.ts';

export interface Database {
  readonly sql: DatabaseSync;
  /** Call it before anything is written: opens the turn's transaction. */
  readonly beginWrite: () => void;
  /**
   * Answers once everything written so far is on the disk; at once if it is there already.
   *
   * @param answer gets an error when the turn's writes could not be kept
   */
  whenDurable(answer: (failure?: Error) => void): void;
  /** `listener` is called when writes were undone: copies of the database in memory must be read again. */
  onRollBack(listener: () => void): void;
  /** Undoes the turn's writes: all of them fail. */
  abandonTurn(failure: Error): void;
  /** Commits what was written so far, without waiting for the end of the thread's turn. */
  endTurn(): void;
  /** Whether a sync has failed: nothing more may be written, and the database must be opened again. */
  isBroken(): boolean;
  /** Resolves when everything is on the disk and the file is closed. */
  close(): Promise<void>;
}

type Answer = (failure?: Error) => void;

const SETTINGS = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA cache_size = -8000;
  PRAGMA temp_store = MEMORY;
`;
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS tables (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL, tags TEXT NOT NULL DEFAULT '{}'
  );
  CREATE TABLE IF NOT EXISTS indexes (
    id INTEGER PRIMARY KEY, table_id INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE (table_id, name)
  );
  CREATE TABLE IF NOT EXISTS streams (table_name TEXT PRIMARY KEY, newest INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS stream_records (
    table_name TEXT, place INTEGER, at INTEGER NOT NULL, record TEXT NOT NULL, PRIMARY KEY (table_name, place)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, digest TEXT NOT NULL, since INTEGER NOT NULL);
`;

export const IN_MEMORY = ':memory:';

function openFile(file: string): DatabaseSync {
  // What SQLite creates beside the file has the file's mode. An existing file is not opened here: closing it would release
  // the locks of this process.
  if (file !== IN_MEMORY && !existsSync(file)) closeSync(openSync(file, 'a', 0o600));
  const sql = new DatabaseSync(file);
  try {
    sql.exec(SETTINGS);
    sql.exec(SCHEMA);
    return sql;
  } catch (error) {
    sql.close();
    throw error;
  }
}

const answerAll = (answers: readonly Answer[], failure?: Error) => {
  for (const answer of answers) answer(failure);
};

/** SQLite checkpoints the log after 1,000 pages (with 24 bytes more each) and then starts it again; a turn may go beyond that. */
const LOG_BYTES = 1_100 * (4_096 + 24);

/**
 * Opens the write-ahead log beside SQLite, and fills it with zeros, which SQLite reads as the end of the log. A sync of
 * a growing file also waits for the file system's own log, and takes several times as long.
 */
function openLog(file: string): number {
  const log = openSync(`${file}-wal`, 'r+');
  const { size } = fstatSync(log);
  try {
    if (size < LOG_BYTES) writeSync(log, Buffer.alloc(LOG_BYTES - size), 0, LOG_BYTES - size, size);
  } catch (error) {
    // The log then grows as needed, and a write that finds no room fails by itself.
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
  return log;
}

/**
 * Syncs the write-ahead log in the background, one sync for all commits before it. SQLite's own sync would block the
 * thread. This way the next turn runs meanwhile, and its writes share the next sync.
 */
function createSync(file: string) {
  const log = file === IN_MEMORY ? undefined : openLog(file);
  let waiting: Answer[] = [];
  let syncing: Answer[] | undefined;
  let failure: Error | undefined;
  let whenIdle = () => {};

  function start(): void {
    syncing = waiting;
    waiting = [];
    fdatasync(log!, (error) => {
      const synced = syncing!;
      syncing = undefined;
      failure = error ?? failure;
      answerAll(synced, failure);
      if (waiting.length > 0) start();
      else whenIdle();
    });
  }

  return {
    isBusy: () => syncing !== undefined,
    failed: () => failure,
    /** Answers once the commit before this call is synced. */
    add(answers: readonly Answer[]) {
      if (log === undefined || failure) {
        answerAll(answers, failure);
        return;
      }
      waiting.push(...answers);
      if (!syncing) start();
    },
    /** Answers a request that only read, after the sync in progress. */
    join: (answer: Answer) => void (waiting.length > 0 ? waiting : syncing!).push(answer),
    async close() {
      if (syncing) await new Promise<void>((resolve) => (whenIdle = resolve));
      if (log !== undefined) closeSync(log);
    },
  };
}

/** The transaction of the thread's turn, in which its requests write. */
interface Turn {
  readonly sql: DatabaseSync;
  readonly sync: ReturnType<typeof createSync>;
  /** Of the requests of this turn. */
  answers: Answer[];
  isWriting: boolean;
  /** Called after the writes were undone. */
  onRollBack: () => void;
}

function rollBack(turn: Turn): void {
  turn.isWriting = false;
  if (turn.sql.isTransaction) turn.sql.exec('ROLLBACK');
  turn.onRollBack();
}

function takeAnswers(turn: Turn): readonly Answer[] {
  const { answers } = turn;
  turn.answers = [];
  return answers;
}

function endTurn(turn: Turn): void {
  const answers = takeAnswers(turn);
  if (!turn.isWriting) {
    answerAll(answers);
    return;
  }
  try {
    turn.sql.exec('COMMIT');
    turn.isWriting = false;
    turn.sync.add(answers);
  } catch (error) {
    rollBack(turn);
    answerAll(answers, error as Error);
  }
}

/** @throws where the file cannot be opened, such as when another process has it open */
export function openDatabase(file: string): Database {
  const sql = openFile(file);
  const sync = createSync(file);
  const turn: Turn = { sql, sync, answers: [], isWriting: false, onRollBack: () => {} };

  return {
    sql,
    beginWrite() {
      if (turn.isWriting) return;
      if (sync.failed()) throw serverError('The tables are being opened again');
      sql.exec('BEGIN IMMEDIATE');
      turn.isWriting = true;
      setImmediate(endTurn, turn);
    },
    whenDurable(answer) {
      if (turn.isWriting) turn.answers.push(answer);
      else if (sync.isBusy()) sync.join(answer);
      else answer(sync.failed());
    },
    onRollBack(listener) {
      turn.onRollBack = listener;
    },
    abandonTurn(failure) {
      rollBack(turn);
      answerAll(takeAnswers(turn), failure);
    },
    endTurn: () => endTurn(turn),
    isBroken: () => sync.failed() !== undefined,
    async close() {
      endTurn(turn);
      await sync.close();
      sql.close();
    },
  };
}
