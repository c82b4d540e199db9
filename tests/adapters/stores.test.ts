// The commands that the adapters send to SNS and S3, for each setting.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { readIngestEnvironment } from '../../adapters/environment.ts';
import { createErrorStore } from '../../adapters/error-store.ts';
import { inParallel } from '../../core/in-parallel.ts';
import { jsonText } from '../../adapters/json-text.ts';
import { createNotifier } from '../../adapters/notifier.ts';
import type { Notification } from '../../core/alert-state.ts';
import { parseMessage } from '../../core/message.ts';
import { tableVariables } from '../functions/lambda.ts';

const AT = 1790000005000;
const LIMITS = { maxLatenessSeconds: 86_400, maxSkewSeconds: 60 };
const CONTEXT = {
  deviceId: 'store-1',
  site: 'seattle',
  receivedAt: AT,
  clientId: 'store-1',
  traceId: '6f1c-0001',
};

const region = { region: 'us-east-1' };

async function kept(event: unknown): Promise<{ key: string; body: string } | undefined> {
  const s3 = mockClient(S3Client);
  s3.on(PutObjectCommand).resolves({});
  const { context, rejected, event: whole } = parseMessage(event, LIMITS);
  await createErrorStore({ client: new S3Client(region), bucket: 'errors' })(context, rejected, whole);
  const [call] = s3.commandCalls(PutObjectCommand);
  s3.restore();
  if (!call) return undefined;
  const { Bucket, Key, Body, ContentType } = call.args[0].input;
  assert.deepEqual([Bucket, ContentType], ['errors', 'application/json']);
  return { key: Key!, body: Body as string };
}

test('rejected readings of a message go to one object by device, day and trace, with reasons and originals', async () => {
  const event = { ...CONTEXT, readings: [{ t: 1 }, { id: 'x', t: 'warm' }, 'text'] };
  const object = await kept(event);
  assert.equal(object?.key, 'rejected/store-1/2026/09/21/6f1c-0001.json');
  assert.deepEqual(JSON.parse(object.body), {
    ...CONTEXT,
    archive: 'raw/2026/09/21/14/',
    event,
    rejected: [
      {
        index: 1,
        reason: 'no-metrics',
        detail: 'reading has no number to record; skipped: readings/1/t (text)',
        original: { id: 'x', t: 'warm' },
      },
      { index: 2, reason: 'reading-not-object', detail: 'readings/2 is not an object', original: 'text' },
    ],
  });
});

test('a message without rejections writes nothing', async () => {
  assert.equal(await kept({ ...CONTEXT, t: 1 }), undefined);
});

test('a repeat writes the same object', async () => {
  const events = [{ ...CONTEXT, t: 'x' }, { ...CONTEXT, traceId: undefined, t: 'x' }, null, { t: 1 }];
  for (const event of events) assert.deepEqual(await kept(event), await kept(event));
});

for (const traceId of ['../../escape', 'a/b', '..', '__proto__', ' ', 'ü'.repeat(50)]) {
  test(`the trace id ${JSON.stringify(traceId)} cannot leave its folder`, async () => {
    const object = await kept({ ...CONTEXT, traceId, t: 'x' });
    assert.match(object!.key, /^rejected\/store-1\/2026\/09\/21\/[0-9a-f]{32}\.json$/);
  });
}

const folders: [deviceId: string, folder: RegExp][] = [
  ['store-1', /^store-1$/],
  ['a/b', /^a%2Fb$/],
  ['..', /^[0-9a-f]{32}$/],
  ['__proto__', /^__proto__$/],
  ['温'.repeat(128), /^[0-9a-f]{32}$/],
];
for (const [deviceId, folder] of folders) {
  test(`the device ${deviceId.slice(0, 12)} has its own folder`, async () => {
    const { key } = (await kept({ ...CONTEXT, deviceId, t: 'x' }))!;
    const [room, name, ...rest] = key.split('/');
    assert.deepEqual([room, rest], ['rejected', ['2026', '09', '21', '6f1c-0001.json']]);
    assert.match(name!, folder);
    assert.ok(Buffer.byteLength(key) <= 1024);
  });
}

test("an event that no rule sent is stored under its content's hash", async () => {
  const object = await kept({ anything: true });
  assert.match(object!.key, /^rejected\/undated\/[0-9a-f]{32}\.json$/);
  assert.deepEqual(JSON.parse(object!.body).rejected[0].original, { anything: true });
});

test('a payload 100,000 levels deep is stored unchanged', async () => {
  const text = `${'{"a":['.repeat(50_000)}1,null,"x"${']}'.repeat(50_000)}`;
  const object = await kept({ ...CONTEXT, deep: JSON.parse(text) as unknown });
  assert.ok(object!.body.includes(`"deep":${text}`));
});

test('deep text equals the usual text', () => {
  const wide = { list: [], empty: {}, text: 'a"\n\u2028', gap: undefined, n: -1.5, yes: true, nil: null };
  const bottom = Array.from({ length: 6000 }).reduce((inner: unknown) => [inner, wide], 1);
  const shallow = Array.from({ length: 10 }).reduce((inner: unknown) => [inner, wide], 1);
  assert.equal(jsonText(shallow), JSON.stringify(shallow));
  assert.ok(jsonText(bottom).includes(`[[[1,${JSON.stringify(wide)}],${JSON.stringify(wide)}]`));
});

