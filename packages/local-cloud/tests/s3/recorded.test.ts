// Answers of S3 that were recorded on AWS, through the real SDK: conditions, pages, encryption, and refusals.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketEncryptionCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  PutBucketEncryptionCommand,
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

test('objects are encrypted with AES256, requested or not, and with nothing else', async () => {
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

test('settings of a bucket in the template are read, and the defaults of every bucket', async () => {
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

test('errors say which bucket, key, version or argument they are about', async () => {
  const detailsOf = async (command: Promise<unknown>) => {
    const error = await command.then(
      () => undefined,
      (reason: unknown) => reason as Record<string, unknown>,
    );
    const { name, BucketName, Key, VersionId, ArgumentName, Condition, ResourceType } = error!;
    const details = { BucketName, Key, VersionId, ArgumentName, Condition, ResourceType };
    return [name, ...Object.entries(details).filter(([, value]) => value !== undefined)];
  };
  const get = (input: object) =>
    s3.client.send(new GetObjectCommand({ Bucket: 'versioned', Key: 'k', ...input }));
  assert.deepEqual(await detailsOf(get({ Bucket: 'nowhere' })), ['NoSuchBucket', ['BucketName', 'nowhere']]);
  assert.deepEqual(await detailsOf(get({})), ['NoSuchKey', ['Key', 'k']]);
  assert.deepEqual(await detailsOf(get({ VersionId: 'x' })), [
    'InvalidArgument',
    ['ArgumentName', 'versionId'],
  ]);
  const VersionId = 'v'.repeat(32);
  assert.deepEqual(await detailsOf(get({ VersionId })), [
    'NoSuchVersion',
    ['Key', 'k'],
    ['VersionId', VersionId],
  ]);
  const { VersionId: marker } = await s3.client.send(
    new DeleteObjectCommand({ Bucket: 'versioned', Key: 'k' }),
  );
  assert.deepEqual(await detailsOf(get({ VersionId: marker })), [
    'MethodNotAllowed',
    ['ResourceType', 'DeleteMarker'],
  ]);
  await s3.client.send(new PutObjectCommand({ Bucket, Key: 'f', Body: 'f' }));
  const copy = new CopyObjectCommand({
    Bucket,
    Key: 'g',
    CopySource: `${Bucket}/f`,
    CopySourceIfMatch: 'no',
  });
  assert.deepEqual(await detailsOf(s3.client.send(copy)), [
    'PreconditionFailed',
    ['Condition', 'x-amz-copy-source-If-Match'],
  ]);
});

test('of many objects, a version that is not there is an error', async () => {
  const remove = (name: string, VersionId: string) =>
    s3.client.send(
      new DeleteObjectsCommand({ Bucket: name, Delete: { Objects: [{ Key: 'none', VersionId }] } }),
    );
  for (const name of ['versioned', 'plain']) {
    const { Errors, Deleted } = await remove(name, 'v'.repeat(32));
    assert.deepEqual([Errors![0]!.Code, Deleted], ['NoSuchVersion', undefined]);
  }
});

test('a page of objects names the next marker with a delimiter only', async () => {
  await s3.client.send(new CreateBucketCommand({ Bucket: 'pages' }));
  for (const Key of ['a', 'b'])
    await s3.client.send(new PutObjectCommand({ Bucket: 'pages', Key, Body: Key }));
  const list = async (more: object) => {
    const page = await s3.client.send(new ListObjectsCommand({ Bucket: 'pages', MaxKeys: 1, ...more }));
    return [page.IsTruncated, page.NextMarker];
  };
  assert.deepEqual(await list({}), [true, undefined]);
  assert.deepEqual(await list({ Delimiter: '/' }), [true, 'a']);
});

test('uploads are rolled up at a delimiter, and have an owner', async () => {
  const name = { Bucket: 'uploads' };
  await s3.client.send(new CreateBucketCommand(name));
  for (const Key of ['in/a', 'in/b', 'top'])
    await s3.client.send(new CreateMultipartUploadCommand({ ...name, Key }));
  const list = (more: object) => s3.client.send(new ListMultipartUploadsCommand({ ...name, ...more }));
  const all = await list({ Delimiter: '/' });
  assert.deepEqual(
    [all.CommonPrefixes, all.Uploads!.map(({ Key }) => Key), all.NextKeyMarker],
    [[{ Prefix: 'in/' }], ['top'], 'top'],
  );
  assert.ok(all.Uploads![0]!.Owner?.ID);
  const first = await list({ Delimiter: '/', MaxUploads: 1 });
  assert.deepEqual([first.NextKeyMarker, first.NextUploadIdMarker, first.IsTruncated], ['', '', true]);
  const second = await list({ Delimiter: '/', MaxUploads: 1, KeyMarker: 'in/' });
  assert.deepEqual([second.Uploads!.map(({ Key }) => Key), second.IsTruncated], [['top'], false]);
  await assert.rejects(list({ KeyMarker: 'top', UploadIdMarker: 'other' }), {
    name: 'InvalidArgument',
    message: 'Invalid uploadId marker',
  });
});

test('the encryption of a bucket may be set to its current value, and reset', async () => {
  const put = (SSEAlgorithm: 'AES256' | 'aws:kms') =>
    s3.client.send(
      new PutBucketEncryptionCommand({
        Bucket,
        ServerSideEncryptionConfiguration: {
          Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm } }],
        },
      }),
    );
  await put('AES256');
  await assert.rejects(put('aws:kms'), { name: 'NotImplemented' });
  await s3.client.send(new DeleteBucketEncryptionCommand({ Bucket }));
});

test('an object says when a rule of the template lets it expire, its current version alone', async () => {
  const rules = [
    { Id: 'late', Status: 'Enabled', ExpirationInDays: 30 },
    { Id: 'soon', Status: 'Enabled', Prefix: 'raw/', ExpirationInDays: 7 },
  ];
  const properties = { LifecycleConfiguration: { Rules: rules } };
  await s3.store.ensureBucket(bucketResource('expiring', properties));
  const object = { Bucket: 'expiring', Key: 'raw/a' };
  const put = await s3.client.send(new PutObjectCommand({ ...object, Body: 'a' }));
  assert.equal(put.Expiration, 'expiry-date="Tue, 29 Sep 2026 00:00:00 GMT", rule-id="soon"');
  assert.equal((await s3.client.send(new GetObjectCommand(object))).Expiration, put.Expiration);
  const byVersion = await s3.client.send(new GetObjectCommand({ ...object, VersionId: 'null' }));
  assert.equal(byVersion.Expiration, undefined);
});

test('attributes of an object are the requested ones', async () => {
  await s3.client.send(new PutObjectCommand({ Bucket, Key: 'h', Body: 'abc', ChecksumAlgorithm: 'CRC32' }));
  const get = (...ObjectAttributes: ('ETag' | 'ObjectSize' | 'Checksum' | 'ObjectParts')[]) =>
    s3.client.send(new GetObjectAttributesCommand({ Bucket, Key: 'h', ObjectAttributes }));
  const all = await get('ETag', 'ObjectSize', 'Checksum', 'ObjectParts');
  assert.deepEqual(
    [all.ETag, all.ObjectSize, all.Checksum, all.ObjectParts, all.StorageClass],
    [
      '900150983cd24fb0d6963f7d28e17f72',
      3,
      { ChecksumCRC32: 'NSRBwg==', ChecksumType: 'FULL_OBJECT' },
      undefined,
      undefined,
    ],
  );
  await assert.rejects(get('Nothing' as 'ETag'), { name: 'InvalidArgument' });
});

test('a range beyond an object names both', async () => {
  await s3.client.send(new PutObjectCommand({ Bucket, Key: 'i', Body: 'abc' }));
  const get = new GetObjectCommand({ Bucket, Key: 'i', Range: 'bytes=10-20' });
  await assert.rejects(s3.client.send(get), {
    name: 'InvalidRange',
    RangeRequested: 'bytes=10-20',
    ActualObjectSize: '3',
  });
});
