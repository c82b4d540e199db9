// Answers of S3 that were recorded on AWS, through the real SDK: conditions, pages, encryption, and what is refused.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { bucketResource, startS3, type S3Fixture } from './object-store.ts';

const Bucket = 'recorded';
let s3: S3Fixture;
beforeAll(async () => {
  s3 = await startS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => s3.stop());

test('a 304 has the ETag and no checksum', async () => {
  const put = new PutObjectCommand({ Bucket, Key: 'a', Body: 'abc', ChecksumAlgorithm: 'CRC32' });
  const { ETag } = await s3.client.send(put);
  const get = new GetObjectCommand({ Bucket, Key: 'a', IfNoneMatch: ETag, ChecksumMode: 'ENABLED' });
  await assert.rejects(s3.client.send(get), (error: unknown) => {
    const { $metadata, $response } = error as {
      $metadata: { httpStatusCode: number };
      $response: { headers: Record<string, string> };
    };
    assert.equal($metadata.httpStatusCode, 304);
    assert.equal($response.headers['etag'], ETag);
    assert.deepEqual(
      Object.keys($response.headers).filter((name) => name.startsWith('x-amz-checksum')),
      [],
    );
    return true;
  });
});

test('If-Modified-Since in the future is ignored', async () => {
  await s3.client.send(new PutObjectCommand({ Bucket, Key: 'b', Body: 'abc' }));
  const IfModifiedSince = new Date('2199-01-01T00:00:00Z');
  const { ContentLength } = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'b', IfModifiedSince }));
  assert.equal(ContentLength, 3);
});

test('objects are encrypted with AES256, asked for or not, and with nothing else', async () => {
  const put = (ServerSideEncryption?: 'AES256' | 'aws:kms') =>
    s3.client.send(new PutObjectCommand({ Bucket, Key: 'c', Body: 'c', ServerSideEncryption }));
  assert.equal((await put()).ServerSideEncryption, 'AES256');
  assert.equal((await put('AES256')).ServerSideEncryption, 'AES256');
  const found = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'c' }));
  assert.equal(found.ServerSideEncryption, 'AES256');
  await assert.rejects(put('aws:kms'), { name: 'NotImplemented' });
});

test('uploads and buckets come in pages', async () => {
  const start = (Key: string) => s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  for (const key of ['u2', 'u1', 'u1']) await start(key);
  const first = await s3.client.send(new ListMultipartUploadsCommand({ Bucket, MaxUploads: 2 }));
  assert.deepEqual(
    [first.Uploads!.map(({ Key }) => Key), first.IsTruncated, first.MaxUploads],
    [['u1', 'u1'], true, 2],
  );
  const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = first;
  const second = await s3.client.send(new ListMultipartUploadsCommand({ Bucket, KeyMarker, UploadIdMarker }));
  assert.deepEqual([second.Uploads!.map(({ Key }) => Key), second.IsTruncated], [['u2'], false]);

  await s3.client.send(new CreateBucketCommand({ Bucket: 'recorded-2' }));
  const page = await s3.client.send(new ListBucketsCommand({ Prefix: 'recorded', MaxBuckets: 1 }));
  assert.deepEqual(
    page.Buckets!.map(({ Name }) => Name),
    ['recorded'],
  );
  const { ContinuationToken } = page;
  const next = await s3.client.send(new ListBucketsCommand({ Prefix: 'recorded', ContinuationToken }));
  assert.deepEqual(
    [next.Buckets!.map(({ Name }) => Name), next.ContinuationToken],
    [['recorded-2'], undefined],
  );
});

test('a part cannot be copied from beyond its source', async () => {
  await s3.client.send(new PutObjectCommand({ Bucket, Key: 'd', Body: '0123456789' }));
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'e' }));
  const copy = (CopySourceRange: string) =>
    s3.client.send(
      new UploadPartCopyCommand({
        Bucket,
        Key: 'e',
        UploadId,
        PartNumber: 1,
        CopySource: `${Bucket}/d`,
        CopySourceRange,
      }),
    );
  assert.ok((await copy('bytes=0-9')).CopyPartResult!.ETag);
  await assert.rejects(copy('bytes=0-10'), {
    name: 'InvalidArgument',
    message: 'Range specified is not valid for source object of size: 10',
  });
  await assert.rejects(copy('bytes=5-'), {
    name: 'InvalidArgument',
    message: /must be of the form bytes=first-last/,
  });
});

test('what the template says of a bucket is read, and what every bucket has', async () => {
  const rules = [{ Id: 'old', Status: 'Enabled', Prefix: 'raw/', ExpirationInDays: 30 }];
  await s3.store.ensureBucket(
    bucketResource('declared', {
      LifecycleConfiguration: { Rules: rules },
      PublicAccessBlockConfiguration: { BlockPublicAcls: true },
    }),
  );
  const declared = { Bucket: 'declared' };
  const lifecycle = await s3.client.send(new GetBucketLifecycleConfigurationCommand(declared));
  assert.deepEqual(lifecycle.Rules, [
    { ID: 'old', Status: 'Enabled', Filter: { Prefix: 'raw/' }, Expiration: { Days: 30 } },
  ]);
  const blockOf = async (name: string) =>
    (await s3.client.send(new GetPublicAccessBlockCommand({ Bucket: name }))).PublicAccessBlockConfiguration!;
  assert.deepEqual(
    [(await blockOf('declared')).BlockPublicAcls, (await blockOf('declared')).IgnorePublicAcls],
    [true, false],
  );
  assert.deepEqual(new Set(Object.values(await blockOf(Bucket))), new Set([true]));
  const encryption = await s3.client.send(new GetBucketEncryptionCommand({ Bucket }));
  assert.match(JSON.stringify(encryption.ServerSideEncryptionConfiguration), /"SSEAlgorithm":"AES256"/);
  const ownership = await s3.client.send(new GetBucketOwnershipControlsCommand({ Bucket }));
  assert.equal(ownership.OwnershipControls!.Rules![0]!.ObjectOwnership, 'BucketOwnerEnforced');
  await assert.rejects(s3.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket })), {
    name: 'NoSuchLifecycleConfiguration',
  });
});

test('a bucket is made in the one region', async () => {
  const create = (Name: string, CreateBucketConfiguration: object) =>
    s3.client.send(new CreateBucketCommand({ Bucket: Name, CreateBucketConfiguration }));
  await assert.rejects(create('elsewhere', { LocationConstraint: 'eu-west-1' }), {
    name: 'IllegalLocationConstraintException',
  });
});
