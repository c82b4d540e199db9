// A disk in memory that keeps what was synced: of the rest, a power cut loses or tears what came last.

import path from 'node:path';
import type { Random } from './random.ts';
import { world } from './runtime.ts';

export interface File {
  readonly kind: 'file';
  readonly id: number;
  data: Buffer;
  size: number;
  mtimeMs: number;
  mode: number;
  /** Writes since the last sync, each as what undoes it. */
  unsynced: Undo[];
}

export interface Folder {
  readonly kind: 'folder';
  readonly id: number;
  readonly entries: Map<string, Node>;
  mtimeMs: number;
  mode: number;
  /** Names given and taken since the last sync, each as what undoes it. */
  unsynced: (() => void)[];
}

export type Node = File | Folder;

/** Undoes a write: all of it, or all but its first bytes. */
type Undo = (keep: number) => void;

export type DiskError = NodeJS.ErrnoException;

const MESSAGES: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EEXIST: 'file already exists',
  ENOTDIR: 'not a directory',
  EISDIR: 'illegal operation on a directory',
  ENOTEMPTY: 'directory not empty',
  ENOSPC: 'no space left on device',
  EIO: 'i/o error',
};

export function diskError(code: string, syscall: string, file?: string): DiskError {
  const place = file === undefined ? '' : ` '${file}'`;
  // Most of them only say that a file is not there, and a stack trace takes longer than all else.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const error = new Error(`${code}: ${MESSAGES[code] ?? code}, ${syscall}${place}`) as DiskError;
  Error.stackTraceLimit = stackTraceLimit;
  return Object.assign(error, { code, syscall, path: file, errno: -1 });
}

const FIRST_BYTES = 256;
/** What the world keeps is below this folder. */
export const ROOT_NAME = 'tidegate-world';

export interface Disk {
  isFull: boolean;
  find(file: string): Node | undefined;
  /** @throws ENOENT, ENOTDIR */
  folderOf(file: string, syscall: string): { readonly folder: Folder; readonly name: string };
  newFile(mode: number): File;
  newFolder(mode: number): Folder;
  link(folder: Folder, name: string, node: Node): void;
  unlink(folder: Folder, name: string): void;
  /** @throws ENOSPC with a part written, when the disk is full and the file would grow */
  write(file: File, bytes: Uint8Array, at: number): void;
  truncate(file: File, size: number): void;
  /** @returns a function that ends it: what was written before the beginning is kept from then on */
  beginSync(node: Node): () => void;
  /** Loses what was not synced, as far as `random` has it; what was written last goes first. */
  cutPower(random: Random): void;
  /** Copies everything that is on it, as synced. */
  copy(): Disk;
}

function grow(file: File, size: number): void {
  if (size <= file.data.length) return;
  const data = Buffer.alloc(Math.max(size, file.data.length * 2, FIRST_BYTES));
  file.data.copy(data, 0, 0, file.size);
  file.data = data;
}

function put(file: File, bytes: Uint8Array, at: number): void {
  const before = Buffer.from(file.data.subarray(at, Math.min(file.size, at + bytes.length)));
  const { size } = file;
  grow(file, at + bytes.length);
  if (at > size) file.data.fill(0, size, at);
  file.data.set(bytes, at);
  file.size = Math.max(size, at + bytes.length);
  file.mtimeMs = world.now();
  file.unsynced.push((keep) => {
    const kept = Math.min(keep, bytes.length);
    if (kept < before.length) before.copy(file.data, at + kept, kept);
    file.size = Math.max(size, kept > 0 ? at + kept : 0);
  });
}

function truncate(file: File, size: number): void {
  const { size: before } = file;
  const lost = Buffer.from(file.data.subarray(Math.min(size, before), before));
  grow(file, size);
  if (size > before) file.data.fill(0, before, size);
  file.size = size;
  file.unsynced.push(() => {
    grow(file, before);
    lost.copy(file.data, before - lost.length);
    file.size = before;
  });
}

/** What is unsynced now is synced once the returned function has run. */
function beginSync(node: { unsynced: unknown[] }): () => void {
  const { unsynced } = node;
  if (unsynced.length === 0) return () => {};
  const covered = new Set(unsynced);
  return () => void (node.unsynced = node.unsynced.filter((each) => !covered.has(each)));
}

