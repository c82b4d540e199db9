// Conditions of writes and deletes, copies and tags as they were recorded on AWS, through the real SDK.

import { afterAll, beforeAll, describe, it, test } from '@jest/globals';
import assert from 'node:assert/strict';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  GetObjectTaggingCommand,
  GetPublicAccessBlockCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  DeletePublicAccessBlockCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { bucketResource, startS3, type S3Fixture } from './object-store.ts';

const Bucket = 'plain';
let s3: S3Fixture;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(() => s3.stop());

const put = (Key: string, Body: string, more: object = {}) =>
  s3.client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const remove = (Key: string, more: object = {}) =>
  s3.client.send(new DeleteObjectCommand({ Bucket, Key, ...more }));

/** Begins an upload of one part. @returns what completes it */
async function begin(Key: string) {
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const part = { Bucket, Key, UploadId, PartNumber: 1, Body: 'part' };
  const { ETag } = await s3.client.send(new UploadPartCommand(part));
  await s3.clock.advance(1_000);
  const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
  return (more: object) =>
    s3.client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload, ...more }));
}

describe('a condition of a write that S3 does not have is refused by its header', () => {
  it.each([
    [{ IfNoneMatch: '"abc"' }, 'If-None-Match'],
    [{ IfMatch: '*' }, 'If-Match'],
    [{ IfMatch: 'abc', IfNoneMatch: '*' }, 'If-Match,If-None-Match'],
  ])('%j', async (condition, Header) => {
    await assert.rejects(put('c', 'c', condition), { name: 'NotImplemented', Header });
  });
});

test('an upload whose object changed meanwhile conflicts with its condition', async () => {
  await put('during', 'before');
  const replaced = await begin('during');
  const { ETag: IfMatch } = await put('during', 'meanwhile');
  await assert.rejects(replaced({ IfMatch }), { name: 'ConditionalRequestConflict', Condition: 'If-Match' });
  const removed = await begin('during');
  await remove('during');
  await assert.rejects(removed({ IfMatch }), { name: 'NoSuchKey' });
  await assert.rejects(removed({ IfNoneMatch: '*' }), { name: 'ConditionalRequestConflict' });
  const again = await begin('during');
  assert.ok((await again({ IfNoneMatch: '*' })).ETag);
});

test('a delete holds to its condition, of one object and of many', async () => {
  const { ETag } = await put('d', 'd');
  await assert.rejects(remove('d', { IfMatch: '"other"' }), { name: 'PreconditionFailed' });
  await assert.rejects(remove('d', { IfMatchSize: 1 }), { name: 'NotImplemented' });
  await put('e', 'e');
  const Objects = [
    { Key: 'd', ETag },
    { Key: 'e', ETag: '"other"' },
  ];
  const many = await s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  assert.deepEqual(
    [many.Deleted!.map(({ Key }) => Key), many.Errors!.map(({ Key, Code }) => [Key, Code])],
    [['d'], [['e', 'PreconditionFailed']]],
  );
  await assert.rejects(remove('d', { IfMatch: '*' }), { name: 'PreconditionFailed' });
  await remove('e', { IfMatch: '*' });
});

test('locks are bypassed only in a bucket whose template has them', async () => {
  const message = 'x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.';
  await assert.rejects(remove('x', { BypassGovernanceRetention: true }), {
    name: 'InvalidArgument',
    message,
  });
  const Delete = { Objects: [{ Key: 'x' }] };
  const many = new DeleteObjectsCommand({ Bucket, Delete, BypassGovernanceRetention: true });
  await assert.rejects(s3.client.send(many), { name: 'InvalidArgument', message });
  await s3.store.ensureBucket(bucketResource('locking', { ObjectLockEnabled: true }));
  const locking = { Bucket: 'locking' };
  await s3.client.send(new DeleteObjectCommand({ ...locking, Key: 'x', BypassGovernanceRetention: true }));
  const lock = await s3.client.send(new GetObjectLockConfigurationCommand(locking));
  assert.deepEqual(lock.ObjectLockConfiguration, { ObjectLockEnabled: 'Enabled' });
});

test('a delete marker names its version, and has no tags', async () => {
  const object = { Bucket: 'versioned', Key: 'm' };
  const { VersionId: id } = await s3.client.send(new PutObjectCommand({ ...object, Body: 'm' }));
  assert.match(id!, /^[A-Za-z0-9._]{32}$/);
  const { VersionId } = await s3.client.send(new DeleteObjectCommand(object));
  await assert.rejects(s3.client.send(new GetObjectCommand(object)), (error: unknown) => {
    const { headers } = (error as { $response: { headers: Record<string, string> } }).$response;
    assert.deepEqual([headers['x-amz-delete-marker'], headers['x-amz-version-id']], ['true', VersionId]);
    return true;
  });
  await assert.rejects(s3.client.send(new GetObjectTaggingCommand(object)), { name: 'MethodNotAllowed' });
});

