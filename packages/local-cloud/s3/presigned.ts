// Checks the expiration of presigned URLs, but not their signatures, because the local credentials are not secret.

import { AwsError } from '../aws-error.ts';

const MAX_SECONDS = 7 * 86_400;

function signedAt(date: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

const isoTime = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`;

const expired = (end: number, now: number, more: Readonly<Record<string, string>> = {}) =>
  new AwsError('AccessDenied', 'Request has expired', 403, {
    ...more,
    ...{ Expires: Number.isFinite(end) ? isoTime(end) : '', ServerTime: isoTime(now) },
  });

const CREDENTIAL = /^[^/]+\/\d{8}\/[^/]+\/[^/]+\/aws4_request$/;
const VERSION_2 = ['Signature', 'Expires', 'AWSAccessKeyId'];
const VERSION_4 = [
  ...['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-Date', 'X-Amz-SignedHeaders'],
  'X-Amz-Expires',
];

/** Of the parameters of a signature, all or none. @throws AwsError AccessDenied, AuthorizationQueryParametersError */
function requireAll(query: URLSearchParams): void {
  const isPart = (names: readonly string[]) =>
    names.some((name) => query.has(name)) && !names.every((name) => query.has(name));
  if (isPart(VERSION_2))
    throw new AwsError(
      'AccessDenied',
      'Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters',
      403,
    );
  if (isPart(VERSION_4))
    throw new AwsError(
      'AuthorizationQueryParametersError',
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    );
}

/**
 * @param now epoch milliseconds
 * @throws AwsError AccessDenied, AuthorizationQueryParametersError
 */
export function refuseExpired(query: URLSearchParams, now: number): void {
  requireAll(query);
  if (query.has('Expires') && query.has('Signature')) {
    // Signature version 2, which the CLI uses if configured.
    const end = Number(query.get('Expires')) * 1000;
    if (now > end) throw expired(end, now);
    return;
  }
  if (!query.has('X-Amz-Signature')) return;
  if (!CREDENTIAL.test(query.get('X-Amz-Credential') ?? ''))
    throw new AwsError(
      'AuthorizationQueryParametersError',
      'Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
    );
  const [start, seconds] = [
    signedAt(query.get('X-Amz-Date') ?? ''),
    Number(query.get('X-Amz-Expires') ?? Number.NaN),
  ];
  if (!Number.isFinite(start) || !(seconds > 0 && seconds <= MAX_SECONDS)) {
    const message = 'X-Amz-Date must be a time, and X-Amz-Expires 1 to 604800 seconds';
    throw new AwsError('AuthorizationQueryParametersError', message);
  }
  const end = start + seconds * 1000;
  if (now > end) throw expired(end, now, { 'X-Amz-Expires': String(seconds) });
}