function cutFile(file: File, random: Random): void {
  const writes = file.unsynced;
  file.unsynced = [];
  if (writes.length === 0) return;
  const kept = random.whole(0, writes.length);
  for (let at = writes.length - 1; at >= kept; at -= 1)
    writes[at]!(at === kept && random.chance(0.5) ? random.whole(0, FIRST_BYTES) : 0);
}

/** From the root down: what an undone change brings back is cut as well. */
function cutFolder(folder: Folder, random: Random): void {
  const changes = folder.unsynced;
  folder.unsynced = [];
  if (changes.length > 0) for (const undo of changes.slice(random.whole(0, changes.length)).reverse()) undo();
  for (const node of folder.entries.values())
    if (node.kind === 'file') cutFile(node, random);
    else cutFolder(node, random);
}

function copyNode(node: Node): Node {
  if (node.kind === 'folder')
    return {
      ...node,
      unsynced: [],
      entries: new Map([...node.entries].map(([name, each]) => [name, copyNode(each)])),
    };
  return { ...node, data: Buffer.from(node.data.subarray(0, node.size)), unsynced: [] };
}

const namesOf = (file: string) => path.normalize(file).split('/').filter(Boolean);

/** The root, with the folder for what is temporary. */
function emptyFolder(): Folder {
  const folder = (entries: [string, Node][]): Folder => ({
    ...{ kind: 'folder', id: entries.length, entries: new Map(entries), mtimeMs: 0, mode: 0o700 },
    unsynced: [],
  });
  return folder([
    ['tmp', folder([])],
    [ROOT_NAME, folder([])],
  ]);
}

function nodeAt(top: Folder, file: string): Node | undefined {
  let node: Node | undefined = top;
  for (const name of namesOf(file)) {
    if (node?.kind !== 'folder') return undefined;
    node = node.entries.get(name);
  }
  return node;
}

function restore(folder: Folder, name: string, before: Node | undefined): void {
  if (before) folder.entries.set(name, before);
  else folder.entries.delete(name);
}

function link(folder: Folder, name: string, node: Node): void {
  const before = folder.entries.get(name);
  folder.entries.set(name, node);
  folder.unsynced.push(() => restore(folder, name, before));
}

function unlink(folder: Folder, name: string): void {
  const before = folder.entries.get(name);
  folder.entries.delete(name);
  folder.unsynced.push(() => restore(folder, name, before));
}

/** Writes a random part of the bytes, as a disk does that becomes full. @throws ENOSPC */
function writeUntilFull(file: File, bytes: Uint8Array, at: number): never {
  const part = world.random().whole(0, bytes.length - 1);
  if (part > 0) put(file, Buffer.from(bytes.subarray(0, part)), at);
  throw diskError('ENOSPC', 'write');
}

/** @param top the root folder, empty if absent */
export function createDisk(top: Folder = emptyFolder()): Disk {
  let lastId = 1_000_000;
  const disk: Disk = {
    isFull: false,
    find: (file) => nodeAt(top, file),
    folderOf(file, syscall) {
      const folder = nodeAt(top, path.dirname(file));
      if (!folder) throw diskError('ENOENT', syscall, file);
      if (folder.kind !== 'folder') throw diskError('ENOTDIR', syscall, file);
      return { folder, name: path.basename(file) };
    },
    newFile(mode) {
      if (disk.isFull) throw diskError('ENOSPC', 'open');
      lastId += 1;
      const { now } = world;
      return { kind: 'file', id: lastId, data: Buffer.alloc(0), size: 0, mtimeMs: now(), mode, unsynced: [] };
    },
    newFolder(mode) {
      if (disk.isFull) throw diskError('ENOSPC', 'mkdir');
      lastId += 1;
      return { kind: 'folder', id: lastId, entries: new Map(), mtimeMs: world.now(), mode, unsynced: [] };
    },
    link,
    unlink,
    write(file, bytes, at) {
      if (disk.isFull && at + bytes.length > file.size) writeUntilFull(file, bytes, at);
      put(file, Buffer.from(bytes), at);
    },
    truncate,
    beginSync,
    cutPower: (random) => cutFolder(top, random),
    copy: () => createDisk(copyNode(top) as Folder),
  };
  return disk;
}
