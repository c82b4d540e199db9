// Tags of buckets and objects, versioning of buckets that clients created, and the parts of a bucket's configuration that can be read.

import { afterAll, beforeAll, describe, it, test } from '@jest/globals';
import assert from 'node:assert/strict';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketPolicyCommand,
  DeleteBucketTaggingCommand,
  DeleteObjectCommand,
  DeleteObjectTaggingCommand,
  GetBucketAclCommand,
  GetBucketCorsCommand,
  GetBucketLoggingCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetBucketWebsiteCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { bucketResource, startS3, type S3Fixture } from './object-store.ts';

const Bucket = 'tagged';
let s3: S3Fixture;
beforeAll(async () => {
  s3 = await startS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => s3.stop());

const tagsOf = async (Key: string, VersionId?: string) => {
  const { TagSet } = await s3.client.send(new GetObjectTaggingCommand({ Bucket, Key, VersionId }));
  return TagSet!.map((tag) => `${tag.Key}=${tag.Value}`).join(' ');
};

test('tags and a policy that are put at the same time are both kept', async () => {
  await s3.client.send(new CreateBucketCommand({ Bucket: 'both' }));
  const Policy = '{"Statement":[]}';
  await Promise.all([
    s3.store.configure('both', { tags: { site: 'north' } }),
    s3.store.configure('both', { policy: Policy }),
  ]);
  const { tags, policy } = s3.store.bucket('both');
  assert.deepEqual({ tags, policy }, { tags: { site: 'north' }, policy: Policy });
});

test('an object has the tags of its header until others are put, or none', async () => {
  const object = { Bucket, Key: 'a' };
  await s3.client.send(new PutObjectCommand({ ...object, Body: 'a', Tagging: 'site=north&kind=raw+data' }));
  assert.equal(await tagsOf('a'), 'site=north kind=raw data');
  assert.equal((await s3.client.send(new GetObjectCommand(object))).TagCount, 2);
  const TagSet = [{ Key: 'site', Value: '' }];
  await s3.client.send(new PutObjectTaggingCommand({ ...object, Tagging: { TagSet } }));
  assert.equal(await tagsOf('a'), 'site=');
  await s3.client.send(new DeleteObjectTaggingCommand(object));
  assert.equal(await tagsOf('a'), '');
  const found = await s3.client.send(new GetObjectCommand(object));
  assert.deepEqual([found.TagCount, await found.Body!.transformToString()], [undefined, 'a']);
});

test('a copy has the tags of its source, or those that it is given', async () => {
  await s3.client.send(new PutObjectCommand({ Bucket, Key: 'source', Body: 'a', Tagging: 'a=1' }));
  const copy = (Key: string, more: object) =>
    s3.client.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/source`, ...more }));
  await copy('same', {});
  await copy('other', { TaggingDirective: 'REPLACE', Tagging: 'b=2' });
  assert.deepEqual([await tagsOf('same'), await tagsOf('other')], ['a=1', 'b=2']);
});

test('a multipart upload has the tags that it was begun with', async () => {
  const object = { Bucket, Key: 'parts' };
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ ...object, Tagging: 'a=1' }));
  const part = { ...object, UploadId, PartNumber: 1 };
  const { ETag } = await s3.client.send(new UploadPartCommand({ ...part, Body: 'abc' }));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  await s3.client.send(new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload }));
  assert.equal(await tagsOf('parts'), 'a=1');
});

describe('tags are refused', () => {
  it.each([
    [
      [
        { Key: 'a', Value: '1' },
        { Key: 'a', Value: '2' },
      ],
      'InvalidTag',
      /multiple Tags with the same key/,
    ],
    [[{ Key: 'aws:a', Value: '1' }], 'InvalidTag', /cannot be prefixed with aws:/],
    [[{ Key: 'a'.repeat(129), Value: '1' }], 'InvalidTag', /TagKey/],
    [[{ Key: 'a', Value: 'a'.repeat(257) }], 'InvalidTag', /TagValue/],
    [[{ Key: 'a', Value: 'no;' }], 'InvalidTag', /TagValue/],
    [Array.from({ length: 11 }, (_, n) => ({ Key: `k${n}`, Value: '' })), 'BadRequest', /greater than 10/],
  ])('%j', async (TagSet, name, message) => {
    await s3.client.send(new PutObjectCommand({ Bucket, Key: 'b', Body: 'b' }));
    const put = new PutObjectTaggingCommand({ Bucket, Key: 'b', Tagging: { TagSet } });
    await assert.rejects(s3.client.send(put), { name, message });
  });

  test('of an object that is not there', () => assert.rejects(tagsOf('nothing'), { name: 'NoSuchKey' }));
});

test('a bucket has the tags that it is made with, others, and none', async () => {
  const tags = async (name: string) => {
    const { TagSet } = await s3.client.send(new GetBucketTaggingCommand({ Bucket: name }));
    return TagSet!.map(({ Key }) => Key).join(' ');
  };
  const made = { Bucket: 'made-tagged' };
  const CreateBucketConfiguration = { Tags: [{ Key: 'team', Value: 'iot' }] };
  await s3.client.send(new CreateBucketCommand({ ...made, CreateBucketConfiguration }));
  assert.equal(await tags('made-tagged'), 'team');
  const TagSet = [{ Key: 'a', Value: '1' }];
  await s3.client.send(new PutBucketTaggingCommand({ ...made, Tagging: { TagSet } }));
  assert.equal(await tags('made-tagged'), 'a');
  await s3.client.send(new DeleteBucketTaggingCommand(made));
  await assert.rejects(tags('made-tagged'), { name: 'NoSuchTagSet' });
  await s3.store.ensureBucket(bucketResource('of-template', { Tags: [{ Key: 'stage', Value: 'dev' }] }));
  assert.equal(await tags('of-template'), 'stage');
  const change = new PutBucketTaggingCommand({ Bucket: 'of-template', Tagging: { TagSet } });
  await assert.rejects(s3.client.send(change), { name: 'OperationAborted', message: /change it there/ });
});

test('versions are switched on and suspended, and each has tags of its own', async () => {
  const status = async () => (await s3.client.send(new GetBucketVersioningCommand({ Bucket }))).Status;
  const set = (Status: 'Enabled' | 'Suspended') =>
    s3.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
  const put = (Body: string, Tagging?: string) =>
    s3.client.send(new PutObjectCommand({ Bucket, Key: 'v', Body, Tagging }));
  assert.equal(await status(), undefined);
  assert.equal((await put('0')).VersionId, undefined);
  await set('Enabled');
  const first = (await put('1', 'n=1')).VersionId!;
  await put('2', 'n=2');
  await set('Suspended');
  assert.equal(await status(), 'Suspended');
  assert.equal((await put('3')).VersionId, undefined);
  assert.equal((await put('4')).VersionId, undefined);
  const latest = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'v' }));
  assert.equal(latest.VersionId, 'null');
  assert.equal(await tagsOf('v', first), 'n=1');
  const { Versions } = await s3.client.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'v' }));
  assert.equal(Versions!.length, 3);
  const { DeleteMarker, VersionId } = await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'v' }));
  assert.deepEqual([DeleteMarker, VersionId], [true, 'null']);
  const older = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'v', VersionId: first }));
  assert.equal(await older.Body!.transformToString(), '1');
});

test('a version that none can be called is refused', async () => {
  const get = new GetObjectCommand({ Bucket, Key: 'a', VersionId: 'short' });
  await assert.rejects(s3.client.send(get), {
    name: 'InvalidArgument',
    message: 'Invalid version id specified',
  });
  const other = new GetObjectCommand({ Bucket, Key: 'a', VersionId: 'x'.repeat(32) });
  await assert.rejects(s3.client.send(other), { name: 'NoSuchVersion' });
});

test('a policy is kept, and read as it was put or declared', async () => {
  const get = (name: string) => s3.client.send(new GetBucketPolicyCommand({ Bucket: name }));
  await assert.rejects(get(Bucket), { name: 'NoSuchBucketPolicy' });
  const Policy = '{"Version":"2012-10-17","Statement":[]}';
  await s3.client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  assert.equal((await get(Bucket)).Policy, Policy);
  await s3.client.send(new DeleteBucketPolicyCommand({ Bucket }));
  await assert.rejects(get(Bucket), { name: 'NoSuchBucketPolicy' });
  const put = new PutBucketPolicyCommand({ Bucket, Policy: 'no' });
  await assert.rejects(s3.client.send(put), { name: 'MalformedPolicy' });
  await s3.store.ensureBucket({ ...bucketResource('guarded'), policy: { Statement: [] } });
  assert.equal((await get('guarded')).Policy, '{"Statement":[]}');
});

test('missing configurations of a bucket get the errors of S3', async () => {
  const { Grants } = await s3.client.send(new GetBucketAclCommand({ Bucket }));
  assert.deepEqual(
    [Grants!.length, Grants![0]!.Permission, Grants![0]!.Grantee!.Type],
    [1, 'FULL_CONTROL', 'CanonicalUser'],
  );
  assert.equal((await s3.client.send(new GetBucketLoggingCommand({ Bucket }))).LoggingEnabled, undefined);
  await assert.rejects(s3.client.send(new GetBucketCorsCommand({ Bucket })), {
    name: 'NoSuchCORSConfiguration',
  });
  await assert.rejects(s3.client.send(new GetBucketWebsiteCommand({ Bucket })), {
    name: 'NoSuchWebsiteConfiguration',
  });
  const Filter = { S3Key: { Rules: [{ Name: 'prefix', Value: 'in/' }] } };
  const LambdaConfigurations = [{ Event: 's3:ObjectCreated:*', Function: 'arn:aws:lambda:f', Filter }];
  await s3.store.ensureBucket(
    bucketResource('notified', { NotificationConfiguration: { LambdaConfigurations } }),
  );
  const found = await s3.client.send(new GetBucketNotificationConfigurationCommand({ Bucket: 'notified' }));
  const [configuration] = found.LambdaFunctionConfigurations!;
  assert.deepEqual(
    [configuration!.LambdaFunctionArn, configuration!.Events],
    ['arn:aws:lambda:f', ['s3:ObjectCreated:*']],
  );
});

test('a restart finds tags and versioning again', async () => {
  const { openStore } = await import('./object-store.ts');
  const again = await openStore(s3.dir, s3.clock);
  const { suspended, versioned } = again.bucket(Bucket);
  assert.deepEqual(
    [versioned, suspended, (await again.find(Bucket, 'source')).tags],
    [false, true, { a: '1' }],
  );
  await again.close();
});
