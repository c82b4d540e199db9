// Compares reading windows from the table and from the parsed archive, through the API of the running stack: `node bench/forgotten-days.ts [--devices 100]`.

import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { BatchWriteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createParquetFile } from '../adapters/parquet-file.ts';
import { createRollupStore } from '../adapters/rollup-store.ts';
import { itemOf } from '../adapters/window-item.ts';
import { openApi, type Api } from '../commands/api.ts';
import { dateOf, dayFile, partitionOf, type RowBlock } from '../core/archive/parsed-rows.ts';
import { decimalOf } from '../core/decimal.ts';
import { foldHours, HOUR_MS, hourOf } from '../core/hour.ts';
import { foldReadings, type Delta } from '../core/window.ts';
import { startStack, temporaryFolder, type BenchStack } from './stack.ts';

const { values } = parseArgs({
  options: { devices: { type: 'string', default: '100' }, help: { type: 'boolean', default: false } },
});
if (values.help) {
  console.log(
    'usage: node bench/forgotten-days.ts [--devices N]: each a value of two metrics in ten seconds, of seven days',
  );
  process.exit();
}
const DEVICES = Number(values.devices);
const DAYS = 7;
const DAY_MS = 24 * HOUR_MS;
const ROWS = DAY_MS / 10_000;
/** The table keeps at least 8 days: these are older. */
const START = Math.floor(Date.now() / DAY_MS) * DAY_MS - 20 * DAY_MS;
const METRICS = ['humidity', 'temperature'];
const NONE: undefined[] = Array<undefined>(ROWS).fill(undefined);
const deviceName = (n: number) => `cold-${String(n).padStart(4, '0')}`;
const DEVICE = deviceName(Math.floor(DEVICES / 2));

/** A walk in tenths, the same on every run. */
function blockOf(device: string, metric: string, start: number): RowBlock {
  let [seed, tenths] = [(Number(device.slice(5)) + 1) * 48_271 + metric.length + start / DAY_MS, 40];
  const timestamps = Float64Array.from({ length: ROWS }, (_, n) => start + n * 10_000 + 37);
  const readingValues = Float64Array.from(timestamps, () => {
    seed = (seed * 48_271) % 2_147_483_647;
    tenths += Math.round((seed / 2_147_483_647) * 4 - 2);
    return tenths / 10;
  });
  const receivedAt = timestamps.map((time) => time + 80);
  return {
    ...{ site: 'seattle', device, metric, timestamps, values: readingValues, receivedAt },
    ...{ hours: receivedAt.map(hourOf), units: NONE, exact: NONE, messageIds: NONE },
  };
}

async function writeDay(stack: BenchStack, s3: S3Client, start: number): Promise<number> {
  const key = dayFile(partitionOf('seattle', dateOf(start)));
  const file = path.join(temporaryFolder('day'), 'day.parquet');
  const growing = createParquetFile(file);
  for (let n = 0; n < DEVICES; n += 1)
    for (const metric of METRICS)
      growing.add({ block: blockOf(deviceName(n), metric, start), from: 0, to: ROWS });
  growing.finish(Array.from({ length: 24 }, (_, hour) => start + hour * HOUR_MS));
  const Body = readFileSync(file);
  const Bucket = stack.endpoints.outputs['ParsedBucket']!;
  await s3.send(new PutObjectCommand({ Bucket, Key: key, Body }));
  return Body.length;
}

function deltasOf(start: number): Delta[] {
  const blocks = METRICS.map((metric) => blockOf(DEVICE, metric, start));
  const readings = Array.from({ length: ROWS }, (_, n) => ({
    ...{ deviceId: DEVICE, site: 'seattle', timestamp: blocks[0]!.timestamps[n]! },
    fingerprint: String(n).padStart(16, '0'),
    metrics: blocks.map(({ metric, values: own }) => ({ name: metric, value: decimalOf(own[n]!)! })),
  }));
  return foldReadings(readings, 10);
}

async function writeTables(stack: BenchStack, client: DynamoDBClient, start: number): Promise<void> {
  const { WindowsTable: table, RollupsTable } = stack.endpoints.outputs;
  const deltas = deltasOf(start);
  const expiresAt = Math.floor(Date.now() / 1000) + 90 * 86_400;
  for (let at = 0; at < deltas.length; at += 25) {
    const some = deltas
      .slice(at, at + 25)
      .map((delta) => ({ PutRequest: { Item: itemOf(delta, expiresAt) } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [table!]: some } }));
  }
  const rollups = createRollupStore({
    ...{ client, table: RollupsTable!, retentionDays: 1000, windowRetentionDays: 90 },
    now: () => Date.now(),
  });
  const windows = deltas.map(({ readings, ...window }) => ({ ...window, readings: readings.size }));
  for (const hour of foldHours(windows)) await rollups.keep(DEVICE, hour);
  await rollups.saveProgress({ until: hourOf(Date.now() - HOUR_MS), after: '' });
}

