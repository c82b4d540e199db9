// Measures what a cold start spends on importing the ingest function, packed in three ways, to decide whether a layer pays.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, type BuildOptions } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');
const ENTRY = join(ROOT, 'functions', 'ingest.ts');
/** What ingest imports; a layer is shared, so it holds each of these whole. */
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
/** Ways to credentials that Lambda never goes, since it hands them over in the environment; as the template excludes them. */
const OTHER_CREDENTIALS = [
  ...['ini', 'sso', 'process', 'login', 'http', 'web-identity'].map(
    (way) => `@aws-sdk/credential-provider-${way}`,
  ),
  '@smithy/credential-provider-imds',
  '@aws-sdk/nested-clients',
];
const COMMON = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'es2024',
  minify: true,
  mainFields: ['module', 'main'],
  outExtension: { '.js': '.mjs' },
  logLevel: 'error',
} as const satisfies BuildOptions;
const ENVIRONMENT = {
  PATH: process.env['PATH'],
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  WINDOWS_TABLE: 'windows',
  DEVICES_TABLE: 'devices',
  RULES_TABLE: 'rules',
  ALERTS_TABLE: 'alerts',
  ALERT_HISTORY_TABLE: 'history',
  ALERTS_TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:alerts',
  ALERTS_PER_MINUTE: '20',
  DASHBOARD_ORIGIN: 'http://localhost:8080',
  TIME_ZONE: 'UTC',
  SILENT_AFTER_MINUTES: '0',
  ERRORS_BUCKET: 'errors',
  WINDOW_SECONDS: '10',
  MAX_LATENESS_SECONDS: '604800',
  MAX_SKEW_SECONDS: '60',
  WINDOW_RETENTION_DAYS: '30',
};
const MEASURE = `
  const start = performance.now();
  const { handler } = await import(process.argv[1]);
  const ms = performance.now() - start;
  if (typeof handler !== 'function') throw new Error('no handler');
  console.log(JSON.stringify({ ms, mb: process.memoryUsage().rss / 1e6 }));
`;

interface Packing {
  readonly name: string;
  readonly handler: string;
  readonly directory: string;
  readonly runs: { readonly ms: number; readonly mb: number }[];
}

/** Everything in one file, as the template's build properties say. */
async function packBundled(directory: string): Promise<string> {
  await build({ ...COMMON, entryPoints: [ENTRY], outdir: directory, external: OTHER_CREDENTIALS });
  return join(directory, 'ingest.mjs');
}

/** The same with every way to credentials. */
async function packComplete(directory: string): Promise<string> {
  await build({ ...COMMON, entryPoints: [ENTRY], outdir: directory });
  return join(directory, 'ingest.mjs');
}

/** The function alone, beside a layer of pre-bundled packages that share their common parts. */
async function packLayered(directory: string): Promise<string> {
  const modules = join(directory, 'node_modules');
  await build({
    ...COMMON,
    entryPoints: PACKAGES.map((name) => ({ in: name, out: join(name, 'index') })),
    outdir: modules,
    splitting: true,
    absWorkingDir: ROOT,
    nodePaths: [join(ROOT, 'node_modules')],
  });
  for (const name of PACKAGES) {
    const manifest = {
      name,
      type: 'module',
      exports: { '.': './index.mjs', './middleware': './middleware/index.mjs' },
    };
    if (!name.endsWith('/middleware')) {
      writeFileSync(join(modules, name, 'package.json'), JSON.stringify(manifest));
    }
  }
  await build({ ...COMMON, entryPoints: [ENTRY], outdir: directory, external: PACKAGES });
  return join(directory, 'ingest.mjs');
}

/** The function alone, beside the packages as npm installs them. */
async function packInstalled(directory: string): Promise<string> {
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  await build({ ...COMMON, entryPoints: [ENTRY], outdir: directory, external: PACKAGES });
  return join(directory, 'ingest.mjs');
}

function bytesIn(directory: string): number {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function measureOnce(packing: Packing): void {
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', MEASURE, packing.handler], {
    env: ENVIRONMENT,
    encoding: 'utf8',
  });
  packing.runs.push(JSON.parse(output) as { ms: number; mb: number });
}

const { values } = parseArgs({ options: { runs: { type: 'string', default: '21' } } });
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1) throw new RangeError('--runs must be a whole number of at least 1');

const root = mkdtempSync(join(tmpdir(), 'import-time-'));
try {
  const packings: Packing[] = [];
  for (const [name, pack] of [
    ['bundled', packBundled],
    ['complete', packComplete],
    ['layer', packLayered],
    ['installed', packInstalled],
  ] as const) {
    const directory = join(root, name);
    mkdirSync(directory);
    packings.push({ name, directory, handler: await pack(directory), runs: [] });
  }
  for (const packing of packings) measureOnce(packing);
  for (const packing of packings) packing.runs.length = 0;
  // In turns, so that a busy moment of the machine falls on all of them.
  for (let run = 0; run < runs; run++) for (const packing of packings) measureOnce(packing);

  const base = median(packings[0]!.runs.map(({ ms }) => ms));
  console.log(`node ${process.version}, ${runs} processes each, medians`);
  for (const { name, directory, runs } of packings) {
    const ms = median(runs.map((run) => run.ms));
    const mb = median(runs.map((run) => run.mb));
    const size = name === 'installed' ? '' : `, ${(bytesIn(directory) / 1024).toFixed(0)} KiB`;
    console.log(
      `${name.padEnd(9)} ${ms.toFixed(1)} ms, ${(ms / base).toFixed(2)} of bundled, ${mb.toFixed(0)} MB${size}`,
    );
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
