// Checks the ID token with which a user of the user pool requests an identity of the identity pool.
// https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html

import type { SigningKey } from './signing-key.ts';
import type { Users } from './users.ts';

export interface TokenUser {
  readonly sub: string;
  /** The app client of the login. */
  readonly clientId: string;
  /** `cognito:roles` and `cognito:preferred_role`: the roles of the user's groups when the token was issued. */
  readonly roles: readonly string[];
  readonly preferredRole: string | undefined;
}

/** The user of a token, or why it is refused, in Cognito's words. */
export type CheckIdToken = (
  token: string,
  clientIds: readonly string[],
  now: number,
) => Promise<TokenUser | { readonly refused: string }>;

/** Characters; far longer than the tokens issued here. */
const LONGEST_TOKEN = 8_000;

const refused = (what: string) => ({ refused: `Invalid login token. ${what}` });

/** Cognito's words for jose's errors. */
function reasonOf(error: unknown): string | undefined {
  const { code, claim } = error as { readonly code?: string; readonly claim?: string };
  if (code === 'ERR_JWT_EXPIRED') return 'Token expired.';
  if (claim === 'iss') return 'Issuer does not match the provider.';
  if (claim === 'aud') return 'Incorrect token audience.';
  return code?.startsWith('ERR_J') ? "Couldn't verify signed token." : undefined;
}

export function createIdTokenCheck(users: Users, key: () => Promise<SigningKey>): CheckIdToken {
  return async (token, clientIds, now) => {
    if (token.length > LONGEST_TOKEN) return refused('The token is too long.');
    // Loaded at the first login: most starts never need it.
    const { createLocalJWKSet, jwtVerify } = await import('jose');
    const { publicJwk } = await key();
    let claims: Readonly<Record<string, unknown>>;
    try {
      const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: [publicJwk] as never }), {
        algorithms: ['RS256'],
        issuer: users.pool.issuer,
        audience: [...clientIds],
        requiredClaims: ['sub', 'exp', 'iat'],
        currentDate: new Date(now),
      });
      claims = payload;
    } catch (error) {
      const reason = reasonOf(error);
      if (reason === undefined) throw error;
      return refused(reason);
    }
    if (claims['token_use'] !== 'id') return refused('The token is not an ID token.');
    const sub = String(claims['sub']);
    // As with ServerSideTokenCheck on AWS: the token of a user who was removed is refused.
    if (!users.find(sub)) return refused('The user does not exist.');
    const audiences = [claims['aud']].flat();
    // One of them exists, or the check above would have refused the token.
    const clientId = clientIds.find((each) => audiences.includes(each))!;
    const [roles, preferred] = [claims['cognito:roles'], claims['cognito:preferred_role']];
    return {
      sub,
      clientId,
      roles: Array.isArray(roles) ? roles.map(String) : [],
      preferredRole: typeof preferred === 'string' ? preferred : undefined,
    };
  };
}
