// Keeps events accepted through the Invoke API on disk until they are finished, since their sender got "accepted".

import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { writeFileSafely } from '../files/durable-files.ts';
import type { Source } from './fair-queue.ts';

export interface SpooledEvent {
  readonly requestId: string;
  readonly functionName: string;
  /** Who invoked, so that callers take turns after a restart, too. */
  readonly source: Source;
  /** JSON text. */
  readonly payload: string;
}

export interface Spool {
  /** Resolves when the event is on disk. */
  keep(event: SpooledEvent): Promise<void>;
  remove(requestId: string): Promise<void>;
  /** What an earlier process left, oldest first. */
  read(): Promise<SpooledEvent[]>;
  size(): number;
}

const SUFFIX = '.event';

/** One file an event: the first line names it, the rest is the payload. */
export function createSpool(folder: string): Spool {
  const files = new Map<string, string>();

  return {
    size: () => files.size,
    async keep({ payload, ...head }) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const name = `${String(Date.now()).padStart(15, '0')}-${randomUUID()}${SUFFIX}`;
      await writeFileSafely(path.join(folder, name), `${JSON.stringify(head)}\n${payload}`);
      files.set(head.requestId, name);
    },
    async remove(requestId) {
      const name = files.get(requestId);
      files.delete(requestId);
      if (name) await rm(path.join(folder, name), { force: true });
    },
    async read() {
      const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw error;
      });
      const events: SpooledEvent[] = [];
      for (const name of names.sort((a, b) => (a < b ? -1 : 1))) {
        if (!name.endsWith(SUFFIX)) {
          await rm(path.join(folder, name), { force: true }); // never acknowledged
          continue;
        }
        const text = await readFile(path.join(folder, name), 'utf8');
        const end = text.indexOf('\n');
        const head = JSON.parse(text.slice(0, end)) as Omit<SpooledEvent, 'payload' | 'source'> & {
          source?: Source; // files of earlier versions have none
        };
        files.set(head.requestId, name);
        events.push({ source: [], ...head, payload: text.slice(end + 1) });
      }
      return events;
    },
  };
}
