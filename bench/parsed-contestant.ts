// Runs one contender of bench/parsed.ts in its own process: writes raw lines as Parquet, or queries one device's day. Prints JSON.

import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { createParquetFile } from '../adapters/parquet-file.ts';
import { createRowSorter } from '../adapters/row-sorter.ts';
import { createLineReader } from '../core/archive/archived-reading.ts';
import { createEventCutter } from '../core/archive/event-lines.ts';
import { partitionOf, slicesByDate } from '../core/archive/parsed-rows.ts';
import type { GrowingFile } from '../pipeline/parse-ports.ts';
import { chunksOf } from './fold-input.ts';
import { loadPeer } from './fold-peer.ts';

interface DuckDb {
  readonly DuckDBInstance: {
    create(path: string, options: Record<string, string>): Promise<{ connect(): Promise<Connection> }>;
  };
}
interface Connection {
  runAndReadAll(sql: string): Promise<{ getRowObjectsJson(): Record<string, string>[] }>;
}

async function openDuckDb(): Promise<Connection> {
  const { DuckDBInstance } = await loadPeer<DuckDb>('@duckdb/node-api');
  return (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
}

function writeOwn(file: string, folder: string): void {
  const read = createLineReader({ maxLatenessSeconds: 604_800, maxSkewSeconds: 60 });
  const cutter = createEventCutter();
  const sorter = createRowSorter({ folder, rowsInMemory: 1 << 20, windowSeconds: 10 });
  const hour = Date.parse('2026-09-21T14:00:00Z');
  const take = (events: readonly unknown[]) => {
    for (const event of events) for (const reading of read(event).readings) sorter.add(reading, hour);
  };
  for (const chunk of chunksOf(file)) take(cutter.add(chunk).events);
  take(cutter.end().events);
  const files = new Map<string, GrowingFile>();
  for (const block of sorter.blocks()) {
    for (const slice of slicesByDate(block)) {
      const partition = path.join(folder, partitionOf(block.site, slice.date));
      mkdirSync(partition, { recursive: true });
      const known = files.get(partition) ?? createParquetFile(path.join(partition, 'hour.parquet'));
      files.set(partition, known);
      known.add(slice);
    }
  }
  for (const each of files.values()) each.finish([hour]);
  sorter.close();
}

/** The same columns in the same order, with explicit types. */
async function writeDuckDb(file: string, folder: string): Promise<void> {
  const connection = await openDuckDb();
  await connection.runAndReadAll(`
    COPY (
      SELECT site, strftime(make_timestamp(timestamp * 1000), '%Y-%m-%d') AS date, deviceId AS device, metric,
        make_timestamp(timestamp * 1000)::TIMESTAMP_MS AS timestamp, value, NULL::VARCHAR AS value_exact,
        NULL::VARCHAR AS unit, make_timestamp(receivedAt * 1000)::TIMESTAMP_MS AS received_at,
        NULL::VARCHAR AS message_id, '2026-09-21T14' AS arrival_hour
      FROM (UNPIVOT (SELECT * FROM read_json('${file}', format = 'newline_delimited', columns = {
          timestamp: 'BIGINT', temperature: 'DOUBLE', humidity: 'DOUBLE', deviceId: 'VARCHAR', site: 'VARCHAR',
          receivedAt: 'BIGINT' })) ON temperature, humidity INTO NAME metric VALUE value)
      ORDER BY site, date, device, metric, timestamp
    ) TO '${folder}/readings' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880, PARTITION_BY (site, date))`);
}

const sizeOf = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(path.join(parentPath, name)).size, 0);

const [part, file = '', folder = ''] = process.argv.slice(2);
const glob = `read_parquet('${folder}/readings/*/*/*.parquet', hive_partitioning = true)`;
if (part === 'ask') {
  const begun = performance.now();
  const connection = await openDuckDb();
  const question = `SELECT timestamp, metric, value FROM ${glob} WHERE site = 'boise' AND device = '${file}'`;
  const rows = (await connection.runAndReadAll(question)).getRowObjectsJson().length;
  console.log(JSON.stringify({ rows, milliseconds: performance.now() - begun }));
} else if (part === 'check') {
  const connection = await openDuckDb();
  const columns = `site, metric, count(*)::INT n, sum(round(value * 10))::BIGINT::INT total, min(timestamp) a, max(timestamp) b`;
  const rows = await connection.runAndReadAll(`SELECT ${columns} FROM ${glob} GROUP BY ALL ORDER BY ALL`);
  console.log(JSON.stringify(rows.getRowObjectsJson()));
} else {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const before = process.cpuUsage();
  const begun = performance.now();
  if (part === 'own') writeOwn(file, folder);
  else await writeDuckDb(file, folder);
  const { user, system } = process.cpuUsage(before);
  const peakMebibytes = process.resourceUsage().maxRSS / 1024;
  const processorMilliseconds = (user + system) / 1000;
  const milliseconds = performance.now() - begun;
  console.log(JSON.stringify({ processorMilliseconds, milliseconds, peakMebibytes, bytes: sizeOf(folder) }));
}
