// Replaces `lambda/bundle.ts` in a world: builds the functions once for the process, as scripts that every environment runs for itself.

import { createHash } from 'node:crypto';
import path from 'node:path';
import { stop } from 'esbuild';
import type { Bundle } from '../lambda/bundle.ts';
import type { FunctionSpec } from '../template/functions.ts';
import { ROOT } from './mount.ts';
import { buildScripts, compileScript } from './shared-packages.ts';

interface Script {
  readonly text: string;
  readonly sha256: string;
  /** Evaluates its modules again. @returns what it exports */
  run(): Record<string, unknown>;
}

const scripts = new Map<string, Script>();

const FOLDER = `${ROOT}/functions`;
const scriptName = (entryPoint: string) => path.join(FOLDER, `${path.parse(entryPoint).name}.cjs`);

/** Compiled once; what it keeps at module level is new with every run. */
export const runScript = (file: string): Record<string, unknown> => scripts.get(file)!.run();

const optionsOf = ({ build: { target, mainFields } }: FunctionSpec) => JSON.stringify([target, mainFields]);

/** Functions of the same options together, as what they share is read only once then. */
async function buildGroup(specs: readonly FunctionSpec[]): Promise<void> {
  const { target, mainFields } = specs[0]!.build;
  // What layers bring is built in as well: required, it would have modules of the real process.
  const built = await buildScripts(
    specs.map(({ entryPoint }) => entryPoint),
    FOLDER,
    { target: target.split(','), ...(mainFields.length > 0 && { mainFields: [...mainFields] }) },
  );
  for (const [file, text] of built) {
    const sha256 = createHash('sha256').update(text).digest('base64');
    scripts.set(file, { text, sha256, run: compileScript(text, file) });
  }
}

/** Before the world's clock is used: building takes real time. */
export async function buildFunctions(specs: readonly FunctionSpec[]): Promise<void> {
  const missing = specs.filter(({ entryPoint }) => !scripts.has(scriptName(entryPoint)));
  if (missing.length === 0) return;
  await Promise.all([...Map.groupBy(missing, optionsOf).values()].map(buildGroup));
  await stop();
}

/** As a build that fails says it; the world builds before it begins. */
export const buildErrorOf = (error: unknown): string => (error as Error).message;

export async function bundleFunctions(specs: readonly FunctionSpec[]): Promise<ReadonlyMap<string, Bundle>> {
  return new Map(
    specs.map(({ logicalId, entryPoint }) => {
      const file = scriptName(entryPoint);
      const { text, sha256 } = scripts.get(file)!;
      return [logicalId, { folder: FOLDER, file, bytes: text.length, sha256, sources: [] }];
    }),
  );
}
