// Rebuilt windows must equal those of ingest, for any archive and wherever a run ends.

import { afterAll, beforeAll, describe, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { ScanCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import * as fc from 'fast-check';
import { audit } from '../../audit/audit.ts';
import { rebuild, type RebuildParts } from '../../audit/rebuild.ts';
import { parseRebuildOptions, type RebuildOptions } from '../../audit/rebuild-options.ts';
import { createDeviceStore } from '../../adapters/device-store.ts';
import { createOwnTables } from '../../audit/own-tables.ts';
import { createRollupStore } from '../../adapters/rollup-store.ts';
import { createWindowStore } from '../../adapters/window-store.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import { parseMessage } from '../../core/message.ts';
import { foldReadings } from '../../core/window.ts';
import { openTables, type Tables } from '../adapters/tables.ts';
import { temporaryFolder } from '../support/folders.ts';

const HOUR = 3_600_000;
/** Some hours ago, so that no window has expired and all hours are over. */
const START = Math.floor(Date.now() / HOUR) * HOUR - 10 * HOUR;
const limits = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };
const retentionDays = 90;
const stackTables = { fingerprintsTable: 'fingerprints', rollupsTable: 'rollups' };

let tables: Tables;
let names = 0;
beforeAll(async () => {
  tables = await openTables();
});
afterAll(() => tables.close());

type Item = Record<string, AttributeValue>;
const client = () => ({
  endpoint: tables.endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});
const freshName = () => `own-${(names += 1)}`;

function message(deviceId: string, members: object, receivedAt = START + 61_000): object {
  const context = { deviceId, site: 'seattle', clientId: deviceId };
  const traceId = `t-${fingerprint(`${deviceId} ${receivedAt} ${JSON.stringify(members)}`)}`;
  return { ...members, ...context, receivedAt, traceId };
}

/** A minute of one reading a second, some with an id or a unit, in the hours of arrival that are given. */
function messagesOf(deviceId: string, count = 60): object[] {
  return Array.from({ length: count }, (_, n) => {
    const reading = {
      timestamp: START + n * 1000,
      temperature: ((n * 37) % 80) / 10,
      humidity: 40 + (n % 7),
    };
    if (n % 5 === 0) return message(deviceId, { ...reading, temperature: `${reading.temperature} °C` });
    return message(deviceId, n % 3 === 0 ? { ...reading, id: `r-${n}` } : reading);
  });
}

const linesOf = (messages: readonly object[]) => messages.map((one) => `${JSON.stringify(one)}\n`).join('');

/** A folder as the raw bucket has it. */
function archiveOf(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  return folder;
}

const hourFolder = (n: number) =>
  `raw/${new Date(START + n * HOUR).toISOString().slice(0, 13).replaceAll(/[-T]/g, '/')}`;

/** As the function does it: a message after the other. */
async function ingest(
  messages: readonly object[],
  table: string,
  fingerprintsTable: string,
  windowSeconds = 10,
) {
  const store = createWindowStore({
    client: tables.client,
    table,
    fingerprintsTable,
    windowSeconds,
    retentionDays,
  });
  for (const one of messages)
    for (const delta of foldReadings(parseMessage(one, limits).accepted, windowSeconds))
      await store.apply(delta);
}

async function ingested(messages: readonly object[], windowSeconds = 10): Promise<string> {
  const table = freshName();
  await createOwnTables(tables.client).create(table, windowSeconds);
  await ingest(messages, table, `${table}-fingerprints`, windowSeconds);
  return table;
}

/** All items, in an order, with sets in order. */
async function itemsOf(table: string, device = ''): Promise<unknown[]> {
  const found: Item[] = [];
  let after: Item | undefined;
  do {
    const page = await tables.client.send(new ScanCommand({ TableName: table, ExclusiveStartKey: after }));
    found.push(...(page.Items ?? []));
    after = page.LastEvaluatedKey;
  } while (after);
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  const key = (item: Item) => `${item['windowStart']?.N}/${item['deviceId']?.S}`;
  return found
    .filter((item) => item['deviceId']?.S?.startsWith(device))
    .sort((a, b) => (key(a) < key(b) ? -1 : 1))
    .map((item) => ({ ...item, seen: item['seen']?.BS?.map(hex).sort() }));
}

async function run(folder: string, changes: Partial<RebuildOptions> = {}, parts: RebuildParts = {}) {
  const announced: string[] = [];
  const options = {
    ...{
      paths: [folder],
      table: 'windows',
      client: client(),
      windowSeconds: 10,
      retentionDays,
      isDryRun: false,
    },
    ...{ ...limits, ...changes },
  };
  const isWhole = await rebuild(options, { say: (line) => announced.push(line), progress: () => {} }, parts);
  return { isWhole, announced };
}

describe('a new table has the same windows as with ingest', () => {
  test('of many parts, files and hours of arrival, with each reading once', async () => {
    const messages = [...messagesOf('a'), ...messagesOf('b')];
    const late = message('a', { timestamp: START + 5500, temperature: 99 }, START + 3 * HOUR);
    const again = { ...messages[7], receivedAt: START + 3 * HOUR };
    const folder = archiveOf({
      [`${hourFolder(3)}/z.ndjson`]: linesOf([late, again]),
      [`${hourFolder(0)}/a.ndjson`]: linesOf(messages.slice(0, 75)),
      [`${hourFolder(0)}/b.ndjson.gz`]: gzipSync(linesOf(messages.slice(70))),
    });
    const table = freshName();
    const { isWhole, announced } = await run(folder, { table }, { partBytes: 2000 });
    assert.ok(isWhole);
    assert.deepEqual(await itemsOf(table), await itemsOf(await ingested([...messages, late])));
    assert.equal(announced[0], '127 lines in 3 files: 127 readings');
    assert.match(
      announced[1]!,
      /^own-\d+: 12 windows made, \d+ completed, 121 readings counted; devices: 2$/,
    );
    const before = await itemsOf(table);
    assert.match(
      (await run(folder, { table })).announced[1]!,
      /: 0 windows made, 0 completed, 0 readings counted; /,
    );
    assert.deepEqual(await itemsOf(table), before);
  });

  test('of any lines, cut into parts anywhere', async () => {
    const reading = fc.record(
      {
        deviceId: fc.constantFrom('d', 'e', 'f:1'),
        timestamp: fc.constantFrom(
          undefined,
          START,
          START + 1,
          START + 9999,
          START + 10_000,
          START - 86_400_000,
        ),
        id: fc.constantFrom(undefined, 'x', 'y', 7),
        t: fc.constantFrom(1, -2.5, 0.1 + 0.2, '3', '4 °F', 1e-7),
        h: fc.constantFrom(undefined, 5, null, 999_999_999_999_999),
      },
      { requiredKeys: ['deviceId', 't'] },
    );
    const lines = fc.array(fc.tuple(reading, fc.constantFrom(1, 2, 20_000)), { maxLength: 30 });
    const files = fc.array(fc.nat(30), { minLength: 3, maxLength: 3 });
    const [own, expected] = [freshName(), await ingested([])];
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(lines, files, fc.integer({ min: 1, max: 3000 }), async (all, cuts, partBytes) => {
        const prefix = `run-${(runs += 1)}-`;
        // As they arrived: of copies without a time the first counts, and ingest has it first.
        const messages = all
          .toSorted(([, a], [, b]) => a - b)
          .map(([{ deviceId, ...members }, ms]) => message(prefix + deviceId, members, START + ms));
        // A part ends with a file at the earliest, as a chunk that is read is larger than these files.
        const ends = [...cuts.toSorted((a, b) => a - b), messages.length];
        const folder = archiveOf(
          Object.fromEntries(
            ends.map((end, n) => [
              `${hourFolder(0)}/${n}.ndjson`,
              linesOf(messages.slice(n === 0 ? 0 : ends[n - 1], end)),
            ]),
          ),
        );
        await run(folder, { table: own }, { partBytes });
        await ingest(messages, expected, `${expected}-fingerprints`);
        assert.deepEqual(await itemsOf(own, prefix), await itemsOf(expected, prefix));
      }),
      { numRuns: 20 },
    );
  });

  test('of copies of a reading without a time, the one that arrived first counts, in whichever order a file has them', async () => {
    const late = message('copies', { id: 'x', t: 1e-7 }, START + 2);
    const early = message('copies', { id: 'x', t: 1e-7 }, START + 1);
    const table = freshName();
    await run(archiveOf({ [`${hourFolder(0)}/a.ndjson`]: linesOf([late, early]) }), { table });
    assert.deepEqual(await itemsOf(table), await itemsOf(await ingested([early, late])));
  });

  test('with windows of another length, and with more readings than an item has fingerprints of', async () => {
    const messages = Array.from({ length: 150 }, (_, n) =>
      message('busy', { timestamp: START + n * 300, temperature: n }),
    );
    const folder = archiveOf({
      [`${hourFolder(0)}/a.ndjson`]: linesOf([...messages, ...messagesOf('calm', 20)]),
    });
    const table = freshName();
    await run(folder, { table, windowSeconds: 60 }, { partBytes: 20_000 });
    const figures = async (name: string) =>
      ((await itemsOf(name)) as Item[]).map(({ seen: _seen, chunk: _chunk, ...rest }) => rest);
    assert.deepEqual(
      await figures(table),
      await figures(await ingested([...messages, ...messagesOf('calm', 20)], 60)),
    );
    // A duplicate that comes later is recognised, whichever way its fingerprint is kept.
    const before = await figures(table);
    await ingest(messages, table, `${table}-fingerprints`, 60);
    assert.deepEqual(await figures(table), before);
  });

  test('and readings of a full window beyond those that it takes are named', async () => {
    const packs = Array.from({ length: 3 }, (_, pack) =>
      message('full', {
        readings: Array.from({ length: 1000 }, (_member, n) => ({
          ...{ id: `r-${pack}-${n}`, timestamp: START + n, temperature: pack + n / 100 },
        })),
      }),
    );
    const folder = archiveOf({ [`${hourFolder(0)}/a.ndjson`]: linesOf(packs) });
    const { announced } = await run(folder, { table: freshName(), windowSeconds: 1 });
    assert.match(announced[1]!, /: 1 windows made, 0 completed, 2000 readings counted; /);
    assert.match(announced[2]!, /^1000 readings have no room in 1 full windows, /);
  });
});

