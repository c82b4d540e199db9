// Measures what a cold start spends on importing the ingest function, as SAM deploys it, packed in other ways and bare; and a batch function with its layer and without.

import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, type BuildOptions } from 'esbuild';
import { bundleFunctions } from '../packages/local-cloud/lambda/bundle.ts';
import {
  functionsOf,
  type FunctionBuild,
  type FunctionSpec,
} from '../packages/local-cloud/template/functions.ts';
import { loadTemplate } from '../packages/local-cloud/template/load.ts';

const ROOT = join(import.meta.dirname, '..');
const usage = `usage: node bench/import-time.ts [--runs 21] [--most RATIO]
       --most: exit code 1 when the import of ingest, as deployed, takes more than so many times that of a bare client`;

/** The packages that ingest imports. A layer is shared, so it holds each of them whole. */
const PACKAGES = [
  '@aws-lambda-powertools/logger',
  '@aws-lambda-powertools/logger/middleware',
  '@aws-lambda-powertools/metrics',
  '@aws-lambda-powertools/metrics/middleware',
  '@aws-sdk/client-dynamodb',
  '@aws-sdk/client-s3',
  '@aws-sdk/client-sns',
  '@middy/core',
];
const MEASURE = `
  const [start, before] = [performance.now(), process.cpuUsage()];
  const { handler } = await import(process.argv[1]);
  const { user, system } = process.cpuUsage(before);
  const ms = performance.now() - start;
  if (typeof handler !== 'function') throw new Error('no handler');
  console.log(JSON.stringify({ ms, cpu: (user + system) / 1000, mb: process.memoryUsage().rss / 1e6 }));
`;

interface Run {
  readonly ms: number;
  /** Processor time of all threads in milliseconds. */
  readonly cpu: number;
  readonly mb: number;
}

interface Packing {
  readonly name: string;
  readonly handler: string;
  readonly directory: string;
  readonly nodeOptions: string;
  readonly environment: FunctionSpec['environment'];
  readonly runs: Run[];
}

function functionOfTemplate(wanted: string): FunctionSpec {
  const template = loadTemplate({
    ...{ file: join(ROOT, 'template.yaml'), samconfigFile: join(ROOT, 'samconfig.toml') },
    ...{ environment: 'default', overrides: {}, stackName: 'tidegate' },
    ...{ region: 'us-east-1', accountId: '000000000000' },
  });
  return functionsOf(template).find(({ logicalId }) => logicalId === wanted)!;
}

const spec = functionOfTemplate('IngestFunction');
const batch = functionOfTemplate('ParseBatchFunction');
const LAYER = join(ROOT, 'layers/columnar');
const bare = {
  ...spec,
  entryPoint: join(import.meta.dirname, 'bare-client.ts'),
  handlerFile: 'bare-client',
};
const changed = (found: FunctionSpec, build: Partial<FunctionBuild>) => ({
  ...found,
  build: { ...found.build, ...build },
});

/** Built like `sam build`, which also enables source maps if the build creates them. */
async function packFunction(name: string, directory: string, found: FunctionSpec): Promise<Packing> {
  const bundles = await bundleFunctions([found], directory);
  const { file, folder } = bundles.get(found.logicalId)!;
  const nodeOptions = found.build.sourcemap ? '--enable-source-maps' : '';
  return { name, handler: file, directory: folder, nodeOptions, environment: found.environment, runs: [] };
}

const common = (directory: string) =>
  ({
    ...{ bundle: true, platform: 'node', format: 'esm', target: 'es2024', minify: spec.build.minify },
    ...{ mainFields: [...spec.build.mainFields], outExtension: { '.js': '.mjs' }, logLevel: 'error' },
    outdir: directory,
  }) as const satisfies BuildOptions;

/** The function without its packages, which are installed by npm or pre-bundled so that they share common parts. */
async function packBeside(name: string, directory: string): Promise<Packing> {
  await build({ ...common(directory), entryPoints: [spec.entryPoint], external: PACKAGES });
  const { environment } = spec;
  return { name, handler: join(directory, 'ingest.mjs'), directory, nodeOptions: '', environment, runs: [] };
}

const layerPackages = () =>
  Object.keys(
    (JSON.parse(readFileSync(join(LAYER, 'package.json'), 'utf8')) as { dependencies: object }).dependencies,
  );

