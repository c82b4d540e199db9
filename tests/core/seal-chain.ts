// A sealed archive in memory for the tests of seals: days with objects, signed with a key of their own.

import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { canonicalJson } from '../../core/canonical-json.ts';
import { headOf, manifestOf, type SealedDay, type SealedObject } from '../../core/seal/manifest.ts';
import { sealingKey, type SealingKey } from '../../core/seal/public-key.ts';
import { manifestKey } from '../../core/seal/sealed-days.ts';

export interface KeyPair extends SealingKey {
  readonly privateKey: KeyObject;
}

export function newKey(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return {
    ...sealingKey(publicKey.export({ type: 'spki', format: 'pem' }).toString()),
    privateKey,
  };
}

export const objectOf = (key: string, content: string): SealedObject => ({
  ...{ key, size: Buffer.byteLength(content) },
  sha256: createHash('sha256').update(content).digest('hex'),
});

export function sealedDay(
  day: string,
  objects: readonly SealedObject[],
  { previous, key }: { readonly previous: string | null; readonly key: KeyPair },
): SealedDay {
  const sealedAt = `${day}T23:59:59.000Z`;
  const manifest = manifestOf(day, objects, { previous, key: key.fingerprint, sealedAt });
  const signature = sign('sha256', Buffer.from(canonicalJson(manifest)), key.privateKey).toString('base64');
  return { manifest, head: headOf(manifest), signature };
}

/** One chain over the days, each with its objects. */
export function chainOf(
  days: Readonly<Record<string, readonly SealedObject[]>>,
  key: KeyPair,
): { readonly key: string; readonly found: SealedDay }[] {
  let previous: string | null = null;
  return Object.entries(days).map(([day, objects]) => {
    const found = sealedDay(day, objects, { previous, key });
    previous = found.head;
    return { key: manifestKey(day), found };
  });
}
