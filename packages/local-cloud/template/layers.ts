// Finds the packages that functions share by layers: as a layer has them, or where npm has installed what a build of it would install.

import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readAll, StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from './resolved.ts';

/** A folder whose node_modules a function finds by a layer. */
export interface LayerRoot {
  readonly folder: string;
  /** Names of the packages that the layer has of them; absent: all. */
  readonly packages?: readonly string[];
}

/** Where Lambda looks in a layer, and where the packages are that a build of the layer puts there. */
const LAYER_ROOTS = ['nodejs', 'nodejs/node24', '.'];

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

interface Manifest {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** @throws Error for a file that is not JSON; undefined where there is none. */
function manifestIn(folder: string): Manifest | undefined {
  const file = join(folder, 'package.json');
  if (!statSync(file, { throwIfNoEntry: false })) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  } catch (error) {
    throw new Error(`${file} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

function* foldersFrom(folder: string): Generator<string> {
  for (let above = folder; ; above = dirname(above)) {
    yield above;
    if (above === dirname(above)) return;
  }
}

/**
 * As `sam build` would install it, but where a folder above has the package already, which `npm ci` of the project put there.
 *
 * @throws Error that says why this package is not there, without a remedy
 */
function installedAbove(content: string, name: string, wanted: string): string {
  for (const folder of foldersFrom(content)) {
    const found = manifestIn(join(folder, 'node_modules', name));
    if (!found) continue;
    if (found.version === wanted) return folder;
    throw new Error(
      `its package.json names ${name} ${wanted}, and ${join(folder, 'node_modules')} has ${found.version ?? 'no version of it'}`,
    );
  }
  throw new Error(`its package.json names ${name} ${wanted}, which is not installed`);
}

/** What SAM would build. @throws Error as `installedAbove` does */
function builtRootsOf(content: string): LayerRoot[] {
  const { dependencies = {} } = manifestIn(content) ?? {};
  const named = Object.entries(dependencies);
  if (named.length === 0) throw new Error(`${content} has no nodejs/node_modules`);
  const roots = Map.groupBy(named, ([name, wanted]) => installedAbove(content, name, wanted));
  return [...roots].map(([folder, some]) => ({ folder, packages: some.map(([name]) => name) }));
}

function rootsOf(layer: ResolvedResource, templateFolder: string): LayerRoot[] {
  const content = resolve(templateFolder, String(layer.properties['ContentUri']));
  const roots = LAYER_ROOTS.map((root) => join(content, root)).filter((root) =>
    isFolder(join(root, 'node_modules')),
  );
  if (roots.length > 0) return roots.map((folder) => ({ folder }));
  try {
    if (String(layer.metadata['BuildMethod']).startsWith('nodejs')) return builtRootsOf(content);
    throw new Error(
      `${content} has no nodejs/node_modules, the one part of a layer that the local cloud reads`,
    );
  } catch (error) {
    throw new StartError(
      `${layer.at('ContentUri')}: ${layer.logicalId}: ${(error as Error).message}: run npm install in ${content}`,
      { cause: error },
    );
  }
}

/** @throws StartError for a layer of another template, and for one whose packages are not there */
export function layerRootsOf(
  template: Pick<ResolvedTemplate, 'ofType'>,
  { logicalId, properties, at }: ResolvedResource,
  templateFolder: string,
): LayerRoot[] {
  const arns = (properties['Layers'] ?? []) as readonly unknown[];
  return readAll(arns.entries(), ([index, arn]) => {
    const layer = template.ofType('AWS::Serverless::LayerVersion').find((each) => each.arn === arn);
    if (layer) return rootsOf(layer, templateFolder);
    throw new StartError(
      `${at('Layers', index)}: ${logicalId}: the layer ${String(arn)} is not in this template: put its packages into CodeUri, or declare an AWS::Serverless::LayerVersion`,
    );
  }).flat();
}
