// Days that the tables have forgotten come from the parsed archive, digit by digit as they were; damaged files never give an answer.

import { afterAll, beforeAll, beforeEach, jest, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { createRollupStore } from '../../adapters/rollup-store.ts';
import { createWindowHistory } from '../../adapters/window-history.ts';
import { createWindowStore } from '../../adapters/window-store.ts';
import { HOUR_MS } from '../../core/hour.ts';
import { parseMessage } from '../../core/message.ts';
import { foldReadings } from '../../core/window.ts';
import { openTables, type Tables } from '../adapters/tables.ts';
import { openMemoryS3, type MemoryS3 } from '../support/memory-s3.ts';
import { contextOf, sampleEvent, startLambda, tableVariables } from './lambda.ts';

const DAY = 24 * HOUR_MS;
const START = Date.parse('2026-09-01T00:00:00Z');
const LIMITS = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };
/** As tableVariables have them. */
const [WINDOW_DAYS, HISTORY_DAYS] = [30, 1096];
/** The month is over and no reading can be late any more; its first windows go a few days later. */
const WHILE_KEPT = START + 7.5 * DAY;
const WINDOWS_GONE = START + 60 * DAY;
const HOURS_GONE = START + 1200 * DAY;

let tables: Tables;
let s3: MemoryS3;
let folder: string;
let now: ReturnType<typeof jest.spyOn>;
let written: string[];
let ask: (path: string, query?: string) => Promise<{ body: Record<string, unknown>; text: string }>;

interface Message {
  readonly at: number;
  /** Milliseconds until it arrives. */
  readonly later?: number;
  readonly members: object;
}

/** Three hours of two days, one between without a message; exact decimals, a resend, a late one, two topics at one moment. */
function messages(): Message[] {
  const usual = [0, 2].flatMap((day) =>
    Array.from({ length: 400 }, (_, n): Message => {
      const at = START + day * DAY + 5 * HOUR_MS + n * 27_000;
      return { at, members: { timestamp: at, temperature: (n % 37) / 10, humidity: 40 + (n % 9) } };
    }),
  );
  const [at, topics] = [START + 6 * HOUR_MS + 1234, START + 18 * HOUR_MS];
  return [
    // On the day of UTC that the month of Nepal cuts: before and after the cut.
    ...[3, 18.1, 18.5].map((hour): Message => {
      const at = START - DAY + hour * HOUR_MS;
      return { at, members: { timestamp: at, temperature: hour / 4 } };
    }),
    ...usual,
    // A resend in a later hour, and one in the same.
    { ...usual[7]!, later: 3 * HOUR_MS },
    { ...usual[8]!, later: 5000 },
    {
      at: START + 7 * HOUR_MS,
      later: 5 * DAY,
      members: { timestamp: START + 7 * HOUR_MS, temperature: -9.5 },
    },
    { at: at + 1, members: { timestamp: at + 1, temperature: '0.123456789012345' } },
    { at: at + 2, members: { timestamp: at + 2, temperature: 123456789012345.67, humidity: 1e-15 } },
    // A topic for each metric: two readings of one moment, the last of their window.
    ...[60_000, 90_000, 123_000, 1_800_000].flatMap((later, n) => [
      { at: topics + later, members: { timestamp: topics + later, temperature: 5.25 + n } },
      { at: topics + later, members: { timestamp: topics + later, humidity: 55.5 } },
    ]),
  ];
}

const eventOf = ({ at, later = 0, members }: Message, n: number) => ({
  ...{ deviceId: 'd', site: 's', clientId: 'd', traceId: `t-${n}`, receivedAt: at + 50 + later },
  ...members,
});

beforeAll(async () => {
  tables = await openTables();
  folder = mkdtempSync(path.join(tmpdir(), 'tidegate-test-'));
  s3 = openMemoryS3();
  ({ written } = startLambda({
    ...{ ...tableVariables, TMPDIR: folder, AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint },
  }));
  now = jest.spyOn(Date, 'now').mockReturnValue(WHILE_KEPT);
  const { handler } = await import('../../functions/api.ts');
  ask = async (route, query = '') => {
    const event = sampleEvent('api-devices') as { requestContext: { http: object } };
    const requestContext = { ...event.requestContext, http: { method: 'GET', path: route } };
    const answer = (await handler(
      { ...event, routeKey: `GET ${route}`, rawPath: route, rawQueryString: query, requestContext } as never,
      contextOf('api'),
    )) as { statusCode: number; body: string };
    assert.equal(answer.statusCode, 200, answer.body);
    return { body: JSON.parse(answer.body) as Record<string, unknown>, text: answer.body };
  };
  await tables.client.send(
    new PutItemCommand({ TableName: 'devices', Item: { deviceId: { S: 'd' }, site: { S: 's' } } }),
  );
  await ingest();
  await parse();
});
beforeEach(() => {
  written.length = 0;
  now.mockReturnValue(WINDOWS_GONE);
  s3.onCall(() => {});
});
afterAll(async () => {
  now.mockRestore();
  await tables.close();
  rmSync(folder, { recursive: true });
});

