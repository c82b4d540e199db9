// The token with which a developer's back end vouches for a user: a signed JWT, as GetOpenIdTokenForDeveloperIdentity returns it.
// https://docs.aws.amazon.com/cognito/latest/developerguide/developer-authenticated-identities.html

import { equalBytes, type Secret } from './secret.ts';

export interface Login {
  readonly poolId: string;
  readonly identityId: string;
}

export interface LoginTokens {
  /** @param now and `seconds`: epoch milliseconds, and how long it is valid. */
  issue(login: Login, now: number, seconds: number): string;
  /** The user of the token, or why it is refused. */
  read(token: string, now: number): Login | { readonly refused: string };
}

const ISSUER = 'https://cognito-identity.amazonaws.com';
/** Characters; far longer than the tokens issued here. */
const LONGEST_TOKEN = 2_000;

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

export function createLoginTokens(secret: Secret): LoginTokens {
  const header = encode({ alg: 'HS256', typ: 'JWT' });
  const sign = (body: string) => secret.mac('login token', body).toString('base64url');
  return {
    issue({ poolId, identityId }, now, seconds) {
      const iat = Math.floor(now / 1000);
      const claims = { iss: ISSUER, sub: identityId, aud: poolId, amr: ['authenticated'], iat };
      const body = `${header}.${encode({ ...claims, exp: iat + seconds })}`;
      return `${body}.${sign(body)}`;
    },
    read(token, now) {
      const refused = { refused: 'Invalid login token. Not a token of this identity pool.' };
      const parts = token.length > LONGEST_TOKEN ? [] : token.split('.');
      const body = `${parts[0]}.${parts[1]}`;
      if (parts.length !== 3 || !equalBytes(Buffer.from(parts[2]!), Buffer.from(sign(body)))) return refused;
      // The signature is ours, so the claims are those that `issue` wrote.
      const claims = JSON.parse(Buffer.from(parts[1]!, 'base64url').toString()) as {
        sub: string;
        aud: string;
        exp: number;
      };
      const seconds = Math.floor(now / 1000);
      if (seconds >= claims.exp)
        return {
          refused: `Invalid login token. Token expired at ${new Date(claims.exp * 1000).toISOString()}`,
        };
      return { poolId: claims.aud, identityId: claims.sub };
    },
  };
}