/** The batch function beside the packages of its layer, which Lambda's Node finds by NODE_PATH; and with them inside. */
async function packBatch(folder: (name: string) => string): Promise<Packing[]> {
  const names = layerPackages();
  const layered = await packFunction('batch, layer', folder('batch, layer'), batch);
  for (const name of names)
    cpSync(join(ROOT, 'node_modules', name), join(layered.directory, 'node_modules', name), {
      recursive: true,
    });
  const external = batch.build.external.filter((name) => !names.includes(name));
  const bundled = await packFunction('batch, bundled', folder('bundled'), changed(batch, { external }));
  return [layered, bundled];
}

async function makeLayer(directory: string): Promise<void> {
  const modules = join(directory, 'node_modules');
  await build({
    ...common(modules),
    entryPoints: PACKAGES.map((name) => ({ in: name, out: join(name, 'index') })),
    splitting: true,
    absWorkingDir: ROOT,
    nodePaths: [join(ROOT, 'node_modules')],
  });
  const exports = { '.': './index.mjs', './middleware': './middleware/index.mjs' };
  for (const name of PACKAGES) {
    if (name.endsWith('/middleware')) continue;
    writeFileSync(join(modules, name, 'package.json'), JSON.stringify({ name, type: 'module', exports }));
  }
}

async function packAll(root: string): Promise<Packing[]> {
  const folder = (name: string) => {
    mkdirSync(join(root, name));
    return join(root, name);
  };
  const [layer, installed] = [folder('layer'), folder('installed')];
  await makeLayer(layer);
  symlinkSync(join(ROOT, 'node_modules'), join(installed, 'node_modules'));
  const variants: readonly (readonly [name: string, FunctionSpec])[] = [
    ['bare client', changed(bare, { minify: true, sourcemap: false })],
    ['as deployed', spec],
    ['one file', changed(spec, { splitting: false })],
    ['not minified', changed(spec, { minify: false, sourcemap: false })],
    ['with maps', changed(spec, { minify: true, sourcemap: true })],
    ['maps, no sources', changed(spec, { minify: true, sourcemap: true, sourcesContent: false })],
    ['all credentials', changed(spec, { external: [] })],
  ];
  const packings: Packing[] = [];
  for (const [name, found] of variants) packings.push(await packFunction(name, folder(name), found));
  packings.push(await packBeside('layer', layer), await packBeside('installed', installed));
  packings.push(...(await packBatch(folder)));
  return packings;
}

function bytesIn(directory: string): number {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function measureOnce({ handler, nodeOptions, environment, runs }: Packing): void {
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', MEASURE, handler], {
    env: {
      ...environment,
      ...{ PATH: process.env['PATH'], AWS_REGION: 'us-east-1', NODE_OPTIONS: nodeOptions },
      ...{ AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
    },
    encoding: 'utf8',
  });
  runs.push(JSON.parse(output) as Run);
}

/** Processor time, because a function has only a part of a processor, and other load on the machine affects it least. */
const cpuOf = ({ runs }: Packing) => median(runs.map(({ cpu }) => cpu));

function report(packings: readonly Packing[], runs: number): void {
  const base = cpuOf(packings[0]!);
  console.log(`node ${process.version}, ${runs} processes each, medians`);
  for (const packing of packings) {
    const cpu = cpuOf(packing);
    const [ms, mb] = [median(packing.runs.map((run) => run.ms)), median(packing.runs.map((run) => run.mb))];
    const size =
      packing.name === 'installed' ? '' : `, ${(bytesIn(packing.directory) / 1024).toFixed(0)} KiB`;
    console.log(
      `${packing.name.padEnd(16)} ${(cpu / base).toFixed(2)} of a bare client: ${cpu.toFixed(1)} ms of processor time, ${ms.toFixed(1)} ms in all, ${mb.toFixed(0)} MB${size}`,
    );
  }
}

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '21' }, most: { type: 'string' } },
});
const runs = Number(values.runs);
const most = Number(values.most ?? Infinity);
if (!Number.isInteger(runs) || runs < 1 || !(most > 0)) throw new RangeError(usage);

const root = mkdtempSync(join(tmpdir(), 'import-time-'));
try {
  const packings = await packAll(root);
  for (const packing of packings) measureOnce(packing);
  for (const packing of packings) packing.runs.length = 0;
  // In turn, so that a busy moment of the machine affects all of them.
  for (let run = 0; run < runs; run++) for (const packing of packings) measureOnce(packing);
  report(packings, runs);
  const ratio = cpuOf(packings[1]!) / cpuOf(packings[0]!);
  if (ratio > most) {
    console.error(`importing ingest takes ${ratio.toFixed(2)} times a bare client, more than ${most}`);
    process.exitCode = 1;
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