const notification: Notification = {
  alertId: '0123456789abcdef0123456789abcdef',
  transition: 'raised',
  deviceId: 'store\u0007-1',
  site: 'seattle',
  ruleId: 'temperature-high',
  metric: 'temperature',
  stat: 'max',
  value: '9.4',
  side: 'above',
  limit: '8',
  severity: 'critical',
  channels: ['email', 'sms'],
  windowStart: 1790000000000,
  since: 1790000000000,
  decidedAt: AT,
};

test('a notification is one publish with a text for each channel and attributes to filter by', async () => {
  const sns = mockClient(SNSClient);
  sns.on(PublishCommand).resolves({ MessageId: 'm1' });
  const topicArn = 'arn:aws:sns:us-east-1:000000000000:alerts';
  const settings = { page: 'http://localhost:8080', timeZone: 'UTC' };
  await createNotifier({ client: new SNSClient(region), topicArn, settings }).notify(notification, []);
  const input = sns.commandCalls(PublishCommand)[0]!.args[0].input;
  sns.restore();
  assert.equal(input.TopicArn, topicArn);
  assert.equal(input.MessageStructure, 'json');
  assert.equal(input.Subject, 'ALARM critical: temperature 9.4 above 8 at seattle/store\\u0007-1');
  const texts = JSON.parse(input.Message!) as Record<string, string>;
  assert.deepEqual(Object.keys(texts), ['default', 'email', 'sms']);
  const attributes = Object.entries(input.MessageAttributes!).map(([name, value]) => [
    name,
    value.StringValue,
  ]);
  assert.deepEqual(Object.fromEntries(attributes), {
    severity: 'critical',
    site: 'seattle',
    device: 'store\\u0007-1',
    rule: 'temperature-high',
    alertId: notification.alertId,
    transition: 'raised',
    channels: '["email","sms"]',
    alerts: JSON.stringify([
      `${notification.alertId} raised critical 1790000000000 temperature-high store\\u0007-1`,
    ]),
  });
});

const VARIABLES = { ...tableVariables, WINDOW_RETENTION_DAYS: '8', SILENT_AFTER_MINUTES: '15' };

test('the environment is parsed into numbers, and an empty limit into no limit', () => {
  const environment = readIngestEnvironment({ ...VARIABLES, MIN_TEMPERATURE: '' });
  assert.equal(environment.windowSeconds, 10);
  assert.equal(environment.maxTemperature, 8);
  assert.equal(environment.minTemperature, undefined);
  assert.equal(readIngestEnvironment({ ...VARIABLES, DASHBOARD_ORIGIN: '' }).dashboardOrigin, '');
});

const needed = Object.keys(VARIABLES).filter(
  (name) => !/_TEMPERATURE$|^RAW_BUCKET$|^DASHBOARD_ORIGIN$|^PARSED_BUCKET$|^INGEST_FUNCTION$/.test(name),
);
for (const name of needed) {
  test(`a missing ${name} stops the function by name`, () => {
    assert.throws(() => readIngestEnvironment({ ...VARIABLES, [name]: undefined }), new RegExp(name));
  });
}

const invalid: [keyof typeof VARIABLES, string][] = [
  ['WINDOW_SECONDS', '0'],
  ['WINDOW_SECONDS', '3601'],
  ['WINDOW_SECONDS', '1e1'],
  ['MAX_LATENESS_SECONDS', '-1'],
  ['MAX_SKEW_SECONDS', 'soon'],
  ['MAX_TEMPERATURE', 'warm'],
  ['MIN_TEMPERATURE', 'NaN'],
  ['MIN_TEMPERATURE', '8'],
  ['MAX_TEMPERATURE', '-1.5'],
  ['WINDOW_RETENTION_DAYS', '7'],
  ['ALERTS_PER_MINUTE', '0'],
  ['SILENT_AFTER_MINUTES', '-1'],
  ['TIME_ZONE', 'Seattle'],
];
for (const [name, value] of invalid) {
  test(`${name}=${value} stops the function by name`, () => {
    assert.throws(() => readIngestEnvironment({ ...VARIABLES, [name]: value }), new RegExp(name));
  });
}

test('parallel work keeps to its limit and its order, and finishes before it fails', async () => {
  let running = 0;
  let most = 0;
  const work = async (n: number) => {
    most = Math.max(most, ++running);
    await new Promise(setImmediate);
    running--;
    if (n === 3) throw new Error('third failed');
    return n * 2;
  };
  assert.deepEqual(await inParallel([1, 2, 4, 5, 6], 2, work), [2, 4, 8, 10, 12]);
  assert.equal(most, 2);
  const done: number[] = [];
  const recorded = async (n: number) => done.push(await work(n));
  await assert.rejects(inParallel([1, 2, 3, 4], 2, recorded), /third failed/);
  assert.deepEqual(done, [2, 4, 8]);
  assert.deepEqual(await inParallel([], 2, work), []);
});
