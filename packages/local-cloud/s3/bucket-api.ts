// S3's operations on buckets and on many objects: lists, versions, bulk delete.

import { readBody } from '../aws/body.ts';
import { sendXml } from '../aws/wire.ts';
import { childrenOf, parseXml, textOf, type XmlElements } from '../aws/xml.ts';
import { AwsError } from '../aws-error.ts';
import type { ListPage } from './list.ts';
import { NAMESPACE } from './object-api.ts';
import { owner } from './owner.ts';
import type { Version } from './record.ts';
import { numberOf, refuseUnsupported, type S3Request } from './request.ts';
import { tagsIn, type Tags } from './tags.ts';

const MAX_KEYS = 1_000;
const MAX_DOCUMENT = 2 * 1024 * 1024;
const isoTime = (milliseconds: number) => new Date(milliseconds).toISOString();

const MOST_BUCKETS = 10_000;

export function listBuckets(request: S3Request): void {
  const { res, store, query } = request;
  const prefix = query.get('prefix') ?? '';
  const limit = Math.max(numberOf(request, 'max-buckets', MOST_BUCKETS, MOST_BUCKETS), 1);
  const after = decodeToken(given(query, 'continuation-token')) ?? '';
  const rest = store.buckets().filter(({ name }) => name.startsWith(prefix) && name > after);
  const buckets = rest.slice(0, limit);
  const elements = buckets.map(({ name, createdAt }) => ({
    Name: name,
    CreationDate: isoTime(createdAt),
    // AWS says it in pages only.
    ...(query.has('max-buckets') && { BucketRegion: REGION }),
  }));
  const last = rest.length > limit ? buckets.at(-1)?.name : undefined;
  sendXml(res, `ListAllMyBucketsResult ${NAMESPACE}`, {
    Owner: owner,
    Buckets: { Bucket: elements },
    Prefix: prefix || undefined,
    ContinuationToken: last && Buffer.from(last).toString('base64url'),
  });
}

/** The one region that there is. */
const REGION = 'us-east-1';

/** The tags of the new bucket. @throws AwsError for another region */
function readConfiguration(document: string): Tags {
  if (document.trim() === '') return {};
  const root = parseXml(document);
  if (root.name !== 'CreateBucketConfiguration')
    throw new AwsError('MalformedXML', 'The document must be a CreateBucketConfiguration');
  const region = textOf(root, 'LocationConstraint') ?? '';
  if (region !== '' && region !== REGION)
    throw new AwsError(
      'IllegalLocationConstraintException',
      `The local cloud has the region ${REGION} only: leave LocationConstraint ${region.slice(0, 64)} out`,
    );
  return tagsIn(
    childrenOf(root, 'Tags').flatMap((tags) => childrenOf(tags, 'Tag')),
    'bucket',
  );
}

export async function createBucket(request: S3Request): Promise<void> {
  const { req, res, store, bucket } = request;
  refuseUnsupported(request);
  const tags = readConfiguration((await readBody(req, MAX_DOCUMENT)).toString('utf8'));
  await store.createBucket(bucket, tags);
  res.writeHead(200, { location: `/${bucket}`, 'content-length': 0 }).end();
}

export async function deleteBucket({ res, store, bucket }: S3Request): Promise<void> {
  await store.deleteBucket(bucket);
  res.writeHead(204).end();
}

export function headBucket({ res, store, bucket }: S3Request): void {
  store.bucket(bucket);
  res.writeHead(200, { 'x-amz-bucket-region': REGION, 'content-length': 0 }).end();
}

/** An empty constraint means us-east-1. */
export function getLocation({ res, store, bucket }: S3Request): void {
  store.bucket(bucket);
  sendXml(res, `LocationConstraint ${NAMESPACE}`, {});
}

export function getVersioning({ res, store, bucket }: S3Request): void {
  const { versioned, suspended } = store.bucket(bucket);
  const Status = versioned ? 'Enabled' : suspended ? 'Suspended' : undefined;
  sendXml(res, `VersioningConfiguration ${NAMESPACE}`, { Status });
}