describe("the stack's table", () => {
  test('gets the missing readings, each once, and its hours are marked', async () => {
    const messages = messagesOf('lost');
    await ingest(messages.slice(0, 25), 'windows', 'fingerprints');
    const folder = archiveOf({ [`${hourFolder(0)}/a.ndjson`]: linesOf(messages) });
    const rollups = createRollupStore({
      ...{ client: tables.client, table: 'rollups', retentionDays: 1096, windowRetentionDays: retentionDays },
      now: () => Date.now(),
    });
    const { announced } = await run(folder, { stackTables }, { partBytes: 3000 });
    assert.match(announced[1]!, /^windows: 3 windows made, \d+ completed, 35 readings counted; devices: 1$/);
    assert.deepEqual(await itemsOf('windows', 'lost'), await itemsOf(await ingested(messages)));
    assert.deepEqual(
      (await rollups.marks('lost')).map(({ start }) => start),
      [START],
    );
    // A run that was killed may not have marked what it wrote, so the next one does.
    for (const mark of await rollups.marks('lost')) await rollups.unmark('lost', mark);
    await run(folder, { stackTables });
    assert.equal((await rollups.marks('lost')).length, 1);
    const told2: string[] = [];
    const options = { paths: [folder], table: 'windows', client: client(), windowSeconds: 10, ...limits };
    assert.equal(await audit(options, (line) => told2.push(line)), true, told2.join('\n'));
  });

  test('is written while ingest counts the same readings', async () => {
    const messages = messagesOf('beside');
    const folder = archiveOf({ [`${hourFolder(0)}/a.ndjson`]: linesOf(messages) });
    await Promise.all([
      run(folder, { stackTables }, { partBytes: 1000 }),
      ingest(messages.toReversed(), 'windows', 'fingerprints'),
      run(folder, { stackTables }),
    ]);
    assert.deepEqual(await itemsOf('windows', 'beside'), await itemsOf(await ingested(messages)));
  });

  test('gets the units from devices if it has none, and no removed devices', async () => {
    const store = createDeviceStore({ client: tables.client, table: 'devices' });
    await store.noteSeen('with-unit', 'seattle', START);
    await store.noteUnits('with-unit', { humidity: '%RH' }, START);
    const of = (deviceId: string) =>
      message(deviceId, { timestamp: START, temperature: '4 °C', humidity: '40 %' });
    const folder = archiveOf({ [`${hourFolder(0)}/a.ndjson`]: linesOf([of('with-unit'), of('removed')]) });
    await run(folder, { stackTables, devicesTable: 'devices' });
    assert.deepEqual((await store.load('with-unit'))!.units, { humidity: '%RH', temperature: '°C' });
    assert.equal(await store.load('removed'), undefined);
  });

  test('is refused with windows of another length, before anything is written', async () => {
    const folder = archiveOf({ [`${hourFolder(0)}/a.ndjson`]: linesOf(messagesOf('other')) });
    await run(folder, { stackTables });
    const before = await itemsOf('windows', 'other');
    for (const windowSeconds of [7, 5, 60])
      await assert.rejects(run(folder, { stackTables, windowSeconds }), {
        name: 'AuditError',
        message:
          /^windows has windows of another length than \d+ s, such as the one of .*: give --window-seconds/,
      });
    assert.deepEqual(await itemsOf('windows', 'other'), before);
  });

  test("is not mistaken for a new one, nor a new one for the stack's", async () => {
    const folder = archiveOf({ [`${hourFolder(0)}/a.ndjson`]: linesOf(messagesOf('mistaken')) });
    await assert.rejects(
      run(folder),
      /^AuditError: --table windows: was not made by npm run rebuild: .*--fingerprints-table/,
    );
    await assert.rejects(
      run(folder, { stackTables, table: 'none' }),
      /^AuditError: --table none: the stack has no such table of windows$/,
    );
    const table = freshName();
    await run(folder, { table });
    await assert.rejects(
      run(folder, { table, windowSeconds: 60 }),
      /^AuditError: --window-seconds 60: the windows of own-\d+ have 10 s: name another table$/,
    );
  });
});

