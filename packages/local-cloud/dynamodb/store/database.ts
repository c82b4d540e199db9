// The SQLite database of the tables: one transaction for all requests of a turn, on the disk before any is answered.

import { closeSync, existsSync, fdatasync, fstatSync, openSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { serverError } from '../error.ts';

export interface Database {
  readonly sql: DatabaseSync;
  /** Call it before anything is written: opens the turn's transaction. */
  readonly beginWrite: () => void;
  /**
   * Answers once all that was written so far is on the disk, at once when all is.
   *
   * @param answer gets an error when the turn's writes could not be kept
   */
  whenDurable(answer: (failure?: Error) => void): void;
  /** `listener` is called when writes were undone: what is remembered of the database has to be read anew. */
  onRollBack(listener: () => void): void;
  /** Undoes the turn's writes: all of them fail. */
  abandonTurn(failure: Error): void;
  /** Commits what was written so far, which otherwise happens when the thread's turn ends. */
  endTurn(): void;
  /** Whether syncing has failed: nothing may be written any more, and the database has to be opened anew. */
  isBroken(): boolean;
  /** Resolves when all is on the disk and the file is closed. */
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
  // What SQLite creates beside the file has the file's mode. A file that is there is not opened: closing it would take away
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

/** The log is checkpointed after 1,000 pages with 24 bytes each, and begins anew then; a turn may go beyond that. */
const LOG_BYTES = 1_100 * (4_096 + 24);

/**
 * Opens the write-ahead log beside SQLite, and fills it up with zeros, which SQLite takes for the end of it: a sync of a file that grows
 * also waits for the file system's own log, and takes several times as long.
 */
function openLog(file: string): number {
  const log = openSync(`${file}-wal`, 'r+');
  const { size } = fstatSync(log);
  try {
    if (size < LOG_BYTES) writeSync(log, Buffer.alloc(LOG_BYTES - size), 0, LOG_BYTES - size, size);
  } catch (error) {
    // The log grows as there is room, and a write for which there is none fails by itself.
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
  return log;
}

/**
 * Syncs the write-ahead log in the background, one sync for all that was committed before it. SQLite itself would block the
 * thread; as it is, the next turn runs meanwhile, and its writes share the next sync.
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
    /** Of what was committed just now. */
    add(answers: readonly Answer[]) {
      if (log === undefined || failure) {
        answerAll(answers, failure);
        return;
      }
      waiting.push(...answers);
      if (!syncing) start();
    },
    /** Of what was only read, while a sync is under way. */
    join: (answer: Answer) => void (waiting.length > 0 ? waiting : syncing!).push(answer),
    async close() {
      if (syncing) await new Promise<void>((resolve) => (whenIdle = resolve));
      if (log !== undefined) closeSync(log);
    },
  };
}

/** @throws where the file cannot be opened, such as when another process has it open */
export function openDatabase(file: string): Database {
  const sql = openFile(file);
  const sync = createSync(file);
  /** Of the turn under way. */
  let turn: Answer[] = [];
  let isWriting = false;

  let isUndone = () => {};

  function rollBack(): void {
    isWriting = false;
    if (sql.isTransaction) sql.exec('ROLLBACK');
    isUndone();
  }

  function endTurn(): void {
    const answers = turn;
    turn = [];
    if (!isWriting) {
      answerAll(answers);
      return;
    }
    try {
      sql.exec('COMMIT');
      isWriting = false;
      sync.add(answers);
    } catch (error) {
      rollBack();
      answerAll(answers, error as Error);
    }
  }

  return {
    sql,
    beginWrite() {
      if (isWriting) return;
      if (sync.failed()) throw serverError('The tables are being opened again');
      sql.exec('BEGIN IMMEDIATE');
      isWriting = true;
      setImmediate(endTurn);
    },
    whenDurable(answer) {
      if (isWriting) turn.push(answer);
      else if (sync.isBusy()) sync.join(answer);
      else answer(sync.failed());
    },
    onRollBack(listener) {
      isUndone = listener;
    },
    abandonTurn(failure) {
      rollBack();
      const answers = turn;
      turn = [];
      answerAll(answers, failure);
    },
    endTurn,
    isBroken: () => sync.failed() !== undefined,
    async close() {
      endTurn();
      await sync.close();
      sql.close();
    },
  };
}
