// Hears of changed files, also of those that an editor replaces by renaming, and of new ones beside them.

import { statSync, watch, type FSWatcher } from 'node:fs';
import path from 'node:path';
import type { Log } from '../log.ts';

export interface FileWatch {
  /** Watches the folders of these files, and no other from now on. */
  follow(files: Iterable<string>): void;
  close(): void;
}

/** A save is several changes: changes that follow each other so soon are reported together. */
const SETTLE_MS = 50;
/** How often it is looked whether a folder that went is there again, as while another branch is checked out. */
const MISSING_MS = 500;

interface Watched {
  readonly watcher: FSWatcher;
  /** A folder that was replaced has another one. */
  readonly inode: number;
}

const inodeOf = (folder: string) => statSync(folder, { throwIfNoEntry: false })?.ino;

/** `onChange` is given absolute paths, never while it still runs. It must not reject. */
export function watchFiles(onChange: (files: ReadonlySet<string>) => Promise<void>, log: Log): FileWatch {
  const watched = new Map<string, Watched>();
  let wanted = new Set<string>();
  let changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let busy = false;
  let closed = false;

  function drop(folder: string): void {
    watched.get(folder)?.watcher.close();
    watched.delete(folder);
  }

  function add(folder: string, inode: number): void {
    try {
      const watcher = watch(folder, (_event, name) => {
        if (name !== null) touch(path.join(folder, name));
      });
      watcher.on('error', () => drop(folder)); // it went: `look` finds it when it comes back
      watched.set(folder, { watcher, inode });
    } catch (error) {
      const { code = String(error) } = error as NodeJS.ErrnoException;
      wanted.delete(folder);
      log.warn(`changes in ${folder} are not seen (${code}): the system watches no more files`);
    }
  }

  /** Makes what is watched what is wanted, where it is there. */
  function look(): void {
    if (closed) return;
    for (const folder of watched.keys()) if (!wanted.has(folder)) drop(folder);
    let missing = false;
    for (const folder of [...wanted]) {
      const inode = inodeOf(folder);
      if (inode === undefined) missing = true;
      if (watched.get(folder)?.inode === inode) continue;
      drop(folder);
      if (inode !== undefined) add(folder, inode);
    }
    if (missing) setTimeout(look, MISSING_MS).unref();
  }

  function touch(file: string): void {
    changed.add(file);
    clearTimeout(timer);
    timer = setTimeout(() => void report(), SETTLE_MS);
  }

  async function report(): Promise<void> {
    if (busy || closed) return;
    busy = true;
    const files = changed;
    changed = new Set();
    look();
    await onChange(files);
    busy = false;
    if (changed.size > 0) await report();
  }

  return {
    follow(files) {
      wanted = new Set([...files].map((file) => path.dirname(file)));
      look();
    },
    close() {
      closed = true;
      clearTimeout(timer);
      for (const folder of [...watched.keys()]) drop(folder);
    },
  };
}
