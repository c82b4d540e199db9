// S3's operations on one object: put, get, head, delete, copy.

import { pipeline } from 'node:stream/promises';
import { openBody } from '../aws/body.ts';
import { sendXml } from '../aws/wire.ts';
import { AwsError } from '../aws-error.ts';
import { checkWrite, failed, isWanted, rangeOf, type ReadHeader } from './conditions.ts';
import { invalidArgument } from './error-details.ts';
import { storedHeaders, type Version } from './record.ts';
import {
  headerOf,
  metadataOf,
  parseTarget,
  refuseUnsupported,
  storedHeadersOf,
  type S3Request,
} from './request.ts';
import type { PutOptions, StoredObject } from './store.ts';
import { parseTaggingHeader, type Tags } from './tags.ts';

/** Bytes; S3's limit on one PUT. */
export const maxObject = 5 * 1024 ** 3;

/** S3's answers in XML. */
export const NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

const isoTime = (milliseconds: number) => new Date(milliseconds).toISOString();

/** A bucket that never had versions says none; one that has them no more says `null`, but not of what is put. */
export function setVersion({ req, res, store, bucket }: S3Request, versionId: string | undefined): void {
  const { versioned, suspended } = store.bucket(bucket);
  const saysNull = (versioned || suspended) && req.method !== 'PUT' && req.method !== 'POST';
  if (versionId !== undefined && (versionId !== 'null' || saysNull))
    res.setHeader('x-amz-version-id', versionId);
}

const VERSION_ID = /^[\w.-]{32}$/;

/** @throws AwsError InvalidArgument for what no version of the bucket can be called */
export function versionIdOf({ query, store, bucket }: S3Request): string | undefined {
  const versionId = query.get('versionId');
  if (versionId === null) return undefined;
  const { versioned, suspended } = store.bucket(bucket);
  if (versionId === 'null' || ((versioned || suspended) && VERSION_ID.test(versionId))) return versionId;
  throw invalidArgument(
    versionId === '' ? 'Version id cannot be the empty string' : 'Invalid version id specified',
    'versionId',
    versionId,
  );
}

function setExpiration({ res, store, bucket, key }: S3Request, lastModified: number): void {
  const expiration = store.expiration(bucket, key, lastModified);
  if (expiration !== undefined) res.setHeader('x-amz-expiration', expiration);
}

/** Every object of S3 is encrypted with its own keys, and says so. */
export function setEncryption({ res }: S3Request): void {
  res.setHeader('x-amz-server-side-encryption', 'AES256');
}

function setChecksum({ res }: S3Request, checksum: Version['checksum']): void {
  if (!checksum) return;
  res.setHeader(`x-amz-checksum-${checksum.algorithm}`, checksum.value);
  res.setHeader('x-amz-checksum-type', checksum.type);
}

/** As documents have it. */
export const checksumElements = (checksum: Version['checksum']): Record<string, string> =>
  checksum === undefined
    ? {}
    : { [`Checksum${checksum.algorithm.toUpperCase()}`]: checksum.value, ChecksumType: checksum.type };

export async function putObject(request: S3Request): Promise<void> {
  const { req, res, store, bucket, key } = request;
  refuseUnsupported(request);
  const body = openBody(req, maxObject);
  const version = await store.put(bucket, key, body.data, {
    headers: storedHeadersOf(request),
    metadata: metadataOf(request),
    tags: parseTaggingHeader(headerOf(request, 'x-amz-tagging')),
    checksum: () => {
      const checksum = body.checksum();
      return checksum && { ...checksum, type: 'FULL_OBJECT' };
    },
    check: (current) => checkWrite(current, (name) => headerOf(request, name)),
  });
  setVersion(request, version.versionId);
  setChecksum(request, version.checksum);
  setExpiration(request, version.lastModified);
  setEncryption(request);
  res.writeHead(200, { etag: `"${version.etag}"`, 'content-length': 0 }).end();
}

const responseOverrides = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];

/** @param isWhole false for an answer without the object, which has no checksum either */
function setObjectHeaders(request: S3Request, object: StoredObject, isWhole: boolean): void {
  const { req, res, query } = request;
  for (const name of storedHeaders) {
    const value = object.headers[name];
    if (value !== undefined) res.setHeader(name, value);
  }
  for (const name of responseOverrides) {
    const value = query.get(`response-${name}`);
    if (value === null) continue;
    if (!/^[\t\u0020-\u007E]*$/.test(value))
      throw new AwsError('InvalidArgument', `response-${name} must be ASCII`);
    res.setHeader(name, value);
  }
  for (const [name, value] of Object.entries(object.metadata)) res.setHeader(`x-amz-meta-${name}`, value);
  res.setHeader('etag', `"${object.etag}"`);
  res.setHeader('last-modified', new Date(object.lastModified).toUTCString());
  res.setHeader('accept-ranges', 'bytes');
  const tags = Object.keys(object.tags ?? {}).length;
  if (tags > 0) res.setHeader('x-amz-tagging-count', tags);
  setVersion(request, object.versionId);
  if (!query.has('versionId')) setExpiration(request, object.lastModified);
  setEncryption(request);
  if (!isWhole) return;
  if (req.headers['x-amz-checksum-mode']?.toString().toUpperCase() === 'ENABLED' && !req.headers.range) {
    setChecksum(request, object.checksum);
  }
}

