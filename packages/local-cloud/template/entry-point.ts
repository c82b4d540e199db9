// Finds the source file behind a function's handler, by the paths that esbuild gives its bundles.

import { statSync } from 'node:fs';
import { dirname, extname, relative, resolve, sep } from 'node:path';
import type { ResolvedResource } from './resolved.ts';
import { StartError } from '../start-error.ts';

const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
const withoutExtension = (path: string) => path.slice(0, path.length - extname(path).length);

/** The folder to which esbuild's outputs are relative: the deepest that contains every entry point. */
function commonFolder(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => dirname(path).split(sep));
  const shared = first.findIndex((part, index) => others.some((other) => other[index] !== part));
  return (shared < 0 ? first : first.slice(0, shared)).join(sep);
}

/**
 * The absolute path of the source file whose bundle the handler names. Without `declared` entry points SAM builds the
 * file of the handler itself.
 * @throws StartError for an entry point that does not exist, and a handler that none of them builds.
 */
export function entryPointOf(
  resource: ResolvedResource,
  declared: readonly string[],
  handlerFile: string,
  folder: string,
): string {
  const { logicalId } = resource;
  const names = declared.length > 0 ? declared : [handlerFile];
  const paths = names.map((name) => {
    const path = resolve(folder, name);
    const found = (extname(name) === '' ? [`${path}.ts`, `${path}.js`] : [path]).find(isFile);
    if (found !== undefined) return found;
    throw new StartError(
      `${resource.at('Metadata', 'BuildProperties', 'EntryPoints')}: ${logicalId}: esbuild entry point ${name} does not exist: create it, or correct EntryPoints`,
    );
  });
  const base = commonFolder(paths);
  const built = paths.map((path) => withoutExtension(relative(base, path)).split(sep).join('/'));
  const index = built.indexOf(handlerFile);
  if (index >= 0) return paths[index]!;
  throw new StartError(
    `${resource.at('Handler')}: ${logicalId}: Handler names the file ${handlerFile}, but EntryPoints build ${built.join(', ')}: make them agree`,
  );
}
