// Writes and reads endpoints.json, by which other programs find the running stack, and a start the settings of the last one.

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { StartError } from './start-error.ts';

/** What `<data-dir>/endpoints.json` holds. */
export interface Endpoints {
  readonly mqtt: string;
  /** Names and addresses by which other machines reach the MQTT port, the most reliable first; empty where they cannot. */
  readonly mqttHosts: readonly string[];
  /** Custom domains for which the MQTT port has a certificate; their DNS records are up to you. */
  readonly mqttDomains: readonly string[];
  readonly aws: string;
  readonly web: string;
  /** Path of the certificate that MQTT clients must trust. */
  readonly ca: string;
  /** The template's outputs, resolved. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Names of the functions, by logical ID. */
  readonly functions: Readonly<Record<string, string>>;
  /** Values of the template's parameters, without those that have `NoEcho`. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** Written whole, so that a reader never sees half of it. */
export function writeEndpoints(dataDir: string, endpoints: Endpoints): void {
  const file = path.join(dataDir, 'endpoints.json');
  writeFileSync(`${file}.new`, `${JSON.stringify(endpoints, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}

/**
 * Refuses to change `lasting` parameters of a data directory. A directory of an older version, which has no parameters on
 * record, is accepted. @throws StartError that names both values and what to do.
 */
export function requireLasting(
  dataDir: string,
  parameters: Readonly<Record<string, string>>,
  lasting: readonly { readonly parameter: string; readonly because: string }[],
): void {
  const file = path.join(dataDir, 'endpoints.json');
  if (lasting.length === 0 || !existsSync(file)) return;
  const { parameters: before = {} } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Endpoints>;
  for (const { parameter, because } of lasting) {
    const [was, is] = [before[parameter], parameters[parameter]];
    if (was === undefined || is === undefined || was === is) continue;
    throw new StartError(
      `${parameter} is ${is}, but ${dataDir} was made with ${was}: ${because}. ` +
        `Start with --parameter-overrides ${parameter}=${was}, or name a new folder with --data-dir`,
    );
  }
}
