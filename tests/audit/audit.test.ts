// The audit must report each kind of difference, since people rely on it when it reports none.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  DeleteItemCommand,
  UpdateItemCommand,
  type AttributeValue,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { audit } from '../../audit/audit.ts';
import { parseAuditOptions, type AuditOptions } from '../../audit/options.ts';
import { createArchiveChecks } from '../../adapters/archive-checks.ts';
import { keyOf } from '../../adapters/window-item.ts';
import { createWindowStore } from '../../adapters/window-store.ts';
import type { ArchiveCheck } from '../../core/archive-check.ts';
import { parseMessage } from '../../core/message.ts';
import { foldReadings } from '../../core/window.ts';
import { openTables, type Tables } from '../adapters/tables.ts';
import { temporaryFolder } from '../support/folders.ts';
import { openMemoryS3 } from '../support/memory-s3.ts';
import { copyBuckets, parseArchive, rawKeyOf } from '../support/parsed-copy.ts';

/** Windows of today, so that they have not expired. */
const START = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 3_600_000;
const limits = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };
const retentionDays = 90;
const repair = { fingerprintsTable: 'fingerprints', rollupsTable: 'rollups', retentionDays };

let tables: Tables;
let folder: string;
beforeAll(async () => {
  tables = await openTables();
  folder = temporaryFolder();
});
afterAll(() => tables.close());

/** A minute of one reading a second, some with an id, the last of them packed. */
function messagesOf(deviceId: string): object[] {
  const context = {
    deviceId,
    site: 'seattle',
    receivedAt: START + 61_000,
    clientId: deviceId,
    traceId: 't-1',
  };
  const reading = (n: number) => ({
    ...(n % 3 === 0 ? { id: `r-${n}` } : {}),
    timestamp: START + n * 1000,
    temperature: ((n * 37) % 80) / 10,
    humidity: 40 + (n % 7),
  });
  const singles = Array.from({ length: 50 }, (_, n) => ({ ...reading(n), ...context }));
  return [...singles, { readings: Array.from({ length: 10 }, (_, n) => reading(50 + n)), ...context }];
}

async function ingest(messages: readonly object[], { windowSeconds = 10 } = {}): Promise<void> {
  const store = createWindowStore({
    client: tables.client,
    table: 'windows',
    fingerprintsTable: 'fingerprints',
    windowSeconds,
    retentionDays,
  });
  const readings = messages.flatMap((message) => parseMessage(message, limits).accepted);
  for (const delta of foldReadings(readings, windowSeconds)) await store.apply(delta);
}

const linesOf = (messages: readonly object[]) =>
  messages.map((message) => `${JSON.stringify(message)}\n`).join('');

interface Case {
  readonly deviceId: string;
  readonly run: (
    changes?: Partial<AuditOptions>,
    now?: number,
  ) => Promise<{ agrees: boolean; announced: string[] }>;
  readonly window: (n: number) => Record<string, AttributeValue>;
}

