// S3's operations on one object: put, get, head, delete, copy.

import { pipeline } from 'node:stream/promises';
import { openBody, type Checksum } from '../aws/body.ts';
import { AwsError } from '../aws-error.ts';
import { checkDelete, checkWrite, isWanted } from './conditions.ts';
import { invalidArgument } from './error-details.ts';
import { chooseBytes } from './read-range.ts';
import { storedHeaders, type Version } from './record.ts';
import { headerOf, metadataOf, refuseUnsupported, storedHeadersOf, type S3Request } from './request.ts';
import type { StoredObject } from './store.ts';
import { parseTaggingHeader } from './tags.ts';

/** Bytes; S3's limit on one PUT. */
export const maxObject = 5 * 1024 ** 3;

/** S3's answers in XML. */
export const NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

/** The version id in answers: none in a bucket that never had versions; `null` where versioning is suspended, but not for a put. */
export function setVersion({ req, res, store, bucket }: S3Request, versionId: string | undefined): void {
  const { versioned, suspended } = store.bucket(bucket);
  const saysNull = (versioned || suspended) && req.method !== 'PUT' && req.method !== 'POST';
  if (versionId !== undefined && (versionId !== 'null' || saysNull))
    res.setHeader('x-amz-version-id', versionId);
}

const VERSION_ID = /^[\w.-]{32}$/;

/** @throws AwsError InvalidArgument for an invalid version id */
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

/** Every object of S3 is encrypted with S3's keys, as answers say. */
export function setEncryption({ res }: S3Request): void {
  res.setHeader('x-amz-server-side-encryption', 'AES256');
}

function setChecksum({ res }: S3Request, checksum: Version['checksum']): void {
  if (!checksum) return;
  res.setHeader(`x-amz-checksum-${checksum.algorithm}`, checksum.value);
  res.setHeader('x-amz-checksum-type', checksum.type);
}

/** As documents have it, such as `ChecksumCRC32`. */
export const checksumElement = (checksum: Checksum | undefined): Record<string, string> =>
  checksum === undefined ? {} : { [`Checksum${checksum.algorithm.toUpperCase()}`]: checksum.value };

/** With its type. */
export const checksumElements = (checksum: Version['checksum']): Record<string, string> =>
  checksum === undefined ? {} : { ...checksumElement(checksum), ChecksumType: checksum.type };

/** What S3 gives an object whose client sent none. */
export const STANDARD_CHECKSUM = 'crc64nvme';

export async function putObject(request: S3Request): Promise<void> {
  const { req, res, store, bucket, key } = request;
  refuseUnsupported(request);
  const body = openBody(req, maxObject, STANDARD_CHECKSUM);
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

const RESPONSE_OVERRIDES = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];

function setObjectHeaders(request: S3Request, object: StoredObject): void {
  const { res, query } = request;
  for (const name of storedHeaders) {
    const value = object.headers[name];
    if (value !== undefined) res.setHeader(name, value);
  }
  for (const name of RESPONSE_OVERRIDES) {
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
}

/** Deleted objects of versioned buckets are answered as missing, with a header for the delete marker. */
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
      if (latest?.deleteMarker) {
        res.setHeader('x-amz-delete-marker', 'true');
        setVersion(request, versionId ?? latest.versionId);
      }
    }
    throw error;
  }
}

async function answer(request: S3Request, object: StoredObject): Promise<void> {
  const { req, res } = request;
  const wanted = isWanted(object, (name) => headerOf(request, name), request.store.now());
  const chosen = wanted ? chooseBytes(request, object) : undefined;
  setObjectHeaders(request, object);
  if (!wanted) {
    res.writeHead(304).end();
    return;
  }
  const { range, checksum, partsCount } = chosen!;
  if (headerOf(request, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED') setChecksum(request, checksum);
  if (partsCount !== undefined) res.setHeader('x-amz-mp-parts-count', partsCount);
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

/** Nothing is locked here; only a bucket whose template enables locks may be asked to bypass them. */
export const hasObjectLock = ({ store, bucket }: S3Request): boolean =>
  String(store.declared(bucket)['ObjectLockEnabled']) === 'true';

/** @throws AwsError InvalidArgument */
export function refuseBypass(request: S3Request): void {
  const name = 'x-amz-bypass-governance-retention';
  if (headerOf(request, name) === undefined || hasObjectLock(request)) return;
  throw new AwsError('InvalidArgument', `${name} is only applicable to Object Lock enabled buckets.`, 400, {
    ArgumentName: name,
  });
}

const OF_DIRECTORY_BUCKETS = ['x-amz-if-match-last-modified-time', 'x-amz-if-match-size'];

export async function deleteObject(request: S3Request): Promise<void> {
  const { res, store, bucket, key } = request;
  store.bucket(bucket);
  refuseBypass(request);
  for (const name of OF_DIRECTORY_BUCKETS)
    if (headerOf(request, name) !== undefined)
      throw new AwsError('NotImplemented', `The header ${name} is for directory buckets only`, 501);
  const match = headerOf(request, 'if-match');
  const removal = await store.remove(bucket, key, versionIdOf(request), (current) =>
    checkDelete(current, match),
  );
  setVersion(request, removal.versionId);
  if (removal.deleteMarker) res.setHeader('x-amz-delete-marker', 'true');
  res.writeHead(204).end();
}