export async function putVersioning({ req, res, store, bucket }: S3Request): Promise<void> {
  store.bucket(bucket);
  const root = parseXml((await readBody(req, MAX_DOCUMENT)).toString('utf8'));
  const status = textOf(root, 'Status');
  if (status === undefined)
    throw new AwsError('IllegalVersioningConfigurationException', 'The Versioning element must be specified');
  if (root.name !== 'VersioningConfiguration' || (status !== 'Enabled' && status !== 'Suspended'))
    throw new AwsError(
      'MalformedXML',
      'The XML you provided was not well-formed or did not validate against our published schema',
    );
  if (textOf(root, 'MfaDelete') === 'Enabled')
    throw new AwsError('NotImplemented', 'The local S3 does not support MfaDelete', 501);
  await store.configure(bucket, { versioned: status === 'Enabled' });
  res.writeHead(200, { 'content-length': 0 }).end();
}

/** Keys may hold characters that XML cannot, for which clients ask for URL encoding. */
function encoderOf({ query }: S3Request): (text: string) => string {
  const type = query.get('encoding-type');
  if (type === null) return (text) => text;
  if (type !== 'url') throw new AwsError('InvalidArgument', 'Invalid Encoding Method specified in Request');
  return (text) => encodeURIComponent(text).replaceAll('%2F', '/');
}

function describe(version: Version): XmlElements {
  return {
    LastModified: isoTime(version.lastModified),
    ETag: `"${version.etag}"`,
    ChecksumAlgorithm: version.checksum?.algorithm.toUpperCase(),
    ChecksumType: version.checksum?.type,
    Size: version.size,
    StorageClass: 'STANDARD',
  };
}

const given = (query: URLSearchParams, name: string): string | undefined => query.get(name) || undefined;

async function readPage(
  request: S3Request,
  after: string | undefined,
): Promise<ListPage & { limit: number }> {
  const { store, bucket, query } = request;
  const limit = numberOf(request, 'max-keys', MAX_KEYS, MAX_KEYS);
  const [prefix, delimiter] = [given(query, 'prefix'), given(query, 'delimiter')];
  if (limit === 0) {
    store.bucket(bucket);
    return { objects: [], prefixes: [], limit };
  }
  return { ...(await store.list(bucket, { prefix, delimiter, after, limit })), limit };
}

function decodeToken(token: string | undefined): string | undefined {
  if (token === undefined) return undefined;
  const after = Buffer.from(token, 'base64url').toString('utf8');
  if (Buffer.from(after).toString('base64url') === token) return after;
  throw new AwsError('InvalidArgument', 'The continuation token provided is incorrect');
}

export async function listObjectsV2(request: S3Request): Promise<void> {
  const { res, bucket, query } = request;
  const encode = encoderOf(request);
  const token = given(query, 'continuation-token');
  const page = await readPage(request, decodeToken(token) ?? given(query, 'start-after'));
  const withOwner = query.get('fetch-owner') === 'true' ? owner : undefined;
  sendXml(res, `ListBucketResult ${NAMESPACE}`, {
    Name: bucket,
    Prefix: encode(query.get('prefix') ?? ''),
    Delimiter: encodeGiven(encode, given(query, 'delimiter')),
    MaxKeys: page.limit,
    EncodingType: given(query, 'encoding-type'),
    KeyCount: page.objects.length + page.prefixes.length,
    IsTruncated: page.next !== undefined,
    ContinuationToken: token,
    NextContinuationToken: page.next === undefined ? undefined : Buffer.from(page.next).toString('base64url'),
    StartAfter: encodeGiven(encode, given(query, 'start-after')),
    Contents: page.objects.map(({ key, version }) => ({
      Key: encode(key),
      ...describe(version),
      Owner: withOwner,
    })),
    CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: encode(prefix) })),
  });
}

const encodeGiven = (encode: (text: string) => string, text: string | undefined): string | undefined =>
  text === undefined ? undefined : encode(text);

