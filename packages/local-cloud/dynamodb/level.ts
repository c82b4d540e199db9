// LevelDB as dynalite's tables need it, so that a write that was acknowledged stays: what would lose one is changed here.
import { Readable } from 'node:stream';
import { createPhases, type Phases } from './phases.ts';

type Done = (error: Error | null) => void;
type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: unknown }
  | { readonly type: 'del'; readonly key: string };

interface RangeIterator {
  /** Empty at the end. */
  nextv(size: number): Promise<unknown[]>;
  close(): Promise<void>;
}

/** The parts of dynalite's database that are used, or replaced, here. */
export interface Level {
  open(): Promise<void>;
  close(): Promise<void>;
  get: (key: string, done: (error: Error | null, value?: unknown) => void) => void;
  /** Undefined where nothing is stored. */
  getSync(key: string): unknown;
  put: (key: string, value: unknown, done: Done) => void;
  del: (key: string, done: Done) => void;
  batch: (operations: readonly Operation[], done?: Done) => Promise<void> | undefined;
  keys(range?: object): RangeIterator;
  values(range?: object): RangeIterator;
  createKeyStream: (range?: object) => Readable;
  createValueStream: (range?: object) => Readable;
  compactRange(start: string, end: string): Promise<void>;
}

/** Kept once no file has two versions of a key; outside the prefixes of dynalite's own keys. */
const ONE_VERSION = 'one-version~';
const [FIRST_KEY, LAST_KEY] = ['\u0000', '\u{10ffff}'];

/** So many operations go into one write at most. */
const MAX_WRITE = 256;
const READ_AT_ONCE = 64;

/** Opens the database, and merges the versions of keys that a program without `keepOneVersion` has left. */
export async function openLevel(db: Level): Promise<void> {
  await db.open();
  if (db.getSync(ONE_VERSION) !== undefined) return;
  await db.compactRange(FIRST_KEY, LAST_KEY);
  await db.batch([{ type: 'put', key: ONE_VERSION, value: 1 }]);
}

interface Waiting {
  readonly operations: readonly Operation[];
  readonly done: Done;
}

/**
 * One write at a time, of all that waits. A write that the disk refuses leaves the log torn: what LevelDB writes behind the
 * tear is lost at the next opening, although it says nothing. So none follows a failed one, and none is under way beside it.
 *
 * @returns whether a write has failed: the database has to be opened anew.
 */
function writeInTurn(db: Level, phases: Phases): () => boolean {
  const write = db.batch.bind(db);
  let waiting: Waiting[] = [];
  let failure: Error | undefined;
  let isWriting = false;

  function takeNext(): Waiting[] {
    let size = 0;
    const end = waiting.findIndex(({ operations }) => (size += operations.length) > MAX_WRITE);
    const next = end === -1 ? waiting : waiting.slice(0, Math.max(1, end));
    waiting = waiting.slice(next.length);
    return next;
  }

  async function run(): Promise<void> {
    isWriting = true;
    await Promise.resolve(); // all that comes in this turn goes into one write
    while (waiting.length > 0) {
      const group = takeNext();
      try {
        if (!failure) await phases.write(async () => write(group.flatMap(({ operations }) => operations)));
      } catch (error) {
        failure = error as Error;
      }
      for (const { done } of group) setImmediate(done, failure ?? null);
    }
    isWriting = false;
  }

  function add(operations: readonly Operation[], done: Done): void {
    waiting.push({ operations, done });
    if (!isWriting) void run();
  }

  db.put = (key, value, done) => add([{ type: 'put', key, value }], done);
  db.del = (key, done) => add([{ type: 'del', key }], done);
  db.batch = (operations, done) => {
    if (done) add(operations, done);
    else
      return new Promise((resolve, reject) =>
        add(operations, (error) => (error ? reject(error) : resolve())),
      );
    return undefined;
  };
  return () => failure !== undefined;
}

/** A stream of `open`'s iterator, which is closed with the stream. */
function streamOf(phases: Phases, open: () => RangeIterator): Readable {
  let iterator: RangeIterator | undefined;
  let endRead = () => {};
  const close = async () => {
    try {
      await iterator?.close();
    } finally {
      endRead();
    }
  };
  return new Readable({
    objectMode: true,
    construct(done) {
      const start = async () => {
        endRead = await phases.startRead();
        iterator = open();
      };
      start().then(() => done(), done);
    },
    read() {
      const next = async () => {
        const values = await iterator!.nextv(READ_AT_ONCE);
        if (values.length === 0) await close(); // writes need not wait until the last value is worked off
        return values.length === 0 ? [null] : values;
      };
      next().then(
        (values) => values.forEach((value) => this.push(value)),
        (error: Error) => this.destroy(error),
      );
    },
    destroy(error, done) {
      close().then(
        () => done(error),
        (closing: Error) => done(error ?? closing),
      );
    },
  });
}

/**
 * LevelDB keeps the versions of a key that an iterator may still read, and 1.20 may divide them between two files of a
 * level. It then merges the newer ones into the next level alone, and every read finds the old value from there on. So an
 * iterator is closed with its stream, which dynalite never does, and nothing is written while one is open: there is only
 * one version to keep.
 *
 * @returns whether a write has failed: the database has to be opened anew.
 * @see https://github.com/google/leveldb/issues/320
 */
export function keepOneVersion(db: Level): () => boolean {
  const phases = createPhases();
  db.createKeyStream = (range) => streamOf(phases, () => db.keys(range));
  db.createValueStream = (range) => streamOf(phases, () => db.values(range));
  return writeInTurn(db, phases);
}
