// Lets functions find packages where Lambda has them beside the code: in layers, and the AWS SDK of the runtime.

import { createRequire, registerHooks } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { LayerRoot } from '../template/layers.ts';

export const isPackage = (specifier: string) => !/^(?:\.|\/|[a-z]+:)/.test(specifier);
const isNotFound = (error: unknown) =>
  ['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'].includes((error as NodeJS.ErrnoException).code ?? '');

/** What Lambda's Node brings, and this machine may not have. */
export const isOfRuntime = (specifier: string) => /^@(aws-sdk|smithy)\//.test(specifier);

/** `@scope/name` or `name` of a specifier that may lead into the package. */
export function nameOf(specifier: string): string {
  const [scope = '', name = ''] = specifier.split('/');
  return scope.startsWith('@') ? `${scope}/${name}` : scope;
}

const mayHave = ({ packages }: LayerRoot, specifier: string) =>
  packages === undefined || packages.includes(nameOf(specifier));

/** @param roots in whose node_modules, and those above, a package is searched for that the code itself does not find. */
export function findPackagesIn(roots: readonly LayerRoot[]): void {
  const places = roots.map((root) => {
    const from = path.join(root.folder, 'index.js');
    return { root, parentURL: pathToFileURL(from).href, required: createRequire(from) };
  });
  const placesOf = (specifier: string) => places.filter(({ root }) => mayHave(root, specifier));
  let isSearching = false;

  function required(specifier: string): string | undefined {
    isSearching = true; // `resolve` comes by here again
    try {
      for (const { required: from } of placesOf(specifier)) {
        try {
          return pathToFileURL(from.resolve(specifier)).href;
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
      }
      return undefined;
    } finally {
      isSearching = false;
    }
  }

  registerHooks({
    resolve(specifier, context, nextResolve) {
      try {
        return nextResolve(specifier, context);
      } catch (error) {
        if (isSearching || !isPackage(specifier) || !isNotFound(error)) throw error;
        if (context.conditions.includes('import')) {
          for (const { parentURL } of placesOf(specifier)) {
            try {
              return nextResolve(specifier, { ...context, parentURL });
            } catch (other) {
              if (!isNotFound(other)) throw other;
            }
          }
        } else {
          const url = required(specifier);
          if (url !== undefined) return { url, shortCircuit: true };
        }
        if (isOfRuntime(specifier) && error instanceof Error) {
          error.message = `${error.message.split('\n')[0]}: Lambda brings this package, this machine does not: run npm install ${nameOf(specifier)} beside the function`;
        }
        throw error;
      }
    },
  });
}
