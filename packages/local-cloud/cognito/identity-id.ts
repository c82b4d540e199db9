// Identity IDs that prove themselves: the pool that issued them, and whether for a guest or for a user who logged in.

import { randomBytes } from 'node:crypto';
import { equalBytes, type Secret } from './secret.ts';

export type IdentityKind = 'authenticated' | 'unauthenticated';
export const identityKinds: readonly IdentityKind[] = ['authenticated', 'unauthenticated'];

export interface IdentityIds {
  /** A new identity for a guest. */
  forGuest(poolId: string): string;
  /** The identity of a user of the developer provider, always the same. */
  forUser(poolId: string, provider: string, user: string): string;
  /** Undefined where the pool has no such identity. */
  kindOf(poolId: string, identityId: string): IdentityKind | undefined;
}

/** Of the 16 bytes of a UUID, those that identify; the others prove it. */
const NAME_BYTES = 10;

export function createIdentityIds(secret: Secret): IdentityIds {
  const proof = (poolId: string, kind: IdentityKind, name: string) =>
    secret.mac('identity', poolId, kind, name).subarray(0, 16 - NAME_BYTES);

  const make = (poolId: string, kind: IdentityKind, from: Buffer): string => {
    const name = Buffer.from(from.subarray(0, NAME_BYTES));
    name[6] = (name[6]! & 0x0f) | 0x40; // UUID version 4, as AWS's are
    name[8] = (name[8]! & 0x3f) | 0x80;
    const hex = name.toString('hex') + proof(poolId, kind, name.toString('hex')).toString('hex');
    const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    return `${poolId.split(':', 1)[0]}:${uuid}`;
  };

  return {
    forGuest: (poolId) => make(poolId, 'unauthenticated', randomBytes(NAME_BYTES)),
    forUser: (poolId, provider, user) =>
      make(poolId, 'authenticated', secret.mac('user', poolId, provider, user)),
    kindOf(poolId, identityId) {
      const [region, uuid = ''] = identityId.split(':');
      if (region !== poolId.split(':', 1)[0] || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid)) {
        return undefined;
      }
      const hex = uuid.replaceAll('-', '');
      const [name, given] = [hex.slice(0, 2 * NAME_BYTES), Buffer.from(hex.slice(2 * NAME_BYTES), 'hex')];
      return identityKinds.find((kind) => equalBytes(proof(poolId, kind, name), given));
    },
  };
}