export async function listObjectsV1(request: S3Request): Promise<void> {
  const { res, bucket, query } = request;
  const encode = encoderOf(request);
  const page = await readPage(request, given(query, 'marker'));
  sendXml(res, `ListBucketResult ${NAMESPACE}`, {
    Name: bucket,
    Prefix: encode(query.get('prefix') ?? ''),
    Marker: encode(query.get('marker') ?? ''),
    // "This element is returned only if you have the delimiter request parameter specified."
    NextMarker: given(query, 'delimiter') && encodeGiven(encode, page.next),
    Delimiter: encodeGiven(encode, given(query, 'delimiter')),
    MaxKeys: page.limit,
    EncodingType: given(query, 'encoding-type'),
    IsTruncated: page.next !== undefined,
    Contents: page.objects.map(({ key, version }) => ({
      Key: encode(key),
      ...describe(version),
      Owner: owner,
    })),
    CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: encode(prefix) })),
  });
}

export async function listObjectVersions(request: S3Request): Promise<void> {
  const { res, store, bucket, query } = request;
  const encode = encoderOf(request);
  const limit = Math.max(numberOf(request, 'max-keys', MAX_KEYS, MAX_KEYS), 1);
  const page = await store.listVersions(bucket, {
    prefix: given(query, 'prefix'),
    delimiter: given(query, 'delimiter'),
    after: given(query, 'key-marker'),
    afterVersion: given(query, 'version-id-marker'),
    limit,
  });
  const shared = page.versions.map(({ key, version, isLatest }) => ({
    marker: version.deleteMarker,
    element: {
      Key: encode(key),
      VersionId: version.versionId,
      IsLatest: isLatest,
      Owner: owner,
      ...(version.deleteMarker ? { LastModified: isoTime(version.lastModified) } : describe(version)),
    },
  }));
  sendXml(res, `ListVersionsResult ${NAMESPACE}`, {
    Name: bucket,
    Prefix: encode(query.get('prefix') ?? ''),
    KeyMarker: encode(query.get('key-marker') ?? ''),
    VersionIdMarker: query.get('version-id-marker') ?? '',
    NextKeyMarker: encodeGiven(encode, page.next?.key),
    NextVersionIdMarker: page.next?.versionId,
    Delimiter: encodeGiven(encode, given(query, 'delimiter')),
    MaxKeys: limit,
    EncodingType: given(query, 'encoding-type'),
    IsTruncated: page.next !== undefined,
    Version: shared.filter(({ marker }) => !marker).map(({ element }) => element),
    DeleteMarker: shared.filter(({ marker }) => marker).map(({ element }) => element),
    CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: encode(prefix) })),
  });
}

/** Of many objects, a version that is not there is an error; of one, it is deleted already. */
async function requireVersion({ store, bucket }: S3Request, key: string, versionId: string): Promise<void> {
  const versions = await store.versions(bucket, key);
  if (!versions.some((each) => each.versionId === versionId))
    throw new AwsError('NoSuchVersion', 'The specified version does not exist.', 404);
}

async function removeOne(
  request: S3Request,
  key: string,
  versionId: string | undefined,
): Promise<XmlElements> {
  try {
    if (versionId !== undefined) await requireVersion(request, key, versionId);
    const removal = await request.store.remove(request.bucket, key, versionId);
    const marker = removal.deleteMarker;
    const markerId = marker ? removal.versionId : undefined;
    return {
      Deleted: { Key: key, VersionId: versionId, DeleteMarker: marker, DeleteMarkerVersionId: markerId },
    };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return { Error: { Key: key, VersionId: versionId, Code: error.code, Message: error.message } };
  }
}

export async function deleteObjects(request: S3Request): Promise<void> {
  const { req, res, store, bucket } = request;
  store.bucket(bucket);
  const root = parseXml((await readBody(req, MAX_DOCUMENT)).toString('utf8'));
  const objects = childrenOf(root, 'Object');
  if (root.name !== 'Delete' || !objects.length || objects.length > MAX_KEYS) {
    throw new AwsError('MalformedXML', `The document must be a Delete of 1 to ${MAX_KEYS} objects`);
  }
  const quiet = textOf(root, 'Quiet')?.trim() === 'true';
  const results: XmlElements[] = [];
  for (const object of objects) {
    results.push(await removeOne(request, textOf(object, 'Key') ?? '', textOf(object, 'VersionId')));
  }
  sendXml(res, `DeleteResult ${NAMESPACE}`, {
    Deleted: quiet ? [] : results.map((result) => result['Deleted']),
    Error: results.map((result) => result['Error']),
  });
}
