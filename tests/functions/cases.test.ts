// Problems of real devices through the ingest function: counted readings, alerts, and notifications.

import { afterAll, beforeAll, beforeEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { remedyFor } from '../../core/remedy.ts';
import { describeRoutes } from '../../http-api/routes.ts';
import { openTables, type Tables } from '../adapters/tables.ts';
import { contextOf, sampleEvent, startLambda, tableVariables } from './lambda.ts';

type Json = Record<string, unknown>;

/** The start of a window. */
const START = 1_790_000_000_000;
const HOUR = 3_600_000;

const s3 = mockClient(S3Client);
const sns = mockClient(SNSClient);
let written: string[];
let tables: Tables;
let ingest: (event: unknown) => Promise<void>;
let api: (event: unknown) => Promise<{ readonly statusCode: number; readonly body: string }>;

beforeAll(async () => {
  tables = await openTables();
  ({ written } = startLambda({ ...tableVariables, AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint }));
  const [ingesting, answering] = [
    await import('../../functions/ingest.ts'),
    await import('../../functions/api.ts'),
  ];
  ingest = (event) => ingesting.handler(event as never, contextOf('ingest'));
  api = (event) => answering.handler(event as never, contextOf('api')) as ReturnType<typeof api>;
});
afterAll(() => tables.close());

beforeEach(() => {
  written.length = 0;
  s3.reset();
  s3.on(PutObjectCommand).resolves({});
  sns.reset();
  sns.on(PublishCommand).resolves({ MessageId: 'm1' });
});

let messages = 0;

/** Publishes payloads on telemetry/lab/<deviceId>, a second apart from START on, as the template's rules hand them on. */
async function publish(
  deviceId: string,
  payloads: readonly (Json | string)[],
  levels: Json = {},
): Promise<void> {
  for (const [second, payload] of payloads.entries()) {
    const members =
      typeof payload === 'string' ? { rawPayload: Buffer.from(payload).toString('base64') } : payload;
    const context = { deviceId, site: 'lab', receivedAt: START + second * 1000, clientId: deviceId };
    await ingest({ ...members, ...context, traceId: `case-${(messages += 1)}`, ...levels });
  }
}

/** The statistics of a window; undefined if there is none. */
async function windowOf(deviceId: string, windowStart = START): Promise<Json | undefined> {
  const key = { deviceId: { S: deviceId }, windowStart: { N: String(windowStart) } };
  const item = await tables.item('windows', key);
  return item && Object.fromEntries(Object.entries(item).map(([name, value]) => [name, value.N]));
}

const metricsIn = (window: Json | undefined) =>
  Object.keys(window ?? {})
    .flatMap((name) => /^(.*)\.count$/.exec(name)?.[1] ?? [])
    .sort();

const subjects = () => sns.commandCalls(PublishCommand).map((call) => call.args[0].input.Subject);
/** The texts of the mails, each in the member of its message that SNS sends to addresses of email. */
const mails = () =>
  sns
    .commandCalls(PublishCommand)
    .map((call) => (JSON.parse(call.args[0].input.Message!) as { email: string }).email);

/** How often a counter was written since the test began. */
function counted(name: string): number {
  const records = written.filter((line) => line.includes('"_aws"')).map((line) => JSON.parse(line) as Json);
  const plain = records.filter((record) => record['reason'] === undefined);
  return plain
    .flatMap((record) => [record[name] ?? 0].flat() as number[])
    .reduce((sum, value) => sum + value, 0);
}

/** The answer to GET, in the shape that its description promises. */
async function get(path: string, route: string): Promise<Json> {
  const event = sampleEvent('api-devices') as { requestContext: { http: object } };
  const requestContext = { ...event.requestContext, http: { ...event.requestContext.http, path } };
  const { statusCode, body } = await api({ ...event, rawPath: path, rawQueryString: '', requestContext });
  assert.equal(statusCode, 200, body);
  return describeRoutes()
    .find((each) => each.path === route)!
    .answer.parse(JSON.parse(body)) as Json;
}

test('values with the noise of floating point are rounded and counted, and raise their alert', async () => {
  await publish('noisy', [
    { temperature: 9.600000000000001, humidity: 40 },
    { temperature: 5.6000000000000005, humidity: 40 },
    { voltage: 0.7231742029971469 },
  ]);
  const window = await windowOf('noisy');
  assert.deepEqual(
    [window?.['readings'], window?.['temperature.max'], window?.['temperature.min'], window?.['voltage.sum']],
    ['3', '9.600000000000001', '5.6', '0.723174202997147'],
  );
  assert.deepEqual([counted('ValuesRounded'), counted('ReadingsRejected')], [2, 0]);
  // The subject is for a person's eye; the details of the mail keep the whole value.
  assert.deepEqual(subjects(), ['ALARM critical: temperature 9.6 above 8 at lab/noisy']);
  assert.match(mails()[0]!, /max temperature = 9\.600000000000001\b/);
});

test('readings that have the address of their sensor as id all count, and the last raises its alert', async () => {
  const id = 'A4:C1:38:00:11:22';
  await publish('same-id', [
    { id, temperature: 3 },
    { id, temperature: 4 },
    { id, temperature: 9.5 },
  ]);
  const window = await windowOf('same-id');
  assert.deepEqual(
    [window?.['readings'], window?.['temperature.min'], window?.['temperature.max']],
    ['3', '3', '9.5'],
  );
  assert.deepEqual(subjects(), ['ALARM critical: temperature 9.5 above 8 at lab/same-id']);
});

test('a reused ID drops only resends, which count as repeated', async () => {
  const id = 'fridge';
  await publish('reused', [
    { id, temperature: 3 },
    { id, temperature: 4 },
    { id, temperature: 4 },
  ]);
  assert.equal((await windowOf('reused'))?.['readings'], '2');
  assert.deepEqual([counted('ReadingsAccepted'), counted('ReadingsRepeated')], [2, 1]);
});

test('a number as id rejects nothing', async () => {
  await publish('numeric-id', [{ id: 0, tC: 21.4, tF: 70.5 }]);
  assert.deepEqual(metricsIn(await windowOf('numeric-id')), ['tC']);
  assert.equal(counted('ReadingsRejected'), 0);
});

test('a backlog counts at the times in its ts, and ts is not a metric', async () => {
  const ts = START - 6 * HOUR;
  await publish('backlog', [{ ts, temperature: 4.1 }]);
  assert.equal(await windowOf('backlog'), undefined);
  assert.deepEqual(metricsIn(await windowOf('backlog', ts - (ts % 10_000))), ['temperature']);
});

test('measurements one level down count, under both names', async () => {
  const time = new Date(START).toISOString();
  await publish('nested', [{ time, dr: 1, fCnt: 10, fPort: 2, object: { temperature: 21.1, humidity: 50 } }]);
  const window = await windowOf('nested');
  assert.deepEqual([window?.['object_temperature.max'], window?.['object_humidity.max']], ['21.1', '50']);
});

test("Tasmota's temperature is one of the chip, and raises the alert for temperatures", async () => {
  const bme280 = { Temperature: 21.2, Humidity: 64.5, Pressure: 991.4 };
  await publish('tasmota', [{ Time: '2026-09-21T14:13:20', BME280: bme280, TempUnit: 'C' }]);
  const metrics = ['BME280_Humidity', 'BME280_Pressure', 'BME280_Temperature'];
  assert.deepEqual(metricsIn(await windowOf('tasmota')), metrics);
  assert.deepEqual(subjects(), ['ALARM critical: BME280_Temperature 21.2 C above 8 C at lab/tasmota']);
});

test('a bare number is the metric that the last level of its topic names', async () => {
  await publish('plain', ['21.5'], { topicLevel4: 'temperature' });
  assert.deepEqual(metricsIn(await windowOf('plain')), ['temperature']);
  await publish('plain', ['21.5'], { topicLevel4: 'attic', topicLevel5: 'temperature' });
  assert.deepEqual(metricsIn(await windowOf('plain:attic')), ['temperature']);
});

test('nan does not affect the value beside it', async () => {
  await publish('nan', ['{"temperature":nan,"humidity":44.1}', '{"temperature":4,"humidity":-inf}']);
  const window = await windowOf('nan');
  assert.deepEqual([window?.['humidity.sum'], window?.['temperature.sum']], ['44.1', '4']);
  assert.deepEqual([counted('ReadingsRejected'), counted('ValuesSkipped')], [0, 2]);
});

test('the device has the rejection with its reason and remedy', async () => {
  await publish('hidden', [
    { temperature: 'warm', door: 'open' },
    { timestamp: 0, temperature: 4 },
  ]);
  const noMetrics = {
    reason: 'no-metrics',
    detail: 'reading has no number to record; skipped: temperature (text), door (text)',
    remedy: remedyFor('no-metrics'),
    at: START,
  };
  const clock = {
    reason: 'timestamp-not-positive',
    detail: 'timestamp is zero or negative',
    remedy: remedyFor('timestamp-not-positive'),
    at: START + 1000,
  };
  const device = await get('/devices/hidden', '/devices/{deviceId}');
  assert.deepEqual(device['lastRejection'], clock);
  const { rejections } = await get('/devices/hidden/rejections', '/devices/{deviceId}/rejections');
  assert.deepEqual(rejections, [clock, noMetrics]);
});

test('a message is kept in the errors bucket under its device', async () => {
  await publish('kept', [{ temperature: 'warm' }]);
  const [call] = s3.commandCalls(PutObjectCommand);
  assert.match(call!.args[0].input.Key!, /^rejected\/kept\/2026\/09\/21\/case-\d+\.json$/);
});

test('the device has the skipped members with the reasons', async () => {
  await publish('partly', [{ temperature: 4, door: 'open', raw: [1, 2] }]);
  const device = await get('/devices/partly', '/devices/{deviceId}');
  assert.deepEqual(device['skipped'], ['door (text)', 'raw (structure)']);
  assert.equal(device['lastRejection'], undefined);
});

test('a message that has no measurements by its format is not an error, and is counted', async () => {
  await publish('join', [{ state: { desired: { target: 23 } } }]);
  assert.deepEqual([counted('MessagesWithoutReadings'), counted('ReadingsRejected')], [1, 0]);
  assert.equal(s3.calls().length, 0);
});