test('a page of versions after a deleted marker has the rest', async () => {
  const object = { Bucket: 'versioned', Key: 'rest' };
  for (const Body of ['1', '2', '3']) await s3.client.send(new PutObjectCommand({ ...object, Body }));
  const page = { Bucket: 'versioned', Prefix: 'rest', MaxKeys: 1 };
  const first = await s3.client.send(new ListObjectVersionsCommand(page));
  const { NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = first;
  await s3.client.send(new DeleteObjectCommand({ ...object, VersionId: VersionIdMarker }));
  const rest = new ListObjectVersionsCommand({ ...page, MaxKeys: 5, KeyMarker, VersionIdMarker });
  assert.equal((await s3.client.send(rest)).Versions!.length, 2);
});

test('a copy gets the requested checksum, or that of its source', async () => {
  await put('source', 'data', { ChecksumAlgorithm: 'SHA1' });
  const copy = (Key: string, more: object = {}) =>
    s3.client.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/source`, ...more }));
  assert.ok((await copy('copy')).CopyObjectResult!.ChecksumSHA1);
  assert.ok((await copy('copy', { ChecksumAlgorithm: 'CRC64NVME' })).CopyObjectResult!.ChecksumCRC64NVME);
  await assert.rejects(copy('source'), { name: 'InvalidRequest', message: /encryption attributes\.$/ });
  await copy('source', { StorageClass: 'STANDARD' });
});

test('a copy reads a plus of its source as a space, and its errors are about the source', async () => {
  await put('with space', 'x');
  const headers = { 'x-amz-copy-source': `${Bucket}%2Fwith+space` };
  assert.equal((await fetch(`${s3.url}/${Bucket}/spaced`, { method: 'PUT', headers })).status, 200);
  const copy = new CopyObjectCommand({ Bucket, Key: 'to', CopySource: `${Bucket}/nothing` });
  await assert.rejects(s3.client.send(copy), { name: 'NoSuchKey', Key: 'nothing' });
  const { VersionId } = await s3.client.send(new DeleteObjectCommand({ Bucket: 'versioned', Key: 'gone' }));
  const CopySource = `versioned/gone?versionId=${VersionId}`;
  await assert.rejects(s3.client.send(new CopyObjectCommand({ Bucket, Key: 'to', CopySource })), {
    name: 'InvalidRequest',
    message: /refer to a delete marker by version id/,
  });
  await assert.rejects(s3.client.send(new CopyObjectCommand({ Bucket, Key: 'to', CopySource: 'no-key' })), {
    message: 'Invalid copy source object key',
  });
});

test('a storage class that S3 does not have is not valid, and one that it has is refused', async () => {
  await assert.rejects(put('class', 'x', { StorageClass: 'FAKE' }), { name: 'InvalidStorageClass' });
  await assert.rejects(put('class', 'x', { StorageClass: 'GLACIER' }), { name: 'NotImplemented' });
});

test('an object that came without a checksum gets one', async () => {
  const answer = await fetch(`${s3.url}/${Bucket}/bare`, { method: 'PUT', body: 'test' });
  assert.equal(answer.headers.get('x-amz-checksum-crc64nvme'), '+bu+zv66sUM=');
  const head = new HeadObjectCommand({ Bucket, Key: 'bare', ChecksumMode: 'ENABLED' });
  assert.equal((await s3.client.send(head)).ChecksumCRC64NVME, '+bu+zv66sUM=');
});

test('an object says its checksum where a range is all of it', async () => {
  await put('ranged', '0123', { ChecksumAlgorithm: 'CRC32' });
  const read = (Range: string) =>
    s3.client.send(new GetObjectCommand({ Bucket, Key: 'ranged', Range, ChecksumMode: 'ENABLED' }));
  assert.ok((await read('bytes=0-99')).ChecksumCRC32);
  assert.equal((await read('bytes=0-1')).ChecksumCRC32, undefined);
});

describe('tags in a header are refused with the header', () => {
  it.each([['a=1&a=2'], ['a=1,b=2']])('%s', async (Tagging) => {
    const refused = { name: 'InvalidArgument', ArgumentName: 'x-amz-tagging', ArgumentValue: Tagging };
    await assert.rejects(put('t', 't', { Tagging }), refused);
  });
});

test('the public access block of a client is kept, and removed', async () => {
  await s3.client.send(new CreateBucketCommand({ Bucket: 'client', ObjectOwnership: 'ObjectWriter' }));
  const client = { Bucket: 'client' };
  const PublicAccessBlockConfiguration = { BlockPublicAcls: true };
  await s3.client.send(new PutPublicAccessBlockCommand({ ...client, PublicAccessBlockConfiguration }));
  const read = () => s3.client.send(new GetPublicAccessBlockCommand(client));
  const { BlockPublicAcls, BlockPublicPolicy } = (await read()).PublicAccessBlockConfiguration!;
  assert.deepEqual([BlockPublicAcls, BlockPublicPolicy], [true, false]);
  await s3.client.send(new DeletePublicAccessBlockCommand(client));
  await assert.rejects(read(), { name: 'NoSuchPublicAccessBlockConfiguration', BucketName: 'client' });
  const policy = new PutBucketPolicyCommand({ ...client, Policy: '{}' });
  await assert.rejects(s3.client.send(policy), { message: 'Missing required field Statement' });
  await assert.rejects(
    s3.client.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration })),
    { name: 'OperationAborted' },
  );
});

test('a bucket of us-east-1 is made without its region', async () => {
  const CreateBucketConfiguration = { LocationConstraint: 'us-east-1' as 'us-east-2' };
  const create = new CreateBucketCommand({ Bucket: 'constrained', CreateBucketConfiguration });
  await assert.rejects(s3.client.send(create), { name: 'InvalidLocationConstraint' });
});

test('a presigned URL has all parameters of its signature', async () => {
  const statusOf = async (query: string) => (await fetch(`${s3.url}/${Bucket}/bare?${query}`)).status;
  assert.equal(await statusOf('X-Amz-Signature=a&X-Amz-Date=b'), 400);
  const rest = 'X-Amz-Algorithm=a&X-Amz-Date=b&X-Amz-SignedHeaders=c&X-Amz-Expires=60&X-Amz-Signature=d';
  const answer = await fetch(`${s3.url}/${Bucket}/bare?${rest}&X-Amz-Credential=e`);
  assert.match(await answer.text(), /the Credential is mal-formed/);
  assert.equal(await statusOf('Signature=a&Expires=99999999999'), 403);
});