test('a dry run lists by device what would be written, and writes nothing', async () => {
  const messages = [...messagesOf('dry-1', 30), ...messagesOf('dry-2', 20)];
  const folder = archiveOf({ [`${hourFolder(0)}/a.ndjson`]: linesOf(messages) });
  const table = freshName();
  const { announced } = await run(folder, { table, isDryRun: true });
  assert.deepEqual(announced, [
    '50 lines in 1 files: 50 readings',
    'dry-1: 3 windows would be made, 0 completed, 30 readings counted',
    'dry-2: 2 windows would be made, 0 completed, 20 readings counted',
    `${table}: 5 windows would be made, 0 completed, 50 readings counted at most: nothing was written; devices: 2`,
  ]);
  assert.deepEqual(await createOwnTables(tables.client).kindOf(table), { kind: 'none' });
  await ingest(messages.slice(0, 15), 'windows', 'fingerprints');
  const before = await itemsOf('windows');
  const shared = await run(folder, { stackTables, isDryRun: true });
  assert.equal(shared.announced[1], 'dry-1: 1 windows would be made, 1 completed, 15 readings counted');
  assert.deepEqual(await itemsOf('windows'), before);
});

test('only windows of the span are made, from the hours that can have something of it', async () => {
  const messages = messagesOf('span');
  const folder = archiveOf({
    [`${hourFolder(0)}/a.ndjson`]: linesOf(messages),
    // Never read: that is not gzip.
    [`${hourFolder(-30)}/a.gz`]: Buffer.concat([gzipSync('x').subarray(0, 5)]),
  });
  const table = freshName();
  const { isWhole, announced } = await run(folder, { table, from: START + 15_000, to: START + 30_000 });
  assert.ok(isWhole);
  assert.equal(announced[0], '60 lines in 1 files: 60 readings');
  const starts = ((await itemsOf(table)) as Item[]).map((item) => Number(item['windowStart']!.N) - START);
  assert.deepEqual(starts, [10_000, 20_000]);
  await assert.rejects(
    run(folder, { table, from: START + 30 * 24 * HOUR }),
    /there are no archived objects of that time/,
  );
});

