// The interface of contenders from packages. The packages may not be installed, so each is loaded by name.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FoldOutcome } from './fold-outcome.ts';

/** Folds the file once. */
export type Fold = (file: string) => Promise<FoldOutcome> | FoldOutcome;

/** Folders whose lock files have the packages. DuckDB is the one of `npm run query`. */
export const PEER_FOLDERS: readonly string[] = [
  import.meta.dirname,
  path.resolve(import.meta.dirname, '../commands/query'),
];

const folderOf = (name: string): string | undefined =>
  PEER_FOLDERS.find((folder) => existsSync(path.join(folder, 'node_modules', name)));

export const isInstalled = (name: string): boolean => folderOf(name) !== undefined;

/**
 * Loads a package, typed by the interface, since its own types exist only where it is installed. Rejects if it is not
 * installed.
 */
export async function loadPeer<Port>(name: string): Promise<Port> {
  const folder = folderOf(name);
  if (folder === undefined) throw new Error(`${name} is not installed: node bench/fold.ts --install`);
  const file = createRequire(path.join(folder, 'package.json')).resolve(name);
  return (await import(pathToFileURL(file).href)) as Port;
}
