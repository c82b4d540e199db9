// Reports changed files, also those that an editor replaces by renaming, and new files in the same folders.

import { statSync, watch, type FSWatcher } from 'node:fs';
import path from 'node:path';
import type { Log } from '../log.ts';

export interface FileWatch {
  /** Watches the folders of these files, and no other from now on. */
  follow(files: Iterable<string>): void;
  close(): void;
}

/** Changes within this time are reported together: one save is several changes. */
const SETTLE_MS = 50;
/** How often a removed folder is looked for again, such as while another branch is checked out. */
const MISSING_MS = 500;

interface Watched {
  readonly watcher: FSWatcher;
  /** A replaced folder has another inode. */
  readonly inode: number;
}

const inodeOf = (folder: string) => statSync(folder, { throwIfNoEntry: false })?.ino;

/** Watchers by folder. @param touch is called with the absolute path of a changed file */
function createWatchers(touch: (file: string) => void) {
  const watched = new Map<string, Watched>();
  const drop = (folder: string) => {
    watched.get(folder)?.watcher.close();
    watched.delete(folder);
  };
  return {
    drop,
    folders: () => [...watched.keys()],
    inodeOf: (folder: string) => watched.get(folder)?.inode,
    /** @throws what the system throws when it watches no more files */
    add(folder: string, inode: number): void {
      const watcher = watch(folder, (_event, name) => {
        if (name !== null) touch(path.join(folder, name));
      });
      watcher.on('error', () => drop(folder)); // removed: `update` finds it when it comes back
      watched.set(folder, { watcher, inode });
    },
  };
}

/** Watches folders, also those that are removed and come back. @param touch as for the watchers */
function watchFolders(touch: (file: string) => void, log: Log) {
  const watchers = createWatchers(touch);
  let wanted = new Set<string>();
  let closed = false;

  function add(folder: string, inode: number): void {
    try {
      watchers.add(folder, inode);
    } catch (error) {
      const { code = String(error) } = error as NodeJS.ErrnoException;
      wanted.delete(folder);
      log.warn(`changes in ${folder} are not seen (${code}): the system watches no more files`);
    }
  }

  /** Watches the wanted folders that exist, and no others. */
  function update(): void {
    if (closed) return;
    for (const folder of watchers.folders()) if (!wanted.has(folder)) watchers.drop(folder);
    let missing = false;
    for (const folder of [...wanted]) {
      const inode = inodeOf(folder);
      if (inode === undefined) missing = true;
      if (watchers.inodeOf(folder) === inode) continue;
      watchers.drop(folder);
      if (inode !== undefined) add(folder, inode);
    }
    if (missing) setTimeout(update, MISSING_MS).unref();
  }

  return {
    update,
    follow(folders: Iterable<string>): void {
      wanted = new Set(folders);
      update();
    },
    close(): void {
      closed = true;
      for (const folder of watchers.folders()) watchers.drop(folder);
    },
  };
}

/** `onChange` gets absolute paths, and is never called while it still runs. It must not reject. */
export function watchFiles(onChange: (files: ReadonlySet<string>) => Promise<void>, log: Log): FileWatch {
  let changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let busy = false;
  let closed = false;
  const folders = watchFolders((file) => {
    changed.add(file);
    clearTimeout(timer);
    timer = setTimeout(() => void report(), SETTLE_MS);
  }, log);

  async function report(): Promise<void> {
    if (busy || closed) return;
    busy = true;
    const files = changed;
    changed = new Set();
    folders.update();
    await onChange(files);
    busy = false;
    if (changed.size > 0) await report();
  }

  return {
    follow: (files) => folders.follow([...files].map((file) => path.dirname(file))),
    close() {
      closed = true;
      clearTimeout(timer);
      folders.close();
    },
  };
}
