// Finds the code of functions that need no build: JavaScript in a folder or in the template itself.

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { StartError } from '../start-error.ts';
import type { ResolvedResource } from './resolved.ts';

/** Code that runs unchanged. */
export type PlainCode =
  { readonly kind: 'folder'; readonly folder: string } | { readonly kind: 'inline'; readonly text: string };

/** The extensions that the Node runtime of Lambda tries, in its order. */
export const MODULE_EXTENSIONS: readonly string[] = ['.js', '.mjs', '.cjs'];

const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** `Code.ZipFile`, which Lambda stores as one CommonJS file named index. */
function inlineOf(resource: ResolvedResource, handlerFile: string): PlainCode {
  const text = String(resource.properties['InlineCode']);
  if (handlerFile === 'index') return { kind: 'inline', text };
  throw new StartError(
    `${resource.at('Handler')}: ${resource.logicalId}: code in the template is the file index: write Handler: index.handler`,
  );
}

/**
 * The absolute path of the handler's file, and the code to copy; undefined where esbuild builds it.
 *
 * @param folder absolute path of CodeUri
 * @throws StartError where CodeUri does not have the file, and where the function has its code twice
 */
export function plainCodeOf(
  resource: ResolvedResource,
  handlerFile: string,
  folder: string,
  templateFile: string,
): { readonly entryPoint: string; readonly plain: PlainCode } | undefined {
  const { logicalId, properties, metadata, at } = resource;
  const inline = properties['InlineCode'] !== undefined;
  if (inline && properties['CodeUri'] !== undefined)
    throw new StartError(`${at('InlineCode')}: ${logicalId}: has CodeUri and InlineCode: take one out`);
  if (metadata['BuildMethod'] === 'esbuild' && !inline) return undefined;
  if (inline) return { entryPoint: templateFile, plain: inlineOf(resource, handlerFile) };
  // Another runtime is refused at its own line.
  if (!String(properties['Runtime']).startsWith('nodejs'))
    return { entryPoint: folder, plain: { kind: 'folder', folder } };
  if (!isFolder(folder))
    throw new StartError(
      `${at('CodeUri')}: ${logicalId}: CodeUri ${folder} is not a folder: the local cloud runs the sources, not an archive`,
    );
  const entryPoint = MODULE_EXTENSIONS.map((extension) => resolve(folder, handlerFile + extension)).find(
    isFile,
  );
  if (entryPoint !== undefined) return { entryPoint, plain: { kind: 'folder', folder } };
  const remedy = isFile(resolve(folder, `${handlerFile}.ts`))
    ? 'for TypeScript, set Metadata: { BuildMethod: esbuild }'
    : 'correct Handler or CodeUri';
  throw new StartError(
    `${at('Handler')}: ${logicalId}: ${folder} has no ${handlerFile}.js, .mjs or .cjs: ${remedy}`,
  );
}
