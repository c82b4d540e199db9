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

interface Place {
  readonly root: LayerRoot;
  readonly parentURL: string;
  readonly required: NodeJS.Require;
}

function placeOf(root: LayerRoot): Place {
  const from = path.join(root.folder, 'index.js');
  return { root, parentURL: pathToFileURL(from).href, required: createRequire(from) };
}

/** @returns the first result; undefined when the package is in none of the places */
function firstFound<Found>(places: readonly Place[], find: (place: Place) => Found): Found | undefined {
  for (const place of places) {
    try {
      return find(place);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return undefined;
}

function addRemedy(error: unknown, specifier: string): void {
  if (isOfRuntime(specifier) && error instanceof Error)
    error.message = `${error.message.split('\n')[0]}: Lambda brings this package, this machine does not: run npm install ${nameOf(specifier)} beside the function`;
}

/** @param roots their node_modules, and those above, are searched for a package that the code itself does not find. */
export function findPackagesIn(roots: readonly LayerRoot[]): void {
  const places = roots.map(placeOf);
  const placesOf = (specifier: string) => places.filter(({ root }) => mayHave(root, specifier));
  let isSearching = false;

  function required(specifier: string): string | undefined {
    isSearching = true; // `resolve` calls the hook below again
    try {
      return firstFound(placesOf(specifier), (from) => pathToFileURL(from.required.resolve(specifier)).href);
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
          const found = firstFound(placesOf(specifier), ({ parentURL }) =>
            nextResolve(specifier, { ...context, parentURL }),
          );
          if (found) return found;
        } else {
          const url = required(specifier);
          if (url !== undefined) return { url, shortCircuit: true };
        }
        addRemedy(error, specifier);
        throw error;
      }
    },
  });
}
