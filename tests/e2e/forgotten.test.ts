// Tests that the running stack's API reads a day that the tables no longer have from the parsed archive, with the layer, S3 and DynamoDB of the local cloud.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createRollupStore } from '../../adapters/rollup-store.ts';
import { openApi, type Api } from '../../commands/api.ts';
import { foldHours } from '../../core/hour.ts';
import { parseMessage } from '../../core/message.ts';
import { foldReadings } from '../../core/window.ts';
import { testIf } from '../support/conditions.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import { addressOf, freePort, hasChromium, launch, openLoggedIn } from './browser-page.ts';
import { clientSettings, filesOf, runScript, startTidegate, type Tidegate } from './tidegate.ts';

const [HOUR, DAY] = [3_600_000, 86_400_000];
/** The table keeps 8 days. */
const START = Math.floor(Date.now() / DAY) * DAY - 20 * DAY;
/** Within the hour that a midnight of Nepal cuts. */
const FIRST = START + 18 * HOUR;
const MONTH = new Date(FIRST).toISOString().slice(0, 7);
const LIMITS = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };
const DATE = new Date(START).toISOString().slice(0, 10);
const DEVICE = 'forgotten-1';
const OTHER = 'other-1';
const LINES = Array.from({ length: 300 }, (_, n) => ({
  ...{ deviceId: DEVICE, site: 'seattle', clientId: DEVICE, traceId: `t-${n}` },
  ...{ receivedAt: FIRST + n * 10_000 + 80, timestamp: FIRST + n * 10_000 },
  ...{ temperature: ((n * 7) % 90) / 10, humidity: 40.123456789012344 },
}));

let tidegate: Tidegate;
let api: Api;

/** The hours that the stack's own function kept of windows when it still had them. */
async function keepHours(): Promise<void> {
  const client = new DynamoDBClient(clientSettings(tidegate));
  const { RollupsTable: table, DevicesTable: TableName } = tidegate.endpoints.outputs;
  const accepted = LINES.flatMap((line) => [...parseMessage(line, LIMITS).accepted]);
  const windows = foldReadings(accepted, 10).map(({ readings, ...delta }) => ({
    ...delta,
    readings: readings.size,
  }));
  const days = { retentionDays: 1000, windowRetentionDays: 8 };
  const rollups = createRollupStore({ client, table: table!, ...days, now: () => Date.now() });
  for (const hour of foldHours(windows)) await rollups.keep(DEVICE, hour);
  await rollups.saveProgress({ until: Math.floor(Date.now() / HOUR - 1) * HOUR, after: '' });
  const Item = {
    ...{ deviceId: { S: DEVICE }, site: { S: 'seattle' } },
    timeZone: { S: 'Asia/Kathmandu' },
  };
  await client.send(new PutItemCommand({ TableName, Item }));
  client.destroy();
}

async function archive(): Promise<void> {
  const { RawBucket: Bucket, ParseBatchFunction: FunctionName } = tidegate.endpoints.outputs;
  const s3 = new S3Client({ ...clientSettings(tidegate), forcePathStyle: true });
  const Key = `raw/${DATE.replaceAll('-', '/')}/18/lines`;
  const Body = LINES.map((line) => `${JSON.stringify(line)}\n`).join('');
  await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  s3.destroy();
  const lambda = new LambdaClient(clientSettings(tidegate));
  const span = { from: new Date(START).toISOString(), to: new Date(START + DAY).toISOString() };
  const Payload = JSON.stringify(span);
  const { FunctionError } = await lambda.send(new InvokeCommand({ FunctionName, Payload }));
  assert.equal(FunctionError, undefined);
  lambda.destroy();
}

beforeAll(async () => {
  const retention = ['--parameter-overrides', 'WindowRetentionDays=8'];
  const web = ['--web-port', String(await freePort())];
  tidegate = await startTidegate(temporaryFolder(), ['--no-demo', ...web, ...retention]);
  await keepHours();
  await archive();
  api = await openApi({ 'data-dir': tidegate.dataDir });
});
afterAll(() => tidegate.stop());

const ask = (more: object) =>
  api.text(['devices', DEVICE, 'windows'], { query: { from: START, to: START + DAY, limit: 2000, ...more } });

const testInBrowser = testIf(hasChromium, 'chromium is not installed');
const parquetFile = () => filesOf(tidegate, 'ParsedBucket').find((each) => each.endsWith('.parquet'))!;

