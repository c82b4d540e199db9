// The key pairs of keys for signing: made when first needed, readable by the owner of the data directory alone.

import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { isMissing, makeDirectory, replaceFile } from '../files/durable-files.ts';
import type { KeySpec } from './key-spec.ts';

export interface StoredKey extends KeySpec {
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** Of keys for signing, on the curve P-256. */
  readonly pair?: { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
}

const generate = promisify(generateKeyPair);

async function stored(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function openPair(dir: string, { keyId }: KeySpec) {
  const file = path.join(dir, `${keyId}.pem`);
  let pem = await stored(file);
  if (pem === undefined) {
    const { privateKey } = await generate('ec', { namedCurve: 'prime256v1' });
    pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await makeDirectory(dir);
    await replaceFile(file, pem);
  }
  const { mtimeMs } = await stat(file);
  try {
    const privateKey = createPrivateKey(pem);
    if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
      throw new Error('it is on another curve');
    return { createdAt: Math.floor(mtimeMs), pair: { privateKey, publicKey: createPublicKey(privateKey) } };
  } catch (error) {
    throw new Error(
      `${file} is damaged (${(error as Error).message}): restore it, or remove it to sign with a new key`,
      { cause: error },
    );
  }
}

/** By ARN. Private keys are in `dir`, with mode 0600. `startedAt`, epoch milliseconds, is shown as the creation of other keys. */
export async function openKeys(
  dir: string,
  specs: readonly KeySpec[],
  startedAt: number,
): Promise<ReadonlyMap<string, StoredKey>> {
  const keys = new Map<string, StoredKey>();
  for (const spec of specs)
    keys.set(spec.arn, { ...spec, ...(spec.signs ? await openPair(dir, spec) : { createdAt: startedAt }) });
  return keys;
}
