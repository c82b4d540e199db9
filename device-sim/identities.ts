// Creates the certificates and keys of simulated devices once, and keeps them in a folder for later runs.

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
  /** Called after each device that was created. */
  readonly onCreated: (made: number) => void;
  readonly stopping?: AbortSignal;
}

/** Concurrent calls to AWS IoT, which limits CreateThing and AttachPolicy to about ten a second. */
const CREATORS = 8;

async function writeWhole(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** The certificate is written last, so that its key always exists. */
async function keep(folder: string, name: string, { certificatePem, keyPem }: Credentials): Promise<void> {
  await writeWhole(path.join(folder, `${name}.key.pem`), keyPem);
  await writeWhole(path.join(folder, `${name}.cert.pem`), certificatePem);
}

/**
 * The identities in the order of `names`; those without a certificate in the folder are created, several at once.
 *
 * @throws OnboardingError before any is created if the folder cannot be written.
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
  await Promise.all(Array.from({ length: CREATORS }, creator));
  stopping?.throwIfAborted();
  return Promise.all(
    names.map(async (name) => ({
      name,
      certificatePem: await readFile(certificateOf(name), 'utf8'),
      keyPem: await readFile(path.join(folder, `${name}.key.pem`), 'utf8'),
    })),
  );
}
