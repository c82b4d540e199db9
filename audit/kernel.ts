// Compiles the kernel of the fold from its AssemblyScript where it is used, as the functions are bundled from their TypeScript.

import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const FOLDER = path.join(import.meta.dirname, '../core/fast-fold');

let compiled: Promise<WebAssembly.Module> | undefined;

/**
 * Takes two to three seconds, once, in a process of its own, which needs more memory than most folds. Rejects with what the
 * compiler says, and where the package assemblyscript is not installed.
 */
export function compileKernel(): Promise<WebAssembly.Module> {
  return (compiled ??= compile([]));
}

/** With options of the compiler besides those of asconfig.json. */
export async function compile(options: readonly string[]): Promise<WebAssembly.Module> {
  const compiler = path.join(
    path.dirname(fileURLToPath(import.meta.resolve('assemblyscript'))),
    '../bin/asc.js',
  );
  const args = [compiler, '--config', 'asconfig.json', ...options, '--outFile'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: FOLDER, encoding: 'buffer' });
  return WebAssembly.compile(stdout);
}
