// A disk in memory for the journal's tests: it can be full, fail to sync, and be copied as a crash would leave it.

import { basename } from 'node:path';
import type { JournalFiles } from '../../journal/files.ts';

export interface MemoryDisk {
  readonly files: JournalFiles;
  readonly content: Map<string, Buffer>;
  /** Bytes that may still be written before the disk is full. */
  space: number;
  /** Thrown by the next operations of that name until removed. */
  readonly failures: Map<'sync' | 'truncate' | 'create', Error>;
  syncs: number;
  /** Another disk with the same files, as they are now. */
  copy(): MemoryDisk;
}

export function createMemoryDisk(initial: Iterable<[string, Buffer]> = []): MemoryDisk {
  const content = new Map(initial);
  const check = (name: 'sync' | 'truncate' | 'create') => {
    const failure = disk.failures.get(name);
    if (failure) throw failure;
  };
  const openFile = (path: string) => ({
    async write(data: Buffer, position: number) {
      await Promise.resolve();
      const fits = data.subarray(0, Math.max(0, disk.space));
      disk.space -= fits.length;
      const old = content.get(path)!.subarray(0, position);
      content.set(path, Buffer.concat([old, Buffer.alloc(position - old.length), fits]));
      if (fits.length < data.length) throw new Error('ENOSPC: no space left on device, write');
    },
    async sync() {
      check('sync');
      disk.syncs += 1;
      await new Promise(setImmediate);
    },
    async truncate(length: number) {
      check('truncate');
      disk.space += content.get(path)!.length - length;
      content.set(path, content.get(path)!.subarray(0, length));
    },
    read: async (length: number, position: number) =>
      content.get(path)!.subarray(position, position + length),
    async close() {},
  });
  const files: JournalFiles = {
    async create(path) {
      check('create');
      content.set(path, Buffer.alloc(0));
      return openFile(path);
    },
    open: async (path) => openFile(path),
    list: async () => [...content.keys()].map((path) => basename(path)),
    readAll: async (path) => content.get(path)!,
    async truncate(path, length) {
      content.set(path, content.get(path)!.subarray(0, length));
    },
    async remove(path) {
      content.delete(path);
    },
    async syncDirectory() {},
  };
  const disk: MemoryDisk = {
    files,
    content,
    space: Infinity,
    failures: new Map(),
    syncs: 0,
    copy: () => createMemoryDisk(content),
  };
  return disk;
}
