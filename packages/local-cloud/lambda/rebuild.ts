// Builds functions again while the stack runs: the next event has the new code, and what does not build changes nothing.

import { rm } from 'node:fs/promises';
import path from 'node:path';
import { StartError } from '../start-error.ts';
import { buildErrorOf, bundleFunctions, type Bundle } from './bundle.ts';
import type { LocalFunction } from './local-function.ts';

/** `problem`: why the code of before goes on, in one line. */
export type Rebuilt =
  | { readonly logicalId: string; readonly result: 'replaced' | 'same' }
  | { readonly logicalId: string; readonly result: 'failed'; readonly problem: string };

export interface Rebuild {
  /** The files that the build of each function read, by its logical ID. */
  sources(): ReadonlyMap<string, readonly string[]>;
  /** One at a time. Events that run are finished by the code that began them. */
  build(logicalIds: readonly string[]): Promise<readonly Rebuilt[]>;
}

/** No logical ID has a dot. */
const FOLDER = '.rebuilt';

/** Removes what an earlier process built again. */
export const forgetRebuilt = (buildDir: string) =>
  rm(path.join(buildDir, FOLDER), { recursive: true, force: true });

/** A build that esbuild refused has its first error as `file:line: text`, without the function, as several may read the file. */
function problemOf(error: unknown): string {
  if (!(error instanceof StartError)) throw error;
  return error.cause === undefined ? error.message : buildErrorOf(error.cause);
}

/** Numbered folders for builds: each build has its own, as an environment may still read from the last one. */
function createBuilds(functions: readonly LocalFunction[], buildDir: string) {
  let builds = 0;
  let firstOfLastRound = 1;
  const folderOf = (number: number) => path.join(buildDir, FOLDER, String(number));
  return {
    newFolder(): string {
      builds += 1;
      return folderOf(builds);
    },
    /** Begins a round. Removes all but the folders whose code is in use, and those of the last round, which what runs may still read. */
    async beginRound(): Promise<void> {
      const inUse = functions.flatMap((each) => each.bundle()?.folder ?? []);
      for (let number = 1; number < firstOfLastRound; number += 1) {
        const folder = folderOf(number);
        if (!inUse.some((each) => each.startsWith(folder + path.sep)))
          await rm(folder, { recursive: true, force: true });
      }
      firstOfLastRound = builds + 1;
    },
  };
}

/** @returns by logical ID the bundle, or why the function does not build */
async function bundle(
  chosen: readonly LocalFunction[],
  newFolder: () => string,
): Promise<ReadonlyMap<string, Bundle | string>> {
  const specs = chosen.map(({ spec }) => spec);
  try {
    return await bundleFunctions(specs, newFolder());
  } catch (error) {
    if (specs.length === 1) return new Map([[specs[0]!.logicalId, problemOf(error)]]);
  }
  // One of them does not build: the others do not wait for it.
  const bundles = new Map<string, Bundle | string>();
  for (const each of chosen) for (const [id, one] of await bundle([each], newFolder)) bundles.set(id, one);
  return bundles;
}

async function replace(each: LocalFunction, built: Bundle | string): Promise<Rebuilt> {
  const { logicalId } = each.spec;
  if (typeof built === 'string') return { logicalId, result: 'failed', problem: built };
  if (built.sha256 === each.bundle()?.sha256) return { logicalId, result: 'same' };
  try {
    await each.replace(built);
    return { logicalId, result: 'replaced' };
  } catch (error) {
    return { logicalId, result: 'failed', problem: problemOf(error) };
  }
}

export function createRebuild(functions: readonly LocalFunction[], buildDir: string): Rebuild {
  const builds = createBuilds(functions, buildDir);
  return {
    sources: () => new Map(functions.map((each) => [each.spec.logicalId, each.bundle()?.sources ?? []])),
    async build(logicalIds) {
      const chosen = functions.filter(({ spec }) => logicalIds.includes(spec.logicalId));
      await builds.beginRound();
      const bundles = await bundle(chosen, () => builds.newFolder());
      return Promise.all(chosen.map((each) => replace(each, bundles.get(each.spec.logicalId)!)));
    },
  };
}
