// The ingest function on its sample events: windows, rejects, metrics and notifications, and a repeat of each event.

import { afterAll, beforeAll, beforeEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ListSubscriptionsByTopicCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { createAlertHistory } from '../../adapters/alert-history.ts';
import { remedyFor } from '../../core/remedy.ts';
import { openTables, type Tables } from '../adapters/tables.ts';
import { contextOf, sampleEvent, startLambda, tableVariables } from './lambda.ts';

type Json = Record<string, unknown>;

const s3 = mockClient(S3Client);
const sns = mockClient(SNSClient);
let written: string[];
const context = contextOf('ingest');

let tables: Tables;
let ingest: (event: unknown) => Promise<void>;

beforeAll(async () => {
  tables = await openTables();
  ({ written } = startLambda({
    ...tableVariables,
    AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint,
  }));
  const { handler } = await import('../../functions/ingest.ts');
  ingest = (event) => handler(event as never, context);
});
afterAll(() => tables.close());

beforeEach(() => {
  written.length = 0;
  s3.reset();
  s3.on(PutObjectCommand).resolves({});
  sns.reset();
  sns.on(PublishCommand).resolves({ MessageId: 'm1' });
});

/** A sample event, under a device of the test's own. */
function sample(name: string, deviceId: string): Json {
  return { ...(sampleEvent(name) as Json), deviceId };
}

async function windowOf(deviceId: string, windowStart: number): Promise<Record<string, string | undefined>> {
  const item = await tables.item('windows', {
    deviceId: { S: deviceId },
    windowStart: { N: String(windowStart) },
  });
  return Object.fromEntries(Object.entries(item ?? {}).map(([name, value]) => [name, value.N ?? value.S]));
}

/** Metrics written since the test began, as `name` or `name/reason`, added up. */
function metrics(): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const line of written) {
    const record = (line.startsWith('{') ? JSON.parse(line) : {}) as Json;
    const about = record['_aws'] as { CloudWatchMetrics: { Metrics: { Name: string }[] }[] } | undefined;
    for (const { Name } of about?.CloudWatchMetrics[0]?.Metrics ?? []) {
      const name = typeof record['reason'] === 'string' ? `${Name}/${record['reason']}` : Name;
      totals[name] =
        (totals[name] ?? 0) + [record[Name] as number].flat().reduce((sum, value) => sum + value, 0);
    }
  }
  return Object.fromEntries(Object.entries(totals).filter(([, value]) => value !== 0));
}

function keptReasons(): string[] {
  return s3.commandCalls(PutObjectCommand).flatMap((call) => {
    const body = JSON.parse(call.args[0].input.Body as string) as { rejected: { reason: string }[] };
    return body.rejected.map(({ reason }) => reason);
  });
}

test('a reading creates a window', async () => {
  await ingest(sample('ingest', 'one'));
  const {
    seen: _seen,
    expiresAt: _expiresAt,
    lastFingerprint: _print,
    last: _last,
    ...window
  } = await windowOf('one', 1790000000000);
  assert.deepEqual(window, {
    deviceId: 'one',
    windowStart: '1790000000000',
    site: 'seattle',
    readings: '1',
    firstReadingAt: '1790000004123',
    lastReadingAt: '1790000004123',
    'temperature.min': '4.2',
    'temperature.max': '4.2',
    'temperature.sum': '4.2',
    'temperature.count': '1',
    'humidity.min': '51',
    'humidity.max': '51',
    'humidity.sum': '51',
    'humidity.count': '1',
  });
  assert.deepEqual(metrics(), { ReadingsAccepted: 1, WindowsWritten: 1 });
  assert.equal(s3.calls().length + sns.calls().length, 0);
});

test('the device is stored with its site and last-seen time', async () => {
  await ingest(sample('ingest', 'heard'));
  assert.deepEqual(await tables.item('devices', { deviceId: { S: 'heard' } }), {
    deviceId: { S: 'heard' },
    site: { S: 'seattle' },
    lastSeenAt: { N: String(sample('ingest', 'heard')['receivedAt']) },
  });
});

