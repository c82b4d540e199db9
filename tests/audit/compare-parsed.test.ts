// The comparison with the parsed archive must report each kind of difference.

import { beforeEach, describe, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { parquetWriteFile } from 'hyparquet-writer';
import { filesBelow } from '../../audit/archive-files.ts';
import { compareParsed } from '../../audit/compare-parsed.ts';
import type { AuditOptions } from '../../audit/options.ts';
import { createParquetFile, readParquetFile } from '../../adapters/parquet-file.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import type { RowBlock } from '../../core/archive/parsed-rows.ts';
import { temporaryFolder } from '../support/folders.ts';
import { openMemoryS3 } from '../support/memory-s3.ts';
import { copyBuckets, parseArchive, rawKeyOf } from '../support/parsed-copy.ts';

const HOUR = 3_600_000;
const AT = Date.parse('2026-09-21T14:00:00Z');
const FILE = 'readings/site=s/date=2026-09-21/hour-2026-09-21T14.parquet';
const limits = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60, windowSeconds: 10 };
const s3 = openMemoryS3();
beforeEach(() => s3.objects.clear());

const put = (hour: number, name: string, content: string | Buffer) =>
  void s3.objects.set(`raw/${rawKeyOf(hour, name)}`, Buffer.from(content));
/** A trace id is of one message. */
function line(members: object, receivedAt = AT + 1000): string {
  const traceId = `t-${fingerprint(`${receivedAt} ${JSON.stringify(members)}`)}`;
  return `${JSON.stringify({ deviceId: 'd', site: 's', traceId, receivedAt, ...members })}\n`;
}

const minute = (device: string, values: (n: number) => object = (n) => ({ t: n / 10, h: n })) =>
  Array.from({ length: 60 }, (_, n) =>
    line({ deviceId: device, timestamp: AT + n * 1000, ...values(n) }, AT + n * 1000 + 20),
  ).join('');

async function compare(folders: { raw: string; parsed: string }, changes: Partial<AuditOptions> = {}) {
  const announced: string[] = [];
  const options = { paths: [folders.raw], table: 'windows', client: {}, ...limits, ...changes };
  const { agrees, readings } = await compareParsed(options, folders.parsed, (text) => announced.push(text));
  return { agrees, readings, announced };
}

/** Rewrites a file with changed rows. */
async function rewrite(file: string, change: (block: RowBlock) => RowBlock | undefined): Promise<void> {
  const copy = path.join(temporaryFolder(), 'copy.parquet');
  const { hours, rows } = await readParquetFile({ key: file, path: file });
  const growing = createParquetFile(copy);
  for await (const block of rows()) {
    const changed = change(block);
    if (changed) growing.add({ block: changed, from: 0, to: changed.timestamps.length });
  }
  growing.finish(hours);
  writeFileSync(file, readFileSync(copy));
}

const without = (block: RowBlock, row: number): RowBlock => {
  const kept = (_: unknown, n: number) => n !== row;
  return {
    ...block,
    timestamps: block.timestamps.filter(kept),
    values: block.values.filter(kept),
    receivedAt: block.receivedAt.filter(kept),
    hours: block.hours.filter(kept),
    units: block.units.filter(kept),
    exact: block.exact.filter(kept),
    messageIds: block.messageIds.filter(kept),
  };
};

test('a parsed archive with every reading of each hour once agrees, merged or not, and reports duplicates', async () => {
  put(AT, 'a.ndjson', minute('d') + minute('d') + line({ t: '4.5 °C', id: 'x' }));
  put(AT, 'b.gz', gzipSync(minute('e', (n) => ({ t: 0.1 + 0.2 + n, id: `i${n}` }))));
  put(AT + HOUR, 'a.ndjson', line({ timestamp: AT + 5000, t: 0.5, h: 5 }, AT + HOUR));
  put(AT + HOUR, 'c.ndjson', line({ timestamp: AT - 15 * HOUR, t: -0, site: 'Süd 7' }, AT + HOUR));
  await parseArchive(AT + 10 * HOUR);
  const expected = {
    agrees: true,
    readings: 123,
    announced: ['3 device days compared with the parsed archive, 0 differ; hours of arrival: 2'],
  };
  assert.deepEqual(await compare(copyBuckets(s3)), expected);
  await parseArchive(AT + 20 * HOUR);
  assert.ok([...s3.objects.keys()].some((key) => key.endsWith('date=2026-09-21/day.parquet')));
  assert.deepEqual(await compare(copyBuckets(s3)), expected);
});

