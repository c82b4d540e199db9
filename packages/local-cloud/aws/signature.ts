// Checks the signature in the header of a request against the secret key that it was made with.

import type { IncomingMessage } from 'node:http';
import { AwsError } from '../aws-error.ts';
import { ALGORITHM, parseScope, parseTime, sameSignature, sha256, signatureOf } from './sigv4.ts';

/** What a request must be signed for. */
export interface SigningScope {
  readonly service: string;
  readonly region: string;
}

interface Authorization {
  readonly credential: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const CLOCK_SKEW_MS = 300_000;

const forbidden = (code: string, message: string) => new AwsError(code, message, 403);

function readAuthorization(req: IncomingMessage): Authorization {
  const text = req.headers.authorization ?? '';
  const [, credential, signedHeaders, signature] =
    /^AWS4-HMAC-SHA256 +Credential=([^,\s]+), *SignedHeaders=([^,\s]+), *Signature=([^,\s]+)$/.exec(text) ??
    [];
  if (credential === undefined || signedHeaders === undefined || signature === undefined) {
    throw forbidden('IncompleteSignatureException', `Requests are signed with ${ALGORITHM} in the header`);
  }
  return { credential, signature, signedHeaders: signedHeaders.split(';') };
}

export function headerOf(req: IncomingMessage, name: string): string {
  const value = Object.hasOwn(req.headers, name) ? req.headers[name] : undefined;
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}

function payloadHashOf(req: IncomingMessage, body: Buffer): string {
  const given = headerOf(req, 'x-amz-content-sha256');
  const actual = sha256(body);
  if (given === '' || given === actual) return actual;
  throw forbidden('InvalidSignatureException', 'x-amz-content-sha256 is not the SHA-256 of the body');
}

/** @throws AwsError, 403: IncompleteSignatureException, InvalidSignatureException. */
export function requireSignature(
  req: IncomingMessage,
  body: Buffer,
  secretAccessKey: string,
  { service, region }: SigningScope,
): void {
  const { credential, signedHeaders, signature } = readAuthorization(req);
  const scope = parseScope(credential);
  const time = headerOf(req, 'x-amz-date');
  if (!scope || scope.region !== region || scope.service !== service || !time.startsWith(scope.date)) {
    const message = `Credential should be scoped to ${region}/${service} and to the date of X-Amz-Date.`;
    throw forbidden('InvalidSignatureException', message);
  }
  for (const name of ['host', 'x-amz-date'].filter((name) => !signedHeaders.includes(name))) {
    throw forbidden('InvalidSignatureException', `The header ${name} must be signed.`);
  }
  const [path = '', query = ''] = (req.url ?? '').split(/\?(.*)/s);
  const expected = signatureOf(
    {
      method: req.method ?? '',
      path,
      // A signer writes a blank as %20, so a plus is a plus.
      query: new URLSearchParams(query.replaceAll('+', '%2B')),
      headers: signedHeaders.map((name) => [name, headerOf(req, name)]),
      payloadHash: payloadHashOf(req, body),
    },
    time,
    scope,
    secretAccessKey,
  );
  if (sameSignature(expected, signature)) return;
  const message = 'The request signature we calculated does not match the signature you provided.';
  throw forbidden('InvalidSignatureException', message);
}

/** @param now epoch milliseconds. @throws AwsError InvalidSignatureException, 403. */
export function requireInTime(req: IncomingMessage, now: number): void {
  const signedAt = parseTime(headerOf(req, 'x-amz-date'));
  if (Math.abs(now - signedAt) <= CLOCK_SKEW_MS) return;
  throw forbidden('InvalidSignatureException', 'X-Amz-Date must be within five minutes of the time here.');
}
