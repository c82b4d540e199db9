// Records by kind and key, kept on disk: an append-only file of checksummed lines, so that `kill -9` loses nothing confirmed.

import { open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { AwsError } from '../aws-error.ts';
import type { Log } from '../log.ts';
import { syncDirectory } from './durable-files.ts';
import { apply, load, snapshot, tableOf, toLine, type Change, type Tables } from './record-lines.ts';

export type { Change } from './record-lines.ts';

export interface RecordFile {
  /** The live records of one kind, by key. */
  table<T extends object>(kind: string): ReadonlyMap<string, T>;
  /**
   * Applies `changes` at once, all or none, and resolves when they are on disk.
   *
   * @throws AwsError ServiceUnavailableException when they could not be written; none of them is applied then.
   */
  commit(changes: readonly Change[]): Promise<void>;
  close(): Promise<void>;
}

interface Pending {
  readonly changes: readonly Change[];
  readonly undo: readonly Change[];
  resolve(): void;
  reject(error: Error): void;
}

/** The file is rewritten when it is larger than twice the live records and these bytes. */
const SLACK_BYTES = 4_194_304;

async function readIfPresent(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/**
 * What `file` holds, without opening it for changes: another process may be writing it.
 *
 * @throws StartError when a line before the last is damaged.
 */
export async function readRecordFile(file: string): Promise<Pick<RecordFile, 'table'>> {
  const tables: Tables = new Map();
  load(file, await readIfPresent(file), tables);
  return {
    table: <T extends object>(kind: string) =>
      tableOf(tables, kind) as ReadonlyMap<string, object> as ReadonlyMap<string, T>,
  };
}

/** Writes one record file: batches of changes at its end, and at times the whole file. */
function createWriter(file: string, syncFolder: (folder: string) => Promise<void>) {
  let handle: FileHandle | undefined;
  let size = 0;
  /** Whether the name is sure to lead to this file after a power cut. */
  let isNamed = false;
  return {
    size: () => size,
    /** Writes the text to a new file, which then gets the name. */
    async replace(text: string): Promise<void> {
      const beside = `${file}.new`;
      await rm(beside, { force: true });
      const next = await open(beside, 'wx', 0o600);
      try {
        await next.writeFile(text);
        await next.datasync();
        await rename(beside, file);
      } catch (error) {
        await next.close();
        await rm(beside, { force: true });
        throw error;
      }
      const old = handle;
      handle = next;
      size = Buffer.byteLength(text);
      isNamed = false;
      await old?.close();
    },
    async append(line: string): Promise<void> {
      const bytes = Buffer.from(line);
      if (!isNamed) await syncFolder(path.dirname(file));
      isNamed = true;
      await handle!.truncate(size); // cuts what an earlier failed write left
      for (let at = 0; at < bytes.length;) {
        at += (await handle!.write(bytes, at, bytes.length - at, size + at)).bytesWritten;
      }
      await handle!.datasync();
      size += bytes.length;
    },
    close: async () => handle?.close(),
  };
}

/** Changes that are applied and wait for the disk. */
function createWaiting(tables: Tables) {
  let queue: Pending[] = [];
  return {
    isEmpty: () => queue.length === 0,
    add(changes: readonly Change[]): Promise<void> {
      return new Promise((resolve, reject) => {
        const undo = apply(tables, changes);
        queue.push({ changes, undo, resolve, reject });
      });
    },
    takeAll(): readonly Pending[] {
      const all = queue;
      queue = [];
      return all;
    },
    /** The records without the changes that wait: those may still be refused. */
    confirmed(): string {
      for (const { undo } of queue.toReversed()) apply(tables, undo);
      const text = snapshot(tables);
      for (const { changes } of queue) apply(tables, changes);
      return text;
    },
    /** Undoes the batch and all that waits after it. */
    fail(batch: readonly Pending[], error: Error): void {
      const failed = [...batch, ...queue];
      queue = [];
      for (const entry of failed.toReversed()) apply(tables, entry.undo);
      for (const entry of failed) entry.reject(error);
    },
  };
}

type Writer = ReturnType<typeof createWriter>;
type Waiting = ReturnType<typeof createWaiting>;

/** Logs the first failure of the disk and its end, not each refused change. */
function createFailureLog(file: string, log: Log) {
  let isFailing = false;
  return {
    /** @returns the error for what was refused */
    failed(cause: unknown): AwsError {
      const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
      if (!isFailing) log.error(`${file} could not be written (${reason}); changes are refused until it can`);
      isFailing = true;
      const message = `${path.basename(file)} could not be written: ${reason}`;
      const error = new AwsError('ServiceUnavailableException', message, 503);
      error.cause = cause;
      return error;
    },
    recovered(): void {
      if (isFailing) log.info(`${file} is written again`);
      isFailing = false;
    },
  };
}

/** Rewrites the file with only the live records: at the start, and when it has grown too far. */
function createCompaction(file: string, log: Log, writer: Writer, waiting: Waiting) {
  /** The size at which the file last held nothing outdated. */
  let compactSize = 0;
  /** From the moment on that the new file has the name, changes go to it: the old one is gone then. */
  const rewrite = async () => {
    await writer.replace(waiting.confirmed());
    compactSize = writer.size();
  };
  return {
    rewrite,
    async whenDue(): Promise<void> {
      if (writer.size() < 2 * compactSize + SLACK_BYTES) return;
      await rewrite().catch((error: unknown) => {
        compactSize = writer.size(); // not tried again before it has grown as much again
        log.warn(`${file} was not compacted: ${String(error)}`);
      });
    },
  };
}

/** Writes what waits, batch after batch, and compacts the file when that is due. */
function createFlushing(file: string, log: Log, writer: Writer, waiting: Waiting) {
  const failures = createFailureLog(file, log);
  const compaction = createCompaction(file, log, writer, waiting);
  let flushing: Promise<void> | undefined;

  /** One line for the whole batch, so that only the last line can be half written. */
  const write = async (batch: readonly Pending[]) =>
    writer.append(toLine(batch.flatMap((entry) => entry.changes)));

  const flush = async () => {
    while (!waiting.isEmpty()) {
      const batch = waiting.takeAll();
      try {
        await write(batch);
      } catch (error) {
        waiting.fail(batch, failures.failed(error));
        continue;
      }
      failures.recovered();
      for (const entry of batch) entry.resolve();
      await compaction.whenDue();
    }
    flushing = undefined;
  };
  return {
    rewrite: compaction.rewrite,
    start(): void {
      flushing ??= flush();
    },
    finish: async () => flushing,
  };
}

/**
 * Opens or creates `file`.
 *
 * @param syncFolder a test can let it fail
 * @throws StartError when a line before the last is damaged.
 */
export async function openRecordFile(
  file: string,
  log: Log,
  syncFolder = syncDirectory,
): Promise<RecordFile> {
  const tables: Tables = new Map();
  const content = await readIfPresent(file);
  const good = load(file, content, tables);
  if (good < content.length) log.warn(`${path.basename(file)}: dropped a half-written change`, { file });
  const writer = createWriter(file, syncFolder);
  const waiting = createWaiting(tables);
  const flushing = createFlushing(file, log, writer, waiting);
  await flushing.rewrite();
  return {
    table: <T extends object>(kind: string) =>
      tableOf(tables, kind) as ReadonlyMap<string, object> as ReadonlyMap<string, T>,
    commit(changes) {
      const done = waiting.add(changes);
      flushing.start();
      return done;
    },
    async close() {
      await flushing.finish();
      await writer.close();
    },
  };
}
