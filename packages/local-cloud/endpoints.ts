// The file by which other programs find the running stack.
import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What `<data-dir>/endpoints.json` holds. */
export interface Endpoints {
  readonly mqtt: string;
  readonly aws: string;
  readonly web: string;
  /** Path of the certificate that MQTT clients must trust. */
  readonly ca: string;
  /** The template's outputs, resolved. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Names of the functions, by logical ID. */
  readonly functions: Readonly<Record<string, string>>;
}

/** Written whole, so that a reader never sees half of it. */
export function writeEndpoints(dataDir: string, endpoints: Endpoints): void {
  const file = path.join(dataDir, 'endpoints.json');
  writeFileSync(`${file}.new`, `${JSON.stringify(endpoints, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}
