// The parse-batch function on S3 in memory: with any failure and wherever a run ends, the parsed archive finally has each reading once.

import { afterAll, beforeAll, beforeEach, describe, jest, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync, zstdDecompressSync } from 'node:zlib';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import * as fc from 'fast-check';
import { parseArchiveLine } from '../../core/archive/careful-line.ts';
import { decimalText } from '../../core/decimal.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import { foldReadings } from '../../core/window.ts';
import type { HourManifest, ParseProgress } from '../../pipeline/parse-ports.ts';
import type { ParseReport } from '../../pipeline/parse-batch.ts';
import { openTables, type Tables } from '../adapters/tables.ts';
import { openMemoryS3, type MemoryS3 } from '../support/memory-s3.ts';
import { contextOf, sampleEvent, startLambda, tableVariables } from './lambda.ts';

const HOUR = 3_600_000;
const AT = Date.parse('2026-09-21T14:00:00Z');
const LIMITS = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };
const SPAN = { from: '2026-09-21T14:00:00Z', to: '2026-09-21T17:00:00Z' };

let tables: Tables;
let s3: MemoryS3;
let folder: string;
let written: string[];
let parse: (event?: unknown) => Promise<ParseReport>;
let now: ReturnType<typeof jest.spyOn>;

beforeAll(async () => {
  tables = await openTables();
  folder = mkdtempSync(path.join(tmpdir(), 'tidegate-test-'));
  s3 = openMemoryS3();
  ({ written } = startLambda({
    ...{ ...tableVariables, TMPDIR: folder },
    AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint,
  }));
  const { handler } = await import('../../functions/parse-batch.ts');
  const context = contextOf('parse-batch', { getRemainingTimeInMillis: () => 900_000 });
  parse = async (event = SPAN) => handler(event, context);
});
beforeEach(() => {
  s3.objects.clear();
  s3.onCall(() => {});
  now = jest.spyOn(Date, 'now').mockReturnValue(AT + 4 * HOUR);
});
afterAll(async () => {
  await tables.close();
  rmSync(folder, { recursive: true });
});

const rawKey = (hour: number, name: string) =>
  `raw/${new Date(hour).toISOString().slice(0, 13).replaceAll(/[-T]/g, '/')}/${name}`;
const put = (hour: number, name: string, content: string | Buffer) =>
  void s3.objects.set(`raw/${rawKey(hour, name)}`, Buffer.from(content));
/** A trace id is of one message. */
function line(members: object, receivedAt = AT + 1000): string {
  const traceId = `t-${fingerprint(`${receivedAt} ${JSON.stringify(members)}`)}`;
  return `${JSON.stringify({ deviceId: 'd', site: 's', traceId, receivedAt, ...members })}
`;
}

interface Row {
  readonly file: string;
  readonly device: string;
  readonly metric: string;
  readonly timestamp: Date;
  readonly value: number;
  readonly value_exact: string | null;
  readonly message_id: string | null;
}

async function rows(): Promise<Row[]> {
  const found: Row[] = [];
  for (const [key, bytes] of s3.objects) {
    if (!key.startsWith('parsed/readings/')) continue;
    const copy = path.join(folder, 'read.parquet');
    writeFileSync(copy, bytes);
    const read = await parquetReadObjects({
      file: await asyncBufferFromFile(copy),
      compressors: { ZSTD: (input: Uint8Array) => zstdDecompressSync(input) },
    });
    found.push(
      ...read.map((row) => ({ ...(row as unknown as Row), file: key.slice('parsed/readings/'.length) })),
    );
  }
  return found;
}

const files = () =>
  [...s3.objects.keys()]
    .filter((key) => key.startsWith('parsed/readings/'))
    .map((key) => key.slice(16))
    .sort();
const brief = async () =>
  (await rows())
    .map(({ device, metric, timestamp, value }) => `${device} ${metric} ${timestamp.getTime()} ${value}`)
    .sort();
const json = (key: string): unknown => JSON.parse(s3.objects.get(`parsed/${key}`)!.toString());
const manifest = (hour: string) => json(`hours/2026/09/21/${hour}.json`) as HourManifest;
const progress = () => json('progress.json') as { progress: ParseProgress };