/** Windows and hours as ingest and rollup keep them. */
async function ingest(): Promise<void> {
  const { client } = tables;
  const common = { client, table: 'windows', windowSeconds: 10 };
  const store = createWindowStore({
    ...common,
    fingerprintsTable: 'fingerprints',
    retentionDays: WINDOW_DAYS,
  });
  const readings = messages().flatMap((message, n) => [
    ...parseMessage(eventOf(message, n), LIMITS).accepted,
  ]);
  for (const delta of foldReadings(readings, 10)) await store.apply(delta);
  const history = createWindowHistory({ ...common, now: () => WHILE_KEPT });
  const hours = await history.hours({ deviceId: 'd', from: START - DAY, to: START + 4 * DAY });
  const rollups = createRollupStore({
    ...{ client, table: 'rollups', retentionDays: HISTORY_DAYS, windowRetentionDays: WINDOW_DAYS },
    now: () => WHILE_KEPT,
  });
  for (const hour of hours) await rollups.keep('d', hour);
  await rollups.saveProgress({ until: START + 8 * DAY, after: '' });
}

async function parse(): Promise<void> {
  const lines = Map.groupBy(
    messages().map((message, n) => eventOf(message, n)),
    ({ receivedAt }) => new Date(receivedAt).toISOString().slice(0, 13),
  );
  for (const [hour, events] of lines)
    s3.objects.set(
      `raw/raw/${hour.replaceAll(/[-T]/g, '/')}/a`,
      Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join('')),
    );
  const { handler } = await import('../../functions/parse-batch.ts');
  const context = contextOf('parse-batch', { getRemainingTimeInMillis: () => 900_000 });
  const span = { from: '2026-08-30', to: '2026-09-10' };
  await handler(span, context);
  // As the schedule leaves it once it has come by all of them.
  s3.objects.set('parsed/progress.json', Buffer.from(progressText({ until: '2026-09-20T00' })));
}

const progressText = (more: object) => JSON.stringify({ progress: { open: [], unmerged: [], ...more } });

const WINDOWS = '/devices/d/windows';
const queryOf = (more: string) => `from=${START}&to=${START + 3 * DAY}&limit=2000${more}`;

/** All pages as text, in which no digit is lost. */
async function windowsOf(more: string): Promise<{ windows: string[]; sources: unknown[] }> {
  const [windows, sources]: [string[], unknown[]] = [[], []];
  let next = '';
  do {
    const { body, text } = await ask(WINDOWS, queryOf(more) + (next && `&next=${next}`));
    windows.push(...(text.match(/\{"start":.*?\}\}\}/g) ?? []));
    sources.push(...((body['sources'] as unknown[] | undefined) ?? []));
    next = (body['next'] as string | undefined) ?? '';
  } while (next !== '');
  return { windows, sources };
}

test('windows of days that the table no longer has are the same to the last digit', async () => {
  for (const more of ['', '&resolution=1m', '&metric=humidity', '&resolution=10m', '&resolution=30m']) {
    now.mockReturnValue(WHILE_KEPT);
    const kept = await windowsOf(more);
    assert.ok(kept.windows.length > 5 && kept.sources.length === 0, more);
    now.mockReturnValue(WINDOWS_GONE);
    const archived = await windowsOf(more);
    assert.deepEqual(archived.windows, kept.windows, more);
    assert.ok(archived.sources.some((span) => (span as { source: string }).source === 'archive'));
  }
  assert.ok(written.some((line) => line.includes('"ArchiveDaysRead":')));
});

test('whole days that no late reading can change any more come from the archive, though the table has them', async () => {
  now.mockReturnValue(WHILE_KEPT);
  const table = await windowsOf('&resolution=1m');
  now.mockReturnValue(START + 20 * DAY);
  const archived = await windowsOf('&resolution=1m');
  assert.deepEqual(archived.windows, table.windows);
  assert.ok(archived.sources.length > 0 && table.sources.length === 0);
  // Hours of a day are read from the table.
  const { body } = await ask(WINDOWS, `from=${START + HOUR_MS}&to=${START + 9 * HOUR_MS}&resolution=1m`);
  assert.ok((body['windows'] as unknown[]).length > 0 && body['sources'] === undefined);
});

test('a page says of each day where its windows come from, and the day without readings is of the table', async () => {
  const { body } = await ask(WINDOWS, queryOf('&resolution=30m'));
  assert.deepEqual(body['sources'], [
    { from: START, to: START + DAY, source: 'archive' },
    { from: START + DAY, to: START + 2 * DAY, source: 'table' },
    { from: START + 2 * DAY, to: START + 3 * DAY, source: 'archive' },
  ]);
  const hours = await ask(WINDOWS, queryOf('&resolution=1h'));
  assert.equal(hours.body['sources'], undefined);
});

