// What both of Node's file modules do on the world's disk: find, read, make, move and remove.

import path from 'node:path';
import { diskError, type File, type Folder, type Node } from './disk.ts';
import { mounted } from './mount.ts';

export interface Stats {
  readonly size: number;
  readonly mtimeMs: number;
  readonly mtime: Date;
  readonly mode: number;
  readonly uid: number;
  readonly ino: number;
  readonly dev: number;
  readonly nlink: number;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

const FILE_TYPE = 0o100000;
const FOLDER_TYPE = 0o040000;

export function statsOf(node: Node): Stats {
  const { mtimeMs, id: ino, mode } = node;
  const type = node.kind === 'file' ? FILE_TYPE : FOLDER_TYPE;
  return {
    ...{ size: node.kind === 'file' ? node.size : 0, mtimeMs, mtime: new Date(mtimeMs) },
    ...{ mode: type | mode, uid: process.getuid?.() ?? 0, ino, dev: 1, nlink: 1 },
    isFile: () => node.kind === 'file',
    isDirectory: () => node.kind === 'folder',
    isSymbolicLink: () => false,
  };
}

export function nodeAt(file: string, syscall: string): Node {
  const node = mounted().find(file);
  if (!node) throw diskError('ENOENT', syscall, file);
  return node;
}

export function fileAt(file: string, syscall: string): File {
  const node = nodeAt(file, syscall);
  if (node.kind === 'folder') throw diskError('EISDIR', syscall, file);
  return node;
}

export function folderAt(file: string, syscall: string): Folder {
  const node = nodeAt(file, syscall);
  if (node.kind === 'file') throw diskError('ENOTDIR', syscall, file);
  return node;
}

export const bytesOf = (file: File): Buffer => Buffer.from(file.data.subarray(0, file.size));

const DEFAULT_MODE = 0o600;

export interface OpenHow {
  readonly create: boolean;
  readonly exclusive: boolean;
  readonly truncate: boolean;
  readonly append: boolean;
}

const O_CREAT = 0o100;
const O_EXCL = 0o200;
const O_TRUNC = 0o1000;
const O_APPEND = 0o2000;

/** @param flags as Node takes them: a text such as `wx`, or a number */
export function howToOpen(flags: string | number = 'r'): OpenHow {
  if (typeof flags === 'number') {
    const has = (bit: number) => (flags & bit) !== 0;
    return {
      ...{ create: has(O_CREAT), exclusive: has(O_EXCL) },
      ...{ truncate: has(O_TRUNC), append: has(O_APPEND) },
    };
  }
  return {
    create: /^[wa]/.test(flags),
    exclusive: flags.includes('x'),
    truncate: flags.startsWith('w'),
    append: flags.startsWith('a'),
  };
}

/** @throws ENOENT, EEXIST, ENOSPC; a folder is opened only to be synced */
export function openNode(file: string, how: OpenHow, mode = DEFAULT_MODE): Node {
  const disk = mounted();
  const found = disk.find(file);
  if (found && how.exclusive) throw diskError('EEXIST', 'open', file);
  if (found?.kind === 'folder' && how.create) throw diskError('EISDIR', 'open', file);
  if (found) {
    if (how.truncate && found.kind === 'file') disk.truncate(found, 0);
    return found;
  }
  if (!how.create) throw diskError('ENOENT', 'open', file);
  const { folder, name } = disk.folderOf(file, 'open');
  const made = disk.newFile(mode);
  disk.link(folder, name, made);
  return made;
}

export function writeWhole(file: string, content: string | Uint8Array, flags = 'w', mode?: number): void {
  const node = openNode(file, howToOpen(flags), mode) as File;
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  mounted().write(node, bytes, flags.startsWith('a') ? node.size : 0);
}

/** @returns the first folder that was made, as Node does */
export function makeFolder(dir: string, isRecursive: boolean, mode = 0o700): string | undefined {
  const disk = mounted();
  const found = disk.find(dir);
  if (found?.kind === 'folder' && isRecursive) return undefined;
  if (found) throw diskError('EEXIST', 'mkdir', dir);
  const parent = path.dirname(dir);
  const first = isRecursive && !disk.find(parent) ? makeFolder(parent, true, mode) : undefined;
  const { folder, name } = disk.folderOf(dir, 'mkdir');
  disk.link(folder, name, disk.newFolder(mode));
  return first ?? dir;
}

export function move(from: string, to: string): void {
  const disk = mounted();
  const node = nodeAt(from, 'rename');
  const source = disk.folderOf(from, 'rename');
  const target = disk.folderOf(to, 'rename');
  const there = disk.find(to);
  if (there === node) return;
  if (there?.kind === 'folder') throw diskError(node.kind === 'file' ? 'EISDIR' : 'ENOTEMPTY', 'rename', to);
  disk.link(target.folder, target.name, node);
  disk.unlink(source.folder, source.name);
}

export function addLink(from: string, to: string): void {
  const disk = mounted();
  if (disk.find(to)) throw diskError('EEXIST', 'link', to);
  const { folder, name } = disk.folderOf(to, 'link');
  disk.link(folder, name, fileAt(from, 'link'));
}

export interface RemoveHow {
  readonly recursive?: boolean;
  readonly force?: boolean;
}

export function remove(file: string, { recursive = false, force = false }: RemoveHow = {}): void {
  const disk = mounted();
  const found = disk.find(file);
  if (!found && force) return;
  if (!found) throw diskError('ENOENT', 'rm', file);
  if (found.kind === 'folder' && !recursive) throw diskError('EISDIR', 'rm', file);
  const { folder, name } = disk.folderOf(file, 'rm');
  disk.unlink(folder, name);
}

export function removeFolder(dir: string): void {
  if (folderAt(dir, 'rmdir').entries.size > 0) throw diskError('ENOTEMPTY', 'rmdir', dir);
  remove(dir, { recursive: true });
}

interface Entry {
  readonly name: string;
  readonly parentPath: string;
  isFile(): boolean;
  isDirectory(): boolean;
}

export function list(dir: string, isRecursive = false): Entry[] {
  return [...folderAt(dir, 'scandir').entries]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, node]) => {
      const entry = {
        ...{ name, parentPath: dir },
        isFile: () => node.kind === 'file',
        isDirectory: () => node.kind === 'folder',
      };
      return isRecursive && node.kind === 'folder' ? [entry, ...list(path.join(dir, name), true)] : [entry];
    });
}
