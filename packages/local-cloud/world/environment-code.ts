// Imports the handler of a function's environment, and evaluates its own code again, as a new thread does.

import { errorDocument, type WorkerSettings } from '../lambda/protocol.ts';
import type { Surroundings } from './environment-globals.ts';
import { runScript } from './world-bundles.ts';

type Run = (event: unknown, context: unknown) => unknown;

export interface Handler {
  readonly run: Run;
  readonly settings: WorkerSettings;
  readonly surroundings: Surroundings;
}

/** To be called in the life of the environment. @returns the handler, or Lambda's error document when it cannot be imported */
export function loadHandler(settings: WorkerSettings, surroundings: Surroundings): Handler | string {
  let exported: Record<string, unknown>;
  try {
    exported = runScript(settings.file);
  } catch (error) {
    const { name, message, stack = '' } = error as Error;
    return errorDocument(name, message, stack.split('\n'));
  }
  const run = exported[settings.handlerName];
  if (typeof run === 'function') return { run: run as Run, settings, surroundings };
  return errorDocument(
    'Runtime.HandlerNotFound',
    `${settings.handlerName} is not a function of ${settings.file}`,
  );
}
