// The journal's only touch of the disk, small enough that a test can put a full or failing disk in its place.

import { constants } from 'node:fs';
import { open, readdir, readFile, truncate, unlink } from 'node:fs/promises';

export interface SegmentFile {
  /** Writes all of `data` at `position`, or rejects with part of it written. */
  write(data: Buffer, position: number): Promise<void>;
  /** fdatasync: the bytes and the length are on the device. */
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  read(length: number, position: number): Promise<Buffer>;
  close(): Promise<void>;
}

export interface JournalFiles {
  create(path: string): Promise<SegmentFile>;
  open(path: string): Promise<SegmentFile>;
  list(dir: string): Promise<string[]>;
  readAll(path: string): Promise<Buffer>;
  truncate(path: string, length: number): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes the creation of files in `dir` outlive a power cut. */
  syncDirectory(dir: string): Promise<void>;
}

async function openSegment(path: string, flags: number): Promise<SegmentFile> {
  const file = await open(path, flags, 0o600);
  return {
    async write(data, position) {
      for (let done = 0; done < data.length;) {
        const { bytesWritten } = await file.write(data, done, data.length - done, position + done);
        done += bytesWritten;
      }
    },
    sync: () => file.datasync(),
    truncate: (length) => file.truncate(length),
    async read(length, position) {
      const data = Buffer.allocUnsafe(length);
      const { bytesRead } = await file.read(data, 0, length, position);
      return data.subarray(0, bytesRead);
    },
    close: () => file.close(),
  };
}

export const diskFiles: JournalFiles = {
  create: (path) => openSegment(path, constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC),
  open: (path) => openSegment(path, constants.O_RDONLY),
  list: (dir) => readdir(dir),
  readAll: (path) => readFile(path),
  truncate,
  remove: unlink,
  async syncDirectory(dir) {
    if (process.platform === 'win32') return; // a directory cannot be opened there
    const handle = await open(dir, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};
