// The certificates and keys of simulated devices: made once, kept in a folder, used again by the next run.

import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Identity } from './connection.ts';
import { makeKeyFolder } from './key-folder.ts';

export interface Credentials {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface IdentitySource {
  /** Folder of `<name>.cert.pem` and `<name>.key.pem`. */
  readonly folder: string;
  /** Makes thing, key and certificate. */
  readonly create: (name: string) => Promise<Credentials>;
  /** Called after each device that had to be made. */
  readonly onCreated: (made: number) => void;
  readonly stopping?: AbortSignal;
}

/** Calls to AWS IoT at once; its CreateThing and AttachPolicy are limited to about ten a second. */
const creators = 8;

async function writeWhole(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** The certificate is written last, so that where it stands the key stands too. */
async function keep(folder: string, name: string, { certificatePem, keyPem }: Credentials): Promise<void> {
  await writeWhole(path.join(folder, `${name}.key.pem`), keyPem);
  await writeWhole(path.join(folder, `${name}.cert.pem`), certificatePem);
}

/**
 * In the order of `names`; those without a certificate in the folder are made, several at once.
 *
 * @throws OnboardingError before any is made when the folder cannot be written.
 */
export async function findIdentities(names: readonly string[], source: IdentitySource): Promise<Identity[]> {
  const { folder, create, onCreated, stopping } = source;
  const certificateOf = (name: string) => path.join(folder, `${name}.cert.pem`);
  const missing = names.filter((name) => !existsSync(certificateOf(name)));
  if (missing.length > 0) makeKeyFolder(folder);
  let next = 0;
  let made = 0;
  const creator = async () => {
    while (next < missing.length && !stopping?.aborted) {
      const name = missing[next]!;
      next += 1;
      await keep(folder, name, await create(name));
      made += 1;
      onCreated(made);
    }
  };
  await Promise.all(Array.from({ length: creators }, creator));
  stopping?.throwIfAborted();
  return Promise.all(
    names.map(async (name) => ({
      name,
      certificatePem: await readFile(certificateOf(name), 'utf8'),
      keyPem: await readFile(path.join(folder, `${name}.key.pem`), 'utf8'),
    })),
  );
}
