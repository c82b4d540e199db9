// Copies code that needs no build to where functions run: its folder, as on Lambda, or the inline code of the template.

import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { StartError } from '../start-error.ts';
import type { FunctionSpec } from '../template/functions.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MOST_BYTES = 262_144_000;
/** What no package of a function has. */
const LEFT_OUT = new Set(['.git', '.aws-sam']);

interface Found {
  /** Relative to the folder. */
  readonly files: string[];
  /** Folders of packages, which are linked, not copied. */
  readonly packages: string[];
}

/** Everything below `folder` but what leads to `buildDir`, so that no copy holds itself. */
async function find(folder: string, buildDir: string): Promise<Found> {
  const found: Found = { files: [], packages: [] };
  const visit = async (below: string): Promise<void> => {
    for (const entry of await readdir(path.join(folder, below), { withFileTypes: true })) {
      const name = path.join(below, entry.name);
      const full = path.join(folder, name);
      if (LEFT_OUT.has(entry.name) || `${buildDir}/`.startsWith(`${full}/`)) continue;
      if (entry.name === 'node_modules') found.packages.push(name);
      else if ((await stat(full).catch(() => entry)).isDirectory()) await visit(name);
      else found.files.push(name);
    }
  };
  await visit('');
  return found;
}

async function copyFolder(
  spec: FunctionSpec,
  folder: string,
  to: string,
  buildDir: string,
): Promise<string[]> {
  const { files, packages } = await find(folder, path.resolve(buildDir));
  let bytes = 0;
  for (const name of files) {
    bytes += (await stat(path.join(folder, name))).size;
    if (bytes > MOST_BYTES)
      throw new StartError(
        `${spec.declaredAt}: ${spec.logicalId}: ${folder} is larger than the ${MOST_BYTES / 1_048_576} MB that Lambda takes: let CodeUri name the folder of the code alone`,
      );
    await mkdir(path.dirname(path.join(to, name)), { recursive: true, mode: 0o700 });
    await copyFile(path.join(folder, name), path.join(to, name));
  }
  for (const name of packages) {
    await mkdir(path.dirname(path.join(to, name)), { recursive: true, mode: 0o700 });
    await symlink(path.join(folder, name), path.join(to, name));
  }
  return files.map((name) => path.join(folder, name));
}

/** Fills `to`, the function's folder below `buildDir`. @returns the files that the code was taken from, absolute paths */
export async function placePlainCode(
  spec: FunctionSpec,
  to: string,
  buildDir: string,
): Promise<readonly string[]> {
  const { plain } = spec;
  if (plain?.kind === 'folder') return copyFolder(spec, plain.folder, to, buildDir);
  await writeFile(path.join(to, 'index.js'), plain!.text);
  return [];
}

/** Of all that the code is, as one change anywhere in it is another code. Base64. */
export async function hashOfSources(code: Buffer, sources: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(code);
  for (const source of sources) hash.update(`\0${source}\0`).update(await readFile(source));
  return hash.digest('base64');
}