/** Deleted objects of versioned buckets answer as missing, but say that a delete marker is why. */
async function find(request: S3Request): Promise<StoredObject> {
  const { res, store, bucket, key } = request;
  const versionId = versionIdOf(request);
  try {
    return await store.get(bucket, key, versionId);
  } catch (error) {
    const { code } = error as AwsError;
    if (code === 'MethodNotAllowed') res.setHeader('allow', 'DELETE');
    if (code === 'NoSuchKey' || code === 'MethodNotAllowed') {
      const [latest] = await store.versions(bucket, key);
      if (latest?.deleteMarker) res.setHeader('x-amz-delete-marker', 'true');
    }
    throw error;
  }
}

async function answer(request: S3Request, object: StoredObject): Promise<void> {
  const { req, res } = request;
  const wanted = isWanted(object, (name) => headerOf(request, name), request.store.now());
  const range = wanted ? rangeOf(headerOf(request, 'range'), object.size) : undefined;
  setObjectHeaders(request, object, wanted);
  if (!wanted) {
    res.writeHead(304).end();
    return;
  }
  if (range) res.setHeader('content-range', `bytes ${range.start}-${range.end}/${object.size}`);
  const length = range ? range.end - range.start + 1 : object.size;
  res.writeHead(range ? 206 : 200, { 'content-length': length });
  if (req.method === 'HEAD' || length === 0) res.end();
  else await pipeline(object.stream(range), res);
}

/** GET and HEAD. */
export async function getObject(request: S3Request): Promise<void> {
  const object = await find(request);
  try {
    await answer(request, object);
  } catch (error) {
    if (!request.res.headersSent) throw error;
    request.res.destroy(); // the client went away, or the disk failed in the middle
  } finally {
    await object.close();
  }
}

export async function deleteObject(request: S3Request): Promise<void> {
  const { req, res, store, bucket, key } = request;
  if (req.headers['if-match'] !== undefined) {
    throw new AwsError('NotImplemented', 'The local S3 does not support If-Match of a delete', 501);
  }
  const removal = await store.remove(bucket, key, versionIdOf(request));
  setVersion(request, removal.versionId);
  if (removal.deleteMarker) res.setHeader('x-amz-delete-marker', 'true');
  res.writeHead(204).end();
}

/** Opens what `x-amz-copy-source` names, under its `x-amz-copy-source-if-` conditions. */
export async function openSource(request: S3Request): Promise<StoredObject> {
  const source = headerOf(request, 'x-amz-copy-source') ?? '';
  const { bucket, key, query } = parseTarget(source.startsWith('/') ? source : `/${source}`);
  if (!key)
    throw new AwsError(
      'InvalidArgument',
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    );
  const object = await request.store.get(bucket, key, versionIdOf({ ...request, bucket, query }));
  const header: ReadHeader = (name) => headerOf(request, `x-amz-copy-source-${name}`);
  try {
    if (isWanted(object, header, request.store.now(), 'x-amz-copy-source-')) return object;
    throw failed(
      `x-amz-copy-source-${header('if-none-match') === undefined ? 'If-Modified-Since' : 'If-None-Match'}`,
    );
  } catch (error) {
    await object.close();
    throw error;
  }
}

function requireChange(request: S3Request, replace: boolean): void {
  const { bucket, key } = request;
  const source = parseTarget(`/${headerOf(request, 'x-amz-copy-source')!.replace(/^\//, '')}`);
  if (replace || source.bucket !== bucket || source.key !== key || source.query.has('versionId')) return;
  const message =
    'This copy request is illegal because it is trying to copy an object to itself without changing its metadata.';
  throw new AwsError('InvalidRequest', message);
}

async function putThenClose(put: Promise<Version>, source: StoredObject): Promise<Version> {
  try {
    return await put;
  } finally {
    await source.close();
  }
}

/** Those of the source, unless the request says others. */
function tagsOfCopy(request: S3Request, source: StoredObject): Tags | undefined {
  const directive = headerOf(request, 'x-amz-tagging-directive')?.toUpperCase() ?? 'COPY';
  if (directive === 'COPY') return source.tags;
  if (directive === 'REPLACE') return parseTaggingHeader(headerOf(request, 'x-amz-tagging'));
  throw new AwsError('InvalidArgument', 'Unknown tagging directive.');
}

export async function copyObject(request: S3Request): Promise<void> {
  const { res, store, bucket, key } = request;
  refuseUnsupported(request);
  const replace = headerOf(request, 'x-amz-metadata-directive')?.toUpperCase() === 'REPLACE';
  requireChange(request, replace);
  const algorithm = headerOf(request, 'x-amz-checksum-algorithm');
  if (algorithm !== undefined)
    throw new AwsError('NotImplemented', 'The local S3 keeps the checksum of the source when it copies', 501);
  const source = await openSource(request);
  const whole = source.checksum?.type === 'FULL_OBJECT' ? source.checksum : undefined;
  const options: PutOptions = {
    by: 'Copy',
    headers: replace ? storedHeadersOf(request) : source.headers,
    metadata: replace ? metadataOf(request) : source.metadata,
    tags: tagsOfCopy(request, source),
    checksum: () => whole,
    check: (current) => checkWrite(current, (name) => headerOf(request, name)),
  };
  const version = await putThenClose(store.put(bucket, key, source.stream(), options), source);
  if (source.versionId !== 'null') res.setHeader('x-amz-copy-source-version-id', source.versionId);
  setVersion(request, version.versionId);
  setEncryption(request);
  const result = {
    ...{ LastModified: isoTime(version.lastModified), ETag: `"${version.etag}"` },
    ...checksumElements(version.checksum),
  };
  sendXml(res, `CopyObjectResult ${NAMESPACE}`, result);
}
