// Replaces `node:fs/promises` in a world: every answer takes time, and a process that is killed meanwhile never gets it.

import * as real from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { File, Node } from './disk.ts';
import * as files from './files.ts';
import { isMounted, mounted, reading, syncing } from './mount.ts';
import { outside } from './runtime.ts';

export * from 'node:fs/promises';

type Promises = typeof real;
type Encoded =
  | { readonly encoding?: BufferEncoding | null; readonly flag?: string; readonly mode?: number }
  | BufferEncoding;

/** Chooses the disk by the path, which is the first argument. */
function byPath<Name extends keyof Promises>(
  name: Name,
  onWorld: (...given: never[]) => unknown,
): Promises[Name] {
  const onReal = real[name] as (...given: unknown[]) => Promise<unknown>;
  const chosen = (...given: unknown[]) =>
    isMounted(given[0]) ? reading(() => onWorld(...(given as never[]))) : outside(onReal(...given));
  return chosen as unknown as Promises[Name];
}

const optionsOf = (given: Encoded | undefined) => (typeof given === 'string' ? { encoding: given } : given);
const contentOf = (node: Node, encoding: BufferEncoding | null | undefined) => {
  const bytes = files.bytesOf(node as File);
  return encoding ? bytes.toString(encoding) : bytes;
};

const isBytes = (given: unknown): given is Uint8Array => given instanceof Uint8Array;

/** The bytes that `write` of a file handle is to write. */
function bytesToWrite(
  data: string | Uint8Array,
  from: number,
  length: number | null | undefined,
): Uint8Array {
  const all = isBytes(data) ? data : Buffer.from(data);
  return all.subarray(from, from + (length ?? all.length - from));
}

/** As far as the product uses one. */
function handleOf(node: Node, append: boolean) {
  let position = 0;
  const file = node as File;
  const write = (bytes: Uint8Array, at?: number | null) => {
    const start = append ? file.size : (at ?? position);
    mounted().write(file, bytes, start);
    if (at === undefined || at === null) position = start + bytes.length;
  };
  const sync = () => syncing(mounted().beginSync(node));
  return {
    stat: () => reading(() => files.statsOf(node)),
    sync,
    datasync: sync,
    close: () => reading(() => undefined),
    truncate: (size = 0) => reading(() => mounted().truncate(file, size)),
    readFile: (given?: Encoded) => reading(() => contentOf(node, optionsOf(given)?.encoding)),
    writeFile: (content: string | Uint8Array) =>
      reading(() => write(typeof content === 'string' ? Buffer.from(content) : content)),
    appendFile: (content: string | Uint8Array) =>
      reading(() => mounted().write(file, Buffer.from(content as string), file.size)),
    write: (data: string | Uint8Array, ...given: (number | null | undefined)[]) =>
      reading(() => {
        const [offset, length, at] = isBytes(data) ? given : [0, undefined, given[0]];
        const bytes = bytesToWrite(data, offset ?? 0, length);
        write(bytes, at);
        return { bytesWritten: bytes.length, buffer: data };
      }),
    read: (buffer: Uint8Array, offset = 0, length = buffer.length - offset, at: number | null = null) =>
      reading(() => {
        const start = at ?? position;
        const bytes = file.data.subarray(start, Math.min(file.size, start + length));
        buffer.set(bytes, offset);
        if (at === null) position += bytes.length;
        return { bytesRead: bytes.length, buffer };
      }),
    createReadStream: ({ start = 0, end = Infinity } = {}) =>
      Readable.from([files.bytesOf(file).subarray(start, end + 1)], { objectMode: false }),
  };
}

export const open = byPath('open', (file: string, flags?: string | number, mode?: number) => {
  const how = files.howToOpen(flags);
  return handleOf(files.openNode(file, how, mode), how.append);
});
export const readFile = byPath('readFile', (file: string, given?: Encoded) =>
  contentOf(files.fileAt(file, 'open'), optionsOf(given)?.encoding),
);
export const writeFile = byPath(
  'writeFile',
  (file: string, content: string | Uint8Array, given?: Encoded) => {
    const { flag, mode } = { flag: undefined, mode: undefined, ...optionsOf(given) };
    files.writeWhole(file, content, flag, mode);
  },
);
export const appendFile = byPath('appendFile', (file: string, content: string | Uint8Array) =>
  files.writeWhole(file, content, 'a'),
);
export const mkdir = byPath('mkdir', (dir: string, how: { recursive?: boolean; mode?: number } = {}) =>
  files.makeFolder(dir, how.recursive ?? false, how.mode),
);
export const readdir = byPath(
  'readdir',
  (dir: string, how: { withFileTypes?: boolean; recursive?: boolean } = {}) => {
    const entries = files.list(dir, how.recursive);
    return how.withFileTypes ? entries : entries.map(({ name }) => name);
  },
);
export const rename = byPath('rename', files.move);
export const link = byPath('link', files.addLink);
export const copyFile = byPath('copyFile', (from: string, to: string) =>
  files.writeWhole(to, files.bytesOf(files.fileAt(from, 'copyfile'))),
);
export const rm = byPath('rm', files.remove);
export const unlink = byPath('unlink', (file: string) => files.remove(file));
export const rmdir = byPath('rmdir', files.removeFolder);
export const truncate = byPath('truncate', (file: string, size = 0) =>
  mounted().truncate(files.fileAt(file, 'truncate'), size),
);
const stats = (file: string) => files.statsOf(files.nodeAt(file, 'stat'));
export const stat = byPath('stat', stats);
export const lstat = byPath('lstat', stats);
export const realpath = byPath('realpath', (file: string) => {
  files.nodeAt(file, 'realpath');
  return file;
});
