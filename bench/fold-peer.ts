// Contenders of the fold are packages that may not be installed, so each is loaded by name and reached through a port.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FoldOutcome } from './fold-outcome.ts';

/** Folds the file once. */
export type Fold = (file: string) => Promise<FoldOutcome> | FoldOutcome;

/** Folders whose locks have peers; DuckDB is that of `npm run query`. */
export const PEER_FOLDERS: readonly string[] = [
  import.meta.dirname,
  path.resolve(import.meta.dirname, '../commands/query'),
];

const folderOf = (name: string): string | undefined =>
  PEER_FOLDERS.find((folder) => existsSync(path.join(folder, 'node_modules', name)));

export const isInstalled = (name: string): boolean => folderOf(name) !== undefined;

/** The package, as the port says: its types are there only where it is installed. Rejects where it is not. */
export async function loadPeer<Port>(name: string): Promise<Port> {
  const folder = folderOf(name);
  if (folder === undefined) throw new Error(`${name} is not installed: node bench/fold.ts --install`);
  const file = createRequire(path.join(folder, 'package.json')).resolve(name);
  return (await import(pathToFileURL(file).href)) as Port;
}
