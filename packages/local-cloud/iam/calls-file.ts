// Keeps the recorded calls in the data directory, across starts.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { makeDirectory, replaceFile } from '../files/durable-files.ts';
import type { Log } from '../log.ts';
import { StartError } from '../start-error.ts';
import type { Calls, RecordedCall } from './calls.ts';

export const callsFileIn = (dataDir: string): string => path.join(dataDir, 'iam/calls.json');

interface Content {
  readonly version: 1;
  readonly calls: readonly RecordedCall[];
}

function isContent(value: unknown): value is Content {
  if (typeof value !== 'object' || value === null || !('calls' in value) || !('version' in value))
    return false;
  return value.version === 1 && Array.isArray(value.calls);
}

/** @returns nothing where there is no such file. @throws StartError for one that is damaged */
export function readCalls(file: string): readonly RecordedCall[] {
  if (!existsSync(file)) return [];
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // said below
  }
  if (isContent(content)) return content.calls;
  throw new StartError(
    `${file} is not a file of recorded calls: delete it to record calls from the beginning`,
  );
}

/** Delays of a write, in milliseconds: short for new kinds of calls, long when only counts changed. */
const [SOON_MS, SELDOM_MS] = [500, 30_000];

export interface CallsWriter {
  /** Call after `calls` changed. @param isNew whether the call is the first of its kind */
  changed(isNew: boolean): void;
  close(): Promise<void>;
}

/** Writes `calls` to `file` after changes. A failed write is logged, and repeated with the next change. */
export function createCallsWriter(file: string, calls: Calls, log: Log): CallsWriter {
  let timer: NodeJS.Timeout | undefined;
  let dueAt = Infinity;
  let writing = Promise.resolve();

  async function write(): Promise<void> {
    const content: Content = { version: 1, calls: calls.all() };
    try {
      await makeDirectory(path.dirname(file));
      await replaceFile(file, `${JSON.stringify(content, undefined, 1)}\n`);
    } catch (error) {
      log.warn('the recorded calls cannot be written', { file, reason: (error as Error).message });
    }
  }

  function flush(): void {
    clearTimeout(timer);
    dueAt = Infinity;
    writing = writing.then(write);
  }

  return {
    changed(isNew) {
      const at = performance.now() + (isNew ? SOON_MS : SELDOM_MS);
      if (at >= dueAt) return;
      clearTimeout(timer);
      dueAt = at;
      timer = setTimeout(flush, at - performance.now());
      timer.unref();
    },
    async close() {
      if (dueAt < Infinity) flush();
      await writing;
    },
  };
}
