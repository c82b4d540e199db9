// The common parameters of S3's lists: the encoding of keys, and invalid parameters, as recorded on AWS.

import { invalidArgument } from './error-details.ts';
import type { S3Request } from './request.ts';

const encodeForUrl = (text: string): string => encodeURIComponent(text).replaceAll('%2F', '/');

/**
 * Keys may have characters that XML cannot; clients then request URL encoding.
 *
 * @throws AwsError InvalidArgument
 */
export function encoderOf({ query }: S3Request): (text: string) => string {
  const type = query.get('encoding-type');
  if (type === null) return (text) => text;
  if (type === 'url') return encodeForUrl;
  throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', type);
}

/** A parameter that is present and not empty. */
export const given = (query: URLSearchParams, name: string): string | undefined =>
  query.get(name) || undefined;

/** The key in a continuation token, which ends the page before. @throws AwsError InvalidArgument */
export function decodeToken(token: string | null): string | undefined {
  if (token === null) return undefined;
  const after = Buffer.from(token, 'base64url').toString('utf8');
  if (after !== '' && encodeToken(after) === token) return after;
  throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token);
}

export const encodeToken = (after: string): string => Buffer.from(after).toString('base64url');
