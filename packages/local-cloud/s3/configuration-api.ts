// Reads of what the template says of a bucket, or of what AWS gives every bucket that nobody configured.

import { AwsError } from '../aws-error.ts';
import { sendXml } from '../aws/wire.ts';
import type { XmlElements } from '../aws/xml.ts';
import { namespace } from './object-api.ts';
import type { S3Request } from './request.ts';

type Json = Readonly<Record<string, unknown>>;

const asMap = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
const asList = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.map(asMap) : []);
const textOf = (value: unknown): string | undefined =>
  value === undefined || value === null
    ? undefined
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);

/** Properties of the template, none for a bucket that a client made. @throws AwsError NoSuchBucket */
const declaredOf = ({ store, bucket }: S3Request): Json => store.declared(bucket);

export function getEncryption(request: S3Request): void {
  const [rule] = asList(asMap(declaredOf(request)['BucketEncryption'])['ServerSideEncryptionConfiguration']);
  const given = asMap(rule?.['ServerSideEncryptionByDefault']);
  sendXml(request.res, `ServerSideEncryptionConfiguration ${namespace}`, {
    Rule: {
      ApplyServerSideEncryptionByDefault: {
        SSEAlgorithm: textOf(given['SSEAlgorithm']) ?? 'AES256',
        KMSMasterKeyID: textOf(given['KMSMasterKeyID']),
      },
      BucketKeyEnabled: textOf(rule?.['BucketKeyEnabled']) ?? 'false',
    },
  });
}

const BLOCKS = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'];

/** Since April 2023 a new bucket blocks all; one that declares a block has what it leaves out as false. */
export function getPublicAccessBlock(request: S3Request): void {
  const given = declaredOf(request)['PublicAccessBlockConfiguration'];
  const blocks = BLOCKS.map((name) => [
    name,
    given === undefined ? 'true' : (textOf(asMap(given)[name]) ?? 'false'),
  ]);
  sendXml(
    request.res,
    `PublicAccessBlockConfiguration ${namespace}`,
    Object.fromEntries(blocks) as XmlElements,
  );
}

export function getOwnershipControls(request: S3Request): void {
  const [rule] = asList(asMap(declaredOf(request)['OwnershipControls'])['Rules']);
  sendXml(request.res, `OwnershipControls ${namespace}`, {
    Rule: { ObjectOwnership: textOf(rule?.['ObjectOwnership']) ?? 'BucketOwnerEnforced' },
  });
}

function daysOf(name: string, value: unknown): XmlElements | undefined {
  const days = textOf(value);
  return days === undefined ? undefined : { [name]: days };
}

function lifecycleRule(rule: Json): XmlElements {
  const transitions = asList(rule['Transitions']).map((each) => ({
    Days: textOf(each['TransitionInDays']),
    StorageClass: textOf(each['StorageClass']),
  }));
  return {
    ID: textOf(rule['Id']),
    Filter: { Prefix: textOf(rule['Prefix']) ?? '' },
    Status: textOf(rule['Status']),
    Expiration: daysOf('Days', rule['ExpirationInDays']),
    Transition: transitions.length > 0 ? transitions : undefined,
    NoncurrentVersionExpiration: daysOf(
      'NoncurrentDays',
      asMap(rule['NoncurrentVersionExpiration'])['NoncurrentDays'] ??
        rule['NoncurrentVersionExpirationInDays'],
    ),
    AbortIncompleteMultipartUpload: daysOf(
      'DaysAfterInitiation',
      asMap(rule['AbortIncompleteMultipartUpload'])['DaysAfterInitiation'],
    ),
  };
}

export function getLifecycle(request: S3Request): void {
  const rules = asList(asMap(declaredOf(request)['LifecycleConfiguration'])['Rules']);
  if (rules.length === 0)
    throw new AwsError('NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist', 404);
  sendXml(request.res, `LifecycleConfiguration ${namespace}`, { Rule: rules.map(lifecycleRule) });
}
