// Keeps what esbuild made of a project's sources, so that a start builds only what has changed since.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Files below one folder, by relative path, or files anywhere, by absolute path; undefined: there is no such file. */
type Hashes = Readonly<Record<string, string | undefined>>;

interface Manifest {
  /** Where the outputs were built. */
  readonly folder: string;
  /** Everything that the build read, or looked for. */
  readonly inputs: Hashes;
  readonly outputs: Hashes;
}

export interface BundleCache {
  /** Copies the outputs of an earlier build into `folder`, unless anything that it read has changed since; then false. */
  take(key: string, folder: string): Promise<boolean>;
  /** Keeps the outputs of a build, relative to `folder`, instead of those of the same key. `inputs`: files that it read. */
  keep(key: string, folder: string, outputs: readonly string[], inputs: readonly string[]): Promise<void>;
}

/** What decides, beside the sources, how esbuild resolves and reads a file of its folder or below. */
const settingFiles = ['package.json', 'tsconfig.json', 'package-lock.json'];

/** In the order in which esbuild tries them: https://esbuild.github.io/api/#resolve-extensions */
const extensions = ['.tsx', '.ts', '.jsx', '.js', '.css', '.json'];

const FOLDER_NAME = 'node_modules/.cache/local-cloud';

/**
 * The cache of the project that `entryPoint` (absolute path) belongs to, where tools of Node keep what can be made again:
 * below the nearest node_modules; undefined where there is none.
 */
export function cacheFolderOf(entryPoint: string): string | undefined {
  for (const folder of foldersAbove(entryPoint)) {
    if (existsSync(path.join(folder, 'node_modules'))) return path.join(folder, FOLDER_NAME);
  }
  return undefined;
}

/** SHA-256 of a file, hex; undefined: there is no such file. */
export type FileHashes = (file: string) => string | undefined;

/** Reads each file once, for a moment in which none changes. */
export function rememberHashes(): FileHashes {
  const known = new Map<string, string | undefined>();
  return (file) => {
    if (!known.has(file)) known.set(file, hashOfFile(file));
    return known.get(file);
  };
}

/** @param inputHashes for comparing what an earlier build read with what is there now. */
export function createBundleCache(cacheFolder: string, inputHashes: FileHashes = hashOfFile): BundleCache {
  const entryOf = (key: string) => path.join(cacheFolder, hashOf(key).slice(0, 32));
  return {
    async take(key, folder) {
      const entry = entryOf(key);
      const manifest = readManifest(entry);
      if (!manifest || !isUnchanged(manifest.inputs, '/', inputHashes)) return false;
      if (!isUnchanged(manifest.outputs, entry)) return false;
      try {
        await copyOutputs(entry, manifest, folder);
        return true;
      } catch {
        return false; // another process is replacing it
      }
    },

    async keep(key, folder, outputs, inputs) {
      const entry = entryOf(key);
      const fresh = `${entry}.${process.pid}`;
      try {
        await rm(fresh, { recursive: true, force: true });
        await mkdir(fresh, { recursive: true, mode: 0o700 });
        for (const name of outputs) await cp(path.join(folder, name), path.join(fresh, name));
        const manifest: Manifest = {
          folder,
          inputs: hashesOf([...inputs, ...rivalsOf(inputs), ...settingsAbove(inputs)]),
          outputs: hashesOf(outputs, fresh),
        };
        await writeFile(path.join(fresh, 'manifest.json'), JSON.stringify(manifest, nullForAbsent));
        await rm(entry, { recursive: true, force: true });
        await rename(fresh, entry);
      } catch {
        // What cannot be kept, on a disk that is full or not ours, is built again the next time.
        await rm(fresh, { recursive: true, force: true }).catch(() => {});
      }
    },
  };
}

/** Copies what was built from the entry of the cache into a folder. */
async function copyOutputs(entry: string, manifest: Manifest, folder: string): Promise<void> {
  for (const name of Object.keys(manifest.outputs)) {
    const [from, to] = [path.join(entry, name), path.join(folder, name)];
    if (name.endsWith('.map'))
      await writeFile(to, movedMap(await readFile(from, 'utf8'), manifest.folder, folder, name));
    else await cp(from, to);
  }
}

const hashOf = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');

/** JSON has no undefined. */
const nullForAbsent = (_name: string, value: unknown) => value ?? null;

function readManifest(entry: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(path.join(entry, 'manifest.json'), 'utf8')) as Manifest;
  } catch {
    return undefined; // none, or not a whole one
  }
}

function hashOfFile(file: string): string | undefined {
  try {
    return hashOf(readFileSync(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

const hashesOf = (names: readonly string[], folder = '/'): Hashes =>
  Object.fromEntries(names.map((name) => [name, hashOfFile(path.resolve(folder, name))]));

function isUnchanged(hashes: Hashes, folder: string, hashOf: FileHashes = hashOfFile): boolean {
  try {
    return Object.entries(hashes).every(
      ([name, hash]) => hashOf(path.resolve(folder, name)) === (hash ?? undefined),
    );
  } catch {
    return false;
  }
}

/** A source map names its sources relative to where it is; esbuild writes them on a line of their own. */
function movedMap(text: string, from: string, to: string, name: string): string {
  const [oldPlace, newPlace] = [from, to].map((folder) => path.dirname(path.join(folder, name))) as [
    string,
    string,
  ];
  const moved = (source: string) => path.relative(newPlace, path.resolve(oldPlace, source));
  return text.replace(/^( *"sources": )(\[.*\])(?=,$)/m, (_line, member: string, list: string) => {
    const sources = (JSON.parse(list) as string[]).map(moved);
    return `${member}[${sources.map((source) => JSON.stringify(source)).join(', ')}]`;
  });
}

function* foldersAbove(file: string): Generator<string> {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    yield folder;
    if (folder === path.dirname(folder)) return;
  }
}

/** What an import without its extension means instead, once there is such a file; packages do not change by themselves. */
function rivalsOf(files: readonly string[]): string[] {
  return files.flatMap((file) => {
    if (file.includes('/node_modules/')) return [];
    const { dir, name } = path.parse(file);
    const stems = name === 'index' ? [path.join(dir, name), dir] : [path.join(dir, name)];
    return stems.flatMap((stem) => extensions.map((extension) => stem + extension));
  });
}

function settingsAbove(files: readonly string[]): string[] {
  const folders = new Set(files.flatMap((file) => [...foldersAbove(file)]));
  return [...folders].flatMap((folder) => settingFiles.map((name) => path.join(folder, name)));
}
