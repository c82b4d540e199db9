// The root certificates that a device needs to trust AWS IoT, taken from those that Node.js carries.

import { X509Certificate } from 'node:crypto';

/** AWS IoT Core's ATS endpoints are signed under these roots; devices should trust both. */
const NAMES = ['Amazon Root CA 1', 'Amazon Root CA 3'];

/** @param known PEM certificates, such as `rootCertificates` of node:tls. @throws Error if a root is missing */
export function amazonRootsIn(known: readonly string[]): string {
  return NAMES.map((name) => {
    const found = known.find((pem) => new X509Certificate(pem).subject.endsWith(`CN=${name}`));
    if (!found) throw new Error(`this Node.js does not carry ${name}: use another version of Node.js`);
    return `${found.trim()}\n`;
  }).join('');
}
