// Builds a function the way `sam build` does with its esbuild method, so that what runs here is what would be deployed.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build, stop } from 'esbuild';
import type { BuildOptions, Message } from 'esbuild';
import { StartError } from '../start-error.ts';
import type { FunctionSpec } from '../template/functions.ts';

export interface Bundle {
  /** Absolute path of the module that exports the handler. */
  readonly file: string;
  readonly bytes: number;
  /** Base64, as Lambda's `CodeSha256`. */
  readonly sha256: string;
}

/** The extensions that the Node runtime of Lambda tries, in its order. */
const moduleExtensions = ['.js', '.mjs', '.cjs'];

function optionsOf({ build: properties }: FunctionSpec): BuildOptions {
  return {
    bundle: true,
    platform: 'node',
    format: properties.format,
    target: properties.target.split(','),
    minify: properties.minify,
    sourcemap: properties.sourcemap,
    sourcesContent: properties.sourcesContent,
    external: [...properties.external],
    ...(properties.mainFields.length > 0 && { mainFields: [...properties.mainFields] }),
    outExtension: { ...properties.outExtension },
    loader: { ...properties.loader } as NonNullable<BuildOptions['loader']>,
    logLevel: 'silent',
  };
}

function describe(error: unknown): string {
  const [first] = (error as { errors?: Message[] }).errors ?? [];
  if (!first) return (error as Error).message.split('\n')[0]!;
  const place = first.location ? `${first.location.file}:${first.location.line}: ` : '';
  return place + first.text.split('\n')[0]!;
}

let building = 0;

/**
 * Builds functions of the same options at once, as what they share is read only once then; each is the same to the byte as
 * if it were built alone. esbuild is a process of its own, which would stay and keep 30 to 400 MB: the last build ends it.
 */
async function buildTogether(specs: readonly FunctionSpec[], buildDir: string): Promise<void> {
  const entryPoints = specs.map(({ logicalId, entryPoint }) => ({
    in: entryPoint,
    out: path.join(logicalId, path.parse(entryPoint).name),
  }));
  building += 1;
  try {
    await build({ ...optionsOf(specs[0]!), entryPoints, outdir: buildDir });
  } finally {
    building -= 1;
    if (building === 0) await stop();
  }
}

async function buildAlone(spec: FunctionSpec, buildDir: string): Promise<void> {
  try {
    await buildTogether([spec], buildDir);
  } catch (error) {
    throw new StartError(`${spec.declaredAt}: ${spec.logicalId} does not build: ${describe(error)}`, {
      cause: error,
    });
  }
}

async function makeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // In Lambda no package.json stands above the code; without this one, the project's `type` would decide what .js means.
  await writeFile(path.join(folder, 'package.json'), '{}\n');
}

async function bundleOf(spec: FunctionSpec, folder: string): Promise<Bundle> {
  const file = moduleExtensions
    .map((extension) => path.join(folder, spec.handlerFile + extension))
    .find((candidate) => existsSync(candidate));
  if (!file) {
    throw new StartError(
      `${spec.declaredAt}: ${spec.logicalId}: the build of ${path.basename(spec.entryPoint)} gives no file for handler ` +
        `${spec.handlerFile}.${spec.handlerName}: name it after the entry point, as ${path.parse(spec.entryPoint).name}.handler`,
    );
  }
  const code = await readFile(file);
  return { file, bytes: code.length, sha256: createHash('sha256').update(code).digest('base64') };
}

/**
 * Bundles each function into `<buildDir>/<LogicalId>/`, replacing what stood there, and gives the bundles by logical ID.
 *
 * @throws StartError with esbuild's first error as `file:line: text`, or when the handler's file is not among the outputs.
 * @see https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-using-build-typescript.html
 */
export async function bundleFunctions(
  specs: readonly FunctionSpec[],
  buildDir: string,
): Promise<ReadonlyMap<string, Bundle>> {
  const folderOf = ({ logicalId }: FunctionSpec) => path.join(buildDir, logicalId);
  await Promise.all(specs.map((spec) => makeFolder(folderOf(spec))));
  const groups = Map.groupBy(specs, (spec) => JSON.stringify(optionsOf(spec)));
  const buildGroup = (group: readonly FunctionSpec[]) =>
    buildTogether(group, buildDir).catch(async () => {
      // Which of them it was, esbuild does not say.
      for (const spec of group) await buildAlone(spec, buildDir);
    });
  await Promise.all([...groups.values()].map(buildGroup));
  const bundles = specs.map(async (spec) => [spec.logicalId, await bundleOf(spec, folderOf(spec))] as const);
  return new Map(await Promise.all(bundles));
}
