// Writes files so that a crash leaves the old or the new content: into a new file, synced, then renamed into place.

import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';

const code = (error: unknown) => (error as NodeJS.ErrnoException).code;

/** Whether a file system error means "there is no such file", also because a part of its path is a file. */
export const isMissing = (error: unknown): boolean => code(error) === 'ENOENT' || code(error) === 'ENOTDIR';

/** Makes a directory's entries durable; where directories cannot be opened (Windows), that is left to the system. */
export async function syncDirectory(dir: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Creates `dir` with its parents, for this user only, and makes the new ones durable. */
export async function makeDirectory(dir: string): Promise<void> {
  const first = await mkdir(dir, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = dir; ; made = path.dirname(made)) {
    await syncDirectory(path.dirname(made));
    if (made === first || path.dirname(made) === made) return;
  }
}

/** Writes `content` to the new file `file` and syncs it to the disk. */
export async function writeThrough(file: string, content: string | Buffer, mode = 0o600): Promise<void> {
  const handle = await open(file, 'wx', mode);
  try {
    await handle.writeFile(content);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

async function writeBeside(beside: string, file: string, content: string | Buffer, mode?: number) {
  try {
    await writeThrough(beside, content, mode);
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncDirectory(path.dirname(file));
}

/** Replaces `file` by `content` at once and durably, even when others do the same; the folder must exist. */
export async function writeFileSafely(file: string, content: string | Buffer): Promise<void> {
  await writeBeside(path.join(path.dirname(file), `.${randomUUID()}.tmp`), file, content);
}

/**
 * The same for a file with one writer: a temporary file that a crash left is overwritten the next time.
 * Readable by its owner alone unless `mode` says otherwise.
 */
export async function replaceFile(file: string, content: string | Buffer, mode?: number): Promise<void> {
  const beside = `${file}.new`;
  await rm(beside, { force: true });
  await writeBeside(beside, file, content, mode);
}