describe('finds in a file', () => {
  type Change = readonly [name: string, change: (block: RowBlock) => RowBlock | undefined, said: string];
  const ofT = (change: (block: RowBlock) => RowBlock | undefined) => (block: RowBlock) =>
    block.metric === 't' ? change(block) : block;
  const changes: readonly Change[] = [
    [
      'a row that is missing',
      ofT((block) => without(block, 3)),
      '60 readings in the parsed archive, 60 in the raw one; t has 59 values instead of 60, sum 176.7 instead of 177',
    ],
    [
      'a reading that is missing',
      (block) => without(block, 3),
      '59 readings in the parsed archive, 60 in the raw one; h has 59 values instead of 60, sum 1767 instead of 1770; ' +
        't has 59 values instead of 60, sum 176.7 instead of 177',
    ],
    [
      'a metric that is missing',
      ofT(() => undefined),
      '60 readings in the parsed archive, 60 in the raw one; t has 0 values instead of 60, sum 0 instead of 177',
    ],
    [
      'a value that was changed',
      ofT((block) => ({ ...block, values: block.values.map((value, n) => (n === 7 ? 9 : value)) })),
      '60 readings in the parsed archive, 60 in the raw one; t has sum 185.3 instead of 177',
    ],
    [
      'values that were exchanged',
      ofT((block) => ({ ...block, values: block.values.map((_, n) => block.values[59 - n]!) })),
      '60 readings in the parsed archive, 60 in the raw one; t has other times, values, ids or hours of arrival, of the same count and sum',
    ],
    [
      'a message id that was never sent',
      ofT((block) => ({ ...block, messageIds: block.messageIds.with(1, 'x') })),
      '61 readings in the parsed archive, 60 in the raw one; t has other times, values, ids or hours of arrival, of the same count and sum',
    ],
  ];
  for (const [name, change, said] of changes) {
    test(name, async () => {
      put(AT, 'a.ndjson', minute('d') + minute('e'));
      await parseArchive(AT + 4 * HOUR);
      const folders = copyBuckets(s3);
      await rewrite(path.join(folders.parsed, FILE), (block) =>
        block.device === 'd' ? change(block) : block,
      );
      const { agrees, announced } = await compare(folders);
      assert.equal(agrees, false);
      const parts = (text: string) => text.split('; ').sort();
      assert.deepEqual(parts(announced[0]!), parts(`d 2026-09-21: ${said}`));
      assert.match(announced[1]!, /^2 device days compared with the parsed archive, 1 differ; /);
    });
  }
});

/** Two sites, two hours of arrival, all parsed. */
async function parsedFolders() {
  put(AT, 'a.ndjson', minute('d') + line({ deviceId: 'e', site: 'other', timestamp: AT, t: 1 }));
  put(AT + HOUR, 'a.ndjson', line({ deviceId: 'f', timestamp: AT + HOUR, t: 1 }, AT + HOUR));
  await parseArchive(AT + 4 * HOUR);
  return copyBuckets(s3);
}

describe('a file that cannot be read is named, its day differs, and the others are compared:', () => {
  const columns = /its columns are .*, not device BYTE_ARRAY,/;
  const cases: readonly (readonly [
    name: string,
    damage: (file: string) => Promise<void> | void,
    said: RegExp,
  ])[] = [
    ['cut off', (file) => truncateSync(file, 200), /^/],
    ['rubbish', (file) => writeFileSync(file, 'PAR1 rubbish PAR1'), /^/],
    [
      'of another schema',
      (file) => {
        const data = [1, 2, 3];
        parquetWriteFile({ filename: file, columnData: [{ name: 'device', data, type: 'INT32' }] });
      },
      columns,
    ],
    [
      'with rows of another date',
      async (file) =>
        rewrite(file, (block) => ({
          ...block,
          timestamps: block.timestamps.map((time) => time + 24 * HOUR),
        })),
      /has rows of another date: 2026-09-22T/,
    ],
    [
      'with rows of another site',
      async (file) => rewrite(file, (block) => ({ ...block, site: 'r' })),
      /has rows of the site r$/,
    ],
  ];
  for (const [name, damage, said] of cases) {
    test(name, async () => {
      const folders = await parsedFolders();
      await damage(path.join(folders.parsed, FILE));
      const { agrees, announced } = await compare(folders);
      assert.equal(agrees, false);
      assert.equal(announced.length, 2);
      assert.ok(announced[0]!.startsWith(FILE), announced[0]);
      assert.match(announced[0]!, said);
      // d and f are of its site and day.
      assert.match(
        announced[1]!,
        /^3 device days compared with the parsed archive, 2 differ; hours of arrival: 2$/,
      );
    });
  }
});

