// The one secret of this installation: identities, login tokens and credentials are derived from it, so none is stored.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { makeDirectory, replaceFile } from '../files/durable-files.ts';
import { StartError } from '../start-error.ts';

export interface Secret {
  /** 32 bytes that nobody else can compute, different for each `purpose`. */
  mac(purpose: string, ...parts: readonly string[]): Buffer;
}

/** Compares in a time that does not depend on how much is equal. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

export function createSecret(key: Uint8Array): Secret {
  return {
    mac: (purpose, ...parts) =>
      createHmac('sha256', key)
        .update(JSON.stringify([purpose, ...parts]))
        .digest(),
  };
}

function readKey(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function secretOf(file: string, key: string): Secret {
  if (!/^[0-9a-f]{64}$/.test(key)) {
    throw new StartError(`${file} is damaged: remove it; browsers then begin with new identities`);
  }
  return createSecret(Buffer.from(key, 'hex'));
}

const fileOf = (dir: string) => path.join(dir, 'secret');

/** Reads `<dir>/secret` for another program, if it exists. @throws StartError when it holds something else. */
export function readSecret(dir: string): Secret | undefined {
  const key = readKey(fileOf(dir));
  return key === undefined ? undefined : secretOf(fileOf(dir), key);
}

/**
 * Reads `<dir>/secret`, which the first start creates, readable by the owner alone.
 *
 * @throws StartError when the file holds something else.
 */
export async function openSecret(dir: string): Promise<Secret> {
  await makeDirectory(dir);
  const file = fileOf(dir);
  let key = readKey(file);
  if (key === undefined) {
    key = randomBytes(32).toString('hex');
    await replaceFile(file, `${key}\n`);
  }
  return secretOf(file, key);
}
