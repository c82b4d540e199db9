// One S3 request in path style, parsed: bucket, key, query and the headers that are stored with objects.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '../aws-error.ts';
import { invalidArgument } from './error-details.ts';
import { storedHeaders, type StoredHeaders } from './record.ts';
import type { ObjectStore } from './store.ts';
import type { Uploads } from './uploads.ts';

export interface S3Request {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly store: ObjectStore;
  readonly uploads: Uploads;
  /** Empty for the service itself. */
  readonly bucket: string;
  /** Empty for the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw Object.assign(new AwsError('InvalidURI', "Couldn't parse the specified URI."), { cause: error });
  }
}

/** Splits `/bucket/key` without normalising `..` and `//`, as URL parsers do. */
export function parseTarget(target: string): Pick<S3Request, 'bucket' | 'key' | 'query'> {
  const [location = '', query = ''] = target.replace(/^https?:\/\/[^/]*/, '').split(/\?(.*)/s, 2);
  const [, bucket = '', key = ''] = /^\/?([^/]*)\/?(.*)$/s.exec(location) ?? [];
  return { bucket: decode(bucket), key: decode(key), query: new URLSearchParams(query) };
}

/** `x-amz-copy-source`: URL-encoded, where some clients write a space as a plus and the slash behind the bucket as %2F. */
export function parseCopySource(header: string): ReturnType<typeof parseTarget> {
  const [location = '', ...query] = header.split('?');
  const source = location.replaceAll('+', '%20').replace(/^(\/|%2F)/i, '');
  const target = source.includes('/') ? source : source.replace(/%2F/i, '/');
  return parseTarget([`/${target}`, ...query].join('?'));
}

export const headerOf = ({ req }: S3Request, name: string): string | undefined =>
  req.headers[name]?.toString();

const METADATA_PREFIX = 'x-amz-meta-';
const MAX_METADATA = 2_048;

/** Names without `x-amz-meta-`. @throws AwsError MetadataTooLarge */
export function metadataOf({ req }: S3Request): Record<string, string> {
  const metadata = Object.entries(req.headers)
    .filter(([name]) => name.startsWith(METADATA_PREFIX))
    .map(([name, value]) => [name.slice(METADATA_PREFIX.length), String(value)] as const);
  if (
    metadata.reduce((sum, [name, value]) => sum + name.length + Buffer.byteLength(value), 0) > MAX_METADATA
  ) {
    throw new AwsError('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size');
  }
  return Object.fromEntries(metadata);
}

/** `aws-chunked` names the transfer, not the object. */
function contentEncodingOf(request: S3Request): string | undefined {
  const codings = (headerOf(request, 'content-encoding') ?? '').split(',').map((coding) => coding.trim());
  return codings.filter((coding) => coding && coding !== 'aws-chunked').join(',') || undefined;
}

export function storedHeadersOf(request: S3Request): StoredHeaders {
  const headers = Object.fromEntries(storedHeaders.map((name) => [name, headerOf(request, name)]));
  const type = headers['content-type'] ?? 'binary/octet-stream';
  return { ...headers, 'content-type': type, 'content-encoding': contentEncodingOf(request) };
}

const notImplemented = (what: string) =>
  new AwsError('NotImplemented', `The local S3 does not support ${what}`, 501);

const ACLS = new Set(['private', 'bucket-owner-full-control', 'bucket-owner-read']);

/** Headers that change what S3 does, and that the local cloud does not support. */
const REFUSED_HEADERS: Readonly<Record<string, (value: string) => boolean>> = {
  'x-amz-acl': (value) => !ACLS.has(value),
  'x-amz-bucket-object-lock-enabled': (value) => value === 'true',
  'x-amz-copy-source-server-side-encryption-customer-algorithm': () => true,
  'x-amz-grant-full-control': () => true,
  'x-amz-grant-read': () => true,
  'x-amz-grant-read-acp': () => true,
  'x-amz-grant-write-acp': () => true,
  'x-amz-object-lock-legal-hold': (value) => value === 'ON',
  'x-amz-object-lock-mode': () => true,
  'x-amz-object-lock-retain-until-date': () => true,
  'x-amz-server-side-encryption': (value) => value !== 'AES256',
  'x-amz-server-side-encryption-customer-algorithm': () => true,
  'x-amz-storage-class': (value) => value !== 'STANDARD',
  'x-amz-website-redirect-location': () => true,
  'x-amz-write-offset-bytes': () => true,
};

const STORAGE_CLASSES: ReadonlySet<string> = new Set([
  ...['DEEP_ARCHIVE', 'EXPRESS_ONEZONE', 'FSX_ONTAP', 'FSX_OPENZFS', 'GLACIER', 'GLACIER_IR'],
  ...['INTELLIGENT_TIERING', 'ONEZONE_IA', 'OUTPOSTS', 'REDUCED_REDUNDANCY', 'SNOW', 'STANDARD'],
  'STANDARD_IA',
]);

function requireStorageClass(name: string | undefined): void {
  if (name === undefined || STORAGE_CLASSES.has(name)) return;
  throw new AwsError('InvalidStorageClass', 'The storage class you specified is not valid', 400, {
    StorageClassRequested: name,
  });
}

/** @throws AwsError NotImplemented, naming the header; InvalidStorageClass */
export function refuseUnsupported({ req }: S3Request): void {
  requireStorageClass(req.headers['x-amz-storage-class']?.toString());
  for (const [name, isRefused] of Object.entries(REFUSED_HEADERS)) {
    const value = req.headers[name]?.toString();
    if (value !== undefined && isRefused(value))
      throw notImplemented(`the header ${name}: ${value.slice(0, 64)}`);
  }
}

export function refuseOperation(what: string): never {
  throw notImplemented(what);
}

const MAX_INTEGER = 2_147_483_647;

/** A whole number of a query parameter; an empty one is left out. @throws AwsError InvalidArgument */
export function numberOf({ query }: S3Request, name: string, standard: number, max: number): number {
  const text = query.get(name);
  if (text === null || text === '') return standard;
  const number = Number(text);
  if (/^\d{1,10}$/.test(text) && number <= MAX_INTEGER) return Math.min(number, max);
  throw invalidArgument(`Provided ${name} not an integer or within integer range`, name, text);
}
