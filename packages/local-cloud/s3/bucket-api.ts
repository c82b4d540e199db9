// S3's operations on buckets, and the delete of many objects.

import { readBody } from '../aws/body.ts';
import { sendXml } from '../aws/wire.ts';
import { childrenOf, malformedXml, parseXml, textOf, type XmlElements, type XmlNode } from '../aws/xml.ts';
import { AwsError } from '../aws-error.ts';
import { ownershipOf } from './access-api.ts';
import { checkDelete } from './conditions.ts';
import { decodeToken, encodeToken } from './list-parameters.ts';
import { NAMESPACE, refuseBypass } from './object-api.ts';
import { owner } from './owner.ts';
import { REGION, requireRegion, setRegion } from './regions.ts';
import { numberOf, refuseUnsupported, type S3Request } from './request.ts';
import { tagsIn, type Tags } from './tags.ts';
import { isoTime } from './times.ts';

const MAX_KEYS = 1_000;
const MAX_DOCUMENT = 2 * 1024 * 1024;

const MOST_BUCKETS = 10_000;
const PAGED = ['bucket-region', 'continuation-token', 'max-buckets', 'prefix'];

export function listBuckets(request: S3Request): void {
  const { res, store, query } = request;
  const prefix = query.get('prefix') ?? '';
  const limit = Math.max(numberOf(request, 'max-buckets', MOST_BUCKETS, MOST_BUCKETS), 1);
  const after = decodeToken(query.get('continuation-token') || null) ?? '';
  const region = query.get('bucket-region') || REGION;
  requireRegion(region);
  const rest = store
    .buckets()
    .filter(({ name }) => region === REGION && name.startsWith(prefix) && name > after);
  const buckets = rest.slice(0, limit);
  const elements = buckets.map(({ name, createdAt }) => ({
    Name: name,
    CreationDate: isoTime(createdAt),
    // AWS names it only where the request has one of these.
    ...(PAGED.some((name) => query.has(name)) && { BucketRegion: REGION }),
  }));
  const last = rest.length > limit ? buckets.at(-1)?.name : undefined;
  sendXml(res, `ListAllMyBucketsResult ${NAMESPACE}`, {
    Owner: owner,
    Buckets: { Bucket: elements },
    Prefix: prefix || undefined,
    ContinuationToken: last && encodeToken(last),
  });
}

/** The tags of the new bucket. @throws AwsError for a region: us-east-1 is where it is left out */
function readConfiguration(document: string): Tags {
  if (document.trim() === '') return {};
  const root = parseXml(document);
  if (root.name !== 'CreateBucketConfiguration')
    throw new AwsError('MalformedXML', 'The document must be a CreateBucketConfiguration');
  const region = textOf(root, 'LocationConstraint') ?? '';
  if (region === REGION)
    throw new AwsError('InvalidLocationConstraint', 'The specified location-constraint is not valid', 400, {
      LocationConstraint: region,
    });
  if (region !== '')
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
  const ownership = ownershipOf(request);
  const tags = readConfiguration((await readBody(req, MAX_DOCUMENT)).toString('utf8'));
  const known = store.buckets().some(({ name }) => name === bucket);
  // "if you re-create an existing bucket that you already own in us-east-1, Amazon S3 returns 200 OK"; tags of a new one
  // would be lost.
  if (!known || Object.keys(tags).length > 0) await store.createBucket(bucket, { tags, ownership });
  res.writeHead(200, { location: `/${bucket}`, 'content-length': 0 }).end();
}

export async function deleteBucket({ res, store, bucket }: S3Request): Promise<void> {
  await store.deleteBucket(bucket);
  res.writeHead(204).end();
}

export function headBucket({ res, store, bucket }: S3Request): void {
  store.bucket(bucket);
  setRegion(res);
  res
    .writeHead(200, {
      'x-amz-access-point-alias': 'false',
      'content-type': 'application/xml',
    })
    .end();
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
    throw malformedXml();
  if (textOf(root, 'MfaDelete') === 'Enabled')
    throw new AwsError('NotImplemented', 'The local S3 does not support MfaDelete', 501);
  await store.configure(bucket, { versioned: status === 'Enabled' });
  res.writeHead(200, { 'content-length': 0 }).end();
}

/** Of many objects, a version that is not there is an error; of one, it is deleted already. */
async function requireVersion({ store, bucket }: S3Request, key: string, versionId: string): Promise<void> {
  const versions = await store.versions(bucket, key);
  if (!versions.some((each) => each.versionId === versionId))
    throw new AwsError('NoSuchVersion', 'The specified version does not exist.', 404);
}

async function removeOne(request: S3Request, object: XmlNode): Promise<XmlElements> {
  const key = textOf(object, 'Key') ?? '';
  const [versionId, match] = [textOf(object, 'VersionId'), textOf(object, 'ETag')];
  try {
    for (const name of ['LastModifiedTime', 'Size'])
      if (textOf(object, name) !== undefined)
        throw new AwsError('NotImplemented', `The element ${name} is for directory buckets only`, 501);
    if (versionId !== undefined) await requireVersion(request, key, versionId);
    const removal = await request.store.remove(request.bucket, key, versionId, (current) =>
      checkDelete(current, match),
    );
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
  refuseBypass(request);
  const root = parseXml((await readBody(req, MAX_DOCUMENT)).toString('utf8'));
  const objects = childrenOf(root, 'Object');
  if (root.name !== 'Delete' || !objects.length || objects.length > MAX_KEYS) {
    throw new AwsError('MalformedXML', `The document must be a Delete of 1 to ${MAX_KEYS} objects`);
  }
  const quiet = textOf(root, 'Quiet')?.trim() === 'true';
  const results: XmlElements[] = [];
  for (const object of objects) {
    results.push(await removeOne(request, object));
  }
  sendXml(res, `DeleteResult ${NAMESPACE}`, {
    Deleted: quiet ? [] : results.map((result) => result['Deleted']),
    Error: results.map((result) => result['Error']),
  });
}
