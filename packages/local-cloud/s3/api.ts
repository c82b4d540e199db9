// S3 on the AWS port: finds the operation of a request in path style, and refuses unsupported ones by name.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { hostIdOf, requestIdOf, sendError, type AwsHandler } from '../aws/wire.ts';
import { AwsError } from '../aws-error.ts';
import * as access from './access-api.ts';
import { getObjectAttributes } from './attributes-api.ts';
import * as bucketApi from './bucket-api.ts';
import * as configuration from './configuration-api.ts';
import * as lists from './list-api.ts';
import * as multipart from './multipart-api.ts';
import * as objectApi from './object-api.ts';
import { copyObject } from './copy-api.ts';
import { operationNameOf } from './operation-name.ts';
import { withDetails } from './error-details.ts';
import { refuseExpired } from './presigned.ts';
import * as tagging from './tagging-api.ts';
import { parseTarget, refuseOperation, type S3Request } from './request.ts';
import type { ObjectStore } from './store.ts';
import * as uploadLists from './upload-lists-api.ts';

type Operation = (request: S3Request) => void | Promise<void>;

/** `METHOD scope subresource`; copies are recognised by their header. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET service': bucketApi.listBuckets,
  'PUT bucket': bucketApi.createBucket,
  'DELETE bucket': bucketApi.deleteBucket,
  'HEAD bucket': bucketApi.headBucket,
  'GET bucket location': bucketApi.getLocation,
  'GET bucket versioning': bucketApi.getVersioning,
  'GET bucket encryption': configuration.getEncryption,
  'PUT bucket encryption': configuration.putEncryption,
  'DELETE bucket encryption': configuration.deleteEncryption,
  'GET bucket publicAccessBlock': access.getPublicAccessBlock,
  'PUT bucket publicAccessBlock': access.putPublicAccessBlock,
  'DELETE bucket publicAccessBlock': access.deletePublicAccessBlock,
  'GET bucket ownershipControls': access.getOwnershipControls,
  'PUT bucket ownershipControls': access.putOwnershipControls,
  'DELETE bucket ownershipControls': access.deleteOwnershipControls,
  'GET bucket lifecycle': configuration.getLifecycle,
  'DELETE bucket lifecycle': configuration.deleteAbsent,
  'DELETE bucket cors': configuration.deleteAbsent,
  'DELETE bucket website': configuration.deleteAbsent,
  'DELETE bucket replication': configuration.deleteAbsent,
  'GET bucket metrics': configuration.getMetrics,
  'PUT bucket versioning': bucketApi.putVersioning,
  'GET bucket tagging': tagging.getBucketTagging,
  'PUT bucket tagging': tagging.putBucketTagging,
  'DELETE bucket tagging': tagging.deleteBucketTagging,
  'GET object attributes': getObjectAttributes,
  'GET object tagging': tagging.getObjectTagging,
  'PUT object tagging': tagging.putObjectTagging,
  'DELETE object tagging': tagging.deleteObjectTagging,
  'GET bucket policy': configuration.getPolicy,
  'PUT bucket policy': configuration.putPolicy,
  'DELETE bucket policy': configuration.deletePolicy,
  'GET bucket policyStatus': configuration.getPolicyStatus,
  'GET bucket acl': configuration.getAcl,
  'GET object acl': configuration.getAcl,
  'GET bucket notification': configuration.getNotification,
  'GET bucket logging': configuration.empty('BucketLoggingStatus'),
  'GET bucket accelerate': configuration.empty('AccelerateConfiguration'),
  'GET bucket requestPayment': configuration.getRequestPayment,
  'GET bucket cors': configuration.absent('NoSuchCORSConfiguration', 'The CORS configuration does not exist'),
  'GET bucket website': configuration.absent(
    'NoSuchWebsiteConfiguration',
    'The specified bucket does not have a website configuration',
  ),
  'GET bucket replication': configuration.absent(
    'ReplicationConfigurationNotFoundError',
    'The replication configuration was not found',
  ),
  'GET bucket object-lock': configuration.getObjectLock,
  'GET bucket list-type': lists.listObjectsV2,
  'GET bucket': lists.listObjectsV1,
  'GET bucket versions': lists.listObjectVersions,
  'GET bucket uploads': uploadLists.listMultipartUploads,
  'POST bucket delete': bucketApi.deleteObjects,
  'PUT object': objectApi.putObject,
  'PUT object copy': copyObject,
  'GET object': objectApi.getObject,
  'HEAD object': objectApi.getObject,
  'GET object partNumber': objectApi.getObject,
  'HEAD object partNumber': objectApi.getObject,
  'DELETE object': objectApi.deleteObject,
  'POST object uploads': multipart.createMultipartUpload,
  'PUT object uploadId': multipart.uploadPart,
  'PUT object uploadId copy': multipart.uploadPartCopy,
  'POST object uploadId': multipart.completeMultipartUpload,
  'DELETE object uploadId': multipart.abortMultipartUpload,
  'GET object uploadId': uploadLists.listParts,
};

const DISK_ERRORS = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'EROFS']);

/** An error of a full disk is one that clients retry. */
function translate(error: unknown): unknown {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (!DISK_ERRORS.has(code)) return error;
  return new AwsError(
    'ServiceUnavailable',
    `The local object store cannot write (${code}): free some space`,
    503,
  );
}

/** Under the names that S3 has for them: SDKs show both. */
function setRequestIds(res: ServerResponse): void {
  const id = requestIdOf(res);
  res.setHeader('x-amz-request-id', id);
  res.setHeader('x-amz-id-2', hostIdOf(id));
}

/** The error instead of `NoSuchKey`, which only callers that may list the bucket get; undefined for those. */
export type HideMissing = (req: IncomingMessage, bucket: string) => AwsError | undefined;

export function createS3Handler(store: ObjectStore, hideMissing: HideMissing = () => undefined): AwsHandler {
  return async (req, res) => {
    setRequestIds(res);
    const request: S3Request = { req, res, store, uploads: store.uploads, ...parseTarget(req.url ?? '/') };
    const name = operationNameOf(req);
    try {
      refuseExpired(request.query, store.now());
      const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name]! : () => refuseOperation(name);
      await operation(request);
    } catch (error) {
      const translated = translate(error);
      if (!(translated instanceof AwsError)) throw error;
      const hidden = translated.code === 'NoSuchKey' ? hideMissing(req, request.bucket) : undefined;
      sendError(res, hidden ?? withDetails(translated, request), 's3');
    }
  };
}
