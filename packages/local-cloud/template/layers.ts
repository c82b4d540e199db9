// Finds the packages that functions share through layers: in the layer, or where npm has installed those that a build of it would install.

import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readAll, StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from './resolved.ts';

/** A folder whose node_modules a function finds through a layer. */
export interface LayerRoot {
  readonly folder: string;
  /** Names of the packages that belong to the layer; absent: all. */
  readonly packages?: readonly string[];
}

/** The folder of a layer in which Lambda finds packages, and the source of those that a build puts there. */
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
 * A package that `sam build` would install, found in a folder above, where `npm ci` of the project put it.
 *
 * @throws Error with the reason why the package is not found, without a remedy
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

/** The packages that SAM would build. @throws Error as `installedAbove` does */
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

/** @throws StartError for a layer of another template, and for one whose packages are not found */
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