/** The expected windows, computed from the raw lines in a simple way. */
function expectedOf(bytes: readonly Buffer[]): string[] {
  const messages = bytes.flatMap((each) =>
    each
      .toString()
      .split('\n')
      .filter(Boolean)
      .map((text) => parseArchiveLine(Buffer.from(text), LIMITS)),
  );
  return foldReadings(
    messages.flatMap(({ accepted }) => accepted),
    10,
  )
    .flatMap(({ readings }) => [...readings.values()])
    .flatMap(({ deviceId, timestamp, metrics }) =>
      metrics.map(({ name, value }) => `${deviceId} ${name} ${timestamp} ${Number(decimalText(value))}`),
    )
    .sort();
}

describe('an hour', () => {
  test('is in files by site and event date, each reading once, with counts', async () => {
    put(AT, 'a.ndjson', line({ timestamp: AT, t: 1, h: 2 }) + line({ timestamp: AT, t: 1, h: 2 }, AT + 5000));
    put(
      ...[AT, 'b.ndjson.gz'],
      gzipSync(
        line({ timestamp: AT - 86_400_000, t: 3, id: 'x' }) +
          line({ site: 'Store 7', t: 'x' }) +
          line({ site: 'Store 7', t: '4.5 °C' }),
      ),
    );
    const { hours, failed } = await parse();
    assert.deepEqual(failed, []);
    assert.deepEqual(files(), [
      'site=Store%207/date=2026-09-21/hour-2026-09-21T14.parquet',
      'site=s/date=2026-09-20/hour-2026-09-21T14.parquet',
      'site=s/date=2026-09-21/hour-2026-09-21T14.parquet',
    ]);
    const counts = { lines: 5, readings: 3, repeated: 1, rejected: 1, rows: 4, faults: [] };
    assert.deepEqual(hours, [{ hour: '2026-09-21T14', ...counts, state: 'done' }]);
    const { objects, files: listed } = manifest('14');
    assert.deepEqual(
      objects.map(({ key }) => key),
      [rawKey(AT, 'a.ndjson'), rawKey(AT, 'b.ndjson.gz')],
    );
    assert.deepEqual(listed.map((key) => key.slice('readings/'.length)).sort(), files());
    assert.deepEqual(await brief(), [
      `d h ${AT} 2`,
      `d t ${AT - 86_400_000} 3`,
      `d t ${AT} 1`,
      `d t ${AT + 1000} 4.5`,
    ]);
    assert.equal((await rows()).find(({ value }) => value === 3)!.message_id, 'x');
    assert.deepEqual(progress().progress.open, []);
  });

  test('is parsed again only when its objects changed, and replaces its rows', async () => {
    put(AT, 'a.ndjson', line({ timestamp: AT, t: 1 }));
    await parse();
    const before = s3.calls();
    await parse();
    const again = s3.calls() - before;
    put(AT, 'late.ndjson', line({ timestamp: AT + 1, t: 2, site: 'other' }));
    s3.objects.delete(`raw/${rawKey(AT, 'a.ndjson')}`);
    await parse();
    assert.deepEqual(await brief(), [`d t ${AT + 1} 2`]);
    assert.deepEqual(files(), ['site=other/date=2026-09-21/hour-2026-09-21T14.parquet']);
    // Three hours: a listing and a manifest each; the progress is read, leased and released.
    assert.equal(again, 9);
  });

  test('that is not over is parsed on request as far as it is archived, and again by the schedule', async () => {
    now.mockReturnValue(AT + 1_800_000);
    put(AT, 'a.ndjson', line({ timestamp: AT, t: 1 }));
    await parse({ from: '-1h', to: 'now' });
    assert.deepEqual(await brief(), [`d t ${AT} 1`]);
    assert.deepEqual(progress().progress.open, ['2026-09-21T14']);
    put(AT, 'b.ndjson', line({ timestamp: AT + 1, t: 2 }));
    now.mockReturnValue(AT + HOUR + 700_000);
    await parse({});
    assert.deepEqual(await brief(), [`d t ${AT + 1} 2`, `d t ${AT} 1`].sort());
    assert.deepEqual(progress().progress.open, []);
  });

  test('agrees with the windows, for any lines', async () => {
    const reading = fc.record(
      {
        deviceId: fc.constantFrom('d', 'e', 'f:1'),
        site: fc.constantFrom('s', 'r'),
        timestamp: fc.constantFrom(undefined, AT, AT + 1, AT + 9999, AT + 10_000, AT - 86_400_000),
        id: fc.constantFrom(undefined, 'x', 'y'),
        t: fc.constantFrom(1, 2, 0.1 + 0.2, '3'),
        h: fc.constantFrom(undefined, 5, null),
      },
      { requiredKeys: ['deviceId', 'site', 't'] },
    );
    const lines = fc.array(fc.tuple(reading, fc.constantFrom(AT + 1, AT + 2, AT + 20_000)), {
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(lines, lines, async (first, second) => {
        s3.objects.clear();
        const text = (all: typeof first) => all.map(([members, at]) => line(members, at)).join('');
        put(AT, 'a.ndjson', text(first));
        put(AT, 'b.ndjson', text(second));
        const [hour] = (await parse()).hours;
        assert.deepEqual(await brief(), expectedOf([Buffer.from(text(first)), Buffer.from(text(second))]));
        if (hour) assert.equal(hour.readings + hour.repeated, first.length + second.length);
      }),
      { numRuns: 40 },
    );
  });
});

describe('bad input leaves the hour open, with object and line, and everything else is written', () => {
  const good = line({ timestamp: AT, t: 1 });
  const cases: readonly (readonly [name: string, content: Buffer | string, fault: RegExp, rows: number])[] = [
    [
      'a line that is not JSON',
      `${good}{"t":\n${line({ t: 2 })}`,
      /bad line 2: the line is not JSON text$/,
      3,
    ],
    ['an object that is truncated', good + good.slice(0, 30), /bad line 2: the line is not JSON text$/, 2],
    [
      'gzip that ends early',
      gzipSync(Array.from({ length: 5000 }, (_, n) => line({ timestamp: AT + n, t: n })).join('')).subarray(
        0,
        -9,
      ),
      /bad line \d+: its gzip cannot be read: unexpected end of file$/,
      5001,
    ],
    [
      'gzip that is damaged',
      Buffer.concat([gzipSync(good).subarray(0, 12), Buffer.alloc(40, 255)]),
      /bad line 1: its gzip cannot be read/,
      1,
    ],
  ];
  for (const [name, content, fault, count] of cases) {
    test(name, async () => {
      put(AT, 'a', line({ deviceId: 'e', timestamp: AT, t: 1 }));
      put(AT, 'bad', content);
      put(AT + HOUR, 'a', line({ deviceId: 'next', t: 1 }, AT + HOUR));
      const { hours } = await parse();
      assert.deepEqual(
        hours.map(({ state }) => state),
        ['failed', 'done'],
      );
      assert.equal(hours[0]!.faults.length, 1);
      assert.match(hours[0]!.faults[0]!, fault);
      assert.equal((await rows()).filter(({ file }) => file.includes('T14')).length, count);
      assert.deepEqual(progress().progress.open, ['2026-09-21T14']);
      assert.ok(written.some((text) => text.includes('Hour has a fault')));
      // Once the object is mended, any run of the schedule is enough.
      put(AT, 'bad', good);
      now.mockReturnValue(AT + 400 * HOUR);
      const later = await parse(sampleEvent('parse-batch'));
      assert.equal(later.hours[0]!.state, 'done');
      assert.equal((await rows()).length, 3);
      assert.deepEqual(progress().progress.open, []);
    });
  }

  test('an object that is deleted after it was listed', async () => {
    put(AT, 'a', good);
    put(AT, 'b', line({ deviceId: 'e', t: 1 }));
    s3.onCall(({ name, key }) => {
      if (name === 'get' && key.endsWith('/a')) s3.objects.delete(`raw/${key}`);
    });
    const { hours } = await parse();
    assert.deepEqual(hours[0]!.faults, [`${rawKey(AT, 'a')} line 1: it was deleted after it was listed`]);
    assert.equal((await rows()).length, 1);
    assert.equal((await parse()).hours[0]!.state, 'done');
  });

  test('a failing service leaves the hour unchanged', async () => {
    put(AT, 'a', good);
    await parse();
    put(AT, 'b', line({ deviceId: 'e', t: 1 }));
    s3.onCall(({ name, key }) => {
      if (name === 'get' && key.endsWith('/b')) throw new Error('S3 is away');
    });
    const { failed } = await parse();
    assert.deepEqual(failed, [{ hour: '2026-09-21T14', reason: 'S3 is away' }]);
    assert.deepEqual(await brief(), [`d t ${AT} 1`]);
    s3.onCall(() => {});
    await parse();
    assert.equal((await rows()).length, 2);
  });
});

describe('a Parquet file of an older version', () => {
  const old = Buffer.from(
    parquetWriteBuffer({ columnData: [{ name: 'device', data: ['d'], type: 'STRING' }] }),
  );
  const span = { from: SPAN.from, to: '2026-09-21T16:00:00Z' };
  const day = 'site=s/date=2026-09-21/day.parquet';

  /** Two hours of two sites, merged, and then the day of one site in another schema and an object more in the first hour. */
  async function withOldDay(): Promise<void> {
    put(AT, 'a', line({ timestamp: AT, t: 1 }) + line({ timestamp: AT, t: 5, site: 'other' }));
    put(AT + HOUR, 'a', line({ timestamp: AT + HOUR, t: 2 }, AT + HOUR));
    await parse(span);
    now.mockReturnValue(Date.parse('2026-09-22T01:30:00Z'));
    await parse(sampleEvent('parse-batch'));
    assert.ok(files().includes(day));
    s3.objects.set(`parsed/readings/${day}`, old);
    put(AT, 'b', line({ timestamp: AT + 1, t: 3 }) + line({ timestamp: AT + 1, t: 6, site: 'other' }));
  }

  test('stops the hour that is to be replaced in it, by name, and no other', async () => {
    await withOldDay();
    put(AT + HOUR, 'c', line({ timestamp: AT + HOUR, t: 7, site: 'z' }, AT + HOUR));
    const { failed } = await parse(span);
    assert.deepEqual(
      failed.map(({ hour }) => hour),
      ['2026-09-21T14', '2026-09-21T15'],
    );
    for (const { reason } of failed)
      assert.match(
        reason,
        /^readings\/site=s\/date=2026-09-21\/day.parquet is not a file of this version: its columns are /,
      );
    assert.equal(manifest('14').state, 'writing');
    assert.deepEqual(progress().progress.open, ['2026-09-21T14', '2026-09-21T15']);
    assert.deepEqual(s3.objects.get(`parsed/readings/${day}`), old);
    s3.objects.delete(`parsed/readings/${day}`);
    const values = (await rows()).map(({ value }) => value).sort((a, b) => a - b);
    assert.deepEqual(values, [5, 6, 7], 'the other sites have what came');
  });

  test('is replaced once it is deleted and its hours are parsed again', async () => {
    await withOldDay();
    await parse(span);
    s3.objects.delete(`parsed/readings/${day}`);
    const { hours, failed } = await parse({ ...span, again: true });
    assert.deepEqual(failed, []);
    assert.deepEqual(
      hours.map(({ state }) => state),
      ['done', 'done'],
    );
    const values = (await rows()).map(({ value }) => value).sort((a, b) => a - b);
    assert.deepEqual(values, [1, 2, 3, 5, 6]);
  });
});

describe('days', () => {
  /** The next day, when the schedule merges. */
  const MORNING = Date.parse('2026-09-22T01:30:00Z');
  const LATE = { from: '2026-09-22T00:00:00Z', to: '2026-09-22T01:00:00Z' };

  function putDay(): void {
    for (let hour = 0; hour < 2; hour += 1)
      put(AT + hour * HOUR, 'a', line({ timestamp: AT + hour * HOUR, t: hour }, AT + hour * HOUR));
  }

  test('are merged into one file after their end, to which late hours are added, and in which an hour is replaced', async () => {
    putDay();
    await parse();
    now.mockReturnValue(MORNING);
    const { merged } = await parse(sampleEvent('parse-batch'));
    assert.deepEqual(merged, ['readings/site=s/date=2026-09-21']);
    assert.deepEqual(files(), ['site=s/date=2026-09-21/day.parquet']);
    assert.equal((await rows()).length, 2);

    put(AT + HOUR, 'b', line({ timestamp: AT + HOUR + 1, t: 7 }, AT + HOUR));
    put(Date.parse(LATE.from), 'a', line({ timestamp: AT + 5, t: 9 }, Date.parse(LATE.from)));
    await parse();
    assert.deepEqual(files(), ['site=s/date=2026-09-21/day.parquet']);
    assert.equal((await rows()).length, 3);
    await parse(LATE);
    assert.deepEqual(files(), [
      'site=s/date=2026-09-21/day.parquet',
      'site=s/date=2026-09-21/hour-2026-09-22T00.parquet',
    ]);
    now.mockReturnValue(MORNING + 24 * HOUR);
    await parse(sampleEvent('parse-batch'));
    assert.deepEqual(files(), ['site=s/date=2026-09-21/day.parquet']);
    assert.deepEqual(
      await brief(),
      [0, 1]
        .map((n) => `d t ${AT + n * HOUR} ${n}`)
        .concat(`d t ${AT + HOUR + 1} 7`, `d t ${AT + 5} 9`)
        .sort(),
    );
    // In order, whatever the files were.
    const times = (await rows()).map(({ timestamp }) => timestamp.getTime());
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
  });

  test('of another version stop the merge with the file and the columns, and stay', async () => {
    putDay();
    await parse();
    const key = `parsed/readings/${files()[0]}`;
    s3.objects.set(key, Buffer.from('PAR1 of another kind PAR1'));
    now.mockReturnValue(MORNING);
    const { merged, unmerged } = await parse(sampleEvent('parse-batch'));
    assert.deepEqual(merged, []);
    assert.match(unmerged[0]!.reason, /readings\/site=s\/date=2026-09-21\/hour-2026-09-21T14.parquet/);
    assert.equal(files().length, 2);
  });

  test('a run that is killed before any write leaves nothing double and nothing missing after the next one', async () => {
    const late = () => put(AT, 'b', line({ timestamp: AT + 3, t: 5, site: 'other' }));
    const later = () => put(AT + HOUR, 'b', line({ timestamp: AT + HOUR + 1, t: 6 }, AT + HOUR));
    const span = { from: SPAN.from, to: '2026-09-21T16:00:00Z' };
    async function all(): Promise<void> {
      putDay();
      await parse(span);
      late();
      now.mockReturnValue(MORNING);
      await parse(sampleEvent('parse-batch'));
      later();
      await parse(span);
    }
    /** Lets so many writes happen, and no call after them. Gives how many there were. */
    function killAfter(last: number) {
      let writes = 0;
      s3.onCall(({ name }) => {
        writes += name === 'put' || name === 'delete' ? 1 : 0;
        if (writes > last) throw new Error('killed');
      });
      return () => writes;
    }

    const count = killAfter(Infinity);
    await all();
    const [whole, writes] = [await brief(), count()];
    assert.equal(whole.length, 4);
    for (let last = 1; last < writes; last += 1) {
      s3.objects.clear();
      now.mockReturnValue(AT + 4 * HOUR);
      killAfter(last);
      await all().catch(() => {});
      s3.onCall(() => {});
      for (const mend of [putDay, late, later]) mend();
      // What is left of the lease runs out.
      now.mockReturnValue(MORNING + HOUR);
      await parse(span);
      await parse(sampleEvent('parse-batch'));
      assert.deepEqual(await brief(), whole, `after ${last} writes`);
      // A file a site and day, as the day is over.
      assert.equal(new Set(files().map((file) => path.dirname(file))).size, files().length);
    }
  }, 120_000);
});

test('a second run leaves everything to the first, and no files remain on disk', async () => {
  put(AT, 'a', line({ t: 1 }));
  let second: Promise<ParseReport> | undefined;
  s3.onCall(({ name }) => {
    if (name === 'list') second ??= parse();
  });
  const { hours } = await parse();
  assert.equal(hours.length, 1);
  assert.equal((await second!).busyUntil, new Date(AT + 4 * HOUR + 855_000).toISOString());
  assert.deepEqual(
    readdirSync(folder, { recursive: true }).filter((name) => /-.*\.(?:parquet|run)$/.test(String(name))),
    [],
  );
});
