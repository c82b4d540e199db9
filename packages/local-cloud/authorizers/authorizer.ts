// A custom authorizer: the function that decides about clients without a certificate, and what proves their tokens.
// https://docs.aws.amazon.com/iot/latest/developerguide/custom-authentication.html

import { createVerify } from 'node:crypto';

export interface Authorizer {
  readonly name: string;
  readonly functionArn: string;
  /** Under which name a client gives its token. */
  readonly tokenKeyName?: string;
  /** PEM, by their names; a token is signed with one of them. */
  readonly keys: Readonly<Record<string, string>>;
  readonly isActive: boolean;
  readonly isSigned: boolean;
  /** Kept for the API; here every request asks the function. */
  readonly cachesHttp: boolean;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

/** What a client shows of its token: header, parameter or part of the user name. */
export interface Shown {
  readonly token?: string | undefined;
  readonly signature?: string | undefined;
}

const NAME = 'x-amz-customauthorizer-name';
const SIGNATURE = 'x-amz-customauthorizer-signature';

/** The authorizer that a client names. */
export const namedBy = (read: (name: string) => string | undefined) => read(NAME);

export const shownTo = ({ tokenKeyName }: Authorizer, read: (name: string) => string | undefined): Shown => ({
  token: tokenKeyName === undefined ? undefined : read(tokenKeyName),
  signature: read(SIGNATURE)?.replaceAll(' ', '+'), // a plus sign that was not encoded
});

/** Reads `name=value` pairs after the first question mark. */
export function pairsOf(text: string): (name: string) => string | undefined {
  const pairs = new URLSearchParams(text.split(/\?(.*)/s)[1] ?? '');
  return (name) => pairs.get(name) ?? undefined;
}

function verifies(pem: string, token: string, signature: string): boolean {
  try {
    return createVerify('RSA-SHA256').update(token).verify(pem, signature, 'base64');
  } catch {
    return false;
  }
}

/** Why the signature is not good, where the authorizer asks for one. */
export function signatureProblem(authorizer: Authorizer, { token, signature }: Shown): string | undefined {
  const { isSigned, tokenKeyName, keys, name } = authorizer;
  if (!isSigned) return undefined;
  if (token === undefined) return `authorizer ${name} wants a token as ${tokenKeyName}`;
  if (signature === undefined) return `authorizer ${name} wants the token's signature as ${SIGNATURE}`;
  const isGood = Object.values(keys).some((pem) => verifies(pem, token, signature));
  return isGood ? undefined : `the token's signature is of no key of authorizer ${name}`;
}
