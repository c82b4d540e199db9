// Buckets through the real SDK: pages of keys in order, versions and delete markers, lifecycle rules, names.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  paginateListObjectsV2,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { bucketResource, startS3, versioned, type S3Fixture } from './object-store.ts';

let s3: S3Fixture;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(() => s3.stop());

const put = (Bucket: string, Key: string, Body = Key) =>
  s3.client.send(new PutObjectCommand({ Bucket, Key, Body }));
const read = async (Bucket: string, Key: string, VersionId?: string) => {
  const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key, VersionId }));
  return Body!.transformToString();
};

const keys = ['a', 'a-b', 'a/1', 'a/2/x', 'a/2/y', 'a0', 'b/', 'b/c', 'z', '～tilde', '🚪door'];

test('lists keys in the order of their bytes, page by page', async () => {
  const bucket = 'order';
  await s3.client.send(new CreateBucketCommand({ Bucket: bucket }));
  for (const key of [...keys].reverse()) await put(bucket, key);
  for (const pageSize of [1, 2, 3, 1000]) {
    const found: string[] = [];
    for await (const page of paginateListObjectsV2({ client: s3.client, pageSize }, { Bucket: bucket })) {
      found.push(...(page.Contents ?? []).map(({ Key }) => Key!));
    }
    assert.deepEqual(found, keys, `pages of ${pageSize}`);
  }
  const after = await s3.client.send(new ListObjectsV2Command({ Bucket: bucket, StartAfter: 'a/2/x' }));
  assert.deepEqual(
    after.Contents?.map(({ Key }) => Key),
    keys.slice(4),
  );
});

test('rolls keys up at a delimiter, on pages of any size, in both versions of the call', async () => {
  const expected = ['a', 'a-b', 'a/', 'a0', 'b/', 'z', '～tilde', '🚪door'];
  for (const MaxKeys of [1, 2, 5, 1000]) {
    const second: string[] = [];
    const pages = paginateListObjectsV2(
      { client: s3.client, pageSize: MaxKeys },
      { Bucket: 'order', Delimiter: '/' },
    );
    for await (const page of pages) {
      second.push(...(page.Contents ?? []).map(({ Key }) => Key!));
      second.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix!));
      assert.equal(page.KeyCount, (page.Contents?.length ?? 0) + (page.CommonPrefixes?.length ?? 0));
    }
    assert.deepEqual([...second].sort(), [...expected].sort());
    const first: string[] = [];
    let Marker: string | undefined;
    do {
      const page = await s3.client.send(
        new ListObjectsCommand({ Bucket: 'order', Delimiter: '/', MaxKeys, Marker }),
      );
      first.push(...(page.Contents ?? []).map(({ Key }) => Key!));
      first.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix!));
      Marker = page.NextMarker;
    } while (Marker !== undefined);
    assert.deepEqual([...first].sort(), [...expected].sort());
  }
  const below = await s3.client.send(
    new ListObjectsV2Command({ Bucket: 'order', Delimiter: '/', Prefix: 'a/' }),
  );
  assert.deepEqual(
    [below.Contents?.map(({ Key }) => Key), below.CommonPrefixes?.map(({ Prefix }) => Prefix)],
    [['a/1'], ['a/2/']],
  );
});

test('refuses a continuation token that it did not give', async () => {
  const call = s3.client.send(new ListObjectsV2Command({ Bucket: 'order', ContinuationToken: '!!' }));
  await assert.rejects(call, { name: 'InvalidArgument' });
});

test('keeps overwritten and deleted versions where versioning is on', async () => {
  const Bucket = 'versioned';
  const first = await put(Bucket, 'doc', 'one');
  await s3.clock.advance(1000);
  const second = await put(Bucket, 'doc', 'two');
  const marker = await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'doc' }));
  assert.equal(marker.DeleteMarker, true);
  await assert.rejects(read(Bucket, 'doc'), { name: 'NoSuchKey' });
  assert.equal(await read(Bucket, 'doc', first.VersionId), 'one');
  const list = await s3.client.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'doc' }));
  assert.deepEqual(
    list.Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest]),
    [
      [second.VersionId, false],
      [first.VersionId, false],
    ],
  );
  assert.deepEqual(
    list.DeleteMarkers?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest]),
    [[marker.VersionId, true]],
  );
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'doc', VersionId: marker.VersionId }));
  assert.equal(await read(Bucket, 'doc'), 'two');
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'doc', VersionId: second.VersionId }));
  assert.equal(await read(Bucket, 'doc'), 'one');
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'doc', VersionId: first.VersionId }));
  await assert.rejects(read(Bucket, 'doc'), { name: 'NoSuchKey' });
  const none = await s3.client.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'doc' }));
  assert.deepEqual([none.Versions, none.DeleteMarkers], [undefined, undefined]);
});

