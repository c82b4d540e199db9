// The sorter returns the same rows whether they fit in memory or are in runs on disk, and Parquet round-trips.

import { afterAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { createParquetFile, readParquetFile } from '../../adapters/parquet-file.ts';
import { createRowSorter } from '../../adapters/row-sorter.ts';
import type { ArchivedReading } from '../../core/archive/archived-reading.ts';
import type { RowBlock } from '../../core/archive/parsed-rows.ts';

const HOUR = Date.parse('2026-12-01T05:00:00Z');
const folder = mkdtempSync(path.join(tmpdir(), 'tidegate-sorter-'));
afterAll(() => rmSync(folder, { recursive: true }));

const reading = fc.record({
  deviceId: fc.constantFrom('a', 'b', 'ä', '\u{1F600}', '\uFFFD'),
  site: fc.constantFrom('s', 'r'),
  timestamp: fc.constantFrom(HOUR, HOUR + 1, HOUR + 9999, HOUR + 10_000),
  receivedAt: fc.constantFrom(HOUR, HOUR + 5),
  messageId: fc.constantFrom(undefined, 'x'),
  key: fc.constantFrom(1, 2, -1, -2),
  values: fc.array(
    fc.record({
      metric: fc.constantFrom('t', 'h'),
      value: fc.double({ noNaN: true }),
      exact: fc.constantFrom(undefined, '1.1'),
      unit: fc.constantFrom(undefined, '°C', '%'),
    }),
    { minLength: 1, maxLength: 2 },
  ),
});

function sorted(readings: readonly ArchivedReading[], rowsInMemory: number) {
  const sorter = createRowSorter({ folder, rowsInMemory, windowSeconds: 10 });
  try {
    for (const each of readings) sorter.add(each, HOUR);
    return { blocks: [...sorter.blocks()], repeated: sorter.repeated() };
  } finally {
    sorter.close();
  }
}

test('rows are the same whether they fit in memory or not, and no temporary files remain', () => {
  fc.assert(
    fc.property(fc.array(reading, { maxLength: 40 }), fc.integer({ min: 1, max: 9 }), (readings, rows) => {
      assert.deepEqual(sorted(readings, rows), sorted(readings, 1000));
    }),
    { numRuns: 200 },
  );
  assert.deepEqual(readdirSync(folder), []);
});

test('a file gives back its rows, over the borders of row groups', async () => {
  const count = 300_000;
  const block = (device: string): RowBlock => ({
    ...{ site: 'Süd', device, metric: 't' },
    timestamps: Float64Array.from({ length: count }, (_, n) => HOUR + n),
    values: Float64Array.from({ length: count }, (_, n) => n / 7),
    receivedAt: Float64Array.from({ length: count }, (_, n) => HOUR + 2 * n),
    hours: new Float64Array(count).fill(HOUR),
    units: Array.from({ length: count }, (_, n) => (n % 3 === 0 ? '°C' : undefined)),
    exact: Array.from({ length: count }, (_, n) => (n === 5 ? '0.714285714285714' : undefined)),
    messageIds: Array.from({ length: count }, (_, n) => (n % 2 === 0 ? `id-${n}` : undefined)),
  });
  const blocks = [block('a'), block('b')];
  const file = createParquetFile(path.join(folder, 'file.parquet'));
  for (const each of blocks) file.add({ block: each, from: 0, to: count });
  const { rows, path: written } = file.finish([HOUR]);
  assert.equal(rows, 2 * count);

  const read = await readParquetFile({ key: 'file.parquet', path: written });
  assert.deepEqual(read.hours, [HOUR]);
  let at = 0;
  for await (const each of read.rows()) {
    const whole = blocks[Math.floor(at / count)]!;
    const [from, to] = [at % count, (at % count) + each.timestamps.length];
    assert.deepEqual([each.site, each.device, each.metric], [whole.site, whole.device, whole.metric]);
    for (const name of [
      'timestamps',
      'values',
      'receivedAt',
      'hours',
      'units',
      'exact',
      'messageIds',
    ] as const)
      assert.deepEqual(each[name], whole[name].slice(from, to), name);
    at += each.timestamps.length;
  }
  assert.equal(at, 2 * count);
});

test('a disk that fails is an error that names the place', () => {
  const sorter = createRowSorter({ folder: '/nonexistent', rowsInMemory: 1, windowSeconds: 10 });
  const one = { deviceId: 'a', site: 's', timestamp: HOUR, receivedAt: HOUR, messageId: undefined, key: 1 };
  const values = [
    { metric: 't', value: 1 },
    { metric: 'h', value: 2 },
  ];
  assert.throws(() => sorter.add({ ...one, values }, HOUR), /ENOENT.*\/nonexistent/);
});