async function fill(stack: BenchStack): Promise<void> {
  const settings = {
    ...{ endpoint: stack.endpoints.aws, region: 'us-east-1' },
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  const client = new DynamoDBClient(settings);
  const s3 = new S3Client({ ...settings, forcePathStyle: true });
  let bytes = 0;
  for (let start = START; start < START + DAYS * DAY_MS; start += DAY_MS) {
    bytes += await writeDay(stack, s3, start);
    await writeTables(stack, client, start);
  }
  const Item = {
    ...{ deviceId: { S: DEVICE }, site: { S: 'seattle' } },
    timeZone: { S: 'Asia/Kathmandu' },
  };
  await client.send(new PutItemCommand({ TableName: stack.endpoints.outputs['DevicesTable']!, Item }));
  const rows = DEVICES * METRICS.length * ROWS;
  console.log(
    `${DAYS} days of ${DEVICES} devices: ${rows} rows and ${(bytes / DAYS / 2 ** 20).toFixed(1)} MiB a day`,
  );
}

async function pagesOf(api: Api, from: number, to: number, resolution?: string): Promise<unknown[]> {
  const windows: unknown[] = [];
  let next: string | undefined;
  do {
    const query = { from, to, limit: 2000, resolution, next };
    const page: { windows: unknown[]; next?: string } = await api.call(['devices', DEVICE, 'windows'], {
      query,
    });
    windows.push(...page.windows);
    next = page.next;
  } while (next !== undefined);
  return windows;
}

const day = (n: number) => START + n * DAY_MS;
const month = (time: number) => new Date(time).toISOString().slice(0, 7);
/** Each day is read once, since the last few are remembered for a minute. */
const QUESTIONS: Readonly<Record<string, (api: Api) => Promise<unknown>>> = {
  'a day as it is stored': async (api) => pagesOf(api, day(1), day(2)),
  'another one': async (api) => pagesOf(api, day(2), day(3)),
  'a day at 10 min': async (api) => pagesOf(api, day(3), day(4), '10m'),
  'an hour as it is stored': async (api) => pagesOf(api, day(4) + HOUR_MS, day(4) + 2 * HOUR_MS),
  'seven days at 10 min': async (api) => pagesOf(api, day(0), day(7), '10m'),
  'a month of a site whose midnights cut hours': async (api) => {
    const { devices } = await api.call<{ devices: { report: unknown; seal: string }[] }>(['reports'], {
      query: { device: DEVICE, month: month(day(3)), metric: 'temperature' },
    });
    return [devices[0]!.report, devices[0]!.seal];
  },
};

async function ask(stack: BenchStack) {
  const api = await openApi({ 'data-dir': stack.dataDir });
  await pagesOf(api, day(0), day(0) + HOUR_MS, '10m'); // what a function imports
  const found: Record<string, { ms: number; cpu: number; answer: unknown }> = {};
  for (const [name, question] of Object.entries(QUESTIONS)) {
    const [begun, before] = [performance.now(), stack.processorSeconds()];
    const answer = await question(api);
    found[name] = { ms: performance.now() - begun, cpu: (stack.processorSeconds() - before) * 1000, answer };
  }
  return found;
}

// The archive has nothing that is settled while readings may be late by 30 days.
interface Cost {
  readonly ms: number;
  readonly cpu: number;
}

const kept = await startStack(temporaryFolder('data'), ['MaxLatenessDays=30']);
await fill(kept);
const table = await ask(kept);
await kept.stop();
const forgotten = await startStack(kept.dataDir, ['WindowRetentionDays=8']);
const archive = await ask(forgotten);
await forgotten.stop();
for (const name of Object.keys(QUESTIONS)) {
  const [one, other] = [table[name]!, archive[name]!];
  assert.deepEqual(other.answer, one.answer, name);
  const text = ({ ms, cpu }: Cost) => `${ms.toFixed(0)} ms, ${cpu.toFixed(0)} ms of processor time`;
  console.log(`${name.padEnd(44)} table: ${text(one).padEnd(40)} archive: ${text(other)}`);
}