test('pages through versions', async () => {
  const Bucket = 'versioned';
  for (const key of ['page/1', 'page/2']) for (const body of ['a', 'b', 'c']) await put(Bucket, key, body);
  const found: string[] = [];
  let KeyMarker: string | undefined;
  let VersionIdMarker: string | undefined;
  do {
    const page = await s3.client.send(
      new ListObjectVersionsCommand({ Bucket, Prefix: 'page/', MaxKeys: 2, KeyMarker, VersionIdMarker }),
    );
    found.push(...page.Versions!.map(({ Key, VersionId }) => `${Key} ${VersionId}`));
    [KeyMarker, VersionIdMarker] = [page.NextKeyMarker, page.NextVersionIdMarker];
  } while (KeyMarker);
  assert.deepEqual([found.length, new Set(found).size], [6, 6]);
});

test('says whether versioning is on', async () => {
  const status = async (Bucket: string) =>
    (await s3.client.send(new GetBucketVersioningCommand({ Bucket }))).Status;
  assert.deepEqual([await status('versioned'), await status('plain')], ['Enabled', undefined]);
});

test('deletes after the days of the lifecycle rules, once a day', async () => {
  const rule = {
    Status: 'Enabled',
    Prefix: 'raw/',
    ExpirationInDays: 30,
    NoncurrentVersionExpiration: { NoncurrentDays: 7 },
    Transitions: [{ StorageClass: 'GLACIER', TransitionInDays: 5 }],
  };
  const LifecycleConfiguration = { Rules: [rule, { ...rule, Status: 'Disabled', Prefix: '' }] };
  await s3.store.ensureBucket(bucketResource('expiring', { ...versioned, LifecycleConfiguration }));
  await put('expiring', 'raw/old');
  await put('expiring', 'kept/old');
  const day = 86_400_000;
  await s3.clock.advance(29 * day);
  await s3.store.expire();
  assert.equal((await s3.store.versions('expiring', 'raw/old')).length, 1);
  await put('expiring', 'raw/new');
  await s3.clock.advance(day);
  await s3.store.expire();
  const names = async () => (await s3.store.list('expiring', { limit: 10 })).objects.map(({ key }) => key);
  assert.deepEqual(await names(), ['kept/old', 'raw/new']);
  assert.equal((await s3.store.versions('expiring', 'raw/old')).length, 2);
  await s3.clock.advance(7 * day);
  await s3.store.expire();
  assert.equal((await s3.store.versions('expiring', 'raw/old')).length, 1);
});

test('refuses a property of the template that it would have to ignore', async () => {
  const resource = bucketResource('notifying', { ReplicationConfiguration: {} });
  await assert.rejects(s3.store.ensureBucket(resource), {
    name: 'StartError',
    message:
      'template.yaml:11: the local S3 does not support ReplicationConfiguration of bucket notifying: remove it',
  });
});

test('creates and deletes buckets of clients, and keeps those of the template', async () => {
  const create = (Bucket: string) => s3.client.send(new CreateBucketCommand({ Bucket }));
  const remove = (Bucket: string) => s3.client.send(new DeleteBucketCommand({ Bucket }));
  await create('scratch-1');
  const again = { Bucket: 'scratch-1', CreateBucketConfiguration: { Tags: [{ Key: 'a', Value: '1' }] } };
  await assert.rejects(s3.client.send(new CreateBucketCommand(again)), { name: 'BucketAlreadyOwnedByYou' });
  await create('scratch-1'); // which us-east-1 answers as if it were new
  await put('scratch-1', 'x');
  await assert.rejects(remove('scratch-1'), { name: 'BucketNotEmpty' });
  await s3.client.send(new DeleteObjectCommand({ Bucket: 'scratch-1', Key: 'x' }));
  await remove('scratch-1');
  await assert.rejects(s3.client.send(new HeadBucketCommand({ Bucket: 'scratch-1' })), { name: 'NotFound' });
  await assert.rejects(remove('plain'), { name: 'OperationAborted' });
  const { Buckets } = await s3.client.send(new ListBucketsCommand({}));
  assert.deepEqual(
    Buckets?.map(({ Name }) => Name),
    ['expiring', 'order', 'plain', 'versioned'],
  );
});

test('refuses invalid bucket names', async () => {
  for (const name of [
    '..',
    '.tidegate',
    'Upper',
    'ab',
    '1.2.3.4',
    'a..b',
    '-a-',
    'under_score',
    '__proto__',
  ]) {
    // Not by fetch, which resolves dots.
    const sent = request(s3.url, { path: `/${name}`, method: 'PUT' }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    assert.deepEqual([name, answer.statusCode], [name, 400]);
    assert.match(await text(answer), /InvalidBucketName/);
  }
  const answer = await fetch(`${s3.url}/absent-bucket/key`);
  assert.deepEqual([answer.status, /NoSuchBucket/.test(await answer.text())], [404, true]);
});
