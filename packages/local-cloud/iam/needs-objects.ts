// The permissions that calls of S3 need, by the operation in the path and the query.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html

import type { IncomingMessage } from 'node:http';
import { childrenOf, parseXml, textOf } from '../aws/xml.ts';
import { operationNameOf } from '../s3/operation-name.ts';
import { parseCopySource, parseTarget } from '../s3/request.ts';
import type { Need } from './need.ts';

/** Actions on the bucket, by the name of the operation. */
const BUCKET_ACTIONS: Readonly<Record<string, string>> = {
  'PUT bucket': 'CreateBucket',
  'DELETE bucket': 'DeleteBucket',
  'HEAD bucket': 'ListBucket',
  'GET bucket': 'ListBucket',
  'GET bucket list-type': 'ListBucket',
  'GET bucket versions': 'ListBucketVersions',
  'GET bucket uploads': 'ListBucketMultipartUploads',
  'GET bucket location': 'GetBucketLocation',
  'GET bucket versioning': 'GetBucketVersioning',
  'PUT bucket versioning': 'PutBucketVersioning',
  'GET bucket encryption': 'GetEncryptionConfiguration',
  'PUT bucket encryption': 'PutEncryptionConfiguration',
  'DELETE bucket encryption': 'PutEncryptionConfiguration',
  'GET bucket publicAccessBlock': 'GetBucketPublicAccessBlock',
  'PUT bucket publicAccessBlock': 'PutBucketPublicAccessBlock',
  'DELETE bucket publicAccessBlock': 'PutBucketPublicAccessBlock',
  'GET bucket ownershipControls': 'GetBucketOwnershipControls',
  'PUT bucket ownershipControls': 'PutBucketOwnershipControls',
  'DELETE bucket ownershipControls': 'PutBucketOwnershipControls',
  'GET bucket metrics': 'GetMetricsConfiguration',
  'DELETE bucket lifecycle': 'PutLifecycleConfiguration',
  'DELETE bucket cors': 'PutBucketCORS',
  'DELETE bucket website': 'DeleteBucketWebsite',
  'DELETE bucket replication': 'PutReplicationConfiguration',
  'GET bucket lifecycle': 'GetLifecycleConfiguration',
  'GET bucket tagging': 'GetBucketTagging',
  'PUT bucket tagging': 'PutBucketTagging',
  'DELETE bucket tagging': 'PutBucketTagging',
  'GET bucket policy': 'GetBucketPolicy',
  'PUT bucket policy': 'PutBucketPolicy',
  'DELETE bucket policy': 'DeleteBucketPolicy',
  'GET bucket policyStatus': 'GetBucketPolicyStatus',
  'GET bucket acl': 'GetBucketAcl',
  'GET bucket notification': 'GetBucketNotification',
  'GET bucket logging': 'GetBucketLogging',
  'GET bucket accelerate': 'GetAccelerateConfiguration',
  'GET bucket requestPayment': 'GetBucketRequestPayment',
  'GET bucket cors': 'GetBucketCORS',
  'GET bucket website': 'GetBucketWebsite',
  'GET bucket replication': 'GetReplicationConfiguration',
  'GET bucket object-lock': 'GetBucketObjectLockConfiguration',
};

/** Actions on the object; `Object` becomes `ObjectVersion` where the request names a version. */
const OBJECT_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  'GET object': ['GetObject'],
  'HEAD object': ['GetObject'],
  'GET object partNumber': ['GetObject'],
  'HEAD object partNumber': ['GetObject'],
  'PUT object': ['PutObject'],
  'PUT object copy': ['PutObject'],
  'DELETE object': ['DeleteObject'],
  'GET object attributes': ['GetObject', 'GetObjectAttributes'],
  'GET object acl': ['GetObjectAcl'],
  'GET object tagging': ['GetObjectTagging'],
  'PUT object tagging': ['PutObjectTagging'],
  'DELETE object tagging': ['DeleteObjectTagging'],
};

