// Objects through the real SDK: exact bytes back under exact keys, metadata, ranges, conditions, checksums.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import path from 'node:path';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type ChecksumAlgorithm,
} from '@aws-sdk/client-s3';
import { startS3, startedAt, type S3Fixture } from './object-store.ts';

let s3: S3Fixture;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(() => s3.stop());

const Bucket = 'plain';
/** Bytes that repeat late and compress badly, the same each time. */
function contentOf(size: number): Buffer {
  const block = createHash('sha512').update('tidegate').digest();
  return Buffer.alloc(size, block);
}
const put = (Key: string, Body: Buffer | string = Key) =>
  s3.client.send(new PutObjectCommand({ Bucket, Key, Body }));
async function get(Key: string, options: object = {}): Promise<Buffer> {
  const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key, ...options }));
  return Buffer.from(await Body!.transformToByteArray());
}

for (const size of [0, 1, 65_535, 65_536, 65_537, 3_000_000]) {
  test(`gives ${size} bytes back as they were`, async () => {
    const content = contentOf(size);
    const { ETag } = await put(`size/${size}`, content);
    assert.equal(ETag, `"${createHash('md5').update(content).digest('hex')}"`);
    assert.ok((await get(`size/${size}`)).equals(content));
  });
}

test('keeps an object as a plain file under its key', async () => {
  await put('raw/2026/09/21/batch.json', '{"a":1}\n');
  assert.equal(readFileSync(path.join(s3.dir, 'plain/raw/2026/09/21/batch.json'), 'utf8'), '{"a":1}\n');
});

const oddKeys = [
  '../../etc/passwd',
  '..',
  '.',
  './x',
  'a/../b',
  '/leading',
  'double//slash',
  'folder/',
  '//',
  'back\\slash',
  'space and + and % and %2F',
  'ünïcödé/キー/🚪',
  'new\nline',
  'tab\tand\u0001control',
  '%keys/decoy',
  '%keys',
  'nested',
  'nested/under/nested',
  'nested/under',
  'x'.repeat(300),
  'y'.repeat(1024),
  'quote\'"<&>',
  '__proto__',
  'constructor/prototype',
  '.hidden',
  '.tidegate/unfinished/x',
  'con',
  'name.',
  '?query=1#fragment',
];
test('gives objects back under keys that no file could have', async () => {
  for (const key of oddKeys) await put(key);
  for (const key of oddKeys) assert.equal((await get(key)).toString(), key, JSON.stringify(key));
  const { Contents } = await s3.client.send(
    new ListObjectsV2Command({ Bucket, EncodingType: 'url', MaxKeys: 1000 }),
  );
  const listed = new Set(Contents!.map(({ Key }) => decodeURIComponent(Key!)));
  assert.deepEqual(
    oddKeys.filter((key) => !listed.has(key)),
    [],
  );
  for (const key of oddKeys) await s3.client.send(new DeleteObjectCommand({ Bucket, Key: key }));
  const { objects } = await s3.store.list(Bucket, { limit: 1000 });
  assert.deepEqual(
    objects.map(({ key }) => key).filter((key) => oddKeys.includes(key)),
    [],
  );
});

test('refuses a key that is too long or ends in the middle of a character', async () => {
  await assert.rejects(put('x'.repeat(1025)), { name: 'KeyTooLongError' });
  const answer = await fetch(`${s3.url}/plain/%ff%fe`);
  assert.deepEqual([answer.status, /InvalidURI/.test(await answer.text())], [400, true]);
});

test('lets the last of many puts to one key win, whole', async () => {
  const bodies = Array.from({ length: 20 }, (_, index) => String(index).repeat(50_000));
  await Promise.all(bodies.map((body) => put('contended', body)));
  assert.ok(bodies.includes((await get('contended')).toString()));
});

test('keeps headers and metadata with the object, and puts no transfer encoding among them', async () => {
  const content = contentOf(1000);
  await s3.client.send(
    new PutObjectCommand({
      Bucket,
      Key: 'headers',
      Body: Readable.from([content]),
      ContentLength: content.length,
      ContentType: 'application/x-ndjson',
      ContentEncoding: 'gzip',
      CacheControl: 'no-store',
      Metadata: { reason: 'too old', device: 's1' },
    }),
  );
  const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'headers' }));
  assert.equal(head.ContentType, 'application/x-ndjson');
  assert.equal(head.ContentEncoding, 'gzip');
  assert.equal(head.CacheControl, 'no-store');
  assert.deepEqual(head.Metadata, { reason: 'too old', device: 's1' });
  assert.equal(head.ContentLength, 1000);
  assert.equal(head.LastModified?.getTime(), startedAt);
});

const algorithms: readonly ChecksumAlgorithm[] = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'];
for (const algorithm of algorithms.filter((name) => name !== 'CRC64NVME')) {
  test(`verifies ${algorithm} as the SDK sends it, in a header and in a trailer`, async () => {
    const content = contentOf(200_000);
    for (const Body of [content, Readable.from([content])]) {
      const Key = `checksum/${algorithm}`;
      const input = { Bucket, Key, Body, ContentLength: content.length, ChecksumAlgorithm: algorithm };
      await s3.client.send(new PutObjectCommand(input));
      const answer = await s3.client.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
      assert.ok(answer[`Checksum${algorithm}` as 'ChecksumCRC32']);
      assert.ok(Buffer.from(await answer.Body!.transformToByteArray()).equals(content));
    }
  });
}