const REPORT = 'device=d&month=2026-09';
async function reportOf(): Promise<{
  seal: string;
  sources: { source: string }[];
  report: { isToTheWindow: boolean; days: { readings: number }[] };
}> {
  const { body } = await ask('/reports', REPORT);
  return (body['devices'] as never[])[0]!;
}
/** Midnight in Nepal is at 18:15. */
async function inZone(timeZone: string): Promise<void> {
  const Item = { deviceId: { S: 'd' }, site: { S: 's' }, timeZone: { S: timeZone } };
  await tables.client.send(new PutItemCommand({ TableName: 'devices', Item }));
}

test('a report of a month without stored hours is the same as before, and says that it is from the archive', async () => {
  now.mockReturnValue(START + 35 * DAY);
  const kept = await reportOf();
  assert.deepEqual(kept.sources, [{ from: START, to: START + 30 * DAY, source: 'table' }]);
  now.mockReturnValue(HOURS_GONE);
  s3.objects.set('parsed/progress.json', Buffer.from(progressText({ until: '2026-12-01T00' })));
  const archived = await reportOf();
  assert.deepEqual(archived.report, kept.report);
  assert.equal(archived.seal, kept.seal);
  assert.deepEqual(archived.sources, [{ from: START, to: START + 30 * DAY, source: 'archive' }]);
});

test('days that cut hours, also at the ends of a month, are exact to the window even without stored windows', async () => {
  await inZone('Asia/Kathmandu');
  now.mockReturnValue(WHILE_KEPT);
  const kept = await reportOf();
  now.mockReturnValue(WHILE_KEPT + 25 * DAY);
  const gone = await reportOf();
  assert.deepEqual(gone.report.days.slice(0, 7), kept.report.days.slice(0, 7));
  assert.deepEqual(
    gone.sources.map(({ source }) => source),
    ['archive', 'table'],
  );
  assert.equal(gone.report.isToTheWindow, true);
  await inZone('UTC');
});

const DAMAGES: readonly (readonly [title: string, damage: () => void, reason: RegExp])[] = [
  [
    'a file that is cut off',
    () => change((bytes) => bytes.subarray(0, -200)),
    /readings\/site=s\/date=2026-09-01\/.* is not a file of this version/,
  ],
  [
    'a file with damaged pages',
    () => change((bytes) => Buffer.from(bytes).fill(7, 100, 700)),
    /is not a file of this version/,
  ],
  ['a file that was deleted', () => change(() => undefined), /^2026-09-01T0\d: \w+ readings instead of \d+/],
  [
    'S3 that does not answer',
    () =>
      s3.onCall(({ key }) => {
        if (key.startsWith('readings/')) throw new Error('S3 is away');
      }),
    /S3 is away/,
  ],
];
/** Some file of the first day. */
function change(how: (bytes: Buffer) => Buffer | undefined): void {
  const key = [...s3.objects.keys()].find((each) => /date=2026-09-01\/.*T06/.test(each))!;
  const changed = how(s3.objects.get(key)!);
  if (changed) s3.objects.set(key, changed);
  else s3.objects.delete(key);
}

for (const [n, [title, damage, reason]] of DAMAGES.entries()) {
  test(`${title} is named in the log and counted, and its day is not taken from the archive`, async () => {
    // A minute later what was read before is read again.
    now.mockReturnValue(WINDOWS_GONE + (n + 1) * 120_000);
    const before = new Map(s3.objects);
    damage();
    const { body } = await ask(WINDOWS, queryOf('&resolution=30m'));
    assert.deepEqual(
      ((body['sources'] as { from: number; source: string }[] | undefined) ?? [])
        .filter(({ source }) => source === 'archive')
        .map(({ from }) => from),
      title.startsWith('S3') ? [] : [START + 2 * DAY],
    );
    assert.deepEqual((body['sources'] as object[])[0], {
      ...{ from: START, to: START + DAY, source: 'gone' },
    });
    const starts = (body['windows'] as { start: number }[]).map(({ start }) => start);
    assert.ok(starts.every((start) => start >= START + 2 * DAY));
    const line = written.find((each) => each.includes('not taken from the parsed archive'))!;
    assert.match((JSON.parse(line) as { reason: string }).reason, reason);
    assert.ok(written.some((each) => each.includes('"ArchiveDaysUnused":')));
    s3.objects.clear();
    for (const [key, bytes] of before) s3.objects.set(key, bytes);
  });
}

test('without stored hours, an hour that is not parsed keeps its days out of the report', async () => {
  now.mockReturnValue(HOURS_GONE);
  s3.objects.set(
    'parsed/progress.json',
    Buffer.from(progressText({ until: '2026-12-01T00', open: ['2026-09-05T03'] })),
  );
  const { sources } = await reportOf();
  assert.deepEqual(sources, [
    { from: START, to: START + 5 * DAY, source: 'table' },
    { from: START + 5 * DAY, to: START + 30 * DAY, source: 'archive' },
  ]);
  assert.ok(written.some((line) => line.includes('the hour 2026-09-05T03 is not parsed')));
});