test('readings that share an id and differ in values all count, and exact repeats count as repeated', async () => {
  for (const temperature of [5, 20, -7, 6, 20, 5]) {
    await ingest({ ...sample('ingest', 'reused'), humidity: undefined, id: 'fridge-7', temperature });
  }
  const window = await windowOf('reused', 1790000000000);
  assert.deepEqual(
    ['readings', 'temperature.min', 'temperature.max', 'temperature.sum'].map((name) => window[name]),
    ['4', '-7', '20', '24'],
  );
  const { ReadingsAccepted, ReadingsRepeated } = metrics();
  assert.deepEqual([ReadingsAccepted, ReadingsRepeated], [4, 2]);
});

test('a repeat of an event changes nothing, and its readings count as repeated', async () => {
  for (const [name, readings] of [
    ['ingest', 1],
    ['ingest-packed', 4],
  ] as const) {
    await ingest(sample(name, 'repeat'));
    const first = await windowOf('repeat', 1790000000000);
    written.length = 0;
    await ingest(sample(name, 'repeat'));
    assert.deepEqual(await windowOf('repeat', 1790000000000), first);
    assert.deepEqual(metrics(), { ReadingsRepeated: readings });
  }
});

test('packed readings fall into their own windows', async () => {
  await ingest(sample('ingest-packed', 'packed'));
  const [first, second] = [await windowOf('packed', 1789999990000), await windowOf('packed', 1790000000000)];
  assert.deepEqual([first['temperature.sum'], second['temperature.sum']], ['8.3', '8.7']);
  assert.deepEqual(metrics(), { ReadingsAccepted: 4, WindowsWritten: 2 });
});

const rejects: [event: string, reasons: string[]][] = [
  ['ingest-late', ['too-late']],
  ['ingest-skewed', ['too-far-ahead']],
  ['ingest-malformed', ['not-json-object']],
];
for (const [name, reasons] of rejects) {
  test(`${name} is kept in the errors bucket and counted by reason`, async () => {
    await ingest(sample(name, name));
    assert.deepEqual(keptReasons(), reasons);
    assert.deepEqual(metrics(), { ReadingsRejected: 1, [`ReadingsRejected/${reasons[0]}`]: 1 });
    assert.deepEqual(await windowOf(name, 1790000000000), {});
  });
}

test('good readings of a mixed message are counted, bad ones kept', async () => {
  await ingest(sample('ingest-mixed', 'mixed'));
  const window = await windowOf('mixed', 1790000000000);
  assert.deepEqual(
    [window['readings'], window['temperature.min'], window['temperature.max'], window['temperature.sum']],
    ['4', '0', '4.4', '12.9'],
  );
  assert.deepEqual(keptReasons(), ['no-metrics', 'no-metrics', 'reading-not-object']);
  assert.deepEqual(metrics(), {
    'ReadingsRejected/no-metrics': 2,
    'ReadingsRejected/reading-not-object': 1,
    ReadingsRejected: 3,
    ReadingsAccepted: 4,
    WindowsWritten: 1,
    ValuesSkipped: 2,
  });
});

test('a reading over the limit is announced once, and a repeat of the event sends nothing', async () => {
  const event = { ...sample('ingest', 'warm'), temperature: 9.4 };
  await ingest(event);
  await ingest(event);
  const [call, ...others] = sns.commandCalls(PublishCommand);
  assert.equal(others.length, 0);
  assert.equal(call?.args[0].input.Subject, 'ALARM critical: temperature 9.4 above 8 at seattle/warm');
  assert.equal(metrics()['AlertsSent'], 1);
});

test('a notification is sent even if the subscriptions cannot be listed, and the log says what the history lacks', async () => {
  sns.on(ListSubscriptionsByTopicCommand).rejects(new Error('not authorized'));
  await ingest({ ...sample('ingest', 'warm-unlisted'), temperature: 9.4 });
  assert.equal(metrics()['AlertsSent'], 1);
  assert.match(written.join('\n'), /the history does not say to whom.*not authorized/s);
});

