// The details of S3's errors besides the message: bucket, key, version or argument, as recorded on AWS.

import { AwsError } from '../aws-error.ts';
import type { S3Request } from './request.ts';

type Details = Readonly<Record<string, string>>;

const ofBucket = ({ bucket }: S3Request): Details => ({ BucketName: bucket });
const ofKey = ({ key }: S3Request): Details => ({ Key: key });

const DETAILS: Readonly<Record<string, (request: S3Request) => Details>> = {
  BucketAlreadyOwnedByYou: ofBucket,
  BucketNotEmpty: ofBucket,
  InvalidBucketName: ofBucket,
  NoSuchBucket: ofBucket,
  NoSuchBucketPolicy: ofBucket,
  NoSuchCORSConfiguration: ofBucket,
  NoSuchLifecycleConfiguration: ofBucket,
  NoSuchPublicAccessBlockConfiguration: ofBucket,
  NoSuchTagSet: ofBucket,
  OwnershipControlsNotFoundError: ofBucket,
  NoSuchWebsiteConfiguration: ofBucket,
  ObjectLockConfigurationNotFoundError: ofBucket,
  ReplicationConfigurationNotFoundError: ofBucket,
  ConditionalRequestConflict: ofKey,
  NoSuchKey: ofKey,
  NoSuchVersion: ({ key, query }) => ({ Key: key, VersionId: query.get('versionId') ?? '' }),
  NoSuchUpload: ({ query }) => ({ UploadId: query.get('uploadId') ?? '' }),
  MethodNotAllowed: ({ req }) => ({ Method: req.method ?? '', ResourceType: 'DeleteMarker' }),
};

/** The error with details of the request; its own details take precedence. */
export function withDetails(error: AwsError, request: S3Request): AwsError {
  const more = Object.hasOwn(DETAILS, error.code) ? DETAILS[error.code]!(request) : {};
  return new AwsError(error.code, error.message, error.status, { ...more, ...error.details });
}

/** The error for an invalid argument. */
export const invalidArgument = (message: string, ArgumentName: string, ArgumentValue: string): AwsError =>
  new AwsError('InvalidArgument', message, 400, { ArgumentName, ArgumentValue });
