// Reads archived objects from disk, as `aws s3 sync` stores them: folders of plain or compressed lines.

import { createReadStream, readdirSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

const GZIP = Buffer.of(0x1f, 0x8b);
const NEWLINE = Buffer.from('\n');

/** The files and the files in the folders, ordered by name. */
export function filesBelow(paths: readonly string[]): string[] {
  return paths.flatMap((given) => {
    if (!statSync(given).isDirectory()) return [given];
    const entries = readdirSync(given, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.map(({ parentPath, name }) => path.join(parentPath, name)).sort();
  });
}

/** The hour of arrival from a file's folder, such as `raw/2026/12/01/05/`; epoch milliseconds. */
export function hourOfPath(file: string): number | undefined {
  const [, year, month, day, hour] =
    /[\\/](\d{4})[\\/](\d\d)[\\/](\d\d)[\\/](\d\d)[\\/][^\\/]+$/.exec(file) ?? [];
  const found = Date.parse(`${year}-${month}-${day}T${hour}:00:00Z`);
  return Number.isNaN(found) ? undefined : found;
}

/** The lines of all files. The end of a file ends its last line. Rejects with an error that names an unreadable file. */
export async function* chunksOf(files: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const file of files) {
    try {
      yield* await contentOf(file);
    } catch (error) {
      throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
    }
    yield NEWLINE;
  }
}

/** Detects compression from the content, because copies may have any name. */
async function contentOf(file: string): Promise<AsyncIterable<Uint8Array>> {
  const start = Buffer.alloc(GZIP.length);
  const handle = await open(file);
  try {
    await handle.read(start, 0, GZIP.length, 0);
  } finally {
    await handle.close();
  }
  const bytes = createReadStream(file, { highWaterMark: 1 << 20 });
  if (!start.equals(GZIP)) return bytes;
  // The reader of the last stream gets errors of both.
  return pipeline(bytes, createGunzip(), () => {});
}

/**
 * The lines of all files in parts of about this many bytes. Read each part to its end before requesting the next. A
 * file that is missing or cannot be read to its end is reported to `onFault` with the reason; the parts contain what
 * could be read.
 */
export async function* partsOfFiles(
  files: readonly string[],
  { bytes, onFault }: { readonly bytes: number; readonly onFault: (fault: string) => void },
): AsyncGenerator<AsyncIterable<Uint8Array>> {
  const chunks = readableChunks(files, onFault);
  let rest: Uint8Array | undefined;
  let isOver = false;
  async function* part(): AsyncGenerator<Uint8Array> {
    for (let size = 0; ;) {
      const chunk = rest ?? (await chunks.next()).value;
      rest = undefined;
      isOver = chunk === undefined;
      if (chunk === undefined) return;
      size += chunk.length;
      const end = size < bytes ? -1 : chunk.lastIndexOf(NEWLINE[0]!);
      if (end < 0) yield chunk;
      else {
        if (end + 1 < chunk.length) rest = chunk.subarray(end + 1);
        yield chunk.subarray(0, end + 1);
        return;
      }
    }
  }
  while (!isOver) yield part();
}

/** All lines of the files, as `chunksOf` yields them; `onFault` gets each file that cannot be read to its end, with the reason. */
export async function* readableChunks(
  files: readonly string[],
  onFault: (fault: string) => void,
): AsyncGenerator<Uint8Array, undefined> {
  for (const file of files) {
    try {
      yield* chunksOf([file]);
    } catch (error) {
      onFault((error as Error).message);
      yield NEWLINE;
    }
  }
}
