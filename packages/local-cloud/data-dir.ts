// The data directory belongs to one process at a time: a second one on the same files would corrupt both.

import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { keepPrivate } from './private-folder.ts';
import { StartError } from './start-error.ts';

/** Distinguishes a process from a later one with the same number: by its start time where /proc has it. */
function identityOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return `${pid}`; // no /proc on this system: the number alone must do
  }
}

function isAlive(holder: string): boolean {
  const pid = Number(holder.split(' ')[0]);
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return identityOf(pid) === holder;
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'make room on its disk',
  EDQUOT: 'make room on its disk',
  EACCES: 'change its owner or mode',
  EPERM: 'change its owner or mode',
  EROFS: 'change its owner or mode',
  EEXIST: 'move the existing file away',
  ENOTDIR: 'move the existing file away',
  EISDIR: 'move the existing file away',
};

function unusable(what: string, error: unknown): StartError {
  const { code = String(error) } = error as NodeJS.ErrnoException;
  const remedy = REMEDIES[code] ?? 'change its owner or mode';
  return new StartError(`${what} cannot be written (${code}): ${remedy}, or choose another with --data-dir`, {
    cause: error,
  });
}

/** Adds the remedy to an error of the disk at the start; every other error stays as it is. */
export function explainDiskError(dir: string, error: unknown): unknown {
  const { cause = error } = error as Error;
  const { syscall, code = '', path: file = dir } = cause as NodeJS.ErrnoException;
  const isOfDisk = syscall !== undefined && code in REMEDIES && !path.relative(dir, file).startsWith('..');
  return isOfDisk && !(error instanceof StartError)
    ? unusable(file === dir ? `data directory ${dir}` : file, cause)
    : error;
}

/** Linked into place when complete, so that nobody reads half a lock. */
function writeLock(file: string): boolean {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, identityOf(process.pid), { mode: 0o600 });
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own);
  }
}

function removeStale(file: string, holder: string): void {
  const aside = `${file}.stale.${process.pid}`;
  renameSync(file, aside);
  if (readFileSync(aside, 'utf8') === holder) rmSync(aside);
  else renameSync(aside, file); // another process was faster: the lock is its own now
}

/** Node's recursive mkdir never returns in a folder that accepts no entries, such as /proc. */
function makeFolder(dir: string): void {
  if (existsSync(dir)) return;
  const parent = path.dirname(dir);
  if (parent !== dir) makeFolder(parent);
  mkdirSync(dir, { mode: 0o700 });
}

/**
 * Creates `dir` if missing, makes it private, and takes its lock; the lock of a killed process is taken over.
 *
 * @returns a function that releases the lock.
 * @throws StartError when another process holds it, or the directory cannot be written or kept private.
 */
export function lockDataDir(dir: string): () => void {
  const file = path.join(dir, 'lock');
  try {
    makeFolder(dir);
    keepPrivate(dir);
    while (!writeLock(file)) {
      const holder = readFileSync(file, 'utf8');
      if (isAlive(holder)) {
        throw new StartError(
          `${dir} is in use by process ${holder.split(' ')[0]}: stop it, or choose another directory with --data-dir`,
        );
      }
      removeStale(file, holder);
    }
  } catch (error) {
    throw error instanceof StartError ? error : unusable(`data directory ${dir}`, error);
  }
  return () => rmSync(file, { force: true });
}
