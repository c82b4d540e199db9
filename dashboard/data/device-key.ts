// Creates a device's key pair and its certificate signing request in this browser. Only the request leaves the browser.

import 'reflect-metadata';
import { PemConverter, Pkcs10CertificateRequestGenerator } from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface DeviceKey {
  /** PKCS #8, PEM. */
  readonly keyPem: string;
  /** PKCS #10, PEM. */
  readonly csr: string;
}

export async function makeDeviceKey(name: string): Promise<DeviceKey> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [name] }],
    keys,
    signingAlgorithm: ALGORITHM,
  });
  const exported = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { keyPem: `${PemConverter.encode(exported, 'PRIVATE KEY')}\n`, csr: request.toString('pem') };
}
