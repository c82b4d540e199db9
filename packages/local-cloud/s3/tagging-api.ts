// S3's operations on the tags of buckets and objects.

import { AwsError } from '../aws-error.ts';
import { readBody } from '../aws/body.ts';
import { sendXml } from '../aws/wire.ts';
import { NAMESPACE, setVersion, versionIdOf } from './object-api.ts';
import type { Version } from './record.ts';
import type { S3Request } from './request.ts';
import { methodNotAllowed } from './store.ts';
import { parseTagging, taggingDocument, type Tags } from './tags.ts';

const LONGEST_DOCUMENT = 65_536;

const documentOf = async ({ req }: S3Request) => (await readBody(req, LONGEST_DOCUMENT)).toString('utf8');

export function getBucketTagging({ res, store, bucket }: S3Request): void {
  const { tags = {} } = store.bucket(bucket);
  if (Object.keys(tags).length === 0) throw new AwsError('NoSuchTagSet', 'The TagSet does not exist', 404);
  sendXml(res, `Tagging ${NAMESPACE}`, taggingDocument(tags));
}

async function changeBucket(request: S3Request, tags: Tags): Promise<void> {
  const { res, store, bucket } = request;
  await store.configure(bucket, { tags });
  res.writeHead(204).end();
}

export async function putBucketTagging(request: S3Request): Promise<void> {
  request.store.bucket(request.bucket);
  await changeBucket(request, parseTagging(await documentOf(request), 'bucket'));
}

export const deleteBucketTagging = (request: S3Request): Promise<void> => changeBucket(request, {});

/** The tags of a deleted object are not missing but not allowed. A read names a missing key with its bucket. */
async function orMarker(request: S3Request, found: Promise<Version>): Promise<Version> {
  const { req, store, bucket, key } = request;
  try {
    return await found;
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== 'NoSuchKey') throw error;
    const [latest] = await store.versions(bucket, key);
    if (latest?.deleteMarker) throw methodNotAllowed();
    const details: AwsError['details'] = req.method === 'GET' ? { Key: `${bucket}/${key}` } : {};
    throw new AwsError(error.code, error.message, error.status, details);
  }
}

export async function getObjectTagging(request: S3Request): Promise<void> {
  const { res, store, bucket, key } = request;
  const { tags = {}, versionId } = await orMarker(request, store.find(bucket, key, versionIdOf(request)));
  setVersion(request, versionId);
  sendXml(res, `Tagging ${NAMESPACE}`, taggingDocument(tags));
}

async function changeObject(request: S3Request, tags: Tags, status: number): Promise<void> {
  const { res, store, bucket, key } = request;
  const { versionId } = await orMarker(request, store.tag(bucket, key, tags, versionIdOf(request)));
  setVersion(request, versionId);
  res.writeHead(status, status === 204 ? {} : { 'content-length': 0 }).end();
}

export async function putObjectTagging(request: S3Request): Promise<void> {
  request.store.bucket(request.bucket);
  await changeObject(request, parseTagging(await documentOf(request), 'object'), 200);
}

export const deleteObjectTagging = (request: S3Request): Promise<void> => changeObject(request, {}, 204);