describe('an hour is reported as not parsed yet, and is not a difference,', () => {
  const manifest = ({ parsed }: { parsed: string }) => path.join(parsed, 'hours/2026/09/21/14.json');
  function change(folders: { parsed: string }, changes: object): void {
    const known = JSON.parse(readFileSync(manifest(folders), 'utf8')) as object;
    writeFileSync(manifest(folders), JSON.stringify({ ...known, ...changes }));
  }
  type Folders = { raw: string; parsed: string };
  const cases: readonly (readonly [name: string, make: (folders: Folders) => void, said: RegExp])[] = [
    ['without a manifest', (folders) => rmSync(manifest(folders)), /: no manifest$/],
    [
      'while it is written',
      (folders) => change(folders, { state: 'writing' }),
      /: a run ended before it was done$/,
    ],
    [
      'with faults',
      (folders) => change(folders, { state: 'failed', faults: ['raw/a line 2: bad', 'raw/b line 1: bad'] }),
      /: 2 faults, the first is raw\/a line 2: bad$/,
    ],
    [
      'to which an object has come',
      ({ raw }) => writeFileSync(path.join(raw, '2026/09/21/14/late.ndjson'), line({ t: 3 })),
      /: late.ndjson is new or has changed since$/,
    ],
    [
      'of which an object has changed',
      ({ raw }) => writeFileSync(path.join(raw, '2026/09/21/14/a.ndjson'), line({ t: 3 })),
      /: a.ndjson is new or has changed since$/,
    ],
  ];
  for (const [name, make, said] of cases) {
    test(name, async () => {
      const folders = await parsedFolders();
      make(folders);
      const { agrees, readings, announced } = await compare(folders);
      assert.deepEqual([agrees, readings], [true, undefined]);
      assert.match(announced[0]!, /^2026-09-21T14: not parsed yet: /);
      assert.match(announced[0]!, said);
      assert.deepEqual(announced.slice(1), [
        '1 device days compared with the parsed archive, 0 differ; hours of arrival: 1, not parsed yet: 1',
      ]);
    });
  }
});

test('a parsed raw object that is missing is a difference, even if its whole hour is missing', async () => {
  const folders = await parsedFolders();
  rmSync(path.join(folders.raw, '2026/09/21/15'), { recursive: true });
  const { agrees, announced } = await compare(folders, { isWholeArchive: true });
  assert.deepEqual(
    [agrees, announced[0]],
    [false, '2026-09-21T15: raw/2026/09/21/15/a.ndjson was parsed, but is not among the files'],
  );
  // Files that somebody names may be a part of the archive.
  assert.equal((await compare(folders)).agrees, true);
});

test('rows of an hour that is in neither archive are a difference if the archive is complete', async () => {
  const folders = await parsedFolders();
  for (const hour of ['raw/2026/09/21/15', 'parsed/hours/2026/09/21/15.json'])
    rmSync(path.join(folders.parsed, '..', hour.replace(/^raw/, 'raw/raw')), { recursive: true });
  const { agrees, announced } = await compare(folders, { isWholeArchive: true });
  assert.equal(agrees, false);
  assert.equal(
    announced.at(-1),
    '2026-09-21T15: the parsed archive has rows of it, and neither a manifest nor raw objects',
  );
  assert.equal((await compare(folders)).agrees, true);
});

test('an archive of which nothing is parsed yet is not compared', async () => {
  const folders = await parsedFolders();
  rmSync(path.join(folders.parsed, 'hours'), { recursive: true });
  assert.deepEqual(await compare(folders), {
    ...{ agrees: true, readings: undefined },
    announced: ['the parsed archive has no hours yet: it was not compared'],
  });
});

test('hours without a manifest are one line', async () => {
  const folders = await parsedFolders();
  for (const hour of [16, 17]) {
    const file = path.join(folders.raw, `2026/09/21/${hour}/a.ndjson`);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, line({ t: 1 }));
  }
  const { agrees, announced } = await compare(folders);
  assert.deepEqual([agrees, announced.length], [true, 2]);
  assert.equal(announced[0], '2026-09-21T16 and 1 more up to 2026-09-21T17: not parsed yet: no manifest');
});

