// Public keys of seals: their fingerprints, and whether they signed a manifest.

import { createPublicKey, hash, verify, type KeyObject } from 'node:crypto';
import { canonicalJson } from '../canonical-json.ts';
import type { SealedDay } from './manifest.ts';

export interface SealingKey {
  /** SHA-256 of the key in DER form (SubjectPublicKeyInfo), 64 hexadecimal digits. */
  readonly fingerprint: string;
  readonly pem: string;
  readonly key: KeyObject;
}

/** `source`: PEM, or DER as KMS gives it. @throws Error for anything but a public key on the curve P-256 */
export function sealingKey(source: string | Uint8Array): SealingKey {
  const key = createPublicKey(
    typeof source === 'string' ? source : { key: Buffer.from(source), format: 'der', type: 'spki' },
  );
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new Error('it is not a public key on the curve P-256');
  return {
    fingerprint: hash('sha256', key.export({ type: 'spki', format: 'der' }), 'hex'),
    pem: key.export({ type: 'spki', format: 'pem' }).toString(),
    key,
  };
}

/** Whether the key signed the manifest. */
export function isSignedBy({ key }: SealingKey, { manifest, signature }: SealedDay): boolean {
  return verify('sha256', Buffer.from(canonicalJson(manifest)), key, Buffer.from(signature, 'base64'));
}
