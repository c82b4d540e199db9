// The packages that functions import, evaluated once for all environments: what they keep is caches, and their code stays compiled.

import { createRequire } from 'node:module';
import path from 'node:path';
import vm from 'node:vm';
import { build, type BuildOptions, type OutputFile, type Plugin } from 'esbuild';
import * as worldCrypto from './node-crypto.ts';
import * as worldFiles from './node-fs.ts';
import * as worldFilePromises from './node-fs-promises.ts';
import * as worldHttp from './node-http.ts';
import * as worldTimers from './node-timers-promises.ts';
import { consoleModule, ownConsole, ownProcess, surroundings } from './environment-globals.ts';
import { createSdkHandler } from './sdk-handler.ts';
import * as sdkSignature from './sdk-signature.ts';

/** What code of functions gets in place of Node's modules and of the AWS SDK's last layers. */
const STAND_INS: Readonly<Record<string, unknown>> = {
  process: ownProcess,
  http: { ...worldHttp, default: worldHttp.default },
  crypto: worldCrypto,
  fs: { ...worldFiles, promises: worldFilePromises },
  'fs/promises': worldFilePromises,
  console: consoleModule,
  'timers/promises': worldTimers,
  '@smithy/node-http-handler': createSdkHandler(() => surroundings().tables),
  '@smithy/signature-v4': sdkSignature,
};

/** By the names that functions import. */
const packages = new Map<string, object>();
const requireReal = createRequire(import.meta.url);

function requireShared(name: string): unknown {
  const plain = name.replace(/^node:/, '');
  const shared = packages.get(name);
  if (shared) return shared;
  return Object.hasOwn(STAND_INS, plain) ? STAND_INS[plain] : requireReal(name);
}

const PARAMETERS = ['exports', 'require', 'module', 'process', 'console', '__filename', '__dirname'];

/** Compiles a CommonJS script once. @returns runs it, with modules of its own, and gives its exports */
export function compileScript(text: string, file: string): () => Record<string, unknown> {
  const script = vm.compileFunction(text, PARAMETERS, { filename: file }) as (...given: unknown[]) => void;
  return () => {
    const module: { exports: Record<string, unknown> } = { exports: {} };
    script(module.exports, requireShared, module, ownProcess, ownConsole, file, '/');
    return module.exports;
  };
}

/** Bundles packages or functions as CommonJS. */
async function bundle(options: BuildOptions): Promise<readonly OutputFile[]> {
  const { outputFiles } = await build({
    ...options,
    ...{ write: false, logLevel: 'silent', bundle: true, platform: 'node', format: 'cjs' },
    // What is imported late has to come from here, too.
    supported: { 'dynamic-import': false },
  });
  return outputFiles;
}

const IS_PACKAGE = /^[@a-z]/;
const ASKED = 'asked by this plugin';

/**
 * Leaves packages of `node_modules` out of functions, and calls back with their names. One of the workspace is built into
 * each function, as its own code is.
 */
const leaveOut = (found: (name: string) => void): Plugin => ({
  name: 'leave-out-packages',
  setup(builder) {
    builder.onResolve({ filter: IS_PACKAGE }, async ({ path, resolveDir, kind, importer, pluginData }) => {
      if (pluginData === ASKED || kind === 'entry-point' || importer === '') return undefined;
      const resolved = await builder.resolve(path, { resolveDir, kind, importer, pluginData: ASKED });
      if (!resolved.path.includes('/node_modules/')) return undefined;
      found(path);
      return { path, external: true };
    });
  },
});

/** The last layers of the AWS SDK come from `STAND_INS`. */
const withoutLastLayers: Plugin = {
  name: 'without-last-layers',
  setup(builder) {
    const filter = /^@smithy\/(node-http-handler|signature-v4)$/;
    builder.onResolve({ filter }, ({ path }) => ({ path, external: true }));
  },
};

/** Evaluates packages that are new. */
async function evaluate(names: readonly string[], root: string, options: BuildOptions): Promise<void> {
  if (names.length === 0) return;
  const lines = names.map((name, index) => `export * as package${index} from ${JSON.stringify(name)};`);
  const [output] = await bundle({
    ...options,
    stdin: { contents: lines.join('\n'), resolveDir: root, loader: 'js' },
    plugins: [withoutLastLayers],
  });
  const evaluated = compileScript(output!.text, `${root}/packages.cjs`)();
  names.forEach((name, index) =>
    packages.set(name, { ...(evaluated[`package${index}`] as object), __esModule: true }),
  );
}

/** Packages are modules with a default of their own here; Node would give one of CommonJS as the default. */
const withOwnDefaults = (text: string) =>
  text.replaceAll(/__toESM\(require\("([^"]+)"\), 1\)/g, (call, name: string) =>
    packages.has(name) ? `__toESM(require("${name}"))` : call,
  );

/**
 * Builds functions as scripts without their packages, and evaluates those.
 *
 * @returns the text of the script of each file below `folder`
 */
export async function buildScripts(
  entryPoints: readonly string[],
  folder: string,
  options: BuildOptions,
): Promise<ReadonlyMap<string, string>> {
  const names = new Set<string>();
  const outputs = await bundle({
    ...options,
    ...{ entryPoints: [...entryPoints], outdir: folder, outExtension: { '.js': '.cjs' } },
    plugins: [leaveOut((name) => names.add(name))],
  });
  const missing = [...names].filter((name) => !packages.has(name)).sort();
  await evaluate(missing, path.dirname(entryPoints[0]!), options);
  return new Map(outputs.map(({ path: file, text }) => [file, withOwnDefaults(text)]));
}
