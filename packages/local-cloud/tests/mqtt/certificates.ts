// Throw-away authorities and certificates for the broker's tests.

import 'reflect-metadata';
import { type webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const validity = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2090-01-01T00:00:00Z') };

export interface Credentials {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  readonly ca: string;
  issue(name: string, host?: string): Promise<Credentials>;
}

async function pem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
}

export async function createAuthority(name: string): Promise<Authority> {
  x509.cryptoProvider.set(crypto);
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
    ...validity,
  });
  let serial = 1;
  return {
    ca: ca.toString('pem'),
    async issue(subject, host) {
      const own = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      serial += 1;
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: serial.toString(16).padStart(2, '0'),
        subject: `CN=${subject}`,
        issuer: ca.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        extensions: host ? [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: host }])] : [],
        ...validity,
      });
      return { cert: certificate.toString('pem'), key: await pem(own.privateKey) };
    },
  };
}

/** The common name of a DER certificate that `ca` signed, or undefined. */
export function nameSignedBy(ca: string, der: Buffer): string | undefined {
  const certificate = new X509Certificate(der);
  if (!certificate.verify(new X509Certificate(ca).publicKey)) return undefined;
  return /CN=(.*)/.exec(certificate.subject)?.[1];
}
