// Whether a certificate came of a signing request: then the same request may be answered with it once more.

import { X509Certificate } from 'node:crypto';

const derOf = (pem: string) => Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');

/** A request has the public key of its certificate whole among its bytes. @param csr PEM of PKCS #10 */
export function isOfSameKey(csr: string, certificatePem: string): boolean {
  const key = new X509Certificate(certificatePem).publicKey.export({ type: 'spki', format: 'der' });
  return derOf(csr).includes(key);
}
