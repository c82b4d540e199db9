// Pairs of a key and a certificate in two files, kept from start to start.

import { createPrivateKey, X509Certificate as NodeCertificate, type webcrypto } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PemConverter } from '@peculiar/x509';
import { replaceFile } from '../files/durable-files.ts';
import { StartError } from '../start-error.ts';

/** The algorithm of the keys of CAs and devices, and of signatures. */
export const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
} as const;
/** Key algorithms of AWS Certificate Manager, and Node's names for them. */
export type KeyAlgorithm = 'RSA_2048' | 'EC_prime256v1';
export const nodeKeyTypes: Readonly<Record<KeyAlgorithm, string>> = { RSA_2048: 'rsa', EC_prime256v1: 'ec' };
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

export async function makeKeys(
  kind: KeyAlgorithm = 'EC_prime256v1',
): Promise<{ keys: webcrypto.CryptoKeyPair; pem: string }> {
  const usages: webcrypto.KeyUsage[] = ['sign', 'verify'];
  const keys =
    kind === 'RSA_2048'
      ? await crypto.subtle.generateKey(RSA, true, usages)
      : await crypto.subtle.generateKey(algorithm, true, usages);
  return {
    keys,
    pem: PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY'),
  };
}

/** @throws StartError when one of the two is unreadable, the key is lost, or they do not belong together. */
function readPair(keyFile: string, certFile: string): KeyPair | undefined {
  const cert = existsSync(certFile) ? readFileSync(certFile, 'utf8') : '';
  if (cert === '') return undefined; // see ensurePair
  try {
    const pair = { key: readFileSync(keyFile, 'utf8'), cert };
    if (new NodeCertificate(pair.cert).checkPrivateKey(createPrivateKey(pair.key))) return pair;
  } catch {
    // reported below, with the same remedy
  }
  throw new StartError(
    `${certFile} and ${keyFile} are damaged or do not belong together: restore both, or delete both for new ones`,
  );
}

/**
 * The pair `<folder>/<name>.pem` and `<name>.key.pem`, if it exists and can be kept, else a new one.
 * @throws StartError when a file is damaged.
 */
export async function ensurePair(
  folder: string,
  name: string,
  make: () => Promise<KeyPair>,
  keep: (pair: KeyPair) => boolean,
) {
  const keyFile = path.join(folder, `${name}.key.pem`);
  const certFile = path.join(folder, `${name}.pem`);
  const found = readPair(keyFile, certFile);
  if (found && keep(found)) return { ...found, certFile };
  const made = await make();
  // The old certificate is removed first and the new one written last: after a crash in between there is no pair, and the next start makes one.
  await replaceFile(certFile, '', 0o644);
  await replaceFile(keyFile, made.key);
  await replaceFile(certFile, made.cert, 0o644);
  return { ...made, certFile };
}
