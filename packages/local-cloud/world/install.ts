// Puts the world's runtime under the local cloud: to be imported before anything of it is.

import { registerHooks } from 'node:module';
import { installGlobals } from './globals.ts';

const FOLDER = new URL('./', import.meta.url).href;
const PACKAGE = new URL('../', import.meta.url).href;

/** Modules of Node that reach outside the process, or give what differs from run to run. */
const STAND_INS: Readonly<Record<string, string>> = {
  'node:fs': 'node-fs.ts',
  'node:fs/promises': 'node-fs-promises.ts',
  'node:crypto': 'node-crypto.ts',
  'node:http': 'node-http.ts',
  'node:net': 'node-net.ts',
  'node:tls': 'node-tls.ts',
  'node:sqlite': 'node-sqlite.ts',
  'node:timers/promises': 'node-timers-promises.ts',
  'node:worker_threads': 'node-worker-threads.ts',
  'node:zlib': 'node-zlib.ts',
};

/** Parts of the local cloud that are a thread or a process of their own. */
const PARTS: Readonly<Record<string, string>> = {
  [`${PACKAGE}dynamodb/thread.ts`]: 'world-tables.ts',
  [`${PACKAGE}lambda/bundle.ts`]: 'world-bundles.ts',
  [`${PACKAGE}template/document.ts`]: 'world-document.ts',
  [`${PACKAGE}template/load.ts`]: 'world-template.ts',
};

installGlobals();

registerHooks({
  resolve(specifier, context, next) {
    const { parentURL = '' } = context;
    const isProduct = parentURL.startsWith(PACKAGE) && !parentURL.startsWith(FOLDER);
    if (!isProduct || parentURL.includes('/node_modules/')) return next(specifier, context);
    const standIn = STAND_INS[specifier];
    if (standIn !== undefined) return { url: FOLDER + standIn, shortCircuit: true };
    const resolved = next(specifier, context);
    const part = PARTS[resolved.url];
    return part === undefined ? resolved : { url: FOLDER + part, shortCircuit: true };
  },
});
