// Data directories of earlier versions, whose tables are in LevelDB: converted once and completely, even after a crash.

import { expect, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { systemClock } from '../../clock.ts';
import { createDynamoDb, type DynamoDb } from '../../dynamodb/dynamodb.ts';
import { maskedChecksum } from '../../dynamodb/leveldb/crc32c.ts';
import { decompress } from '../../dynamodb/leveldb/snappy.ts';
import { createRecordingLog } from '../aws/local-cloud.ts';

/** A folder as dynalite 4.0.0 left it, in base64, after some 1,200 writes, deletions and two compactions; and what it read back. */
const fixture = JSON.parse(
  gunzipSync(readFileSync(path.join(import.meta.dirname, 'leveldb-folder.json.gz'))).toString(),
) as { files: Record<string, string>; items: Record<string, Record<string, { N?: string; S?: string }>[]> };

function oldFolder(change: (name: string, bytes: Buffer) => Buffer = (_name, bytes) => bytes): string {
  const dir = temporaryFolder();
  const tables = path.join(dir, 'tables');
  mkdirSync(tables);
  for (const [name, base64] of Object.entries(fixture.files))
    writeFileSync(path.join(tables, name), change(name, Buffer.from(base64, 'base64')));
  return dir;
}

async function open(dir: string) {
  const log = createRecordingLog();
  const dynamodb = await createDynamoDb({ dir, clock: systemClock, log, count: () => {} });
  let isOpen = true;
  const close = async () => {
    if (isOpen) await dynamodb.close();
    isOpen = false;
  };
  cleanup(close);
  return { dynamodb, log, close };
}

const scan = async ({ dynamodb }: { dynamodb: DynamoDb }, table: string) =>
  (await dynamodb.call('Scan', { TableName: table }))['Items'];

test('keeps every item of the old folder as it was, and converts it once', async () => {
  const dir = oldFolder();
  const first = await open(dir);
  for (const [table, items] of Object.entries(fixture.items)) {
    assert.equal(JSON.stringify(await scan(first, table)), JSON.stringify(items), table);
  }
  assert.deepEqual(
    first.log.lines.map(({ message }) => message),
    ['Converted 197 items of 4 tables from LevelDB to tables.sqlite'],
  );
  await first.close();
  assert.deepEqual(
    readdirSync(dir).sort(),
    ['tables.sqlite', 'time-to-live.json'].filter((name) => existsSync(path.join(dir, name))),
  );
  const second = await open(dir);
  assert.equal(JSON.stringify(await scan(second, 'windows')), JSON.stringify(fixture.items['windows']));
  assert.deepEqual(second.log.lines, []);
});

test('keeps indexes and tags', async () => {
  const { dynamodb } = await open(oldFolder());
  for (const n of ['0', '1', '2']) {
    const wanted = fixture.items['things']!.filter((item) => item['n']?.N === n);
    const found = await dynamodb.call('Query', {
      TableName: 'things',
      IndexName: 'byNumber',
      KeyConditionExpression: 'n = :n',
      ExpressionAttributeValues: { ':n': { N: n } },
    });
    expect(found['Items']).toHaveLength(wanted.length);
    expect(found['Items']).toEqual(expect.arrayContaining(wanted));
  }
  const { Table } = await dynamodb.call('DescribeTable', { TableName: 'windows' });
  const { TableArn: arn, TableStatus: status } = Table as { TableArn: string; TableStatus: string };
  assert.equal(status, 'ACTIVE');
  const { Tags } = await dynamodb.call('ListTagsOfResource', { ResourceArn: arn });
  assert.deepEqual(Tags, [{ Key: 'stage', Value: 'local' }]);
});

test('converts again if the process ended during the conversion, and only cleans up if it ended after it', async () => {
  const dir = oldFolder();
  const [folder, database] = [path.join(dir, 'tables'), path.join(dir, 'tables.sqlite')];
  renameSync(folder, `${folder}.old`);
  writeFileSync(`${database}.new`, 'half a database');
  const first = await open(dir);
  assert.equal(JSON.stringify(await scan(first, 'windows')), JSON.stringify(fixture.items['windows']));
  await first.dynamodb.call('DeleteTable', { TableName: 'windows' });
  await first.close();
  assert.equal(existsSync(`${folder}.old`), false);
  mkdirSync(`${folder}.old`);
  const second = await open(dir);
  assert.deepEqual(await second.dynamodb.call('ListTables', {}), {
    TableNames: ['bytes', 'plain', 'things'],
  });
  assert.equal(existsSync(`${folder}.old`), false);
});

test('refuses a folder that an earlier version has written since, and leaves both', async () => {
  const dir = oldFolder();
  writeFileSync(path.join(dir, 'tables.sqlite'), '');
  await assert.rejects(open(dir), { name: 'StartError', message: /tables of two versions .* move away/ });
  assert.ok(existsSync(path.join(dir, 'tables', 'CURRENT')));
});

test('refuses a damaged file by name, and leaves the folder so that a copy can replace the file', async () => {
  const dir = oldFolder((name, bytes) => {
    if (name.endsWith('.ldb')) bytes[bytes.length >> 1]! ^= 1;
    return bytes;
  });
  await assert.rejects(open(dir), { name: 'StartError', message: /\.ldb: a block has another checksum/ });
  assert.ok(existsSync(path.join(dir, 'tables.old', 'CURRENT')));
});

test('refuses a folder that lacks a file', async () => {
  const dir = oldFolder();
  const [table] = Object.keys(fixture.files).filter((name) => name.endsWith('.ldb'));
  renameSync(path.join(dir, 'tables', table!), path.join(dir, 'elsewhere'));
  await assert.rejects(open(dir), { name: 'StartError', message: /lacks its file 0000\d\d\.ldb/ });
});

test('reads a log up to the record that a crash cut', async () => {
  const torn = await open(
    oldFolder((name, bytes) => (name.endsWith('.log') ? bytes.subarray(0, -5) : bytes)),
  );
  const items = (await scan(torn, 'windows')) as unknown[];
  assert.equal(items.length, fixture.items['windows']!.length);
});

test('knows the checksums and the compression of the formats', () => {
  // Vectors of RFC 3720, unmasked there.
  const unmask = (value: number) => {
    const rotated = (value - 0xa282ead8) >>> 0;
    return ((rotated >>> 17) | (rotated << 15)) >>> 0;
  };
  assert.equal(unmask(maskedChecksum(Buffer.alloc(32))), 0x8a9136aa);
  assert.equal(unmask(maskedChecksum(Buffer.alloc(32, 255))), 0x62a8ab43);
  const repeated = Buffer.from([10, 0x04, 0x61, 0x62, 0x1a, 0x02, 0x00]); // "ab", then 7 bytes from 2 before
  assert.throws(() => decompress(repeated), /shorter than it says/);
  repeated[0] = 9;
  assert.equal(decompress(repeated).toString(), 'ababababa');
  for (const broken of [[], [5], [5, 0x10, 0x61], [2, 0x01, 0x01], [200, 0xf0]]) {
    assert.throws(() => decompress(Buffer.from(broken)), /Snappy/);
  }
});
