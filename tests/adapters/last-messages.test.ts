// The newest messages of the archive: which objects are read, in which order, and where reading ends.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { GetObjectCommand, type ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { createLastMessages } from '../../adapters/last-messages.ts';

type Objects = Readonly<Record<string, string | Buffer>>;

/** A bucket in memory, with pages of two entries. */
function bucketOf(objects: Objects) {
  const calls: string[] = [];
  const send = async (command: GetObjectCommand | ListObjectsV2Command) => {
    if (command instanceof GetObjectCommand) {
      const { Key = '', Range } = command.input;
      calls.push(`get ${Key}${Range ? ` ${Range}` : ''}`);
      const bytes = Buffer.from(objects[Key]!);
      const end = Range ? Number(Range.split('-')[1]) + 1 : bytes.length;
      return { Body: { transformToByteArray: async () => bytes.subarray(0, end) } };
    }
    const { Prefix = '', ContinuationToken = '0' } = command.input;
    calls.push(`list ${Prefix}`);
    const below = Object.keys(objects).filter((key) => key.startsWith(Prefix));
    const names = below.map((key) => Prefix + key.slice(Prefix.length).replace(/\/.*/, '/'));
    const all = [...new Set(names)].sort();
    const at = Number(ContinuationToken);
    const page = all.slice(at, at + 2);
    return {
      CommonPrefixes: page.filter((name) => name.endsWith('/')).map((name) => ({ Prefix: name })),
      Contents: page
        .filter((name) => !name.endsWith('/'))
        .map((Key) => ({ Key, Size: Buffer.byteLength(objects[Key]!) })),
      ...(at + 2 < all.length && { NextContinuationToken: String(at + 2) }),
    };
  };
  return { client: { send } as unknown as S3Client, calls };
}

async function numbersIn(objects: Objects, { limit = Infinity, now = (): number => 0, maxMs = 1000 } = {}) {
  const { client, calls } = bucketOf(objects);
  const numbers: unknown[] = [];
  for await (const { event } of createLastMessages({ client, bucket: 'raw', now, maxMs }).newestFirst()) {
    numbers.push((event as { n: number }).n);
    if (numbers.length === limit) break;
  }
  return { numbers, calls };
}

const key = (hour: string, minute: string) =>
  `raw/${hour}/stack-raw-1-${hour.replaceAll('/', '-')}-${minute}-00-aaaa`;
const lines = (...numbers: number[]) => numbers.map((n) => `{"n":${n}}\n`).join('');

test('messages are listed newest first, from plain and compressed objects of all hours', async () => {
  const objects = {
    [key('2026/10/31/23', '59')]: lines(1, 2),
    [key('2026/11/21/09', '10')]: gzipSync(lines(3, 4)),
    [key('2026/11/21/10', '05')]: lines(5),
    [key('2026/11/21/10', '10')]: lines(6),
    [key('2026/11/21/10', '15')]: lines(7, 8),
  };
  assert.deepEqual((await numbersIn(objects)).numbers, [8, 7, 6, 5, 4, 3, 2, 1]);
});

test('no more objects are read once there are enough messages', async () => {
  const objects = { [key('2026/11/21/10', '05')]: lines(1, 2), [key('2026/11/21/09', '05')]: lines(3) };
  const { numbers, calls } = await numbersIn(objects, { limit: 1 });
  assert.deepEqual(numbers, [2]);
  assert.equal(calls.filter((call) => call.startsWith('get')).length, 1);
});

test('an archive without objects has no messages', async () => {
  assert.deepEqual(await numbersIn({}), { numbers: [], calls: ['list raw/'] });
  assert.deepEqual((await numbersIn({ 'failed/x': lines(1) })).numbers, []);
});

test('lines that are not JSON are skipped', async () => {
  const objects = { [key('2026/11/21/10', '05')]: `${lines(1)}{"n":\n\n${lines(2)}` };
  assert.deepEqual((await numbersIn(objects)).numbers, [2, 1]);
});

test('a large object is read up to eight megabytes, without the line that is cut', async () => {
  const large = `{"n":1,"pad":"${'x'.repeat(7 * 1024 * 1024)}"}\n{"n":2,"pad":"${'x'.repeat(2 * 1024 * 1024)}"}\n`;
  const { numbers, calls } = await numbersIn({ [key('2026/11/21/10', '05')]: large });
  assert.deepEqual(numbers, [1]);
  assert.match(calls.at(-1)!, /bytes=0-8388607$/);
});

test('a truncated compressed object is read to its end', async () => {
  const text = Array.from(
    { length: 3000 },
    (_, n) => `{"n":${n},"pad":"${Math.sin(n)}${'é'.repeat(n % 7)}"}`,
  );
  const bytes = gzipSync(`${text.join('\n')}\n`);
  const { client } = bucketOf({ [key('2026/11/21/10', '05')]: bytes.subarray(0, bytes.length - 500) });
  const found: unknown[] = [];
  for await (const { event } of createLastMessages({
    client,
    bucket: 'raw',
    now: () => 0,
    maxMs: 1,
  }).newestFirst())
    found.push(event);
  assert.ok(found.length > 2500 && found.length < 3000);
});

test('no object is begun after the time, and 30 at most', async () => {
  const minutes = Array.from({ length: 50 }, (_, n) => String(n).padStart(2, '0'));
  const objects = Object.fromEntries(minutes.map((minute, n) => [key('2026/11/21/10', minute), lines(n)]));
  assert.equal((await numbersIn(objects)).numbers.length, 30);
  let clock = 0;
  assert.equal((await numbersIn(objects, { now: () => (clock += 300) })).numbers.length, 3);
});
