// Builds a function the way `sam build` does with its esbuild method, so that what runs here is what would be deployed.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { BuildOptions, Message, Metafile } from 'esbuild';
import { StartError } from '../start-error.ts';
import type { FunctionSpec } from '../template/functions.ts';
import { MODULE_EXTENSIONS } from '../template/plain-code.ts';
import { cacheFolderOf, createBundleCache, rememberHashes, type FileHashes } from './bundle-cache.ts';
import { requireLayersFor, type ExternalImport } from './external-packages.ts';
import { hashOfSources, placePlainCode } from './plain-code.ts';

export interface Bundle {
  /** Absolute path of what Lambda has as its task root. */
  readonly folder: string;
  /** Absolute path of the module that exports the handler. */
  readonly file: string;
  readonly bytes: number;
  /** Base64, as Lambda's `CodeSha256`. */
  readonly sha256: string;
  /** Absolute paths of the files that the build read, packages included. */
  readonly sources: readonly string[];
}

const { version } = createRequire(import.meta.url)('esbuild/package.json') as { version: string };

function optionsOf({ build: properties }: FunctionSpec): BuildOptions {
  return {
    bundle: true,
    platform: 'node',
    format: properties.format,
    target: properties.target.split(','),
    minify: properties.minify,
    splitting: properties.splitting,
    sourcemap: properties.sourcemap,
    sourcesContent: properties.sourcesContent,
    external: [...properties.external],
    ...(properties.mainFields.length > 0 && { mainFields: [...properties.mainFields] }),
    outExtension: { ...properties.outExtension },
    loader: { ...properties.loader } as NonNullable<BuildOptions['loader']>,
    logLevel: 'silent',
  };
}

/** esbuild's first error as `file:line: text`. */
export function buildErrorOf(error: unknown): string {
  const [first] = (error as { errors?: Message[] }).errors ?? [];
  if (!first) return (error as Error).message.split('\n')[0]!;
  const place = first.location ? `${first.location.file}:${first.location.line}: ` : '';
  return place + first.text.split('\n')[0]!;
}

let building = 0;

/** Functions that may be built at once; shared files would be in nobody's folder. */
const groupOf = (spec: FunctionSpec) =>
  JSON.stringify([optionsOf(spec), spec.build.splitting ? spec.logicalId : '']);

/** Files that a build read, absolute, and those that it wrote, relative to its folder. */
interface Built {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** A module that a package leaves out for browsers is named `(disabled):` and its path. */
const fileOf = (input: string) => path.resolve(input.replace(/^\(disabled\):/, ''));

/** What one entry point reads, by way of whatever it imports. */
function sourcesOf({ inputs }: Metafile, entryPoint: string): string[] {
  const found = new Set([entryPoint]);
  for (const name of found) {
    for (const { path: imported, external } of inputs[name]?.imports ?? [])
      if (!external) found.add(imported);
  }
  return [...found].map(fileOf);
}

/** What a build read, and what it left to be found when the code runs. */
interface SourceList {
  /** Absolute paths. */
  readonly sources: readonly string[];
  readonly external: readonly ExternalImport[];
}

/** Beside the folder of a function, which has only what it has in Lambda. */
const sourceListOf = (logicalId: string) => `${logicalId}.sources.json`;

function listOf(metafile: Metafile, entryPoint: string | undefined): SourceList {
  if (entryPoint === undefined) return { sources: [], external: [] };
  const output = Object.values(metafile.outputs).find((each) => each.entryPoint === entryPoint);
  const external = (output?.imports ?? []).filter((each) => each.external);
  return {
    sources: sourcesOf(metafile, entryPoint),
    external: external.map(({ path: name, kind }) => ({ name, kind })),
  };
}

async function writeSourceLists(
  specs: readonly FunctionSpec[],
  metafile: Metafile,
  buildDir: string,
): Promise<string[]> {
  const entryPoints = Object.values(metafile.outputs).flatMap(({ entryPoint }) => entryPoint ?? []);
  return Promise.all(
    specs.map(async (spec) => {
      const entryPoint = entryPoints.find((each) => fileOf(each) === spec.entryPoint);
      const name = sourceListOf(spec.logicalId);
      await writeFile(path.join(buildDir, name), JSON.stringify(listOf(metafile, entryPoint)));
      return name;
    }),
  );
}

/**
 * Builds functions of the same options at once, as what they share is read only once then; each is the same to the byte as
 * if it were built alone. esbuild is a process of its own, which would stay and keep 30 to 400 MB: the last build ends it.
 */
async function buildTogether(specs: readonly FunctionSpec[], buildDir: string): Promise<Built> {
  // Only a start that builds pays for it.
  const { build, stop } = await import('esbuild');
  const entryPoints = specs.map(({ logicalId, entryPoint }) => ({
    in: entryPoint,
    out: path.join(logicalId, path.parse(entryPoint).name),
  }));
  building += 1;
  try {
    const { metafile } = await build({
      ...optionsOf(specs[0]!),
      ...{ entryPoints, outdir: buildDir, chunkNames: `${specs[0]!.logicalId}/[name]-[hash]` },
      metafile: true,
    });
    return {
      inputs: Object.keys(metafile.inputs).map(fileOf),
      outputs: [
        ...Object.keys(metafile.outputs).map((file) => path.relative(buildDir, path.resolve(file))),
        ...(await writeSourceLists(specs, metafile, buildDir)),
      ],
    };
  } finally {
    building -= 1;
    if (building === 0) await stop();
  }
}

async function buildAlone(spec: FunctionSpec, buildDir: string): Promise<void> {
  try {
    await buildTogether([spec], buildDir);
  } catch (error) {
    throw new StartError(`${spec.declaredAt}: ${spec.logicalId} does not build: ${buildErrorOf(error)}`, {
      cause: error,
    });
  }
}

/** Takes what an earlier build made of the same sources, or builds. */
async function buildGroup(
  group: readonly FunctionSpec[],
  buildDir: string,
  hashes: FileHashes,
): Promise<void> {
  const cacheFolder = cacheFolderOf(group[0]!.entryPoint);
  const cache = cacheFolder === undefined ? undefined : createBundleCache(cacheFolder, hashes);
  const options = optionsOf(group[0]!);
  // Comments in the outputs name the sources, relative to the working folder.
  const key = JSON.stringify([
    version,
    'with source lists and imports',
    process.cwd(),
    options,
    group.map(sourceOf),
  ]);
  if (await cache?.take(key, buildDir)) return;
  let built: Built;
  try {
    built = await buildTogether(group, buildDir);
  } catch {
    // Which of them it was, esbuild does not say.
    for (const spec of group) await buildAlone(spec, buildDir);
    return;
  }
  await cache?.keep(key, buildDir, built.outputs, built.inputs);
}

const sourceOf = ({ logicalId, entryPoint }: FunctionSpec) => [logicalId, entryPoint];

async function makeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // In Lambda no package.json is above the code; without this one, the project's `type` would decide what .js means.
  await writeFile(path.join(folder, 'package.json'), '{}\n');
}

