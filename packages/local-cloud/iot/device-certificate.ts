// Makes device certificates, with new keys or from a signing request, and reads those that are registered.

import 'reflect-metadata';
import { createPublicKey, generateKeyPair, X509Certificate, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { AwsError } from '../aws-error.ts';
import { invalid } from './api-request.ts';
import type { LocalCa } from './ca.ts';
import { fingerprint } from './identity.ts';
import type { Certificate } from './registry.ts';

/** The curves that AWS IoT accepts, by OpenSSL's names. */
const CURVES = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
]);

function isAcceptedKey(key: KeyObject): boolean {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') return modulusLength >= 2048;
  return key.asymmetricKeyType === 'ec' && CURVES.has(namedCurve);
}

const ACCEPTED_KEYS = 'an RSA key of at least 2048 bits or an EC key on P-256, P-384 or P-521';

/**
 * The registry's record of a certificate.
 *
 * @throws AwsError CertificateValidationException when the text is not a single certificate with a key that AWS accepts.
 */
export function readCertificate(
  pem: string,
  now: number,
): Pick<Certificate, 'id' | 'pem' | 'notBefore' | 'notAfter'> {
  const refuse = (problem: string) => new AwsError('CertificateValidationException', problem, 400);
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    throw refuse('The certificate is not valid PEM');
  }
  if (!isAcceptedKey(certificate.publicKey)) throw refuse(`The certificate needs ${ACCEPTED_KEYS}`);
  if (certificate.ca) throw refuse('A CA certificate cannot be registered as a device certificate');
  const notAfter = Date.parse(certificate.validTo);
  if (notAfter < now) throw refuse('The certificate has expired');
  return {
    id: fingerprint(certificate.raw),
    pem: certificate.toString(),
    notBefore: Date.parse(certificate.validFrom),
    notAfter,
  };
}

/** Whether the service's own CA signed the certificate; false for what is not PEM. */
export function isIssuedBy(ca: Pick<LocalCa, 'signed'>, pem: string): boolean {
  try {
    return ca.signed(new X509Certificate(pem));
  } catch {
    return false;
  }
}

/**
 * Signs a certificate for the key and subject of a PKCS #10 request, as CreateCertificateFromCsr does.
 *
 * @returns the certificate, PEM.
 * @throws AwsError InvalidRequestException when the request does not parse, is not signed by its own key, or has a weak key.
 */
export async function certificateFromCsr(ca: LocalCa, csr: string): Promise<string> {
  if (csr.length > 4096) throw invalid('certificateSigningRequest is longer than 4096 characters');
  let request: Pkcs10CertificateRequest;
  let key: KeyObject;
  try {
    request = new Pkcs10CertificateRequest(csr);
    key = createPublicKey({
      key: Buffer.from(request.publicKey.rawData),
      format: 'der',
      type: 'spki',
    });
    if (!isAcceptedKey(key)) throw invalid(`certificateSigningRequest needs ${ACCEPTED_KEYS}`);
    if (!(await request.verify())) throw invalid('certificateSigningRequest is not signed by its own key');
  } catch (error) {
    if (error instanceof AwsError) throw error;
    throw invalid('certificateSigningRequest is not a valid PEM certificate signing request');
  }
  const publicKey = key.export({ type: 'spki', format: 'der' });
  return ca.issue({ publicKey, subject: request.subjectName });
}

/** A 2048-bit RSA key pair and its certificate, as CreateKeysAndCertificate returns them; the private key is not kept. */
export async function certificateWithKeys(
  ca: LocalCa,
  notAfter?: Date,
): Promise<{ pem: string; publicKey: string; privateKey: string }> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const pem = await ca.issue({
    publicKey: publicKey.export({ type: 'spki', format: 'der' }),
    subject: [{ CN: ['AWS IoT Certificate'] }],
    ...(notAfter ? { notAfter } : {}),
  });
  return {
    pem,
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
  };
}