testInBrowser(
  'the page shows windows of a forgotten span, and hours while the archive is damaged',
  async () => {
    const whole = readFileSync(parquetFile());
    writeFileSync(parquetFile(), whole.subarray(0, -100));
    const browser = await launch();
    try {
      const { page } = await openLoggedIn(browser, tidegate);
      const asked: (string | null)[] = [];
      const askedOfOther: (string | null)[] = [];
      page.on('request', (request) => {
        const { pathname, searchParams } = new URL(request.url());
        if (pathname.endsWith(`/${DEVICE}/windows`)) asked.push(searchParams.get('resolution'));
        if (pathname.endsWith(`/${OTHER}/windows`)) askedOfOther.push(searchParams.get('resolution'));
      });
      const span = `?from=${FIRST}&to=${FIRST + 600_000}`;
      const hash = `#/device/${DEVICE}${span}`;
      await page.goto(addressOf(tidegate, hash));
      await page.getByRole('tab', { name: 'Table' }).click();
      await page.locator('#panel tbody tr').first().waitFor();
      assert.deepEqual([asked[0], asked.at(-1)], ['10s', '1h']);
      await page.evaluate(`location.hash = '#/device/${OTHER}${span}'`);
      await eventually('the other device to be read', () => askedOfOther.length > 0);
      assert.equal(askedOfOther[0], '10s');
      await page.goto('about:blank');
      writeFileSync(parquetFile(), whole);
      asked.length = 0;
      await page.goto(addressOf(tidegate, hash));
      await page.getByRole('tab', { name: 'Table' }).click();
      await page.locator('#panel tbody tr').nth(59).waitFor();
      assert.ok(asked.length > 0 && asked.every((resolution) => resolution === '10s'));
    } finally {
      await browser.close();
    }
  },
);

testInBrowser("a late answer about a device's certificate is not shown for the next device", async () => {
  const browser = await launch();
  try {
    const { page } = await openLoggedIn(browser, tidegate);
    const { promise: isNextRead, resolve: nextIsRead } = Promise.withResolvers<void>();
    const certificate = { certificateId: 'late', status: 'ACTIVE', createdAt: FIRST, expiresAt: FIRST + DAY };
    await page.route(`**/devices/${DEVICE}/certificates`, async (route) => {
      await isNextRead;
      await route.fulfill({ json: { certificates: [certificate] } });
    });
    const lateRequest = page.waitForRequest(`**/devices/${DEVICE}/certificates`);
    await page.goto(addressOf(tidegate, `#/device/${DEVICE}`));
    const late = (await lateRequest).response();
    const next = page.waitForResponse(`**/devices/${OTHER}/certificates`);
    await page.evaluate(`location.hash = '#/device/${OTHER}'`);
    assert.equal((await next).status(), 404);
    nextIsRead();
    await (await late)!.finished();
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    assert.equal(await page.getByText('It expired on').count(), 0);
  } finally {
    await browser.close();
  }
});

test('the windows of a forgotten day come out of the archive with all their digits', async () => {
  const text = await ask({});
  const { windows, sources } = JSON.parse(text) as { windows: { start: number }[]; sources: object[] };
  assert.equal(windows.length, LINES.length);
  assert.deepEqual(sources, [{ from: START, to: START + DAY, source: 'archive' }]);
  assert.ok(text.includes('"humidity":{"min":40.123456789012344,'));
});

interface Reported {
  readonly seal: string;
  readonly report: { readonly isToTheWindow: boolean };
}
async function reported(): Promise<Reported> {
  const query = { device: DEVICE, month: MONTH };
  const { devices } = await api.call<{ devices: Reported[] }>(['reports'], { query });
  return devices[0]!;
}

test('the foot of a report says which days are from the archive', async () => {
  const out = path.join(temporaryFolder(), 'report.html');
  const args = ['--data-dir', tidegate.dataDir, '--device', DEVICE, '--month', MONTH, '--out', out];
  const { code, stdout, stderr } = await runScript('commands/report.ts', args);
  assert.deepEqual([code, stdout, stderr], [0, `${out}: 1 device, ${MONTH}\n`, '']);
  assert.match(
    readFileSync(out, 'utf8'),
    /<p>From the parsed archive, because the tables no longer have everything:/,
  );
  assert.equal((await reported()).report.isToTheWindow, true);
});

test('a damaged file is named in the log of the function, and the report takes whole hours', async () => {
  const file = parquetFile();
  const whole = readFileSync(file);
  const before = await reported();
  writeFileSync(file, whole.subarray(0, -100));
  const damaged = await reported();
  assert.deepEqual([damaged.report.isToTheWindow, damaged.seal === before.seal], [false, false]);
  const log = readFileSync(path.join(tidegate.dataDir, 'logs', 'ApiFunction.log'), 'utf8');
  const line = log.split('\n').find((each) => each.includes('was not taken from the parsed archive'));
  assert.ok(
    line?.includes(`date=${DATE}/hour-${DATE}T18.parquet is not a file of this version`),
    line ?? log,
  );
  writeFileSync(file, whole);
  assert.deepEqual(await reported(), before);
});
