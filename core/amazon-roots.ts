// What a device trusts that connects to AWS IoT: the roots of Amazon, out of those that Node.js carries.

import { X509Certificate } from 'node:crypto';

/** AWS IoT Core's ATS endpoints are signed under these; devices should trust both. */
const NAMES = ['Amazon Root CA 1', 'Amazon Root CA 3'];

/** @param known PEM of each certificate that is known, as `rootCertificates` of node:tls. @throws Error where one is missing */
export function amazonRootsIn(known: readonly string[]): string {
  return NAMES.map((name) => {
    const found = known.find((pem) => new X509Certificate(pem).subject.endsWith(`CN=${name}`));
    if (!found) throw new Error(`this Node.js does not carry ${name}: use another version of Node.js`);
    return `${found.trim()}\n`;
  }).join('');
}
