// The sweep function on its sample event: announced devices, and its logs about unreadable rules or a lack of time.

import { afterAll, beforeAll, beforeEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { openTables, type Tables } from '../adapters/tables.ts';
import { contextOf, sampleEvent, startLambda, tableVariables } from './lambda.ts';

const sns = mockClient(SNSClient);
let written: string[];
let tables: Tables;
/** A sweep that finds so many milliseconds left when it begins; later questions find a minute. */
let sweep: (left?: number) => Promise<void>;

beforeAll(async () => {
  tables = await openTables();
  ({ written } = startLambda({
    ...tableVariables,
    SILENT_AFTER_MINUTES: '15',
    ALERTS_PER_MINUTE: '600',
    AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint,
  }));
  const { handler } = await import('../../functions/sweep.ts');
  sweep = async (left = 60_000) => {
    const lefts = [left];
    const getRemainingTimeInMillis = () => lefts.pop() ?? 60_000;
    await handler(sampleEvent('sweep') as never, contextOf('sweep', { getRemainingTimeInMillis }));
  };
  // Somebody has looked for an hour.
  const [at, since] = [Date.now(), Date.now() - 3_600_000].map((time) => ({ N: String(time) }));
  await put('alerts', { deviceId: { S: '#watch' }, ruleId: { S: '#watch' }, at: at!, since: since! });
});
afterAll(() => tables.close());

beforeEach(() => {
  written.length = 0;
  sns.reset();
  sns.on(PublishCommand).resolves({ MessageId: 'm1' });
});

async function put(table: string, Item: PutItemCommand['input']['Item']): Promise<void> {
  await tables.client.send(new PutItemCommand({ TableName: table, Item }));
}

/** Devices that were last seen half an hour ago. */
async function silence(count: number, name: string): Promise<void> {
  const lastSeenAt = { N: String(Date.now() - 1_800_000) };
  for (let n = 0; n < count; n += 1)
    await put('devices', { deviceId: { S: `${name}-${n}` }, site: { S: 'seattle' }, lastSeenAt });
}

/** Metrics written since the test began, added up. */
function metrics(): Record<string, number> {
  const records = written.filter((line) => line.includes('"_aws"')).map((line) => JSON.parse(line) as object);
  const entries = records.flatMap((record) => Object.entries(record));
  const values = entries.filter(([name]) => /^[A-Z]/.test(name)) as [string, number | number[]][];
  return Object.fromEntries(values.map(([name, each]) => [name, [each].flat().reduce((a, b) => a + b)]));
}

test('a silent device is announced once', async () => {
  await silence(1, 'fridge');
  await sweep();
  assert.deepEqual(metrics(), { AlertsSent: 1 });
  await sweep();
  const subjects = sns.commandCalls(PublishCommand).map((call) => call.args[0].input.Subject);
  assert.equal(subjects.length, 1);
  assert.match(subjects[0]!, /fridge-0/);
});

test('work without time is counted, logged, and done by the next sweep', async () => {
  await silence(20, 'late');
  await sweep(0);
  assert.deepEqual(metrics(), { AlertsSent: 15, DevicesNotSwept: 5 });
  assert.ok(written.some((line) => line.includes('out of time') && /"left":\s*5\b/.test(line)));
  await sweep();
  assert.equal(sns.commandCalls(PublishCommand).length, 20);
});

test('a rule that cannot be read fails the sweep, is named in the log and counted; the others judge on', async () => {
  await put('rules', { id: { S: 'torn' }, rule: { S: '{"metric":"temp' } });
  await silence(1, 'other');
  await assert.rejects(sweep(), { name: 'UnreadableRuleError' });
  assert.equal(metrics()['RulesUnreadable'], 1);
  assert.ok(
    written.some((line) => line.includes('"ERROR"') && line.includes('Rule torn in the rules table')),
  );
});