/** A device whose archive is in a folder: part of it plain, part compressed. */
function archived(deviceId: string): Case {
  const below = path.join(folder, deviceId, '2026', '11');
  mkdirSync(below, { recursive: true });
  const messages = messagesOf(deviceId);
  writeFileSync(path.join(below, 'a'), linesOf(messages.slice(0, 30)));
  writeFileSync(path.join(below, 'b.gz'), gzipSync(linesOf(messages.slice(20))));
  const client = {
    endpoint: tables.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  const paths = [path.join(folder, deviceId)];
  return {
    deviceId,
    async run(changes, now) {
      const announced: string[] = [];
      const options = { paths, table: 'windows', client, windowSeconds: 10, ...limits, ...changes };
      const agrees = await audit(options, (line) => announced.push(line), now);
      return { agrees, announced };
    },
    window: (n) => keyOf({ deviceId, site: '', windowStart: START + n * 10_000 }),
  };
}

const at = (n: number) => new Date(START + n * 10_000).toISOString();
const bytesInOrder = (item: Record<string, AttributeValue> | undefined) => ({
  ...item,
  seen: item?.['seen']?.BS?.map((bytes) => Buffer.from(bytes).toString('hex')).sort(),
});

test('a table with exactly the archived readings agrees', async () => {
  const { run, deviceId } = archived('all');
  await ingest(messagesOf(deviceId));
  assert.deepEqual(await run(), {
    agrees: true,
    announced: ['61 lines in 2 files: 70 readings', '6 windows compared, 0 differ; devices: 1'],
  });
});

const record = { historyTable: 'history', retentionDays: 9 };
const checksIn = async (deviceId: string) => {
  const store = createArchiveChecks({ client: tables.client, table: 'history', retentionDays: 9 });
  const checks: ArchiveCheck[] = [];
  for await (const check of store.newestFirst({ deviceId, since: START })) checks.push(check);
  return checks;
};

test('the result of an audit is recorded for reports, after a repair if there was one', async () => {
  const { run, deviceId, window } = archived('recorded');
  await ingest(messagesOf(deviceId));
  await tables.client.send(new DeleteItemCommand({ TableName: 'windows', Key: window(3) }));
  const [first, second] = [START + 3_600_000, START + 3_600_001];
  const span = { from: START, to: START + 60_000 };
  const { announced } = await run({ record }, first);
  assert.equal(announced.at(-1), `recorded for the reports of 1 device, until ${at(6)}`);
  await run({ record, repair }, second);
  assert.deepEqual(await checksIn(deviceId), [
    { at: second, ...span, days: [[6, 0]] },
    { at: first, ...span, days: [[6, 1]] },
  ]);
});

test('windows as young as the lag of the archive are not recorded as checked', async () => {
  const { run, deviceId } = archived('recorded-young');
  await ingest(messagesOf(deviceId));
  const { announced } = await run({ record }, START + 380_000);
  assert.equal(announced.at(-1), `recorded for the reports of 1 device, until ${at(2)}`);
  const [check] = await checksIn(deviceId);
  assert.deepEqual([check!.to, check!.days], [START + 20_000, [[2, 0]]]);
  assert.match(
    (await run({ record }, START + 60_000)).announced.at(-1)!,
    /^not recorded for reports: .* archive lags/,
  );
});

test('reports a lagging archive if the newest windows differ, but not for older ones', async () => {
  const { run, deviceId } = archived('young');
  await ingest(messagesOf(deviceId).slice(0, -1));
  const lag = /^the archive lags by up to 300 s: .*--to -6m/;
  assert.match((await run({}, START + 61_000)).announced.at(-1)!, lag);
  assert.doesNotMatch((await run({}, START + 400_000)).announced.join('\n'), /lags/);
});

test('a reading that the table lacks is found, and counted by the repair as ingest would have', async () => {
  const { run, deviceId, window } = archived('lost');
  await ingest(messagesOf(deviceId));
  const whole = await tables.item('windows', window(3));
  await tables.client.send(new DeleteItemCommand({ TableName: 'windows', Key: window(3) }));
  await ingest(messagesOf(deviceId).slice(30, 37));
  const difference = `lost ${at(3)}: 7 readings in the table, 10 in the archive`;
  const { agrees, announced } = await run();
  assert.deepEqual([agrees, announced[1]], [false, difference]);
  const repaired = await run({ repair });
  assert.deepEqual(
    [repaired.agrees, repaired.announced.slice(1)],
    [
      true,
      [
        difference,
        '6 windows compared, 1 differ; devices: 1',
        '3 readings counted that the table lacked',
        '6 windows compared, 0 differ; devices: 1',
      ],
    ],
  );
  assert.deepEqual(bytesInOrder(await tables.item('windows', window(3))), bytesInOrder(whole));
});

test('a window that the archive lacks is found, and no repair hides it', async () => {
  const { run, deviceId } = archived('more');
  const [message] = messagesOf(deviceId);
  await ingest([...messagesOf(deviceId), { ...message, id: 'not archived', timestamp: START + 5500 }]);
  const { agrees, announced } = await run({ repair });
  assert.equal(agrees, false);
  assert.deepEqual(
    announced.filter((line) => line.startsWith('more')),
    Array.from({ length: 2 }, () => `more ${at(0)}: 11 readings in the table, 10 in the archive`),
  );
});

test('a metric that only one side knows is found', async () => {
  const { run, deviceId, window } = archived('metrics');
  await ingest(messagesOf(deviceId));
  const change = (n: number, expressions: Partial<UpdateItemCommandInput>) =>
    tables.client.send(new UpdateItemCommand({ TableName: 'windows', Key: window(n), ...expressions }));
  const figures = ['min', 'max', 'sum', 'count'];
  const only = (...metrics: string[]) => ({
    ExpressionAttributeNames: Object.fromEntries(
      metrics.flatMap((metric) => figures.map((figure) => [`#${metric}${figure}`, `${metric}.${figure}`])),
    ),
  });
  await change(1, {
    ...only('door'),
    UpdateExpression: `SET ${figures.map((figure) => `#door${figure} = :one`).join()}`,
    ExpressionAttributeValues: { ':one': { N: '1' } },
  });
  await change(4, {
    ...only('humidity'),
    UpdateExpression: `REMOVE ${figures.map((figure) => `#humidity${figure}`).join()}`,
  });
  const { agrees, announced } = await run();
  assert.equal(agrees, false);
  assert.deepEqual(announced.slice(1, 3), [
    `metrics ${at(1)}: door.count is 1 in the table, missing in the archive`,
    `metrics ${at(4)}: humidity.count is missing in the table, 10 in the archive`,
  ]);
});

test('a changed statistic is found by its name', async () => {
  const { run, deviceId, window } = archived('changed');
  await ingest(messagesOf(deviceId));
  const change = (name: string, value: string) =>
    tables.client.send(
      new UpdateItemCommand({
        TableName: 'windows',
        Key: window(2),
        UpdateExpression: 'SET #name = :value',
        ExpressionAttributeNames: { '#name': name },
        ExpressionAttributeValues: { ':value': { N: value } },
      }),
    );
  for (const name of [
    'humidity.sum',
    'humidity.min',
    'humidity.max',
    'humidity.count',
    'firstReadingAt',
    'lastReadingAt',
  ]) {
    const before = (await tables.item('windows', window(2)))![name]!.N!;
    await change(name, '7');
    const { agrees, announced } = await run();
    assert.deepEqual(
      [agrees, announced[1]],
      [false, `changed ${at(2)}: ${name} is 7 in the table, ${before} in the archive`],
    );
    await change(name, before);
  }
  assert.equal((await run()).agrees, true);
});

test('a full window is reported as full and does not differ, unless it has readings that the archive lacks', async () => {
  const deviceId = 'full';
  const context = { deviceId, site: 'seattle', receivedAt: START + 1000, clientId: deviceId };
  const packs = Array.from({ length: 3 }, (_, pack) => ({
    readings: Array.from({ length: 1000 }, (_member, n) => ({
      ...{ id: `r-${pack}-${n}`, timestamp: START + (n % 1000), temperature: (pack * 1000 + n) / 100 },
    })),
    ...context,
    traceId: `t-${pack}`,
  }));
  const below = path.join(folder, deviceId);
  mkdirSync(below);
  writeFileSync(path.join(below, 'a'), linesOf(packs));
  await ingest(packs, { windowSeconds: 1 });
  const client = {
    endpoint: tables.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  async function run(): Promise<[boolean, ...string[]]> {
    const announced: string[] = [];
    const options = { paths: [below], table: 'windows', client, windowSeconds: 1, ...limits };
    return [await audit({ ...options, repair }, (line) => announced.push(line)), ...announced.slice(1)];
  }
  assert.deepEqual(await run(), [
    true,
    `full ${at(0)}: full with 2000 readings, 1000 more in the archive`,
    '1 windows compared, 0 differ, 1 full; devices: 1',
  ]);
  const set = (name: string, value: number) =>
    tables.client.send(
      new UpdateItemCommand({
        TableName: 'windows',
        Key: keyOf({ deviceId, site: '', windowStart: START }),
        UpdateExpression: 'SET #name = :value',
        ExpressionAttributeNames: { '#name': name },
        ExpressionAttributeValues: { ':value': { N: String(value) } },
      }),
    );
  await set('temperature.max', 30);
  assert.deepEqual((await run()).slice(0, 2), [
    false,
    `full ${at(0)}: temperature.max is 30 in the table, 29.99 in the archive`,
  ]);
  await set('readings', 1999);
  assert.equal((await run())[1], `full ${at(0)}: 1999 readings in the table, 3000 in the archive`);
});

test('the parsed archive is compared as well: the raw one, the windows and it have the same, or not', async () => {
  const s3 = openMemoryS3();
  const messages = messagesOf('three');
  const again = { ...messages[3], receivedAt: START + 3_700_000 };
  for (const [name, lines] of [['a.ndjson', messages] as const, ['b.ndjson', [again]] as const]) {
    const hour = START + (lines.length === 1 ? 3_600_000 : 0);
    s3.objects.set(`raw/${rawKeyOf(hour, name)}`, Buffer.from(linesOf(lines)));
  }
  await parseArchive(START + 4 * 3_600_000);
  await ingest(messages);
  const { raw, parsed: parsedFolder } = copyBuckets(s3);
  const { run } = archived('three');
  assert.deepEqual(await run({ paths: [raw], parsedFolder }), {
    agrees: true,
    announced: [
      '52 lines in 2 files: 61 readings',
      '6 windows compared, 0 differ; devices: 1',
      '1 device days compared with the parsed archive, 0 differ; hours of arrival: 2',
      '1 readings came again in a later hour: the parsed archive has them once for each',
    ],
  });
  const file = [...s3.objects.keys()].find((key) => key.endsWith('.parquet'))!;
  rmSync(path.join(parsedFolder, '..', file));
  assert.equal((await run({ paths: [raw], parsedFolder })).agrees, false);
});

test('only windows from the one that holds `from` until before `to` are compared', async () => {
  const { run, deviceId } = archived('some');
  await ingest(messagesOf(deviceId).slice(10, 30));
  const { agrees, announced } = await run({ from: START + 12_000, to: START + 30_000 });
  assert.deepEqual([agrees, announced.at(-1)], [true, '2 windows compared, 0 differ; devices: 1']);
  assert.equal((await run({ from: START + 9999, to: START + 30_000 })).agrees, false);
  assert.equal((await run({ from: START + 12_000, to: START + 30_001 })).agrees, false);
  await assert.rejects(run({ from: START + 60_000 }), /nothing to compare/);
});

test('rejections are reported by reason, and a truncated object by its name', async () => {
  const { run, deviceId } = archived('bad');
  await ingest(messagesOf(deviceId));
  const file = path.join(folder, 'bad', 'z');
  writeFileSync(file, 'rubbish\n{"deviceId":1}\nrubbish');
  const { agrees, announced } = await run();
  assert.deepEqual(
    [agrees, announced[0]],
    [true, '64 lines in 3 files: 70 readings, 2 rejected: not-json-object, 1 rejected: bad-context'],
  );
  writeFileSync(file, gzipSync(linesOf(messagesOf(deviceId))).subarray(0, -20));
  const cut = await run();
  assert.deepEqual(
    [cut.agrees, cut.announced[1]],
    [
      false,
      `${file}: unexpected end of file: not read to its end, so its windows may differ for that reason; repair or replace the file`,
    ],
  );
  assert.match(cut.announced.at(-1)!, /windows compared, 0 differ/);
});

/** What a stack leaves that does not run any more. */
const STOPPED = {
  mqtt: 'mqtts://127.0.0.1:1',
  aws: 'http://127.0.0.1:1',
  web: 'http://127.0.0.1:1',
  ca: 'ca.pem',
};

test('a local cloud that has stopped is named with the remedy, and exit code 2', () => {
  const dataDir = mkdtempSync(path.join(folder, 'stopped-'));
  const archive = path.join(dataDir, 's3', 'raw-bucket', 'raw');
  mkdirSync(archive, { recursive: true });
  writeFileSync(path.join(archive, 'object'), linesOf(messagesOf('stopped')));
  const outputs = { WindowsTable: 'windows', RawBucket: 'raw-bucket' };
  writeFileSync(path.join(dataDir, 'endpoints.json'), JSON.stringify({ ...STOPPED, outputs }));
  const program = path.resolve(import.meta.dirname, '../../audit/main.ts');
  const { status, stderr } = spawnSync(process.execPath, [program, '--local', '--data-dir', dataDir], {
    encoding: 'utf8',
  });
  assert.match(stderr, /^Tidegate is not running in .*: run npm start first, or name its folder [^\n]*\n$/);
  assert.equal(status, 2);
});

test('an empty archive of a local cloud is distinguished from a missing folder', () => {
  const dataDir = mkdtempSync(path.join(folder, 'young-'));
  const outputs = { WindowsTable: 'windows', RawBucket: 'raw-bucket' };
  writeFileSync(path.join(dataDir, 'endpoints.json'), JSON.stringify({ ...STOPPED, outputs }));
  assert.throws(() => parseAuditOptions(['--local', '--data-dir', dataDir]), {
    name: 'AuditError',
    message: /raw: nothing is archived yet; it is every 5 MB or 300 s/,
  });
});

test('a local cloud has its own parameters, which the command line overrides', () => {
  const dataDir = mkdtempSync(path.join(folder, 'minutes-'));
  mkdirSync(path.join(dataDir, 's3', 'raw-bucket', 'raw'), { recursive: true });
  const outputs = { WindowsTable: 'windows', RawBucket: 'raw-bucket' };
  const parameters = { WindowSeconds: '60', MaxLatenessDays: '14', MaxSkewSeconds: '5' };
  writeFileSync(path.join(dataDir, 'endpoints.json'), JSON.stringify({ ...STOPPED, outputs, parameters }));
  const settings = (...more: string[]) => {
    const options = parseAuditOptions(['--local', '--data-dir', dataDir, ...more])!;
    return [options.windowSeconds, options.maxLatenessSeconds, options.maxSkewSeconds];
  };
  assert.deepEqual(settings(), [60, 14 * 86_400, 5]);
  assert.deepEqual(settings('--window-seconds', '10'), [10, 14 * 86_400, 5]);
});

test("a time may be relative, and the region comes from the AWS CLI's configuration", () => {
  const { AWS_REGION: before, AWS_DEFAULT_REGION: other } = process.env;
  try {
    delete process.env['AWS_REGION'];
    process.env['AWS_DEFAULT_REGION'] = 'eu-west-1';
    const { from, to, client } = parseAuditOptions([
      folder,
      '--table',
      'windows',
      '--from',
      '-1h',
      '--to',
      'now',
    ])!;
    assert.ok(Math.abs(to! - from! - 3_600_000) < 60_000);
    assert.equal(client.region, 'eu-west-1');
  } finally {
    Object.assign(process.env, { ...(before && { AWS_REGION: before }), AWS_DEFAULT_REGION: other ?? '' });
  }
});

test('a local cloud has its parsed archive compared, and a copy needs its hours', () => {
  const dataDir = mkdtempSync(path.join(folder, 'parsed-'));
  mkdirSync(path.join(dataDir, 's3', 'raw-bucket', 'raw'), { recursive: true });
  const outputs = { WindowsTable: 'windows', RawBucket: 'raw-bucket', ParsedBucket: 'parsed-bucket' };
  writeFileSync(path.join(dataDir, 'endpoints.json'), JSON.stringify({ ...STOPPED, outputs }));
  const parse = (...more: string[]) => parseAuditOptions(['--local', '--data-dir', dataDir, ...more])!;
  const bucket = path.join(dataDir, 's3', 'parsed-bucket');
  assert.equal(parse().parsedFolder, bucket);
  mkdirSync(path.join(bucket, 'hours'), { recursive: true });
  assert.deepEqual([parse().parsedFolder, parse().isWholeArchive], [bucket, true]);
  assert.equal(parse('--no-parsed').parsedFolder, undefined);
  const day = path.join(dataDir, 's3', 'raw-bucket', 'raw', '2026');
  mkdirSync(day);
  assert.deepEqual([parse(day).parsedFolder, parse(day).isWholeArchive], [bucket, false]);
  assert.equal(parse(folder).parsedFolder, undefined, 'files from elsewhere');
  const copy = parseAuditOptions([folder, '--table', 'windows', '--parsed', bucket])!;
  assert.deepEqual([copy.parsedFolder, copy.isWholeArchive], [bucket, false]);
});

test('options that make no sense are refused by name', () => {
  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /^name the files or folders of archived objects, or give --local /],
    [['--tabel', 'windows'], /^Unknown option '--tabel'/],
    [[folder], /^--table is missing: the stack's output WindowsTable$/],
    [[path.join(folder, 'none'), '--table', 'windows'], /none: no such file or folder$/],
    [[folder, '--table', 'windows', '--from', 'noon'], /^--from noon: is not a time such as -1h, /],
    [
      [folder, '--table', 'windows', '--window-seconds', '0'],
      /^--window-seconds 0: must be a whole number from 1 to 3600$/,
    ],
    [[folder, '--table', 'windows', '--rules-table', 'rules'], /^--rules-table goes with --devices-table/],
    [
      [folder, '--table', 'windows', '--parsed', folder],
      /^--parsed .*: has no folder hours\/: copy the whole bucket/,
    ],
    [
      [folder, '--table', 'windows', '--parsed', folder, '--no-parsed'],
      /^--parsed does not go with --no-parsed$/,
    ],
    [[folder, '--table', 'windows', '--repair'], /^--repair goes with --retention-days/],
    [
      [folder, '--table', 'windows', '--repair', '--retention-days', '90'],
      /^--repair goes with --fingerprints-table/,
    ],
    [
      [folder, '--table', 'windows', '--repair', '--retention-days', '90', '--fingerprints-table', 'f'],
      /^--repair goes with --rollups-table/,
    ],
    [[folder, '--table', 'windows', '--retention-days', '90'], /^--repair goes with --retention-days/],
    [
      ['--local', '--data-dir', path.join(folder, 'none')],
      /^Tidegate is not running in .*: run npm start first/,
    ],
  ];
  for (const [args, message] of refused)
    assert.throws(() => parseAuditOptions(args), { name: 'AuditError', message });
  assert.equal(parseAuditOptions(['--help']), undefined);
  const { windowSeconds, maxLatenessSeconds, from } = parseAuditOptions([
    ...[folder, '--table', 'windows', '--max-lateness-days', '14', '--from', '2026-11-21T09:00Z'],
  ])!;
  assert.deepEqual([windowSeconds, maxLatenessSeconds, from], [10, 14 * 86_400, Date.UTC(2026, 10, 21, 9)]);
});
