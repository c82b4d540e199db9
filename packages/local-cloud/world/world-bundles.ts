// Stands for `lambda/bundle.ts`: builds the functions once for the process, as scripts that every environment runs for itself.

import { createHash } from 'node:crypto';
import path from 'node:path';
import { build, stop, type Plugin } from 'esbuild';
import type { Bundle } from '../lambda/bundle.ts';
import type { FunctionSpec } from '../template/functions.ts';
import { ROOT } from './mount.ts';

interface Script {
  readonly text: string;
  readonly sha256: string;
}

const scripts = new Map<string, Script>();

const FOLDER = `${ROOT}/functions`;
const scriptName = (entryPoint: string) => path.join(FOLDER, `${path.parse(entryPoint).name}.cjs`);

/** The text of the script at `file`. */
export const scriptAt = (file: string): string => scripts.get(file)!.text;

const optionsOf = ({ build: { target, mainFields } }: FunctionSpec) => JSON.stringify([target, mainFields]);

/** An environment brings the last layers of the AWS SDK along: sdk-handler.ts and sdk-signature.ts. */

const withoutLastLayers: Plugin = {
  name: 'without-last-layers',
  setup(bundle) {
    bundle.onResolve({ filter: /^@smithy\/(node-http-handler|signature-v4)$/ }, ({ path: name }) => ({
      ...{ path: name, external: true },
    }));
  },
};

/** Functions of the same options together, as what they share is read only once then. */
async function buildGroup(specs: readonly FunctionSpec[]): Promise<void> {
  const { target, mainFields } = specs[0]!.build;
  // What layers bring is built in as well: required, it would have modules of the real process.
  const { outputFiles } = await build({
    entryPoints: specs.map(({ entryPoint }) => entryPoint),
    ...{ outdir: FOLDER, outExtension: { '.js': '.cjs' }, write: false, logLevel: 'silent' },
    ...{ bundle: true, platform: 'node', format: 'cjs', target: target.split(',') },
    plugins: [withoutLastLayers],
    ...(mainFields.length > 0 && { mainFields: [...mainFields] }),
    // What is imported late has to come from the environment's own modules, too.
    supported: { 'dynamic-import': false },
  });
  for (const { path: file, contents, text } of outputFiles)
    scripts.set(file, { text, sha256: createHash('sha256').update(contents).digest('base64') });
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
