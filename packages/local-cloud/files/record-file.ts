// Records by kind and key, kept on disk: an append-only file of checksummed lines, so that `kill -9` loses nothing confirmed.

import { open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { AwsError } from '../aws-error.ts';
import type { Log } from '../log.ts';
import { StartError } from '../start-error.ts';
import { syncDirectory } from './durable-files.ts';

/** One record set (`value`) or removed (`undefined`). */
export interface Change {
  readonly kind: string;
  readonly key: string;
  readonly value: object | undefined;
}

export interface RecordFile {
  /** The live records of one kind, by key. */
  table<T extends object>(kind: string): ReadonlyMap<string, T>;
  /**
   * Applies `changes` at once, all or none, and resolves when they are on disk.
   *
   * @throws AwsError ServiceUnavailableException when they could not be written; they are taken back then.
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

/** Bytes beyond twice the live records that are worth one rewrite of the file. */
const SLACK_BYTES = 4_194_304;

type Tables = Map<string, Map<string, object>>;

function tableOf(tables: Tables, kind: string): Map<string, object> {
  let table = tables.get(kind);
  if (!table) tables.set(kind, (table = new Map()));
  return table;
}

/** Applies changes and returns those that take them back. */
function apply(tables: Tables, changes: readonly Change[]): Change[] {
  const undo: Change[] = [];
  for (const { kind, key, value } of changes) {
    const table = tableOf(tables, kind);
    undo.unshift({ kind, key, value: table.get(key) });
    if (value) table.set(key, value);
    else table.delete(key);
  }
  return undo;
}

function toLine(changes: readonly Change[]): string {
  const text = JSON.stringify(changes.map(({ kind, key, value }) => [kind, key, value ?? null]));
  return `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`;
}

/** @returns the line's changes, or undefined when it is not whole. */
function fromLine(line: string): Change[] | undefined {
  const text = line.slice(9);
  if (line.slice(0, 9) !== `${crc32(text).toString(16).padStart(8, '0')} `) return undefined;
  const changes = JSON.parse(text) as [string, string, object | null][];
  return changes.map(([kind, key, value]) => ({ kind, key, value: value ?? undefined }));
}

/** Reads the file into `tables` and returns how many bytes are good; a torn last line was never confirmed and is dropped. */
function load(file: string, content: Buffer, tables: Tables): number {
  let lines = 0;
  let at = 0;
  for (;;) {
    const end = content.indexOf(10, at);
    const changes = end === -1 ? undefined : fromLine(content.toString('utf8', at, end));
    if (!changes) {
      if (end !== -1 && content.indexOf(10, end + 1) !== -1) {
        throw new StartError(
          `${file} is damaged at line ${lines + 1}: restore it from a copy, or delete it to start without what it holds`,
        );
      }
      return at;
    }
    apply(tables, changes);
    lines += 1;
    at = end + 1;
  }
}

function snapshot(tables: Tables): string {
  return [...tables]
    .flatMap(([kind, table]) => [...table].map(([key, value]) => toLine([{ kind, key, value }])))
    .join('');
}

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

/** Writes one record file: batches of changes at its end, and now and then all of it anew. */
function createWriter(file: string, syncFolder: (folder: string) => Promise<void>) {
  let handle: FileHandle | undefined;
  let size = 0;
  /** Whether a power cut leaves the name with the file that it has now. */
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
    /** Takes back the batch and all that waits behind it. */
    fail(batch: readonly Pending[], error: Error): void {
      const failed = [...batch, ...queue];
      queue = [];
      for (const entry of failed.toReversed()) apply(tables, entry.undo);
      for (const entry of failed) entry.reject(error);
    },
  };
}

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
  const failures = createFailureLog(file, log);
  let flushing: Promise<void> | undefined;
  /** The size at which the file last held nothing outdated. */
  let compactSize = 0;

  /** Changes go to the new file from the moment on that it has the name: the old one is gone then. */
  const rewrite = async () => {
    await writer.replace(waiting.confirmed());
    compactSize = writer.size();
  };
  const compact = () =>
    rewrite().catch((error: unknown) => {
      compactSize = writer.size(); // not tried again before it has grown as much again
      log.warn(`${file} was not compacted: ${String(error)}`);
    });

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
      if (writer.size() >= 2 * compactSize + SLACK_BYTES) await compact();
    }
    flushing = undefined;
  };

  await rewrite();
  return {
    table: <T extends object>(kind: string) =>
      tableOf(tables, kind) as ReadonlyMap<string, object> as ReadonlyMap<string, T>,
    commit(changes) {
      const done = waiting.add(changes);
      flushing ??= flush();
      return done;
    },
    async close() {
      await flushing;
      await writer.close();
    },
  };
}
