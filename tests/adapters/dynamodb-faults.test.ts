// Failures of DynamoDB on the wire: the SDK waits and retries, and no reading is lost or counted twice.

import { afterAll, afterEach, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { openDynamoDb } from '../../adapters/dynamodb-client.ts';
import { createWindowStore } from '../../adapters/window-store.ts';
import { decimalOf } from '../../core/decimal.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import type { Reading } from '../../core/reading.ts';
import { deltaOf } from '../../core/window.ts';
import type { WindowStore } from '../../pipeline/ports.ts';
import { openTables, type Tables } from './tables.ts';

const START = 1_790_000_000_000;

/** The fault of a request: an error response, or a connection broken before or after DynamoDB processed it. */
type Trouble =
  | 'ProvisionedThroughputExceededException'
  | 'ThrottlingException'
  | 'InternalServerError'
  | 'cut'
  | 'cut after';

let tables: Tables;
let wire: Server;
let client: DynamoDBClient;
let store: WindowStore;
/** Of the next requests, in order; those after them pass. */
const troubles: Trouble[] = [];
let requests = 0;

function answer(response: ServerResponse, type: string): void {
  const status = type === 'InternalServerError' ? 500 : 400;
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'injected' }));
}

function pass(incoming: IncomingMessage, response: ServerResponse, isCut: boolean): void {
  const { method, headers } = incoming;
  const onward = request(tables.endpoint, { method, headers, agent: false }, (reply) => {
    if (isCut) {
      reply.resume().on('end', () => response.destroy());
    } else {
      response.writeHead(reply.statusCode!, reply.headers);
      reply.pipe(response);
    }
  });
  incoming.pipe(onward);
}

beforeAll(async () => {
  tables = await openTables();
  wire = createServer((incoming, response) => {
    requests += 1;
    const trouble = troubles.shift();
    if (trouble === 'cut') response.destroy();
    else if (trouble === undefined || trouble === 'cut after')
      pass(incoming, response, trouble === 'cut after');
    else incoming.resume().on('end', () => answer(response, trouble));
  });
  await new Promise<void>((listening) => wire.listen(0, '127.0.0.1', listening));
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${(wire.address() as AddressInfo).port}`,
  });
  client = openDynamoDb();
  store = createWindowStore({
    client,
    table: 'windows',
    fingerprintsTable: 'fingerprints',
    windowSeconds: 10,
    retentionDays: 30,
  });
});
afterEach(() => {
  troubles.length = 0;
  requests = 0;
});
afterAll(async () => {
  client.destroy();
  wire.closeAllConnections();
  await new Promise((closed) => wire.close(closed));
  await tables.close();
});

const reading = (deviceId: string, n: number): Reading => ({
  deviceId,
  site: 'seattle',
  timestamp: START + n,
  fingerprint: fingerprint(`${deviceId}/${n}`),
  metrics: [{ name: 't', value: decimalOf(n)! }],
});

async function count(deviceId: string, n: number): Promise<number> {
  return (await store.apply(deltaOf(reading(deviceId, n), 10))).applied;
}

async function stored(deviceId: string): Promise<(string | undefined)[]> {
  const item = await tables.item('windows', { deviceId: { S: deviceId }, windowStart: { N: String(START) } });
  return ['readings', 't.sum', 't.min', 't.max', 'lastReadingAt'].map((name) => item?.[name]?.N);
}

const passing: readonly Trouble[] = [
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'InternalServerError',
  'cut',
];
for (const trouble of passing) {
  test(`${trouble} is waited out, and the reading counted once`, async () => {
    const device = `passing-${trouble}`;
    troubles.push(trouble, trouble);
    assert.equal(await count(device, 3), 1);
    assert.equal(requests, 3);
    assert.deepEqual(await stored(device), ['1', '3', '3', '3', String(START + 3)]);
  });
}

test('throughput that stays exceeded fails the event, and its retry counts the reading', async () => {
  troubles.push(...Array.from({ length: 20 }, () => 'ProvisionedThroughputExceededException' as const));
  await assert.rejects(count('busy', 3), { name: 'ProvisionedThroughputExceededException' });
  assert.ok(requests > 1);
  assert.deepEqual(await stored('busy'), Array.from({ length: 5 }));
  troubles.length = 0;
  assert.equal(await count('busy', 3), 1);
  assert.deepEqual(await stored('busy'), ['1', '3', '3', '3', String(START + 3)]);
});

test('a connection that is cut after the write counts its reading once, also when the SDK writes again', async () => {
  assert.equal(await count('cut', 5), 1);
  troubles.push('cut after');
  // The second write of the SDK finds its reading counted already.
  assert.equal(await count('cut', 3), 0);
  assert.deepEqual(await stored('cut'), ['2', '8', '3', '5', String(START + 5)]);
});

test('no function asks DynamoDB for batches, of which a part could stay undone', () => {
  const folder = new URL('../../adapters/', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  assert.ok(files.includes('window-store.ts'));
  for (const file of files) {
    assert.doesNotMatch(
      readFileSync(new URL(file, folder), 'utf8'),
      /Batch(Write|Get)Item|TransactWrite/,
      file,
    );
  }
});