async function place(spec: FunctionSpec, buildDir: string): Promise<void> {
  const sources = await placePlainCode(spec, path.join(buildDir, spec.logicalId), buildDir);
  const list: SourceList = { sources, external: [] };
  await writeFile(path.join(buildDir, sourceListOf(spec.logicalId)), JSON.stringify(list));
}

async function bundleOf(spec: FunctionSpec, buildDir: string): Promise<Bundle> {
  const folder = path.join(buildDir, spec.logicalId);
  const file = MODULE_EXTENSIONS.map((extension) => path.join(folder, spec.handlerFile + extension)).find(
    (candidate) => existsSync(candidate),
  );
  if (!file) {
    throw new StartError(
      `${spec.declaredAt}: ${spec.logicalId}: the build of ${path.basename(spec.entryPoint)} gives no file for handler ` +
        `${spec.handlerFile}.${spec.handlerName}: name it after the entry point, as ${path.parse(spec.entryPoint).name}.handler`,
    );
  }
  const code = await readFile(file);
  const { sources, external } = JSON.parse(
    await readFile(path.join(buildDir, sourceListOf(spec.logicalId)), 'utf8'),
  ) as SourceList;
  requireLayersFor(spec, external);
  return {
    folder,
    file,
    bytes: code.length,
    sha256: spec.plain
      ? await hashOfSources(code, sources)
      : createHash('sha256').update(code).digest('base64'),
    sources,
  };
}

/**
 * Bundles, or copies, each function into `<buildDir>/<LogicalId>/`, replacing what stood there, and gives the bundles by
 * logical ID.
 *
 * @throws StartError with esbuild's first error as `file:line: text`, when the handler's file is not among the outputs, or when
 *   it imports a package that nothing brings.
 * @see https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-using-build-typescript.html
 */
export async function bundleFunctions(
  specs: readonly FunctionSpec[],
  buildDir: string,
): Promise<ReadonlyMap<string, Bundle>> {
  await Promise.all(specs.map(({ logicalId }) => makeFolder(path.join(buildDir, logicalId))));
  const { built = [], plain = [] } = Object.groupBy(specs, (spec) => (spec.plain ? 'plain' : 'built'));
  const groups = Map.groupBy(built, groupOf);
  const hashes = rememberHashes(); // most files are in several functions
  await Promise.all([
    ...[...groups.values()].map((group) => buildGroup(group, buildDir, hashes)),
    ...plain.map((spec) => place(spec, buildDir)),
  ]);
  const bundles = specs.map(async (spec) => [spec.logicalId, await bundleOf(spec, buildDir)] as const);
  return new Map(await Promise.all(bundles));
}
