// A full disk during parsing: the hour fails with the folder and the remedy, other hours are parsed, and the next run completes it.

import { beforeEach, describe } from '@jest/globals';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { statfsSync } from 'node:fs';
import { compareParsed } from '../../audit/compare-parsed.ts';
import { cleanup } from '../support/cleanup.ts';
import { testIf } from '../support/conditions.ts';
import { temporaryFolder } from '../support/folders.ts';
import { openMemoryS3 } from '../support/memory-s3.ts';
import { copyBuckets, parseArchive, rawKeyOf } from '../support/parsed-copy.ts';
import { canMount, mountSmallDisk, unmount } from '../support/small-disk.ts';

const HOUR = 3_600_000;
const AT = Date.parse('2026-09-21T14:00:00Z');
const MORNING = Date.parse('2026-09-22T01:30:00Z');
const SPAN = { from: AT, to: AT + 2 * HOUR };
const FULL =
  /^\/.*\/tidegate-parsed-\d+-\d+\/.*: ENOSPC: no space left on device.*; make room there, or give the function more EphemeralStorage$/;

const s3 = openMemoryS3();
const testWithSmallDisk = testIf(canMount(), 'this user cannot mount a small file system');
beforeEach(() => s3.objects.clear());

function smallDisk(): string {
  const dir = temporaryFolder();
  mountSmallDisk(dir, 1);
  cleanup(() => unmount(dir));
  return dir;
}

/** Ids that nothing compresses, some 40 bytes a row. */
function put(hour: number, count: number): void {
  const lines = Array.from({ length: count }, (_, n) => {
    const reading = {
      deviceId: 'd',
      site: 's',
      timestamp: hour + n * 100,
      v: n,
      id: randomBytes(24).toString('hex'),
    };
    return `${JSON.stringify({ ...reading, receivedAt: hour + n * 100, traceId: `t${n}` })}\n`;
  });
  s3.objects.set(`raw/${rawKeyOf(hour, 'a.ndjson')}`, Buffer.from(lines.join('')));
}

async function assertWhole(readings: number): Promise<void> {
  const { raw, parsed } = copyBuckets(s3);
  const limits = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60, windowSeconds: 10 };
  const announced: string[] = [];
  const options = { paths: [raw], table: '', client: {}, ...limits, isWholeArchive: true };
  const found = await compareParsed(options, parsed, (line) => announced.push(line));
  assert.deepEqual([found.agrees, found.readings], [true, readings], announced.join('\n'));
}

describe('while the disk is full', () => {
  for (const [name, rowsInMemory] of [
    ['for sorted runs', 2000],
    ['for a file', 1 << 20],
  ] as const) {
    testWithSmallDisk(name, async () => {
      const folder = smallDisk();
      const { bfree } = statfsSync(folder);
      put(AT, 50_000);
      put(AT + HOUR, 50);
      const { failed, hours } = await parseArchive(AT + 4 * HOUR, SPAN, { folder, rowsInMemory });
      assert.equal(failed.length, 1);
      assert.equal(failed[0]!.hour, '2026-09-21T14');
      assert.match(failed[0]!.reason, FULL);
      assert.deepEqual(
        hours.map(({ hour, state, rows }) => [hour, state, rows]),
        [['2026-09-21T15', 'done', 50]],
      );
      assert.ok(![...s3.objects.keys()].some((key) => key.includes('2026-09-21T14')));
      // Nothing is left that would take the room of the next hour.
      assert.equal(statfsSync(folder).bfree, bfree);
      await parseArchive(AT + 5 * HOUR);
      await assertWhole(50_050);
    });
  }

  testWithSmallDisk('for the merge of a day', async () => {
    put(AT, 50_000);
    put(AT + HOUR, 50);
    await parseArchive(AT + 4 * HOUR);
    const { merged, unmerged } = await parseArchive(MORNING, undefined, { folder: smallDisk() });
    assert.deepEqual(merged, []);
    assert.match(unmerged[0]!.reason, FULL);
    await assertWhole(50_050);
    assert.equal((await parseArchive(MORNING + HOUR)).merged.length, 1);
    await assertWhole(50_050);
  });
});