test('the history has the time of a notification and the confirmed subscribers of its channels', async () => {
  const subscription = (Protocol: string, Endpoint: string, SubscriptionArn = 'arn:aws:sns:x') => ({
    ...{ Protocol, Endpoint, SubscriptionArn },
  });
  sns.on(ListSubscriptionsByTopicCommand).resolves({
    Subscriptions: [
      subscription('sqs', 'arn:aws:sqs:x'),
      subscription('sms', '+12065550100'),
      subscription('email', 'ann@example.com'),
      subscription('email', 'bob@example.com', 'PendingConfirmation'),
    ],
  });
  const before = Date.now();
  await ingest({ ...sample('ingest', 'warm-announced'), temperature: 9.4 });
  const history = createAlertHistory({ client: tables.client, table: 'history', retentionDays: 30 });
  const { entries } = await history.read({
    deviceId: 'warm-announced',
    from: before,
    to: before + 1e6,
    limit: 9,
  });
  assert.ok(entries[0]!.sentAt! >= before);
  assert.deepEqual(entries[0]!.sentTo, [
    { channel: 'email', address: 'ann@example.com' },
    { channel: 'sms', address: '+12065550100' },
  ]);
});

test('a reading of a clock that is a year ahead closes no window', async () => {
  const at = (n: number, temperature: number, ahead = 0) => ({
    ...sample('ingest', 'ahead'),
    id: `n${n}`,
    timestamp: 1790000000000 + n * 10_000 + ahead,
    receivedAt: 1790000000000 + n * 10_000,
    temperature,
  });
  const announced: number[] = [];
  // Too warm; well again, which an alarm believes once the window is closed; a year ahead; and the window after.
  for (const event of [at(0, 9.4), at(1, 4), at(1, 4, 365 * 86_400_000), at(2, 4)]) {
    await ingest(event);
    announced.push(sns.commandCalls(PublishCommand).length);
  }
  assert.deepEqual(announced, [1, 1, 1, 2]);
  assert.deepEqual(keptReasons(), ['too-far-ahead']);
});

test('if SNS is down, the event fails after its windows are written, and its repeat announces the alert once', async () => {
  const readings = [0, 1, 2].map((n) => ({
    id: `r${n}`,
    timestamp: 1789999980000 + n * 10_000,
    temperature: 9,
  }));
  const event = { ...sample('ingest-packed', 'sns-down'), readings };
  sns.on(PublishCommand).rejectsOnce(new Error('SNS is down'));
  await assert.rejects(ingest(event), /SNS is down/);
  for (const n of [0, 1, 2]) {
    assert.equal((await windowOf('sns-down', 1789999980000 + n * 10_000))['readings'], '1');
  }
  assert.equal(metrics()['ReadingsAccepted'], 3);
  sns.reset();
  sns.on(PublishCommand).resolves({ MessageId: 'm1' });
  await ingest(event);
  await ingest(event);
  assert.equal(sns.commandCalls(PublishCommand).length, 1);
});

test('when the errors bucket cannot be written the event fails, and its repeat completes it', async () => {
  const event = sample('ingest-mixed', 's3-down');
  s3.on(PutObjectCommand).rejectsOnce(new Error('S3 answers 503'));
  await assert.rejects(ingest(event), /S3 answers 503/);
  await ingest(event);
  assert.equal((await windowOf('s3-down', 1790000000000))['readings'], '4');
});

test('logs have the device, the trace ID, the reason and the remedy, but no payload', async () => {
  await ingest({ ...sample('ingest-mixed', 'logged'), secret: 'do not log me' });
  const lines = written.filter((line) => line.includes('"level"')).map((line) => JSON.parse(line) as Json);
  const announced = lines.map(({ message, reason, readings, remedy }) => ({
    message,
    reason,
    readings,
    remedy,
  }));
  assert.deepEqual(announced, [
    {
      message: 'Readings rejected',
      reason: 'no-metrics',
      readings: 2,
      remedy: remedyFor('no-metrics'),
    },
    {
      message: 'Readings rejected',
      reason: 'reading-not-object',
      readings: 1,
      remedy: 'send each reading as an object',
    },
  ]);
  for (const line of lines) {
    assert.equal(line['deviceId'], 'logged');
    assert.equal(line['traceId'], '6f1c2a7e-0b44-4d0a-9a53-000000000006');
  }
  assert.ok(!written.some((line) => line.includes('do not log me')));
});

for (const event of [null, 7, 'text', [], {}]) {
  test(`the event ${JSON.stringify(event)} is kept and does no harm`, async () => {
    await ingest(event);
    assert.deepEqual(keptReasons(), ['bad-context']);
  });
}