test('windows that would have expired by now are omitted and counted', async () => {
  const folder = archiveOf({ [`${hourFolder(0)}/a.ndjson`]: linesOf(messagesOf('old')) });
  const { announced } = await run(folder, { table: freshName() }, { now: () => START + 95 * 24 * HOUR });
  assert.match(announced.at(-1)!, /^6 windows left out: after 90 days they would have expired by now$/);
});

test('a truncated, damaged or missing file is reported, and everything else is counted', async () => {
  const messages = messagesOf('bad');
  const files = {
    [`${hourFolder(0)}/a.ndjson`]: `${linesOf(messages.slice(0, 20))}rubbish\n{"deviceId":"bad"}\n{"t":`,
    [`${hourFolder(0)}/b.gz`]: gzipSync(linesOf(messages.slice(20, 40))).subarray(0, -12),
    [`${hourFolder(0)}/c.gz`]: Buffer.concat([
      gzipSync(linesOf(messages)).subarray(0, 12),
      Buffer.alloc(40, 255),
    ]),
    [`${hourFolder(1)}/d.ndjson`]: linesOf(messages.slice(40)),
  };
  const folder = archiveOf(files);
  const table = freshName();
  const { isWhole, announced } = await run(folder, { table });
  assert.equal(isWhole, false);
  assert.match(announced[0]!, /, 3 rejected: not-json-object, 1 rejected: bad-context$/);
  assert.match(
    announced[1]!,
    /b\.gz: unexpected end of file: not read to its end; repair or replace the file, and run this again$/,
  );
  assert.match(announced[2]!, /c\.gz: .*: not read to its end; /);
  const starts = ((await itemsOf(table)) as Item[]).map((item) => Number(item['windowStart']!.N));
  assert.ok(starts.includes(START) && starts.includes(START + 50_000));
  writeFileSync(path.join(folder, `${hourFolder(0)}/b.gz`), gzipSync(linesOf(messages.slice(20, 40))));
  rmSync(path.join(folder, `${hourFolder(0)}/c.gz`));
  assert.equal((await run(folder, { table })).isWhole, true);
  assert.deepEqual(await itemsOf(table), await itemsOf(await ingested(messages)));
});

