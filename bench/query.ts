// Compares the tables of `npm run query` with DuckDB's own scan of the same files: `node bench/query.ts [--days 30] [--devices 20]`.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { listFiles, readFooters } from '../commands/query/archive-files.ts';
import { importDuckDb, isDuckDbInstalled, openDuckDb, type Connection } from '../commands/query/duckdb.ts';
import { readingsView, windowsView } from '../commands/query/views.ts';
import { deviceName, writeArchive } from './query-input.ts';

const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '30' },
    /** Devices per site; there are five sites. */
    devices: { type: 'string', default: '20' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log('usage: node bench/query.ts [--days N] [--devices N]');
  process.exit();
}
if (!isDuckDbInstalled()) {
  console.log('DuckDB is not installed: npm ci --prefix commands/query');
  process.exit(1);
}

const WINDOW_SECONDS = 10;
const AGGREGATE = (table: string) =>
  `SELECT metric, min(value), max(value), count(*) FROM ${table} GROUP BY metric ORDER BY metric`;
const device = deviceName('boise', 3);
const ONE_DEVICE = (table: string) =>
  `SELECT count(*), max(value) FROM ${table} WHERE site = 'boise' AND device = '${device}'`;
const HOURS = `SELECT date_trunc('hour', "start") AS hour, min("min"), max("max"), sum("sum"), sum("count") FROM windows
  WHERE device = '${device}' AND metric = 'temperature' AND "date" >= '2026-11-01' GROUP BY hour`;

interface Cost {
  readonly processorMs: number;
  readonly milliseconds: number;
}

async function costOf<Answer>(run: () => Promise<Answer>): Promise<Cost & { readonly answer: Answer }> {
  const [before, begun] = [process.cpuUsage(), performance.now()];
  const answer = await run();
  const { user, system } = process.cpuUsage(before);
  return { answer, processorMs: (user + system) / 1000, milliseconds: performance.now() - begun };
}

const ask = async (connection: Connection, sql: string) =>
  (await connection.runAndReadAll(sql)).getRowObjectsJson();

const shown = (name: string, { processorMs, milliseconds }: Cost) =>
  console.log(
    `${name.padEnd(46)} ${processorMs.toFixed(0).padStart(6)} ms of processor time, ${milliseconds.toFixed(0)} ms`,
  );

async function measure(bucket: string, mayRepeat: boolean): Promise<void> {
  const [days, devices] = [Number(values.days), Number(values.devices)];
  const rows = writeArchive({ bucket, days, devices, mayRepeat });
  const connection = await openDuckDb(await importDuckDb());
  await connection.run('SET threads = 1');
  console.log(`\n${rows} rows, ${mayRepeat ? 'any of which may be there twice' : 'days that are merged'}`);
  const opened = await costOf(async () => {
    await connection.run(readingsView(await readFooters(connection, listFiles(bucket))));
    await connection.run(windowsView(WINDOW_SECONDS));
  });
  shown('footers and views', opened);
  const files = `read_parquet('${bucket}/readings/*/*/*.parquet', hive_partitioning = true)`;
  for (const [name, sqlOf] of [
    ['all rows', AGGREGATE],
    ['one device', ONE_DEVICE],
  ] as const) {
    const plain = await costOf(async () => ask(connection, sqlOf(files)));
    const view = await costOf(async () => ask(connection, sqlOf('readings')));
    assert.deepEqual(view.answer, plain.answer);
    shown(`${name}, DuckDB's scan`, plain);
    shown(`${name}, readings`, view);
  }
  shown("hours of one device's windows", await costOf(async () => ask(connection, HOURS)));
}

const folder = mkdtempSync(path.join(tmpdir(), 'tidegate-query-'));
try {
  await measure(path.join(folder, 'merged'), false);
  await measure(path.join(folder, 'twice'), true);
} finally {
  rmSync(folder, { recursive: true });
}
