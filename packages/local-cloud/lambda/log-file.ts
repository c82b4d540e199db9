// A function's log as one bounded file on disk, written behind so that no invocation waits for it.

import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Log } from '../log.ts';

export interface LogFile {
  /** Takes whole lines, each with its line end. */
  append(text: string): void;
  /** Resolves when everything appended so far is in the file, or was dropped. */
  flushed(): Promise<void>;
}

/** At most two files of this size: the current one and the one before it, `<file>.1`. */
const DEFAULT_MAX_BYTES = 10 * 1024 * 1024;
/** Lines are collected for so long, or until there are so many: opening the file for each event costs more than the event. */
const WRITE_DELAY_MS = 1_000;
const WRITE_AT_BYTES = 256 * 1024;
/** Lines waiting for a slow disk; beyond this they are dropped, and counted in the log itself. */
const MAX_WAITING = 8 * 1024 * 1024;

/** Appends to the file, and begins a new one when it is large enough. */
function createBoundedFile(file: string, maxBytes: number) {
  let size: number | undefined;
  async function open(): Promise<number> {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    return stat(file).then(
      (found) => found.size,
      () => 0,
    );
  }
  return {
    async append(text: string): Promise<void> {
      size ??= await open();
      if (size > 0 && size + text.length > maxBytes) {
        await rename(file, `${file}.1`);
        size = 0;
      }
      await appendFile(file, text, { mode: 0o600 });
      size += Buffer.byteLength(text);
    },
    /** The next append looks at the file again. */
    reopen: () => void (size = undefined),
  };
}

/** Lines that wait for the disk. */
function createLines() {
  let lines: string[] = [];
  let bytes = 0;
  let dropped = 0;
  return {
    add(text: string): void {
      if (bytes > MAX_WAITING) {
        dropped += 1;
        return;
      }
      lines.push(text);
      bytes += text.length;
    },
    isEmpty: () => lines.length === 0,
    isMuch: () => bytes >= WRITE_AT_BYTES,
    takeAll(): string {
      const lost = dropped > 0 ? `${dropped} lines dropped: the disk was too slow\n` : '';
      const text = lines.join('') + lost;
      lines = [];
      bytes = 0;
      dropped = 0;
      return text;
    },
  };
}

/**
 * Opens nothing until the first line comes. A disk that cannot be written costs the lines, one warning, and nothing else.
 */
export function createLogFile(file: string, log: Log, maxBytes = DEFAULT_MAX_BYTES): LogFile {
  const bounded = createBoundedFile(file, maxBytes);
  const lines = createLines();
  let writing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let warned = false;

  async function writeWaiting(): Promise<void> {
    try {
      await bounded.append(lines.takeAll());
      warned = false;
    } catch (error) {
      bounded.reopen();
      if (!warned) log.warn('function output cannot be written', { file, reason: (error as Error).message });
      warned = true;
    }
    writing = undefined;
    if (!lines.isEmpty()) schedule();
  }
  function start(): void {
    clearTimeout(timer);
    timer = undefined;
    if (!lines.isEmpty()) writing ??= writeWaiting();
  }
  function schedule(): void {
    if (lines.isMuch()) start();
    else if (!writing) timer ??= setTimeout(start, WRITE_DELAY_MS);
  }

  return {
    append(text) {
      lines.add(text);
      schedule();
    },
    async flushed() {
      await writing;
      start();
      await writing;
    },
  };
}
