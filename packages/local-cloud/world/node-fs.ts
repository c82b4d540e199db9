// Replaces `node:fs` in a world: what is below the world's root is on its disk, everything else on the real one.

import * as fs from 'node:fs';
import { Readable, Writable } from 'node:stream';
import type { File } from './disk.ts';
import * as files from './files.ts';
import { isMounted, mounted, syncing } from './mount.ts';
import { requireAlive } from './runtime.ts';

export * from 'node:fs';

type Fs = typeof fs;
type Encoded = { readonly encoding?: BufferEncoding | null; readonly flag?: string; readonly mode?: number };

const encodingOf = (options: unknown) =>
  typeof options === 'string' ? (options as BufferEncoding) : (options as Encoded | undefined)?.encoding;

/** Chooses the disk by the path, which is the first argument. */
function byPath<Name extends keyof Fs>(name: Name, onWorld: (...given: never[]) => unknown): Fs[Name] {
  const real = fs[name] as (...given: unknown[]) => unknown;
  const chosen = (...given: unknown[]) => {
    requireAlive();
    return isMounted(given[0]) ? onWorld(...(given as never[])) : real(...given);
  };
  return chosen as unknown as Fs[Name];
}

const withoutThrowing = (file: string, { throwIfNoEntry = true } = {}) => {
  const found = mounted().find(file);
  return found || throwIfNoEntry ? files.statsOf(files.nodeAt(file, 'stat')) : undefined;
};

export const existsSync = byPath('existsSync', (file: string) => mounted().find(file) !== undefined);
export const readFileSync = byPath('readFileSync', (file: string, options?: unknown) => {
  const bytes = files.bytesOf(files.fileAt(file, 'open'));
  const encoding = encodingOf(options);
  return encoding ? bytes.toString(encoding) : bytes;
});
export const writeFileSync = byPath(
  'writeFileSync',
  (file: string, content: string | Uint8Array, options?: Encoded) =>
    files.writeWhole(file, content, options?.flag, options?.mode),
);
export const renameSync = byPath('renameSync', files.move);
export const linkSync = byPath('linkSync', files.addLink);
export const rmSync = byPath('rmSync', files.remove);
export const mkdirSync = byPath(
  'mkdirSync',
  (dir: string, how: { recursive?: boolean; mode?: number } = {}) =>
    files.makeFolder(dir, how.recursive ?? false, how.mode),
);
export const statSync = byPath('statSync', withoutThrowing);
export const lstatSync = byPath('lstatSync', withoutThrowing);
export const chmodSync = byPath('chmodSync', (file: string, mode: number) => {
  files.nodeAt(file, 'chmod').mode = mode;
});
export const readdirSync = byPath(
  'readdirSync',
  (dir: string, how: { withFileTypes?: boolean; recursive?: boolean } = {}) => {
    const entries = files.list(dir, how.recursive);
    return how.withFileTypes ? entries : entries.map(({ name }) => name);
  },
);

/** Far beyond the numbers that the system gives. */
const FIRST_DESCRIPTOR = 1_000_000;
const open = new Map<number, File>();
let lastDescriptor = FIRST_DESCRIPTOR;

export const openSync = byPath('openSync', (file: string, flags?: string | number, mode?: number) => {
  lastDescriptor += 1;
  open.set(lastDescriptor, files.openNode(file, files.howToOpen(flags), mode) as File);
  return lastDescriptor;
});

/** Chooses the disk by the descriptor. */
function byDescriptor<Name extends keyof Fs>(
  name: Name,
  onWorld: (file: File, ...given: never[]) => unknown,
): Fs[Name] {
  const real = fs[name] as (...given: unknown[]) => unknown;
  const chosen = (...given: unknown[]) => {
    requireAlive();
    const file = open.get(given[0] as number);
    return file ? onWorld(file, ...(given.slice(1) as never[])) : real(...given);
  };
  return chosen as unknown as Fs[Name];
}

export function closeSync(descriptor: number): void {
  if (!open.delete(descriptor)) fs.closeSync(descriptor);
}
export const writeSync = byDescriptor(
  'writeSync',
  (file, bytes: Uint8Array, offset = 0, length = bytes.length - offset, at?: number | null) => {
    mounted().write(file, bytes.subarray(offset, offset + length), at ?? file.size);
    return length;
  },
);
export const readSync = byDescriptor(
  'readSync',
  (file, bytes: Uint8Array, offset: number, length: number, at: number) => {
    const found = file.data.subarray(at, Math.min(file.size, at + length));
    bytes.set(found, offset);
    return found.length;
  },
);
export const fstatSync = byDescriptor('fstatSync', (file) => files.statsOf(file));
export const fdatasync = byDescriptor('fdatasync', (file, done: (error?: Error) => void) => {
  void syncing(mounted().beginSync(file)).then(() => done(undefined), done);
});

export const createReadStream = byPath(
  'createReadStream',
  (file: string, { start = 0, end = Infinity }: { start?: number; end?: number } = {}) =>
    Readable.from([files.bytesOf(files.fileAt(file, 'open')).subarray(start, end + 1)], {
      objectMode: false,
    }),
);

export const createWriteStream = byPath('createWriteStream', (file: string) => {
  const node = files.openNode(file, files.howToOpen('w')) as File;
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      mounted().write(node, chunk, node.size);
      done();
    },
  });
});
export const appendFileSync = byPath('appendFileSync', (file: string, content: string | Uint8Array) =>
  files.writeWhole(file, content, 'a'),
);
