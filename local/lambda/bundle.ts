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

function optionsOf(spec: FunctionSpec, outdir: string): BuildOptions {
  const { build: properties } = spec;
  return {
    entryPoints: [spec.entryPoint],
    outdir,
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

/** esbuild is a process of its own, which would stay and keep 30 to 200 MB: the last build ends it. */
async function buildAlone(options: BuildOptions): Promise<void> {
  building += 1;
  try {
    await build(options);
  } finally {
    building -= 1;
    if (building === 0) await stop();
  }
}

/**
 * Bundles one function into `<buildDir>/<LogicalId>/`, replacing what stood there.
 *
 * @throws StartError with esbuild's first error as `file:line: text`, or when the handler's file is not among the outputs.
 * @see https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-using-build-typescript.html
 */
export async function bundleFunction(spec: FunctionSpec, buildDir: string): Promise<Bundle> {
  const folder = path.join(buildDir, spec.logicalId);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // In Lambda no package.json stands above the code; without this one, the project's `type` would decide what .js means.
  await writeFile(path.join(folder, 'package.json'), '{}\n');
  try {
    await buildAlone(optionsOf(spec, folder));
  } catch (error) {
    throw new StartError(`${spec.declaredAt}: ${spec.logicalId} does not build: ${describe(error)}`, {
      cause: error,
    });
  }
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