// The check value of each algorithm: of the nine ASCII digits (CRC catalogue; FIPS 180 for the others).
const checkValues = {
  'x-amz-checksum-crc32': 'cbf43926',
  'x-amz-checksum-crc32c': 'e3069283',
  'x-amz-checksum-crc64nvme': 'ae8b14860a799888',
  'x-amz-checksum-sha1': 'f7c3bc1d808e04732adf679965ccc34ca7ae3441',
  'x-amz-checksum-sha256': '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225',
};
for (const [name, hex] of Object.entries(checkValues)) {
  test(`knows the check value of ${name}, and refuses another`, async () => {
    const send = (value: Buffer) =>
      fetch(`${s3.url}/plain/check`, {
        method: 'PUT',
        body: '123456789',
        headers: { [name]: value.toString('base64') },
      });
    const right = Buffer.from(hex, 'hex');
    assert.equal((await send(right)).status, 200);
    const wrong = Buffer.from(right);
    wrong[0]! ^= 1;
    const refused = await send(wrong);
    assert.deepEqual([refused.status, /BadDigest/.test(await refused.text())], [400, true]);
    const malformed = await send(right.subarray(1));
    assert.deepEqual([malformed.status, /InvalidRequest/.test(await malformed.text())], [400, true]);
  });
}

test('leaves the object as it was when a body does not match its checksum', async () => {
  await put('kept', 'before');
  const md5 = createHash('md5').update('other').digest('base64');
  const refused = await fetch(`${s3.url}/plain/kept`, {
    method: 'PUT',
    body: 'after',
    headers: { 'content-md5': md5 },
  });
  assert.deepEqual([refused.status, /BadDigest/.test(await refused.text())], [400, true]);
  assert.equal((await get('kept')).toString(), 'before');
});

test('answers ranges', async () => {
  await put('range', '0123456789');
  const read = async (Range: string) => (await get('range', { Range })).toString();
  assert.equal(await read('bytes=0-0'), '0');
  assert.equal(await read('bytes=7-'), '789');
  assert.equal(await read('bytes=-3'), '789');
  assert.equal(await read('bytes=5-100'), '56789');
  await assert.rejects(read('bytes=10-'), { name: 'InvalidRange' });
  const { ContentRange } = await s3.client.send(
    new GetObjectCommand({ Bucket, Key: 'range', Range: 'bytes=2-4' }),
  );
  assert.equal(ContentRange, 'bytes 2-4/10');
});

test('answers conditions on reading and writing', async () => {
  const { ETag } = await put('condition', 'one');
  assert.equal((await get('condition', { IfMatch: ETag })).toString(), 'one');
  await assert.rejects(get('condition', { IfMatch: '"other"' }), { name: 'PreconditionFailed' });
  await assert.rejects(
    get('condition', { IfNoneMatch: ETag }),
    (error: { $metadata: { httpStatusCode: number } }) => {
      assert.equal(error.$metadata.httpStatusCode, 304);
      return true;
    },
  );
  const create = (Key: string) =>
    s3.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', IfNoneMatch: '*' }));
  await assert.rejects(create('condition'), { name: 'PreconditionFailed' });
  const results = await Promise.allSettled([create('raced'), create('raced'), create('raced')]);
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
});

test('copies with the metadata or with new metadata, and refuses to copy in place without a change', async () => {
  await s3.client.send(
    new PutObjectCommand({ Bucket, Key: 'source +%', Body: 'copied', Metadata: { a: '1' } }),
  );
  const CopySource = `/plain/${encodeURIComponent('source +%')}`;
  await s3.client.send(new CopyObjectCommand({ Bucket: 'versioned', Key: 'copy', CopySource }));
  const copy = await s3.client.send(new GetObjectCommand({ Bucket: 'versioned', Key: 'copy' }));
  assert.deepEqual([await text(copy.Body as Readable), copy.Metadata], ['copied', { a: '1' }]);
  const inPlace = { Bucket, Key: 'source +%', CopySource };
  await assert.rejects(s3.client.send(new CopyObjectCommand(inPlace)), { name: 'InvalidRequest' });
  await s3.client.send(
    new CopyObjectCommand({ ...inPlace, MetadataDirective: 'REPLACE', Metadata: { b: '2' } }),
  );
  const replaced = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'source +%' }));
  assert.deepEqual(replaced.Metadata, { b: '2' });
});

test('deletes many at once, including keys that do not exist', async () => {
  await put('many/1');
  await put('many/2');
  const Objects = ['many/1', 'many/2', 'many/absent'].map((Key) => ({ Key }));
  const { Deleted, Errors } = await s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  assert.deepEqual([Deleted?.length, Errors], [3, undefined]);
  await assert.rejects(get('many/1'), { name: 'NoSuchKey' });
});

test('refuses unsupported attributes by name, and stores nothing then', async () => {
  const storageClass = new PutObjectCommand({ Bucket, Key: 'glacier', Body: 'x', StorageClass: 'GLACIER' });
  await assert.rejects(s3.client.send(storageClass), {
    name: 'NotImplemented',
    message: /x-amz-storage-class: GLACIER/,
  });
  await assert.rejects(get('glacier'), { name: 'NoSuchKey' });
  const answer = await fetch(`${s3.url}/plain?inventory`);
  assert.deepEqual(
    [answer.status, /does not support GET bucket inventory/.test(await answer.text())],
    [501, true],
  );
  assert.deepEqual(s3.log.lines, []);
});

test('ends presigned URLs when they say so', async () => {
  await put('signed', 'x');
  const url = `${s3.url}/plain/signed?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=local/20260921/us-east-1/s3/aws4_request&X-Amz-SignedHeaders=host&X-Amz-Signature=0`;
  const status = async (date: string) => (await fetch(`${url}&X-Amz-Date=${date}&X-Amz-Expires=60`)).status;
  assert.equal(await status('20260921T115930Z'), 200);
  assert.equal(await status('20260921T115830Z'), 403);
  assert.equal(await status('yesterday'), 400);
});
