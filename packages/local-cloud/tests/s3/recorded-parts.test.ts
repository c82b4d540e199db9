// Multipart uploads as they were recorded on AWS: refusals with their parts, checksums, and reads by part.

import { afterAll, beforeAll, describe, it, test } from '@jest/globals';
import assert from 'node:assert/strict';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import { startS3, type S3Fixture } from './object-store.ts';

const Bucket = 'plain';
const SMALLEST = 5 * 1024 * 1024;
let s3: S3Fixture;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(() => s3.stop());

/** Begins an upload and sends its parts. */
async function upload(Key: string, bodies: readonly (string | Buffer)[], more: object = {}) {
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }));
  const parts: CompletedPart[] = [];
  for (const [index, Body] of bodies.entries()) {
    const PartNumber = index + 1;
    const part = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ...more });
    const { ETag, ChecksumSHA256 } = await s3.client.send(part);
    parts.push({ ETag, PartNumber, ChecksumSHA256 });
  }
  const complete = (Parts: CompletedPart[] | undefined) =>
    s3.client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: Parts && { Parts } }),
    );
  return { UploadId: UploadId!, parts, complete };
}

describe('a completion that cannot be is refused, with the part', () => {
  const etag = '8d777f385d3dfec8815d20f7496026dc';
  const part = (PartNumber: number, ETag = etag): CompletedPart => ({ PartNumber, ETag });
  it.each<[string, CompletedPart[] | undefined, object]>([
    ['no parts', undefined, { name: 'InvalidRequest', message: 'You must specify at least one part' }],
    ['a part that is not there', [part(3)], { name: 'InvalidPart', PartNumber: '3', ETag: etag }],
    ['another ETag', [part(1, 'x')], { name: 'InvalidPart', PartNumber: '1', ETag: 'x' }],
    ['the wrong order', [part(2), part(1)], { name: 'InvalidPartOrder' }],
    [
      'a part that is too small',
      [part(1), part(2)],
      { name: 'EntityTooSmall', PartNumber: '1', ProposedSize: '4', MinSizeAllowed: String(SMALLEST) },
    ],
  ])('%s', async (_what, parts, refused) => {
    const { complete } = await upload('refused', ['data', 'data']);
    await assert.rejects(complete(parts), refused);
  });
});

test('an upload without a checksum gets CRC64NVME over the whole object', async () => {
  const { complete, parts } = await upload('standard', ['test']);
  const { ChecksumCRC64NVME, ChecksumType, Location } = await complete(parts);
  assert.deepEqual([ChecksumCRC64NVME, ChecksumType], ['+bu+zv66sUM=', 'FULL_OBJECT']);
  assert.equal(Location, `${s3.url}/${Bucket}/standard`);
});

test('a composed checksum needs that of every part, in the upload and at its end', async () => {
  const { UploadId, complete, parts } = await upload('composed', ['data'], { ChecksumAlgorithm: 'SHA256' });
  const other = { Bucket, Key: 'composed', UploadId, PartNumber: 2, Body: 'x' };
  await assert.rejects(s3.client.send(new UploadPartCommand({ ...other, ChecksumAlgorithm: 'CRC32' })), {
    message: 'Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32',
  });
  await assert.rejects(complete([{ ETag: parts[0]!.ETag, PartNumber: 1 }]), {
    message: /missing for part 1/,
  });
  assert.match((await complete(parts)).ChecksumSHA256!, /-1$/);
});

test('an object is read by its parts, and lists them where they have checksums', async () => {
  const bodies = [Buffer.alloc(SMALLEST, 'a'), 'end'];
  const { complete, parts } = await upload('parts', bodies, { ChecksumAlgorithm: 'SHA256' });
  await complete(parts);
  const read = (Key: string, PartNumber: number) =>
    s3.client.send(new GetObjectCommand({ Bucket, Key, PartNumber }));
  const second = await read('parts', 2);
  assert.deepEqual(
    [await second.Body!.transformToString(), second.ContentRange, second.PartsCount],
    ['end', `bytes ${SMALLEST}-${SMALLEST + 2}/${SMALLEST + 3}`, 2],
  );
  await assert.rejects(read('parts', 3), { name: 'InvalidPartNumber', ActualPartCount: '2' });
  const attributes = { Bucket, Key: 'parts', ObjectAttributes: ['ObjectParts' as const], MaxParts: 1 };
  const { ObjectParts } = await s3.client.send(new GetObjectAttributesCommand(attributes));
  const { TotalPartsCount, NextPartNumberMarker, IsTruncated, Parts } = ObjectParts!;
  assert.deepEqual(
    [TotalPartsCount, NextPartNumberMarker, IsTruncated, Parts!.map(({ Size }) => Size)],
    [2, '1', true, [SMALLEST]],
  );
});

test('an object that was put at once is one part', async () => {
  await s3.client.send(new PutObjectCommand({ Bucket, Key: 'one', Body: '0123' }));
  const read = (more: object) => s3.client.send(new GetObjectCommand({ Bucket, Key: 'one', ...more }));
  const first = await read({ PartNumber: 1 });
  assert.deepEqual([first.ContentRange, first.PartsCount], ['bytes 0-3/4', undefined]);
  await assert.rejects(read({ PartNumber: 1, Range: 'bytes=0-1' }), { name: 'InvalidRequest' });
});

test('a part that is copied gets the checksum of the upload, and no bytes beyond its source', async () => {
  await s3.client.send(new PutObjectCommand({ Bucket, Key: 'from', Body: '0123' }));
  const { UploadId, complete } = await upload('copied', [], { ChecksumAlgorithm: 'SHA256' });
  const copy = (CopySourceRange?: string) =>
    s3.client.send(
      new UploadPartCopyCommand({
        ...{ Bucket, Key: 'copied', UploadId, PartNumber: 1 },
        ...{ CopySource: `${Bucket}/from`, CopySourceRange },
      }),
    );
  await assert.rejects(copy('bytes=9-12'), { name: 'InvalidRequest' });
  const { CopyPartResult, ServerSideEncryption } = await copy();
  assert.equal(ServerSideEncryption, 'AES256');
  assert.ok((await complete([{ ...CopyPartResult, PartNumber: 1 }])).ChecksumSHA256);
});

test('a part is read whole if the upload has no checksum, also an empty one', async () => {
  for (const [Key, bodies] of [
    ['standard', [Buffer.alloc(SMALLEST, 'a'), 'tail']],
    ['empty', ['']],
  ] as const) {
    const { parts, complete } = await upload(Key, bodies);
    await complete(parts);
    const last = new GetObjectCommand({ Bucket, Key, PartNumber: bodies.length, ChecksumMode: 'ENABLED' });
    const { Body, ContentRange } = await s3.client.send(last);
    assert.equal(await Body!.transformToString(), String(bodies.at(-1)));
    assert.equal(
      ContentRange,
      Key === 'empty' ? undefined : `bytes ${SMALLEST}-${SMALLEST + 3}/${SMALLEST + 4}`,
    );
  }
});