/** Operations on parts of an upload, which ignore a version in the query. */
const UPLOAD_ACTIONS: Readonly<Record<string, string>> = {
  'POST object uploads': 'PutObject',
  'PUT object uploadId': 'PutObject',
  'PUT object uploadId copy': 'PutObject',
  'POST object uploadId': 'PutObject',
  'DELETE object uploadId': 'AbortMultipartUpload',
  'GET object uploadId': 'ListMultipartUploadParts',
};

const own = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

export const bucketArn = (bucket: string) => `arn:aws:s3:::${bucket}`;

const UNTAGGED = new Set(['GetObject', 'DeleteObject', 'GetObjectAttributes', 'GetObjectAcl']);

/** PutObject has no version before it is written. */
function versioned(action: string, version: string | null): string {
  const hasVersion = UNTAGGED.has(action) || action.endsWith('ObjectTagging');
  return version !== null && hasVersion ? action.replace('Object', 'ObjectVersion') : action;
}

function listKeys(query: URLSearchParams): Need['keys'] {
  const named = ['prefix', 'delimiter', 'max-keys'].flatMap((name) => {
    const value = query.get(name);
    // A policy can require the empty prefix.
    return value === null ? [] : [[`s3:${name}`, value] as const];
  });
  return Object.fromEntries(named);
}

/** The need to read the source of a copy. */
function copied(req: IncomingMessage): Need[] {
  const source = req.headers['x-amz-copy-source']?.toString();
  if (source === undefined) return [];
  const { bucket, key, query } = parseCopySource(source);
  const action = versioned('GetObject', query.get('versionId'));
  return [{ action: `s3:${action}`, resource: `${bucketArn(bucket)}/${key}` }];
}

/** Additional actions that headers of a write need. */
const HEADER_ACTIONS: Readonly<Record<string, string>> = {
  'x-amz-tagging': 'PutObjectTagging',
  'x-amz-acl': 'PutObjectAcl',
};

/** @throws AwsError MalformedXML */
function deleted(body: string, bucket: string): Need[] {
  return childrenOf(parseXml(body), 'Object').map((object) => {
    const action = versioned('DeleteObject', textOf(object, 'VersionId') ?? null);
    return { action: `s3:${action}`, resource: `${bucketArn(bucket)}/${textOf(object, 'Key') ?? ''}` };
  });
}

/** Whether `needsOfObjects` reads the body. */
export const readsBody = (req: IncomingMessage): boolean => operationNameOf(req) === 'POST bucket delete';

/** @returns undefined for a request that the local S3 does not have. @throws AwsError MalformedXML for a deletion that it cannot read */
export function needsOfObjects(req: IncomingMessage, body: string): Need[] | undefined {
  const name = operationNameOf(req);
  const { bucket, key, query } = parseTarget(req.url ?? '/');
  if (name === 'GET service') return [{ action: 's3:ListAllMyBuckets', resource: '*' }];
  if (name === 'POST bucket delete') return deleted(body, bucket);
  const onBucket = own(BUCKET_ACTIONS, name);
  if (onBucket !== undefined)
    return [{ action: `s3:${onBucket}`, resource: bucketArn(bucket), keys: listKeys(query) }];
  const resource = `${bucketArn(bucket)}/${key}`;
  const version = query.get('versionId');
  const actions = own(OBJECT_ACTIONS, name)?.map((action) => versioned(action, version));
  const onUpload = own(UPLOAD_ACTIONS, name);
  const all = actions ?? (onUpload === undefined ? undefined : [onUpload]);
  if (!all) return undefined;
  const byHeader = ['PUT object', 'PUT object copy', 'POST object uploads'].includes(name)
    ? Object.keys(HEADER_ACTIONS).filter((header) => req.headers[header] !== undefined)
    : [];
  const keys: Need['keys'] = version === null ? {} : { 's3:versionid': version };
  return [
    ...[...all, ...byHeader.map((header) => HEADER_ACTIONS[header]!)].map((action) => ({
      action: `s3:${action}`,
      resource,
      keys,
    })),
    ...(name.endsWith(' copy') ? copied(req) : []),
  ];
}