describe('options', () => {
  const dataDir = temporaryFolder();
  mkdirSync(path.join(dataDir, 's3', 'raw-bucket', 'raw'), { recursive: true });
  const address = {
    mqtt: 'mqtts://127.0.0.1:1',
    aws: 'http://127.0.0.1:1',
    web: 'http://127.0.0.1:1',
    ca: 'ca.pem',
  };
  const outputs = {
    ...{ WindowsTable: 'w', RawBucket: 'raw-bucket', FingerprintsTable: 'f', RollupsTable: 'r' },
    ...{ RulesTable: 'rules', DevicesTable: 'd' },
  };
  const parameters = {
    WindowSeconds: '10',
    WindowRetentionDays: '31',
    MaxLatenessDays: '7',
    MaxSkewSeconds: '60',
  };
  writeFileSync(path.join(dataDir, 'endpoints.json'), JSON.stringify({ ...address, outputs, parameters }));
  const local = (...more: string[]) => parseRebuildOptions(['--local', '--data-dir', dataDir, ...more])!;

  test('of the local cloud are its own, and another table is a new one', () => {
    const { table, stackTables: own, retentionDays: days, devicesTable } = local();
    assert.deepEqual(
      [table, own, days, devicesTable],
      ['w', { fingerprintsTable: 'f', rollupsTable: 'r' }, 31, 'd'],
    );
    const other = local('--table', 'minutes', '--window-seconds', '60', '--retention-days', '3650');
    assert.deepEqual([other.stackTables, other.devicesTable], [undefined, undefined]);
    assert.deepEqual([other.windowSeconds, other.retentionDays], [60, 3650]);
    assert.equal(parseRebuildOptions(['-h']), undefined);
  });

  test('that make no sense are refused by name', () => {
    const refused: readonly (readonly [readonly string[], RegExp])[] = [
      [[], /^name the files or folders of archived objects, or give --local /],
      [[dataDir], /^--table is missing: a new table's name, or the stack's output WindowsTable$/],
      [[dataDir, '--table', 'x'], /^--retention-days is missing: /],
      [
        [dataDir, '--table', 'x', '--retention-days', '0'],
        /^--retention-days 0: must be a whole number from 1 to /,
      ],
      [
        [dataDir, '--table', 'x', '--retention-days', '9', '--rollups-table', 'r'],
        /^--fingerprints-table goes with --rollups-table/,
      ],
      [
        ['--local', '--data-dir', dataDir, '--from', '-1h', '--to', '-2h'],
        /^--from -1h: must be before --to -2h$/,
      ],
      [
        ['--local', '--data-dir', dataDir, '--window-seconds', '60'],
        /^--window-seconds 60: the windows of w have 10 s: name a new table with --table, /,
      ],
      [['--local', '--data-dir', dataDir, '--dry'], /^Unknown option '--dry'/],
    ];
    for (const [args, reason] of refused)
      assert.throws(() => parseRebuildOptions(args), { name: 'AuditError', message: reason });
  });
});
