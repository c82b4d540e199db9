// A file system that is really full: small ones are mounted where this user may.

import { execFileSync } from 'node:child_process';
import { temporaryFolder } from './folders.ts';

/** Mounts a file system of so many megabytes. */
export const mountSmallDisk = (dir: string, megabytes: number): void =>
  void execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', dir], { stdio: 'ignore' });

export const unmount = (dir: string): void => void execFileSync('umount', ['-l', dir]);

/** Whether this user can mount a file system: one is mounted and unmounted again. */
export function canMount(): boolean {
  const dir = temporaryFolder();
  try {
    mountSmallDisk(dir, 1);
  } catch {
    return false;
  }
  unmount(dir);
  return true;
}
