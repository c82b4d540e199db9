// Refuses a function whose build leaves a package out that no layer brings: here it might be found above the code, on Lambda it is not.

import { statSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import path from 'node:path';
import { StartError } from '../start-error.ts';
import type { FunctionSpec } from '../template/functions.ts';
import type { LayerRoot } from '../template/layers.ts';
import { isOfRuntime, isPackage, nameOf } from './packages.ts';

export interface ExternalImport {
  /** As the code names it, such as `hyparquet` or `hyparquet/src/read.js`. */
  readonly name: string;
  /** esbuild's: `import-statement`, `dynamic-import`, `require-call` ... */
  readonly kind: string;
}

function brings({ folder, packages }: LayerRoot, name: string): boolean {
  if (packages !== undefined) return packages.includes(name);
  return statSync(path.join(folder, 'node_modules', name), { throwIfNoEntry: false }) !== undefined;
}

/** What is loaded on demand may be optional: it counts where it would be found here, and not on Lambda. */
function isNeeded({ kind, name }: ExternalImport, { entryPoint }: FunctionSpec): boolean {
  if (kind === 'import-statement') return true;
  try {
    createRequire(entryPoint).resolve(name);
    return true;
  } catch {
    return false; // it is nowhere, as on Lambda
  }
}

/** @throws StartError that names the package, the function and the layers that it has */
export function requireLayersFor(spec: FunctionSpec, external: readonly ExternalImport[]): void {
  const { layerRoots = [], logicalId, declaredAt } = spec;
  const missing = external.find(
    (each) =>
      isPackage(each.name) &&
      !isBuiltin(each.name) &&
      !isOfRuntime(each.name) &&
      !layerRoots.some((root) => brings(root, nameOf(each.name))) &&
      isNeeded(each, spec),
  );
  if (!missing) return;
  const name = nameOf(missing.name);
  throw new StartError(
    `${declaredAt}: ${logicalId}: External leaves ${name} out of the build, and no layer of the function has it: ` +
      `name a layer with ${name} in Layers, or take it out of External`,
  );
}
