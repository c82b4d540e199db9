// Runs the script of a function with a process, a console and modules of its own, as a thread would.

import { createRequire } from 'node:module';
import { format } from 'node:util';
import vm from 'node:vm';
import { errorDocument, type WorkerSettings } from '../lambda/protocol.ts';
import * as worldCrypto from './node-crypto.ts';
import * as worldFiles from './node-fs.ts';
import * as worldFilePromises from './node-fs-promises.ts';
import * as worldHttp from './node-http.ts';
import * as worldTimers from './node-timers-promises.ts';
import { createSdkHandler } from './sdk-handler.ts';
import * as sdkSignature from './sdk-signature.ts';
import { scriptAt } from './world-bundles.ts';
import type { TablesPort } from './world-tables.ts';

type Run = (event: unknown, context: unknown) => unknown;

export interface Handler {
  readonly run: Run;
  readonly settings: WorkerSettings;
  print(text: string): void;
  readonly state: { requestId: string };
}

const PARAMETERS = ['exports', 'require', 'module', 'process', 'console', '__filename', '__dirname'];
const compiled = new Map<string, (...given: unknown[]) => void>();
const requireReal = createRequire(import.meta.url);

/** Compiled once; what it keeps at module level is new with every run. */
function scriptOf(file: string) {
  let script = compiled.get(file);
  if (!script) {
    script = vm.compileFunction(scriptAt(file), PARAMETERS, { filename: file }) as (
      ...given: unknown[]
    ) => void;
    compiled.set(file, script);
  }
  return script;
}

const LEVELS = { log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR', debug: 'DEBUG', trace: 'TRACE' };

function createProcess(env: Readonly<Record<string, string>>, print: (text: string) => void): NodeJS.Process {
  const write = (chunk: string | Uint8Array, ...more: unknown[]) => {
    print(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
    const done = more.at(-1);
    if (typeof done === 'function') queueMicrotask(() => (done as () => void)());
    return true;
  };
  return Object.create(process, {
    env: { value: { ...env } },
    stdout: { value: Object.create(process.stdout, { write: { value: write } }) },
    stderr: { value: Object.create(process.stderr, { write: { value: write } }) },
    on: { value: () => process },
    emitWarning: { value: () => {} },
  }) as NodeJS.Process;
}

/** The console that the Node runtime of Lambda gives a function. */
function createConsole(state: Handler['state'], print: (text: string) => void) {
  const methods = Object.entries(LEVELS).map(([method, level]) => [
    method,
    (...values: unknown[]) =>
      print(
        `${new Date().toISOString()}\t${state.requestId || 'undefined'}\t${level}\t${format(...values)}\n`,
      ),
  ]);
  return { ...console, ...Object.fromEntries(methods) } as Console;
}

/** A console that writes to the function's own streams, as Powertools makes one. */
const consoleModule = (own: Console, print: (text: string) => void) => {
  const line = (...values: unknown[]) => print(`${format(...values)}\n`);
  class OwnConsole {
    log = line;
    info = line;
    warn = line;
    error = line;
    debug = line;
    trace = line;
  }
  return { ...own, Console: OwnConsole };
};

/** @returns the handler, or Lambda's error document when it cannot be imported */
export function loadHandler(
  settings: WorkerSettings,
  env: Readonly<Record<string, string>>,
  print: (text: string) => void,
): Handler | string {
  const state = { requestId: '' };
  const ownProcess = createProcess(env, print);
  const ownConsole = createConsole(state, print);
  const own: Readonly<Record<string, unknown>> = {
    process: ownProcess,
    http: { ...worldHttp, default: worldHttp.default },
    crypto: worldCrypto,
    fs: { ...worldFiles, promises: worldFilePromises },
    'fs/promises': worldFilePromises,
    console: consoleModule(ownConsole, print),
    'timers/promises': worldTimers,
    '@smithy/node-http-handler': createSdkHandler(settings.tables?.port as TablesPort | undefined),
    '@smithy/signature-v4': sdkSignature,
  };
  const require = (name: string): unknown => {
    const plain = name.replace(/^node:/, '');
    return Object.hasOwn(own, plain) ? own[plain] : (requireReal(name) as unknown);
  };
  const module = { exports: {} as Record<string, unknown> };
  try {
    scriptOf(settings.file)(module.exports, require, module, ownProcess, ownConsole, settings.file, '/');
  } catch (error) {
    const { name, message, stack = '' } = error as Error;
    return errorDocument(name, message, stack.split('\n'));
  }
  const run = module.exports[settings.handlerName];
  if (typeof run !== 'function')
    return errorDocument(
      'Runtime.HandlerNotFound',
      `${settings.handlerName} is not a function of ${settings.file}`,
    );
  return { run: run as Run, settings, print, state };
}
