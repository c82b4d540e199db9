// A shard on disk: accepted records come back in order, over restarts, torn ends, full disks and deleted files.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createManualClock } from '../../clock.ts';
import { openShardLog, type ShardLog } from '../../kinesis/shard-log.ts';
import { silentLog } from '../../log.ts';
import { createRecordingLog } from '../aws/local-cloud.ts';
import { createMemoryDisk, type MemoryDisk } from '../journal/memory-files.ts';
import { start } from './fixture.ts';

const clock = createManualClock(start);
const open = (dir: string, disk: MemoryDisk, segmentBytes?: number, log = silentLog) =>
  openShardLog({ dir, files: disk.files, clock, log, ...(segmentBytes && { segmentBytes }) });
const append = (log: ShardLog, ...texts: string[]) =>
  Promise.all(texts.map((text) => log.append('key', Buffer.from(text))));

async function readAll(log: ShardLog, after = 0, limit = 1000): Promise<string[]> {
  const texts: string[] = [];
  for (let place = after; ;) {
    const records = await log.readAfter(place, limit);
    if (records.length === 0) return texts;
    for (const record of records) {
      assert.equal(record.place, ++place);
      texts.push(record.data.toString());
    }
  }
}

test('records come back in order, from any place and after a restart', async () => {
  const [dir, disk] = [temporaryFolder(), createMemoryDisk()];
  let log = await open(dir, disk);
  assert.deepEqual(await append(log, 'a', 'b', 'c'), [1, 2, 3]);
  assert.deepEqual(await readAll(log), ['a', 'b', 'c']);
  assert.deepEqual(await readAll(log, 1, 1), ['b', 'c']);
  await log.close();
  log = await open(dir, disk);
  assert.deepEqual([log.oldest(), log.newest()], [1, 3]);
  assert.deepEqual(await append(log, 'd'), [4]);
  assert.deepEqual(await readAll(log), ['a', 'b', 'c', 'd']);
});

test('records that come in one turn are synced together', async () => {
  const disk = createMemoryDisk();
  const log = await open(temporaryFolder(), disk);
  await append(log, ...Array.from({ length: 100 }, (_, n) => String(n)));
  assert.equal(disk.syncs, 1);
});

test('readers at different places of many files miss nothing and get nothing twice', async () => {
  const dir = temporaryFolder();
  const step = fc.oneof(
    fc.record({ append: fc.integer({ min: 1, max: 30 }) }),
    fc.record({ reader: fc.nat(3), limit: fc.integer({ min: 1, max: 9 }) }),
  );
  const property = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
    const log = await open(dir, createMemoryDisk(), 300);
    const read = [0, 0, 0, 0];
    let count = 0;
    for (const each of steps) {
      if ('append' in each) {
        await append(log, ...Array.from({ length: each.append }, () => String(++count)));
        continue;
      }
      const records = await log.readAfter(read[each.reader]!, each.limit);
      if (records.length === 0) assert.equal(read[each.reader], count);
      for (const record of records) {
        assert.equal(record.data.toString(), String(record.place));
        assert.equal(record.place, ++read[each.reader]!);
      }
    }
    assert.equal((await readAll(log)).length, count);
  });
  await fc.assert(property, { numRuns: 60, seed: 1 });
});

test('a record of the largest size is read back', async () => {
  const log = await open(temporaryFolder(), createMemoryDisk());
  const large = 'x'.repeat(1_048_000);
  await append(log, 'small', large, 'after');
  assert.deepEqual(await readAll(log), ['small', large, 'after']);
});

test('a torn end is cut, and the next record takes its number', async () => {
  const [dir, disk] = [temporaryFolder(), createMemoryDisk()];
  const log = await open(dir, disk);
  await append(log, 'a', 'b');
  const [[path, bytes] = ['', Buffer.alloc(0)]] = disk.content;
  const torn = createMemoryDisk([[path, bytes.subarray(0, -3)]]);
  const again = await open(dir, torn);
  assert.equal(again.newest(), 1);
  assert.deepEqual(await append(again, 'c'), [2]);
  assert.deepEqual(await readAll(again), ['a', 'c']);
});

test('accepts no records while the disk is full, and all of them once it has room', async () => {
  const [disk, lines] = [createMemoryDisk(), createRecordingLog()];
  const log = await open(temporaryFolder(), disk, undefined, lines);
  await append(log, 'a');
  disk.space = 5;
  let taken = 0;
  const waiting = append(log, 'b', 'c').then(() => (taken = 2));
  for (let n = 0; n < 3; n += 1) await clock.advance(1_000);
  assert.equal(taken, 0);
  assert.deepEqual(await readAll(log), ['a']);
  disk.space = Infinity;
  await clock.advance(1_000);
  await waiting;
  assert.deepEqual(await readAll(log), ['a', 'b', 'c']);
  assert.deepEqual(
    lines.lines.map(({ level, message }) => `${level}: ${message}`),
    [
      'error: the stream cannot be written: it accepts no records until it can',
      'info: the stream is written again',
    ],
  );
});

test('closing does not wait for a disk that refuses, and keeps nothing that it refused', async () => {
  const [dir, disk] = [temporaryFolder(), createMemoryDisk()];
  const log = await open(dir, disk);
  disk.space = 0;
  let taken = false;
  void append(log, 'a').then(() => (taken = true));
  await clock.advance(0);
  await log.close();
  assert.equal(taken, false);
  disk.space = Infinity;
  assert.equal((await open(dir, disk)).newest(), 0);
});

test('old files that are no longer needed are removed, never the newest', async () => {
  const [dir, disk] = [temporaryFolder(), createMemoryDisk()];
  const log = await open(dir, disk, 100);
  const texts = Array.from({ length: 20 }, (_, n) => `record ${n} ${'x'.repeat(60)}`);
  for (const text of texts) await append(log, text);
  const before = disk.content.size;
  await log.forget(clock.now() + 1, 0);
  assert.equal(disk.content.size, before);
  await log.forget(clock.now(), 20);
  assert.equal(disk.content.size, before);
  await log.forget(clock.now() + 1, 10);
  assert.ok(log.oldest() > 8 && log.oldest() <= 11, String(log.oldest()));
  assert.deepEqual(await readAll(log, log.oldest() - 1), texts.slice(log.oldest() - 1));
  await log.forget(clock.now() + 1, 20);
  assert.equal(disk.content.size, 1);
  await log.close();
  assert.equal((await open(dir, disk)).newest(), 20);
});

test('a damaged record costs the rest of its file, with an error, and no other', async () => {
  const [disk, lines] = [createMemoryDisk(), createRecordingLog()];
  const log = await open(temporaryFolder(), disk, 100, lines);
  for (const text of ['a', 'b', 'c']) await append(log, text.repeat(80));
  const [first] = [...disk.content.keys()].sort();
  const bytes = disk.content.get(first!)!;
  bytes[bytes.length - 1]! ^= 255;
  const [next] = await log.readAfter(0, 10);
  assert.ok(next && next.place > 1);
  assert.match(lines.lines.map(({ message }) => message).join(), /cannot be read back: the file is damaged/);
});
