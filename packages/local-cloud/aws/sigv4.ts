// Computes Signature Version 4 as AWS does, to check requests signed with credentials of this installation.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** `<access key>/<yyyymmdd>/<region>/<service>/aws4_request` */
export interface CredentialScope {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

export interface SignedRequest {
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  /** Decoded, without the signature. */
  readonly query: Iterable<readonly [name: string, value: string]>;
  /** The signed ones, in the order of X-Amz-SignedHeaders. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** SHA-256, hex, or what the client signed in its place. */
  readonly payloadHash: string;
}

export const ALGORITHM = 'AWS4-HMAC-SHA256';
export const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();

export function parseScope(credential: string): CredentialScope | undefined {
  const [accessKeyId, date, region, service, end, ...rest] = credential.split('/');
  if (!accessKeyId || !date || !region || !service || end !== 'aws4_request' || rest.length > 0)
    return undefined;
  return { accessKeyId, date, region, service };
}

/** `20260102T030405Z` as epoch milliseconds; NaN for anything else. */
export function parseTime(text: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

const escape = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** All services but S3 encode the path once more than it is sent. */
const canonicalPath = (path: string) => path.split('/').map(escape).join('/');

function canonicalQuery(query: SignedRequest['query']): string {
  const pairs = Array.from(query, ([name, value]) => [escape(name), escape(value)] as const);
  const order = (a: string, b: string) => Number(a > b) - Number(a < b);
  pairs.sort((a, b) => order(a[0], b[0]) || order(a[1], b[1]));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

function canonicalRequest({ method, path, query, headers, payloadHash }: SignedRequest): string {
  const lines = headers.map(([name, value]) => `${name}:${value.trim().replace(/ +/g, ' ')}\n`);
  const names = headers.map(([name]) => name).join(';');
  return [method, canonicalPath(path), canonicalQuery(query), lines.join(''), names, payloadHash].join('\n');
}

/** @param time as in X-Amz-Date. @returns hex */
export function signatureOf(
  request: SignedRequest,
  time: string,
  scope: CredentialScope,
  secretAccessKey: string,
): string {
  const { date, region, service } = scope;
  const text = [
    ALGORITHM,
    time,
    `${date}/${region}/${service}/aws4_request`,
    sha256(canonicalRequest(request)),
  ].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  return hmac(key, text).toString('hex');
}

/** Compares in a time that does not depend on how much is equal. */
export function sameSignature(expected: string, given: string): boolean {
  const [left, right] = [Buffer.from(expected), Buffer.from(given)];
  return left.length === right.length && timingSafeEqual(left, right);
}
