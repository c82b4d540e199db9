// Remembers which functions could be imported, so that a start tries only what has changed since: trying one takes time and memory.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { FunctionSpec } from '../template/functions.ts';
import { cacheFolderOf } from './bundle-cache.ts';
import type { Bundle } from './bundle.ts';

/** One empty file for each bundle and environment; undefined where the project has no folder for what can be made again. */
function noteOf(spec: FunctionSpec, { sha256 }: Bundle): string | undefined {
  const cacheFolder = cacheFolderOf(spec.entryPoint);
  if (cacheFolder === undefined) return undefined;
  const imported = [
    process.version,
    spec.logicalId,
    spec.handlerName,
    spec.memoryMb,
    sha256,
    spec.environment,
  ];
  const name = createHash('sha256').update(JSON.stringify(imported)).digest('hex').slice(0, 32);
  return path.join(cacheFolder, 'imported', name);
}

/** Whether this code was imported before with the template's variables of today. */
export function wasImported(spec: FunctionSpec, bundle: Bundle): boolean {
  const note = noteOf(spec, bundle);
  return note !== undefined && existsSync(note);
}

/** What cannot be noted, on a disk that is full or not ours, is imported at the next start too. */
export async function noteImport(spec: FunctionSpec, bundle: Bundle): Promise<void> {
  const note = noteOf(spec, bundle);
  if (note === undefined) return;
  try {
    await mkdir(path.dirname(note), { recursive: true, mode: 0o700 });
    await writeFile(note, '');
  } catch {
    // Nothing is lost but the time of the next start.
  }
}
