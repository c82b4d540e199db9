// Compiles the kernel from its AssemblyScript, and checks from which sources the committed kernel.wasm was compiled.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const FOLDER = import.meta.dirname;
const SOURCES = path.join(FOLDER, 'assembly');
const COMPILER = path.join(SOURCES, 'node_modules/assemblyscript/bin/asc.js');

export const KERNEL = path.join(FOLDER, 'kernel.wasm');
/** As `sha256sum` writes and checks it. */
export const CHECKSUMS = path.join(FOLDER, 'kernel.sha256');

export function hasCompiler(): boolean {
  return existsSync(COMPILER);
}

/** Takes two to three seconds. Rejects with the compiler's messages, and when the compiler is not installed. */
export async function compile(): Promise<Buffer> {
  if (!hasCompiler()) {
    throw new Error('the compiler is not installed: run npm ci --prefix packages/fast-fold/assembly first');
  }
  const args = [COMPILER, '--config', 'asconfig.json', '--outFile'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: SOURCES, encoding: 'buffer' });
  return stdout;
}

/** Hashes of the kernel and of all its sources; the lock identifies the compiler. */
export function checksums(): string {
  const sources = readdirSync(SOURCES).filter((name) =>
    /^(.*\.ts|asconfig\.json|package-lock\.json)$/.test(name),
  );
  return ['kernel.wasm', ...sources.sort().map((name) => `assembly/${name}`)]
    .map((name) => `${sha256(readFileSync(path.join(FOLDER, name)))}  ${name}\n`)
    .join('');
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
