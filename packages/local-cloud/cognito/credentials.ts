// Temporary credentials without stored state: the session token has identity and expiration, and the secret key is derived from it.

import { randomBytes } from 'node:crypto';
import { equalBytes, type Secret } from './secret.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Epoch milliseconds, a whole second. */
  readonly expiration: number;
}

/** The identity that has the credentials. */
export interface Session {
  readonly poolId: string;
  readonly identityId: string;
  /** ARN of its role. */
  readonly role: string;
  /** How the user logged in, as API Gateway lists it after `authenticated`; empty for a guest. */
  readonly amr: readonly string[];
  readonly secretAccessKey: string;
  readonly expiration: number;
}

/** The identity and role that credentials are issued for. */
export type Grantee = Pick<Session, 'poolId' | 'identityId' | 'role' | 'amr'>;

export interface CredentialsMaker {
  /** @param now epoch milliseconds */
  issue(grantee: Grantee, now: number): Credentials;
  /** Does not check the expiration: a presigned URL is checked at another time than a request. */
  open(accessKeyId: string, sessionToken: string | undefined): Session | { readonly refused: string };
}

/** In the form of GetCredentialsForIdentity. https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html */
const LIFETIME_SECONDS = 3_600;

/** The beginning of every access key of this installation, and of no key of AWS. */
export const ACCESS_KEY_PREFIX = 'ASIALOCAL';
const LONGEST_TOKEN = 2_000;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

type Claims = readonly [
  accessKeyId: string,
  poolId: string,
  identityId: string,
  seconds: number,
  role: string,
  amr: readonly string[],
];

const newAccessKeyId = () =>
  ACCESS_KEY_PREFIX + Array.from(randomBytes(11), (byte) => ALPHABET[byte % ALPHABET.length]).join('');

export function createCredentialsMaker(secret: Secret): CredentialsMaker {
  const sign = (body: string) => secret.mac('session token', body).toString('base64url');
  // 30 bytes are the 40 characters that AWS's secret keys have.
  const secretKeyOf = (body: string) => secret.mac('secret key', body).subarray(0, 30).toString('base64');
  return {
    issue({ poolId, identityId, role, amr }, now) {
      const accessKeyId = newAccessKeyId();
      const seconds = Math.floor(now / 1000) + LIFETIME_SECONDS;
      const claims = JSON.stringify([accessKeyId, poolId, identityId, seconds, role, amr]);
      const body = Buffer.from(claims).toString('base64url');
      const sessionToken = `${body}.${sign(body)}`;
      return { accessKeyId, secretAccessKey: secretKeyOf(body), sessionToken, expiration: seconds * 1000 };
    },
    open(accessKeyId, sessionToken) {
      if (!sessionToken) return { refused: `access key ${accessKeyId} needs its session token` };
      const body = sessionToken.slice(0, LONGEST_TOKEN).split('.', 1)[0]!;
      if (!equalBytes(Buffer.from(sessionToken), Buffer.from(`${body}.${sign(body)}`)))
        return { refused: 'the session token is not one of this installation' };
      const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Claims;
      const [owner, poolId, identityId, seconds, role, amr] = claims;
      if (role === undefined) return { refused: 'the session token is of an older version' };
      if (owner !== accessKeyId)
        return { refused: `the session token does not belong to access key ${accessKeyId}` };
      const expiration = seconds * 1000;
      return { poolId, identityId, role, amr, secretAccessKey: secretKeyOf(body), expiration };
    },
  };
}
