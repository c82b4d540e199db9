// The RS256 key with which the user pool signs its tokens: created when first needed, and readable by the owner alone.

import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { isMissing, makeDirectory, replaceFile } from '../files/durable-files.ts';

export interface SigningKey {
  /** With the private part. */
  readonly privateJwk: Record<string, unknown>;
  /** What `/.well-known/jwks.json` shows. */
  readonly publicJwk: Record<string, unknown>;
}

const FILE = 'signing-key.pem';
const generate = promisify(generateKeyPair);

function shown(key: KeyObject): SigningKey {
  const publicPart = createPublicKey(key).export({ format: 'jwk' }) as Record<string, unknown>;
  const kid = createHash('sha256').update(String(publicPart['n'])).digest('base64url').slice(0, 32);
  const names = { kid, alg: 'RS256', use: 'sig' };
  return {
    privateJwk: { ...(key.export({ format: 'jwk' }) as Record<string, unknown>), ...names },
    publicJwk: { ...publicPart, ...names },
  };
}

async function stored(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function made(dir: string): Promise<SigningKey> {
  const file = path.join(dir, FILE);
  let pem = await stored(file);
  if (pem === undefined) {
    const { privateKey } = await generate('rsa', { modulusLength: 2048 });
    pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await makeDirectory(dir);
    await replaceFile(file, pem);
  }
  try {
    return shown(createPrivateKey(pem));
  } catch (error) {
    throw new Error(`${file} is damaged: remove it; everybody then logs in again`, { cause: error });
  }
}

/** Returns the key of `<dir>/signing-key.pem`, always the same. Rejects when the file is damaged. */
export function createSigningKey(dir: string): () => Promise<SigningKey> {
  let key: Promise<SigningKey> | undefined;
  return () => (key ??= made(dir));
}
