// Pages of S3 that were recorded on AWS: markers, tokens, encodings, and what a list refuses.

import { afterAll, beforeAll, describe, it, test } from '@jest/globals';
import assert from 'node:assert/strict';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { startS3, type S3Fixture } from './object-store.ts';

const Bucket = 'pages';
const KEYS = ['in/deep/1', 'in/deep/2', 'in/a', 'in/b'];
let s3: S3Fixture;
beforeAll(async () => {
  s3 = await startS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
  for (const Key of KEYS) await s3.client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  for (const Key of KEYS) await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
});
afterAll(() => s3.stop());

const get = async (path: string) => {
  const answer = await fetch(`${s3.url}/${path}`);
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
};
const page = { Bucket, Prefix: 'in/', Delimiter: '/' };

test('a marker within a common prefix is behind all of it', async () => {
  const after = 'in/deep/1';
  const objects = await s3.client.send(new ListObjectsCommand({ ...page, Marker: after }));
  assert.equal(objects.CommonPrefixes, undefined);
  const versions = await s3.client.send(new ListObjectVersionsCommand({ ...page, KeyMarker: after }));
  assert.equal(versions.CommonPrefixes, undefined);
  const uploads = await s3.client.send(new ListMultipartUploadsCommand({ ...page, KeyMarker: after }));
  assert.equal(uploads.CommonPrefixes, undefined);
});

test('a page says where it started on the first page only', async () => {
  const list = (more: object) => s3.client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 1, ...more }));
  const first = await list({ StartAfter: 'in/a' });
  assert.deepEqual([first.StartAfter, first.Contents![0]!.Key], ['in/a', 'in/b']);
  const ContinuationToken = first.NextContinuationToken;
  const second = await list({ StartAfter: 'in/a', ContinuationToken });
  assert.deepEqual([second.StartAfter, second.Contents![0]!.Key], [undefined, 'in/deep/1']);
});

describe('is refused, with the argument', () => {
  const encoding = 'Invalid Encoding Method specified in Request';
  const token = 'The continuation token provided is incorrect';
  it.each([
    [`${Bucket}?encoding-type=x`, 'encoding-type', encoding],
    [`${Bucket}?list-type=2&encoding-type=`, 'encoding-type', encoding],
    [`${Bucket}?versions&encoding-type=x`, 'encoding-type', encoding],
    [`${Bucket}?uploads&encoding-type=x`, 'encoding-type', encoding],
    [`${Bucket}?list-type=2&continuation-token=`, 'continuation-token', token],
    [`${Bucket}?max-keys=x`, 'max-keys', 'Provided max-keys not an integer or within integer range'],
    [
      `${Bucket}?versions&version-id-marker=x`,
      'version-id-marker',
      'A version-id marker cannot be specified without a key marker.',
    ],
    ['?bucket-region=eu-east-1', 'bucket-region', 'Argument value eu-east-1 is not a valid AWS Region'],
  ])('%s', async (path, name, message) => {
    const { status, text } = await get(path);
    assert.equal(status, 400);
    assert.ok(text.includes('<Code>InvalidArgument</Code>') && text.includes(message), text);
    assert.ok(text.includes(`<ArgumentName>${name}</ArgumentName>`), text);
  });
});

test('times are whole seconds, and answers carry the region and two ids', async () => {
  const { headers, text } = await get(Bucket);
  assert.match(text, /<LastModified>[^<]+:\d\d\.000Z<\/LastModified>/);
  assert.equal(headers.get('x-amz-bucket-region'), 'us-east-1');
  assert.ok(headers.get('x-amz-request-id') && headers.get('x-amz-id-2'));
  const head = await s3.client.send(new HeadBucketCommand({ Bucket }));
  assert.deepEqual([head.BucketRegion, head.AccessPointAlias], ['us-east-1', false]);
});

test('buckets are filtered by region, which they name on request', async () => {
  const list = (BucketRegion: string) =>
    s3.client.send(new ListBucketsCommand({ Prefix: Bucket, BucketRegion }));
  assert.equal((await list('us-east-1')).Buckets![0]!.BucketRegion, 'us-east-1');
  assert.equal((await list('eu-west-1')).Buckets?.length ?? 0, 0);
});

test('a part shows its checksum where the upload was begun with one', async () => {
  const checksumOf = async (Key: string, more: object) => {
    const begun = await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }));
    const part = { Bucket, Key, UploadId: begun.UploadId! };
    await s3.client.send(new UploadPartCommand({ ...part, PartNumber: 1, Body: 'data', ...more }));
    const { ChecksumAlgorithm, ChecksumType, Parts } = await s3.client.send(new ListPartsCommand(part));
    return [ChecksumAlgorithm, ChecksumType, Parts![0]!.ChecksumSHA256 !== undefined];
  };
  assert.deepEqual(await checksumOf('p', {}), [undefined, undefined, false]);
  assert.deepEqual(await checksumOf('q', { ChecksumAlgorithm: 'SHA256' }), ['SHA256', 'COMPOSITE', true]);
});

test('an empty number of a list of parts is left out', async () => {
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'e' }));
  const { status, text } = await get(`${Bucket}/e?uploadId=${UploadId}&part-number-marker=&max-parts=`);
  assert.equal(status, 200);
  assert.match(text, /<PartNumberMarker>0<.*<MaxParts>1000</);
});
