// A disk that can be made full: a small file system in memory that can shrink to its content. Only root can mount it.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Disk {
  /** The mount point. */
  readonly folder: string;
  /** Shrinks it until no page is free. */
  fill(): void;
  free(): void;
  unmount(): void;
}

const SIZE = '2g';
const mount = (...args: readonly string[]) => execFileSync('mount', args, { stdio: 'ignore' });

/** Returns undefined if the user may not mount. */
export function mountDisk(): Disk | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidegate-chaos-disk-'));
  try {
    mount('-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', folder);
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  const unmount = () => {
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    folder,
    fill() {
      // The kernel refuses the size if something was written between the two calls; this is retried.
      for (let attempt = 1; ; attempt += 1) {
        const { blocks, bfree, bsize } = statfsSync(folder);
        try {
          return mount('-o', `remount,size=${(blocks - bfree) * bsize}`, folder);
        } catch (error) {
          if (attempt === 20) throw error;
        }
      }
    },
    free: () => mount('-o', `remount,size=${SIZE}`, folder),
    unmount,
  };
}
