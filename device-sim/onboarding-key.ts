// Creates a device's private key on this machine; only the signing request ever leaves it.

import 'reflect-metadata';
import { Pkcs10CertificateRequestGenerator, PemConverter } from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/**
 * A certificate signing request (PKCS #10, PEM) for a P-256 key with the thing's name as its common name.
 *
 * @param keyPem an existing PKCS #8 key; by default a new one is created.
 */
export async function makeKeyAndRequest(
  name: string,
  keyPem?: string,
): Promise<{ keyPem: string; csr: string }> {
  const keys = keyPem
    ? await importKeys(keyPem)
    : await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [name] }],
    keys,
    signingAlgorithm: ALGORITHM,
  });
  const exported = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    keyPem: keyPem ?? `${PemConverter.encode(exported, 'PRIVATE KEY')}\n`,
    csr: request.toString('pem'),
  };
}

async function importKeys(keyPem: string) {
  const privateKey = await crypto.subtle.importKey(
    'pkcs8',
    PemConverter.decodeFirst(keyPem),
    ALGORITHM,
    true,
    ['sign'],
  );
  const { d: _private, key_ops: _use, ...publicPart } = await crypto.subtle.exportKey('jwk', privateKey);
  const publicKey = await crypto.subtle.importKey('jwk', publicPart, ALGORITHM, true, ['verify']);
  return { privateKey, publicKey };
}
