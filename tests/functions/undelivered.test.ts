// The function for undelivered notifications on its sample event: its history entries, once for any number of repeats.

import { afterAll, beforeAll, beforeEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { createAlertHistory } from '../../adapters/alert-history.ts';
import type { HistoryEntry } from '../../core/alert-state.ts';
import { openTables, type Tables } from '../adapters/tables.ts';
import { contextOf, sampleEvent, startLambda, tableVariables } from './lambda.ts';

const TEXT_QUEUE = 'tidegate-UndeliveredTextQueue';
const TEXT_QUEUE_ARN = `arn:aws:sqs:us-east-1:123456789012:${TEXT_QUEUE}`;
const sample = (sampleEvent('undelivered') as SQSEvent).Records[0]!;
let written: string[];
let tables: Tables;
let undelivered: (records: readonly SQSRecord[]) => Promise<SQSBatchResponse>;

beforeAll(async () => {
  tables = await openTables();
  ({ written } = startLambda({
    ...tableVariables,
    TEXT_QUEUE_URL: `https://sqs.us-east-1.amazonaws.com/123456789012/${TEXT_QUEUE}`,
    AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint,
  }));
  const { handler } = await import('../../functions/undelivered.ts');
  undelivered = (records) => handler({ Records: [...records] }, contextOf('undelivered'));
});
beforeEach(() => {
  written.length = 0;
});
afterAll(() => tables.close());

async function entriesOf(deviceId: string): Promise<readonly HistoryEntry[]> {
  const history = createAlertHistory({ client: tables.client, table: 'history', retentionDays: 1096 });
  const { entries } = await history.read({ deviceId, from: 0, to: 2_000_000_000_000, limit: 100 });
  return entries;
}

/** The sample as a message of its own, with other attributes. */
function messageWith(messageId: string, alerts: readonly string[], more: Record<string, unknown> = {}) {
  const document = JSON.parse(sample.body) as Record<string, unknown>;
  const MessageAttributes = { alerts: { Type: 'String.Array', Value: JSON.stringify(alerts) }, ...more };
  return { ...sample, messageId, body: JSON.stringify({ ...document, MessageAttributes }) };
}

test('an undelivered email is one entry of its alert, for any number of repeats', async () => {
  await undelivered([sample]);
  await undelivered([sample, sample]);
  const [entry, ...others] = await entriesOf('fridge-1');
  assert.deepEqual(others, []);
  const { entryId, ...rest } = entry!;
  assert.match(entryId, /^[0-9a-f]{32}$/);
  assert.deepEqual(rest, {
    ...{ deviceId: 'fridge-1', ruleId: 'fridge-warm', at: 1_790_000_600_000, what: 'delivery-failed' },
    ...{ severity: 'major', windowStart: 1_790_000_000_000, about: '6f1ed002ab5595859014ebf0951522d9' },
    reason:
      'raised: a mail was not delivered, SNS message 95df01b4-ee98-5cb9-9903-4c221d41eb5e (not tried again)',
  });
  assert.match(written.join('\n'), /"NotificationsFailed"/);
});

test('two failed addresses are two entries, and an entry for a text message says so', async () => {
  const alert = 'a2 worsened critical 1790000010000 fridge-warm fridge 2 of 3';
  const text = { ...messageWith('m2', [alert]), eventSourceARN: TEXT_QUEUE_ARN };
  await undelivered([messageWith('m1', [alert]), text]);
  const entries = await entriesOf('fridge 2 of 3');
  assert.deepEqual(
    entries
      .map(({ reason }) => /^worsened: a (mail|text message) was not delivered/.exec(reason!)?.[1])
      .sort((a = '', b = '') => (a < b ? -1 : 1)),
    ['mail', 'text message'],
  );
});

test('a digest creates an entry for each alert that it names, with the number of further ones', async () => {
  const alerts = ['d1', 'd2'].map((id) => `${id} raised minor 1790000000000 humid ${id}`);
  const more = { alertsLeftOut: { Type: 'Number', Value: '7' } };
  await undelivered([messageWith('m3', alerts, more)]);
  const reasons = [...(await entriesOf('d1')), ...(await entriesOf('d2'))].map(({ reason = '' }) => reason);
  assert.equal(reasons.length, 2);
  assert.ok(!reasons[0]!.includes('more'));
  assert.match(reasons[1]!, /, with 7 more alerts \(not tried again\)$/);
});

test('an unknown message is dropped with a warning', async () => {
  const { body: _body, ...rest } = sample;
  await undelivered([{ ...rest, body: '{"Type":"Notification","MessageId":"x","Message":"hello"}' }]);
  assert.match(written.join('\n'), /names no alert/);
});

test('a message that SNS did not write stays in its queue and does not affect others', async () => {
  const alert = 'n1 raised minor 1790000000000 humid beside-1';
  const answer = await undelivered([
    { ...sample, messageId: 'bad', body: 'hello' },
    messageWith('m4', [alert]),
  ]);
  assert.deepEqual(answer, { batchItemFailures: [{ itemIdentifier: 'bad' }] });
  assert.equal((await entriesOf('beside-1')).length, 1);
  assert.match(written.join('\n'), /"bad".*not the JSON document of a notification/s);
});
