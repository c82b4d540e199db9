// Reads the configuration of a bucket: the template's, or AWS's default.

import { AwsError } from '../aws-error.ts';
import { readBody } from '../aws/body.ts';
import { send, sendXml } from '../aws/wire.ts';
import { childrenOf, malformedXml, parseXml, textOf as textInXml, type XmlElements } from '../aws/xml.ts';
import { hasObjectLock, NAMESPACE, versionIdOf } from './object-api.ts';
import { owner } from './owner.ts';
import type { S3Request } from './request.ts';

export type Json = Readonly<Record<string, unknown>>;

export const asMap = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
export const asList = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.map(asMap) : []);
export const textOf = (value: unknown): string | undefined =>
  value === undefined || value === null
    ? undefined
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);

/** Properties of the template, none for a bucket that a client made. @throws AwsError NoSuchBucket */
export const declaredOf = ({ store, bucket }: S3Request): Json => store.declared(bucket);

export function getEncryption(request: S3Request): void {
  const { store, bucket } = request;
  const [rule] = asList(asMap(declaredOf(request)['BucketEncryption'])['ServerSideEncryptionConfiguration']);
  const given = asMap(rule?.['ServerSideEncryptionByDefault']);
  sendXml(request.res, `ServerSideEncryptionConfiguration ${NAMESPACE}`, {
    Rule: {
      ApplyServerSideEncryptionByDefault: {
        SSEAlgorithm: textOf(given['SSEAlgorithm']) ?? 'AES256',
        KMSMasterKeyID: textOf(given['KMSMasterKeyID']),
      },
      BucketKeyEnabled: textOf(rule?.['BucketKeyEnabled']) ?? String(store.bucket(bucket).bucketKey ?? false),
    },
  });
}

/** Every bucket has AES256. @throws AwsError NotImplemented for another algorithm */
export async function putEncryption({ req, res, store, bucket }: S3Request): Promise<void> {
  if (store.bucket(bucket).fromTemplate) await store.configure(bucket, {}); // which refuses, and names the template
  const root = parseXml((await readBody(req, LONGEST_POLICY)).toString('utf8'));
  const rules = childrenOf(root, 'Rule');
  const given = rules[0] && childrenOf(rules[0], 'ApplyServerSideEncryptionByDefault')[0];
  const algorithm = given && textInXml(given, 'SSEAlgorithm');
  if (rules.length !== 1 || algorithm === undefined) throw malformedXml();
  if (algorithm === 'AES256' && textInXml(given!, 'KMSMasterKeyID') !== undefined)
    throw new AwsError(
      'InvalidArgument',
      'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse',
      400,
      { ArgumentName: 'ApplyServerSideEncryptionByDefault' },
    );
  if (algorithm !== 'AES256')
    throw new AwsError(
      'NotImplemented',
      `The local S3 does not support encryption with ${algorithm.slice(0, 64)}`,
      501,
    );
  await store.configure(bucket, { bucketKey: textInXml(rules[0]!, 'BucketKeyEnabled') === 'true' });
  res.writeHead(200, { 'content-length': 0 }).end();
}

export async function deleteEncryption({ res, store, bucket }: S3Request): Promise<void> {
  await store.configure(bucket, { bucketKey: false });
  res.writeHead(204).end();
}

/** Deletes what no bucket of a client has; one of the template says where to change it. */
export async function deleteAbsent({ res, store, bucket }: S3Request): Promise<void> {
  await store.configure(bucket, {});
  res.writeHead(204).end();
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
  sendXml(request.res, `LifecycleConfiguration ${NAMESPACE}`, { Rule: rules.map(lifecycleRule) });
}

const LONGEST_POLICY = 20_480;

export function getPolicy({ res, store, bucket }: S3Request): void {
  const { policy } = store.bucket(bucket);
  if (policy === undefined) throw new AwsError('NoSuchBucketPolicy', 'The bucket policy does not exist', 404);
  send(res, 200, 'application/json', policy);
}

