// Readings over MQTT, parsed with `npm run invoke` and queried with `npm run query`, which agrees with ingest's windows.

import { afterAll, beforeAll } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { truncateSync } from 'node:fs';
import path from 'node:path';
import { CopyObjectCommand, DeleteObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { isDuckDbInstalled } from '../../commands/query/duckdb.ts';
import { testIf } from '../support/conditions.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import {
  clientSettings,
  connectDevice,
  createDevice,
  filesOf,
  queryWindows,
  root,
  runScript,
  startTidegate,
  type Tidegate,
} from './tidegate.ts';

const HAS_DUCKDB = isDuckDbInstalled();
const testQuery = testIf(HAS_DUCKDB, 'DuckDB is not installed: npm ci --prefix commands/query');
const HOUR = 3_600_000;
const device = 'queried-1';
const start = Math.floor((Date.now() - 3 * HOUR) / 60_000) * 60_000;
/** The last one is of now, so that it is judged. */
const TEMPERATURES = [0.1, 0.2, 0.3, 0.4, 11.5];

let tidegate: Tidegate;
const query = (...args: string[]) =>
  runScript('commands/query.ts', [...args, '--data-dir', tidegate.dataDir]);

/** Runs commands as they are printed, in the checkout. */
const shell = (script: string) =>
  execFileSync('bash', ['-ec', script], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** Objects of the hour that is not over yet go into one that is. */
async function makeOlder(): Promise<void> {
  const s3 = new S3Client({ ...clientSettings(tidegate), forcePathStyle: true });
  const Bucket = tidegate.endpoints.outputs['RawBucket']!;
  const folder = new Date(Date.now() - 2 * HOUR).toISOString().slice(0, 13).replaceAll(/[-T]/g, '/');
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  for (const { Key } of Contents) {
    const moved = `raw/${folder}/${path.basename(Key!)}`;
    await s3.send(new CopyObjectCommand({ Bucket, Key: moved, CopySource: `${Bucket}/${Key}` }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  }
  s3.destroy();
}

beforeAll(async () => {
  if (!HAS_DUCKDB) return;
  const [dataDir, certs] = [temporaryFolder(), temporaryFolder()];
  tidegate = await startTidegate(dataDir);
  await createDevice(tidegate, device, certs);
  const client = await connectDevice(tidegate, device, certs);
  for (const [n, temperature] of TEMPERATURES.entries()) {
    const time = temperature > 8 ? {} : { timestamp: start + n * 4000 };
    const payload = JSON.stringify({ ...time, temperature });
    await client.publishAsync(`telemetry/seattle/${device}`, payload, { qos: 1 });
  }
  await client.endAsync();
  await eventually('the windows', async () => (await queryWindows(tidegate, device)).length === 3);
  // The archive is written when the program ends.
  await tidegate.stop();
  tidegate = await startTidegate(dataDir);
  await makeOlder();
});

afterAll(async () => {
  if (HAS_DUCKDB) await tidegate.stop();
});

testQuery('says how to parse unparsed hours, and has them afterwards', async () => {
  const before = await query('SELECT * FROM readings');
  assert.equal(before.code, 2);
  assert.match(
    before.stderr,
    /^nothing is parsed in .* yet: the first hour, .*\. Parse now:\n {2}echo '\{\}' \| npm run invoke/,
  );
  assert.match(shell(before.stderr.split('\n')[1]!), /"state": ?"done"/);
  const { stdout, stderr } = await query(
    'SELECT site, device, metric, value, unit FROM readings ORDER BY "timestamp"',
    ...['--format', 'csv'],
  );
  assert.equal(stderr, '');
  const lines = TEMPERATURES.map((value) => `seattle,${device},temperature,${value},`);
  assert.equal(stdout, ['site,device,metric,value,unit', ...lines, ''].join('\n'));
});

testQuery('has the windows of the table, with its exact sums', async () => {
  const { stdout } = await query('SELECT * FROM windows ORDER BY "start"', '--format', 'json');
  const found = (JSON.parse(stdout) as Record<string, unknown>[]).map((row) =>
    [
      row['device'],
      Date.parse(`${String(row['start'])}Z`),
      row['min'],
      row['max'],
      row['sum'],
      row['count'],
    ].join(),
  );
  const items = await queryWindows(tidegate, device);
  const stored = items.map((item) =>
    [
      ...[item['deviceId']!.S, item['windowStart']!.N],
      ...['min', 'max', 'sum', 'count'].map((name) => item[`temperature.${name}`]!.N),
    ].join(),
  );
  assert.deepEqual(found, stored);
  assert.match(stored.join(' '), /,0\.1,0\.3,0\.6,3 /);
});

testQuery('joins readings with the history of alerts', async () => {
  const rows = async () => {
    const { stdout, stderr } = await query(
      `SELECT what, device, rule, a.value, threshold, r.value AS reading FROM alerts AS a
       JOIN readings AS r USING (device) WHERE what = 'raised' AND rule = 'temperature-high' AND r.value > 8`,
      ...['--format', 'csv'],
    );
    assert.equal(stderr, '');
    return stdout.split('\n')[1] !== '' && stdout;
  };
  assert.equal(
    await eventually('the alert', rows),
    `what,device,rule,value,threshold,reading\nraised,${device},temperature-high,11.5,8,11.5\n`,
  );
});

testQuery('names a damaged file with commands that restore it', async () => {
  const [file] = filesOf(tidegate, 'ParsedBucket').filter((name) => name.endsWith('.parquet'));
  truncateSync(file!, 100);
  const { code, stderr } = await query('SELECT count(*) AS n FROM readings');
  const [fault, , ...commands] = stderr.trimEnd().split('\n');
  assert.equal(code, 2);
  assert.ok(fault!.startsWith(`${file} is damaged: `), stderr);
  shell(commands.join('\n'));
  const { stdout } = await query('SELECT count(*) AS n FROM readings', '--format', 'csv');
  assert.equal(stdout, `n\n${TEMPERATURES.length}\n`);
});
