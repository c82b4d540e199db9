// Multipart uploads through the real SDK.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type ChecksumAlgorithm,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import { startS3, type S3Fixture } from './object-store.ts';

let s3: S3Fixture;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(() => s3.stop());

const Bucket = 'plain';
const partSize = 5 * 1024 * 1024;
const partOf = (number: number, size = partSize) =>
  Buffer.alloc(size, createHash('sha512').update(String(number)).digest());

async function begin(Key: string, ChecksumAlgorithm?: ChecksumAlgorithm): Promise<string> {
  const { UploadId } = await s3.client.send(
    new CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm, Metadata: { k: 'v' } }),
  );
  return UploadId!;
}

async function upload(
  Key: string,
  UploadId: string,
  PartNumber: number,
  Body: Buffer,
): Promise<CompletedPart> {
  const command = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body });
  const { ETag, ChecksumCRC32 } = await s3.client.send(command);
  return { ETag, PartNumber, ChecksumCRC32 };
}

const complete = (Key: string, UploadId: string, Parts: CompletedPart[]) =>
  s3.client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));

test('joins parts that came out of order and at once, byte for byte', async () => {
  const UploadId = await begin('large/object', 'CRC32');
  const bodies = [partOf(1), partOf(2), partOf(3, 1234)];
  const parts = await Promise.all(
    [2, 0, 1].map((index) => upload('large/object', UploadId, index + 1, bodies[index]!)),
  );
  const sorted = parts.sort((a, b) => a.PartNumber! - b.PartNumber!);
  const { ETag } = await complete('large/object', UploadId, sorted);
  const md5s = bodies.map((body) => createHash('md5').update(body).digest());
  assert.equal(ETag, `"${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-3"`);
  const { Body, Metadata } = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'large/object' }));
  assert.ok(Buffer.from(await Body!.transformToByteArray()).equals(Buffer.concat(bodies)));
  assert.deepEqual(Metadata, { k: 'v' });
  assert.deepEqual(readdirSync(path.join(s3.dir, '.tidegate/buckets/plain/uploads')), []);
});

test('replaces a part that is sent again, and lists its parts', async () => {
  const UploadId = await begin('again');
  await upload('again', UploadId, 1, Buffer.from('first'));
  const part = await upload('again', UploadId, 1, Buffer.from('second'));
  const { Parts } = await s3.client.send(new ListPartsCommand({ Bucket, Key: 'again', UploadId }));
  assert.deepEqual(
    Parts?.map(({ PartNumber, Size }) => [PartNumber, Size]),
    [[1, 6]],
  );
  await complete('again', UploadId, [part]);
  const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'again' }));
  assert.equal(await Body!.transformToString(), 'second');
});

test('copies a part out of another object', async () => {
  const UploadId = await begin('pasted');
  const CopySource = 'plain/again';
  const range = 'bytes=1-3';
  const { CopyPartResult } = await s3.client.send(
    new UploadPartCopyCommand({
      Bucket,
      Key: 'pasted',
      UploadId,
      PartNumber: 1,
      CopySource,
      CopySourceRange: range,
    }),
  );
  await complete('pasted', UploadId, [{ PartNumber: 1, ETag: CopyPartResult?.ETag }]);
  const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'pasted' }));
  assert.equal(await Body!.transformToString(), 'eco');
});

test('refuses small, missing, wrong and disordered parts', async () => {
  const UploadId = await begin('wrong');
  const first = await upload('wrong', UploadId, 1, Buffer.from('small'));
  const second = await upload('wrong', UploadId, 2, Buffer.from('small too'));
  await assert.rejects(complete('wrong', UploadId, [first, second]), { name: 'EntityTooSmall' });
  await assert.rejects(complete('wrong', UploadId, [second, first]), { name: 'InvalidPartOrder' });
  await assert.rejects(complete('wrong', UploadId, [{ PartNumber: 3, ETag: first.ETag }]), {
    name: 'InvalidPart',
  });
  await assert.rejects(complete('wrong', UploadId, [{ PartNumber: 1, ETag: second.ETag }]), {
    name: 'InvalidPart',
  });
  await assert.rejects(upload('wrong', UploadId, 10_001, Buffer.from('x')), { name: 'InvalidArgument' });
  await assert.rejects(upload('wrong', UploadId, 0, Buffer.from('x')), { name: 'InvalidArgument' });
});

test('forgets an aborted upload, and knows no upload by a made-up id or for another key', async () => {
  const UploadId = await begin('aborted');
  const { Uploads } = await s3.client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'abort' }));
  assert.deepEqual(
    Uploads?.map(({ Key }) => Key),
    ['aborted'],
  );
  await assert.rejects(upload('other', UploadId, 1, Buffer.from('x')), { name: 'NoSuchUpload' });
  await assert.rejects(upload('aborted', '../../../plain', 1, Buffer.from('x')), { name: 'NoSuchUpload' });
  await s3.client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'aborted', UploadId }));
  await assert.rejects(upload('aborted', UploadId, 1, Buffer.from('x')), { name: 'NoSuchUpload' });
  assert.equal(existsSync(path.join(s3.dir, '.tidegate/buckets/plain/uploads', UploadId)), false);
});
