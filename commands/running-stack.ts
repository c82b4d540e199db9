// Finds the running local cloud for all commands, with one error message if there is none.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** What `npm start` writes for other programs. */
export interface RunningStack {
  /** Addresses: `mqtts://...`, `http://...`, `http://...`. */
  readonly mqtt: string;
  readonly aws: string;
  readonly web: string;
  /** Domain names for which the broker has a certificate. */
  readonly mqttDomains: readonly string[];
  /** Path of the certificate that MQTT clients must trust, relative to the data directory. */
  readonly ca: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
}

export const START_FIRST = 'run npm start first, or name its folder with --data-dir';

/** The same words as in packages/local-cloud, which cannot import this. */
export const notRunning = (dataDir: string): string =>
  `Tidegate is not running in ${dataDir}: ${START_FIRST}`;

/** What the stack of `dataDir` wrote, even if it no longer runs; otherwise a message with the remedy. */
export function findStack(dataDir: string): RunningStack | { readonly problem: string } {
  const file = path.join(dataDir, 'endpoints.json');
  if (!existsSync(file)) return { problem: notRunning(dataDir) };
  try {
    const found = JSON.parse(readFileSync(file, 'utf8')) as Partial<RunningStack>;
    const { mqtt, mqttDomains = [], aws, web, ca, outputs, parameters = {} } = found;
    if (!mqtt || !aws || !web || !ca || !outputs) throw new Error('it lacks mqtt, aws, web, ca or outputs');
    const wrong = [mqtt, aws, web].find((url) => !URL.canParse(url));
    if (wrong !== undefined) throw new Error(`${wrong} is not an address`);
    return { mqtt, mqttDomains, aws, web, ca, outputs, parameters };
  } catch (error) {
    return { problem: `${file} cannot be used (${(error as Error).message}): run npm start again` };
  }
}

/** Whether nothing listens at the address any more, or the connection broke; `fetch` has the reason in its cause. */
export function isRefused(error: unknown): boolean {
  const { code, cause } = error as NodeJS.ErrnoException;
  const reasons = [code, (cause as NodeJS.ErrnoException | undefined)?.code];
  return reasons.some((reason) => reason === 'ECONNREFUSED' || reason === 'ECONNRESET');
}
