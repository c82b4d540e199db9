// What a function finds as its process and its console: its own, whichever environment runs at the moment.

import { format } from 'node:util';
import { currentLife, type Life } from './runtime.ts';
import type { TablesPort } from './world-tables.ts';

/** Of one environment. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string>>;
  readonly tables: TablesPort | undefined;
  readonly print: (text: string) => void;
  /** Of the event that runs; empty while the handler is imported. */
  requestId: string;
}

const byLife = new WeakMap<Life, Surroundings>();
const OUTSIDE: Surroundings = { env: {}, tables: undefined, print() {}, requestId: '' };

/** Those of the environment whose code runs; empty ones outside of all. */
export function surroundings(): Surroundings {
  const life = currentLife();
  return (life && byLife.get(life)) ?? OUTSIDE;
}

export const surround = (life: Life, own: Surroundings): void => void byLife.set(life, own);

function writeOwn(chunk: string | Uint8Array, ...more: unknown[]): boolean {
  surroundings().print(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
  const done = more.at(-1);
  if (typeof done === 'function') queueMicrotask(() => (done as () => void)());
  return true;
}

export const ownProcess = Object.create(process, {
  env: { get: () => surroundings().env },
  stdout: { value: Object.create(process.stdout, { write: { value: writeOwn } }) },
  stderr: { value: Object.create(process.stderr, { write: { value: writeOwn } }) },
  on: { value: () => ownProcess },
  emitWarning: { value: () => {} },
}) as NodeJS.Process;

const LEVELS = { log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR', debug: 'DEBUG', trace: 'TRACE' };

const printLevel =
  (level: string) =>
  (...values: unknown[]) => {
    const { print, requestId } = surroundings();
    print(`${new Date().toISOString()}\t${requestId || 'undefined'}\t${level}\t${format(...values)}\n`);
  };

/** The console that the Node runtime of Lambda gives a function. */
export const ownConsole: Console = {
  ...console,
  ...Object.fromEntries(Object.entries(LEVELS).map(([method, level]) => [method, printLevel(level)])),
};

const printLine = (...values: unknown[]) => surroundings().print(`${format(...values)}\n`);

/** A console that writes to the function's own streams, as Powertools makes one. */
class OwnConsole {
  log = printLine;
  info = printLine;
  warn = printLine;
  error = printLine;
  debug = printLine;
  trace = printLine;
}

/** `node:console` */
export const consoleModule = { ...ownConsole, Console: OwnConsole };
