// Writes the deliveries of one publish: each file is always complete, and when one cannot be written, none stays.

import { randomUUID } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectory, syncDirectory, writeThrough } from '../files/durable-files.ts';

export interface PendingFile {
  /** Below the data directory, such as `mail/20260101T000000.000Z-<id>.eml`. */
  readonly path: string;
  readonly content: string | Buffer;
}

export interface Outbox {
  /** Resolves when all are on disk; when one cannot be written none of them stays, and it rejects. */
  write(files: readonly PendingFile[]): Promise<void>;
}

/** @param folders folders of files, below `dir`; they are created here, for this user only */
export async function openOutbox(dir: string, folders: readonly string[]): Promise<Outbox> {
  const aside = path.join(dir, 'sns', 'aside');
  for (const folder of [aside, ...folders.map((name) => path.join(dir, name))]) await makeDirectory(folder);
  for (const leftover of await readdir(aside)) await rm(path.join(aside, leftover), { force: true });

  return {
    async write(files) {
      const moves = files.map((file) => ({
        ...file,
        from: path.join(aside, randomUUID()),
        to: path.join(dir, file.path),
      }));
      try {
        const written = await Promise.allSettled(
          moves.map(({ from, content }) => writeThrough(from, content)),
        );
        const failure = written.find((result) => result.status === 'rejected');
        if (failure) throw failure.reason;
        for (const { from, to } of moves) await rename(from, to);
        for (const folder of new Set(moves.map(({ to }) => path.dirname(to)))) await syncDirectory(folder);
      } catch (error) {
        await Promise.allSettled(
          moves.flatMap(({ from, to }) => [from, to].map((file) => rm(file, { force: true }))),
        );
        throw error;
      }
    },
  };
}
