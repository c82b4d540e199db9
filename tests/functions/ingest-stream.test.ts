// The ingest-stream function on its sample event: windows, rejects and reported failures, and a repeat of the event.

import { afterAll, beforeAll, beforeEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { openTables, type Tables } from '../adapters/tables.ts';
import { contextOf, sampleEvent, startLambda, tableVariables } from './lambda.ts';

type Json = Record<string, unknown>;
type Batch = { Records: { kinesis: { sequenceNumber: string; data: string } }[] };

const s3 = mockClient(S3Client);
const sns = mockClient(SNSClient);
const context = contextOf('ingest-stream');
const event = sampleEvent('ingest-stream') as Batch;

let tables: Tables;
let ingestStream: (event: unknown) => Promise<{ batchItemFailures: readonly { itemIdentifier: string }[] }>;

beforeAll(async () => {
  tables = await openTables();
  startLambda({
    ...tableVariables,
    AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint,
  });
  const { handler } = await import('../../functions/ingest-stream.ts');
  ingestStream = (batch) => handler(batch as never, context);
});
afterAll(() => tables.close());

beforeEach(() => {
  s3.reset();
  s3.on(PutObjectCommand).resolves({});
  sns.reset();
  sns.on(PublishCommand).resolves({ MessageId: 'm1' });
});

const sequence = (n: number) => String(49660 + n);

/** A batch of messages, numbered in their order. */
function batchOf(...messages: Json[]): Batch {
  return {
    Records: messages.map((message, n) => ({
      kinesis: {
        sequenceNumber: sequence(n),
        data: Buffer.from(JSON.stringify(message)).toString('base64'),
      },
    })),
  };
}

const reading = (deviceId: string, second: number, temperature: unknown): Json => ({
  id: `${second}`,
  timestamp: 1790000000000 + second * 1000,
  temperature,
  deviceId,
  site: 'seattle',
  receivedAt: 1790000010000,
  traceId: `trace-${deviceId}-${second}`,
});

async function windowOf(deviceId: string, windowStart = 1790000000000): Promise<Json> {
  const key = { deviceId: { S: deviceId }, windowStart: { N: String(windowStart) } };
  const item = (await tables.item('windows', key)) ?? {};
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, value.N ?? value.S]));
}

test('the sample batch gives two windows and three rejects, and so does its repeat', async () => {
  for (let time = 0; time < 2; time += 1) {
    assert.deepEqual(await ingestStream(event), { batchItemFailures: [] });
    const device = 'store-sensor-seattle1';
    assert.equal((await windowOf(device, 1789999990000))['readings'], '2');
    const window = await windowOf(device);
    assert.deepEqual(
      [window['readings'], window['temperature.min'], window['temperature.max'], window['temperature.sum']],
      ['3', '4.2', '4.4', '12.9'],
    );
  }
  const reasons = s3.commandCalls(PutObjectCommand).flatMap(({ args: [{ input }] }) => {
    const { rejected } = JSON.parse(input.Body as string) as { rejected: { reason: string }[] };
    return rejected.map(({ reason }) => reason);
  });
  const once = ['not-json-object', 'too-late', 'not-json-object'].sort();
  assert.deepEqual(reasons.sort(), [...once, ...once].sort());
});

test('an unreadable record is stored and does not block others', async () => {
  const batch = batchOf(reading('before', 1, 4), reading('after', 1, 5));
  batch.Records.splice(1, 0, { kinesis: { sequenceNumber: '1', data: '%%%' } });
  assert.deepEqual(await ingestStream(batch), { batchItemFailures: [] });
  assert.equal((await windowOf('after'))['readings'], '1');
  assert.match(
    s3.commandCalls(PutObjectCommand)[0]?.args[0].input.Key ?? '',
    /^rejected\/undated\/[0-9a-f]{32}\.json$/,
  );
});

test('an alarm that cannot be sent reports the records of its device, and the rest is done', async () => {
  sns.on(PublishCommand).rejects(new Error('SNS is down'));
  const batch = batchOf(reading('calm', 1, 4), reading('hot', 1, 20), reading('calm', 2, 5));
  assert.deepEqual(await ingestStream(batch), { batchItemFailures: [{ itemIdentifier: sequence(1) }] });
  assert.equal((await windowOf('calm'))['readings'], '2');
  sns.reset();
  sns.on(PublishCommand).resolves({ MessageId: 'm2' });
  const rest = { Records: batch.Records.slice(1) };
  assert.deepEqual(await ingestStream(rest), { batchItemFailures: [] });
  assert.equal(sns.commandCalls(PublishCommand).length, 1);
  assert.equal((await windowOf('hot'))['readings'], '1');
});

test('the same batch twice sends no second alert', async () => {
  const batch = batchOf(reading('twice', 1, 20), reading('twice', 2, 21), reading('twice', 3, 22));
  for (let time = 0; time < 2; time += 1)
    assert.deepEqual(await ingestStream(batch), { batchItemFailures: [] });
  assert.equal(sns.commandCalls(PublishCommand).length, 1);
  assert.equal((await windowOf('twice'))['readings'], '3');
});

test('a reading that is repeated in a later batch, packed with others, is counted once', async () => {
  const [first, second, third] = [1, 2, 3].map((n) => reading('again', n, n));
  assert.deepEqual(await ingestStream(batchOf(first!, second!)), { batchItemFailures: [] });
  const { deviceId, site, receivedAt, traceId } = third!;
  const packed = { readings: [second, third], deviceId, site, receivedAt, traceId };
  assert.deepEqual(await ingestStream(batchOf(packed, first!)), { batchItemFailures: [] });
  const window = await windowOf('again');
  assert.deepEqual([window['readings'], window['temperature.sum']], ['3', '6']);
});

test('a batch in which every record fails reports them all', async () => {
  s3.on(PutObjectCommand).rejects(new Error('bucket is gone'));
  const batch = batchOf(reading('bad', 1, null), reading('bad', 2, null));
  assert.deepEqual(await ingestStream(batch), {
    batchItemFailures: [{ itemIdentifier: sequence(0) }, { itemIdentifier: sequence(1) }],
  });
});

test('an event without records fails whole, so that Lambda keeps it', async () => {
  await assert.rejects(ingestStream({}), TypeError);
});