/** A policy is stored and returned, without effect, as all resource policies here. */
export async function putPolicy({ req, res, store, bucket }: S3Request): Promise<void> {
  store.bucket(bucket);
  const policy = (await readBody(req, LONGEST_POLICY)).toString('utf8');
  try {
    const { Statement } = JSON.parse(policy) as { Statement?: unknown };
    if (Statement === undefined) throw new AwsError('MalformedPolicy', 'Missing required field Statement');
  } catch (error) {
    if (error instanceof AwsError) throw error;
    throw new AwsError('MalformedPolicy', "Policies must be valid JSON and the first byte must be '{'");
  }
  await store.configure(bucket, { policy });
  res.writeHead(204).end();
}

export async function deletePolicy({ res, store, bucket }: S3Request): Promise<void> {
  store.bucket(bucket);
  await store.configure(bucket, { policy: undefined });
  res.writeHead(204).end();
}

export function getPolicyStatus({ res, store, bucket }: S3Request): void {
  if (store.bucket(bucket).policy === undefined)
    throw new AwsError('NoSuchBucketPolicy', 'The bucket policy does not exist', 404);
  sendXml(res, `PolicyStatus ${NAMESPACE}`, { IsPublic: 'false' });
}

/** The one owner has full control. */
export async function getAcl(request: S3Request): Promise<void> {
  const { res, store, bucket, key } = request;
  store.bucket(bucket);
  if (key) await store.find(bucket, key, versionIdOf(request));
  const grantee = 'Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"';
  sendXml(res, `AccessControlPolicy ${NAMESPACE}`, {
    Owner: owner,
    AccessControlList: { Grant: { [grantee]: owner, Permission: 'FULL_CONTROL' } },
  });
}

const NOTIFIED = [
  ['TopicConfigurations', 'Topic', 'TopicConfiguration', 'Topic'],
  ['QueueConfigurations', 'Queue', 'QueueConfiguration', 'Queue'],
  ['LambdaConfigurations', 'Function', 'CloudFunctionConfiguration', 'CloudFunction'],
] as const;

export function getNotification(request: S3Request): void {
  const given = asMap(declaredOf(request)['NotificationConfiguration']);
  const lists = NOTIFIED.map(([list, target, element, name]) => [
    element,
    asList(given[list]).map((each) => ({
      [name]: textOf(each[target]),
      Event: textOf(each['Event']),
      Filter: filterOf(each['Filter']),
    })),
  ]);
  sendXml(request.res, `NotificationConfiguration ${NAMESPACE}`, Object.fromEntries(lists) as XmlElements);
}

function filterOf(filter: unknown): XmlElements | undefined {
  const rules = asList(asMap(asMap(filter)['S3Key'])['Rules']);
  if (rules.length === 0) return undefined;
  const FilterRule = rules.map((rule) => ({ Name: textOf(rule['Name']), Value: textOf(rule['Value']) }));
  return { S3Key: { FilterRule } };
}

export function getRequestPayment({ res, store, bucket }: S3Request): void {
  store.bucket(bucket);
  sendXml(res, `RequestPaymentConfiguration ${NAMESPACE}`, { Payer: 'BucketOwner' });
}

/** The answer for a configuration that no bucket has, for which AWS returns an empty document. */
export const empty =
  (root: string) =>
  ({ res, store, bucket }: S3Request): void => {
    store.bucket(bucket);
    sendXml(res, `${root} ${NAMESPACE}`, {});
  };

export function getObjectLock(request: S3Request): void {
  if (!hasObjectLock(request))
    throw new AwsError(
      'ObjectLockConfigurationNotFoundError',
      'Object Lock configuration does not exist for this bucket',
      404,
    );
  sendXml(request.res, `ObjectLockConfiguration ${NAMESPACE}`, { ObjectLockEnabled: 'Enabled' });
}

/** One configuration by its id, or the list of all, which is empty. */
export function getMetrics({ res, query, store, bucket }: S3Request): void {
  store.bucket(bucket);
  if (query.has('id'))
    throw new AwsError('NoSuchConfiguration', 'The specified configuration does not exist.', 404);
  sendXml(res, `ListMetricsConfigurationsResult ${NAMESPACE}`, { IsTruncated: false });
}

/** For what no bucket has here, which AWS says by an error. */
export const absent =
  (code: string, message: string) =>
  ({ store, bucket }: S3Request): never => {
    store.bucket(bucket);
    throw new AwsError(code, message, 404);
  };