test('rows that a merge has in the day and still in the hour are there once', async () => {
  await parsedFolders();
  const before = new Map(s3.objects);
  await parseArchive(AT + 20 * HOUR);
  for (const [key, bytes] of before) if (key.includes('/hour-')) s3.objects.set(key, bytes);
  assert.equal((await compare(copyBuckets(s3))).agrees, true);
});

test('only readings from the window that holds `from` until before `to` are compared', async () => {
  const folders = await parsedFolders();
  await rewrite(path.join(folders.parsed, FILE), (block) =>
    block.device === 'd' ? without(block, 25) : block,
  );
  const from = AT + 31_000;
  assert.deepEqual(await compare(folders, { from, to: AT + 50_000 }), {
    agrees: true,
    readings: 20,
    announced: ['1 device days compared with the parsed archive, 0 differ; hours of arrival: 2'],
  });
  assert.equal((await compare(folders, { from: AT + 21_000 })).agrees, false);
});

test('a raw file that cannot be read is reported, its hour is left out, and the others are compared', async () => {
  put(AT, 'a.ndjson', minute('d'));
  put(AT + HOUR, 'b.gz', gzipSync(minute('e')));
  await parseArchive(AT + 10 * HOUR);
  const folders = copyBuckets(s3);
  const file = filesBelow([folders.raw]).find((each) => each.endsWith('b.gz'))!;
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.fill(7, bytes.length - 8));
  const { agrees, announced } = await compare(folders);
  assert.equal(agrees, false);
  assert.match(announced[0]!, /^2026-09-21T\d\d: not compared: .*b\.gz: incorrect data check$/);
  assert.equal(announced[1], '1 device days compared with the parsed archive, 0 differ; hours of arrival: 1');
});

test('a file whose folder does not give its hour is reported with the remedy', async () => {
  const folders = await parsedFolders();
  const paths = [path.join(folders.raw, '..', 'raw'), path.join(temporaryFolder(), 'a.ndjson')];
  writeFileSync(paths[1]!, line({ t: 1 }));
  await assert.rejects(compare(folders, { paths }), {
    name: 'AuditError',
    message: /a\.ndjson: its folder does not say in which hour it arrived, .*--no-parsed$/,
  });
});

test('any lines agree, and any row that is lost afterwards is a difference', async () => {
  const reading = fc.record(
    {
      deviceId: fc.constantFrom('d', 'e', 'f:1'),
      site: fc.constantFrom('s', 'r'),
      timestamp: fc.constantFrom(undefined, AT, AT + 1, AT + 9999, AT + 10_000, AT - 24 * HOUR),
      id: fc.constantFrom(undefined, '', 'x', 'y', 'AA:BB:CC:DD:EE:FF', 7),
      t: fc.constantFrom(1, 2, -0, 0.1 + 0.2, '3', 1e-7, 123456789012345.67, '4 °F'),
      h: fc.constantFrom(undefined, 5, null, 999_999_999_999_999),
    },
    { requiredKeys: ['deviceId', 'site', 't'] },
  );
  const lines = fc.array(fc.tuple(reading, fc.constantFrom(AT + 1, AT + 2, AT + 20_000)), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(lines, lines, fc.nat(), async (first, second, place) => {
      s3.objects.clear();
      const text = (all: typeof first, at = 0) => all.map(([members, ms]) => line(members, ms + at)).join('');
      put(AT, 'a.ndjson', text(first));
      put(AT + HOUR, 'b.ndjson', text(first) + text(second, HOUR));
      await parseArchive(AT + 4 * HOUR);
      const folders = copyBuckets(s3);
      const { agrees, announced } = await compare(folders);
      assert.equal(agrees, true, announced.join('\n'));
      const files = [...s3.objects.keys()].filter((key) => key.endsWith('.parquet'));
      if (files.length === 0) return;
      let isChanged = false;
      await rewrite(path.join(folders.parsed, '..', files[place % files.length]!), (block) => {
        if (isChanged) return block;
        isChanged = true;
        return without(block, place % block.timestamps.length);
      });
      assert.equal((await compare(folders)).agrees, false);
    }),
    { numRuns: 25 },
  );
});
