// The rollup function on its sample event: finished hours are stored, minute by minute.

import { afterAll, beforeAll, jest, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { openTables, type Tables } from '../adapters/tables.ts';
import { contextOf, sampleEvent, startLambda, tableVariables } from './lambda.ts';

const HOUR_MS = 3_600_000;
const START = Math.floor(1_790_000_000_000 / HOUR_MS) * HOUR_MS;

let tables: Tables;
let rollUp: () => Promise<void>;
let written: string[];

beforeAll(async () => {
  tables = await openTables();
  ({ written } = startLambda({ ...tableVariables, AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint }));
  const { handler } = await import('../../functions/rollup.ts');
  rollUp = async () => {
    await handler(sampleEvent('rollup') as never, contextOf('rollup'));
  };
});
afterAll(() => tables.close());

const put = async (TableName: string, Item: PutItemCommand['input']['Item']) =>
  tables.client.send(new PutItemCommand({ TableName, Item }));
const hourAt = (start: number) =>
  tables.item('rollups', { deviceId: { S: 'fridge' }, windowStart: { N: String(start) } });

test('an hour is stored twenty minutes after its end, with the exact statistics of its windows', async () => {
  const now = jest.spyOn(Date, 'now').mockReturnValue(START + HOUR_MS + 1_199_000);
  await put('devices', { deviceId: { S: 'fridge' } });
  for (const [second, value] of [
    [0, '0.1'],
    [10, '0.2'],
    [3590, '-3'],
    [3600, '7'],
  ] as const)
    await put('windows', {
      ...{ deviceId: { S: 'fridge' }, windowStart: { N: String(START + second * 1000) }, site: { S: 's' } },
      ...{ readings: { N: '1' }, expiresAt: { N: String(START / 1000 + 30 * 86_400) } },
      ...{ 't.min': { N: value }, 't.max': { N: value }, 't.sum': { N: value }, 't.count': { N: '1' } },
    });
  await rollUp();
  assert.equal(await hourAt(START), undefined);
  now.mockReturnValue(START + HOUR_MS + 1_200_000);
  await rollUp();
  assert.deepEqual(await hourAt(START), {
    ...{ deviceId: { S: 'fridge' }, windowStart: { N: String(START) }, readings: { N: '3' } },
    ...{ 't.min': { N: '-3' }, 't.max': { N: '0.2' }, 't.sum': { N: '-2.7' }, 't.count': { N: '3' } },
    ...{ expiresAt: { N: String(START / 1000 + 1096 * 86_400) } },
  });
  assert.equal(await hourAt(START + HOUR_MS), undefined);
  now.mockReturnValue(START + 2 * HOUR_MS + 1_200_000);
  await rollUp();
  assert.equal((await hourAt(START + HOUR_MS))?.['t.max']?.N, '7');
  now.mockRestore();
  assert.ok(written.some((line) => /"HoursAtRisk":0/.test(line)));
});
