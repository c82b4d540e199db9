// ID tokens of the user pool, and forged ones.

import { importJWK, SignJWT } from 'jose';
import type { UserPoolService } from '../../cognito/cognito.ts';
import type { User } from '../../cognito/users.ts';
import { claimsOf } from '../../login/claims.ts';

export interface Minting {
  /** Epoch milliseconds of its making; it holds an hour. */
  readonly now: number;
  /** Instead of those that the user pool would write; undefined leaves a claim out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** A private JWK instead of the user pool's. */
  readonly key?: Record<string, unknown>;
}

/** The token that a login of the user gives, signed by RS256. */
export async function mint(
  { users, key }: UserPoolService,
  user: User,
  { now, claims, key: other }: Minting,
): Promise<string> {
  const { privateJwk } = await key();
  const seconds = Math.floor(now / 1000);
  const [client] = users.pool.clients;
  const usual = {
    ...claimsOf(users, user, 'id_token'),
    ...{ iss: users.pool.issuer, aud: client?.id, iat: seconds, auth_time: seconds, exp: seconds + 3_600 },
  };
  const signer = await importJWK({ ...(other ?? privateJwk) } as never, 'RS256');
  const header = { alg: 'RS256', kid: String(privateJwk['kid']) };
  return new SignJWT(JSON.parse(JSON.stringify({ ...usual, ...claims })) as Record<string, unknown>)
    .setProtectedHeader(header)
    .sign(signer);
}
