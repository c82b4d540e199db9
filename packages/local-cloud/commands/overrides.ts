// Parameter values on a command line, as `sam deploy` takes them.

import { StartError } from '../start-error.ts';

/** Reads `Key=Value` pairs; one or several in an argument. @throws StartError with the usage */
export function parseOverrides(pairs: readonly string[], usage: string): Record<string, string> {
  const overrides = new Map<string, string>();
  for (const pair of pairs.flatMap((text) => text.split(/\s+(?=[A-Za-z0-9]+=)/))) {
    const equals = pair.indexOf('=');
    if (equals < 1) throw new StartError(`${pair}: a parameter override is Key=Value; ${usage}`);
    overrides.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  return Object.fromEntries(overrides);
}
