// Whether a certificate was issued for a signing request: then a repeated request gets the same certificate again.

import { X509Certificate } from 'node:crypto';

const derOf = (pem: string) => Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');

/** A request contains its certificate's public key unchanged among its bytes. @param csr PEM of PKCS #10 */
export function isOfSameKey(csr: string, certificatePem: string): boolean {
  const key = new X509Certificate(certificatePem).publicKey.export({ type: 'spki', format: 'der' });
  return derOf(csr).includes(key);
}
