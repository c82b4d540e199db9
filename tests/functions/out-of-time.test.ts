// The functions when a service stops answering: they report unfinished work and fail in time, and finished work stays done.

import { afterAll, beforeAll, beforeEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import type { KinesisStreamBatchResponse } from 'aws-lambda';
import { openTables, type Tables } from '../adapters/tables.ts';
import { contextOf, sampleEvent, startLambda, tableVariables } from './lambda.ts';

const AT = 1_790_000_000_000;
const RECORDS = 60;

let tables: Tables;
let wire: Server;
let written: readonly string[];
/** How many more window writes pass before the service falls silent; every other request passes until then, too. */
let passes = Infinity;

beforeAll(async () => {
  tables = await openTables();
  wire = createServer((incoming, response) => {
    if (passes <= 0) return; // accepted, and never answered
    if (String(incoming.headers['x-amz-target']).endsWith('UpdateItem')) passes -= 1;
    const { method, headers } = incoming;
    const onward = request(tables.endpoint, { method, headers, agent: false }, (reply) => {
      response.writeHead(reply.statusCode!, reply.headers);
      reply.pipe(response);
    });
    incoming.pipe(onward);
  });
  await new Promise<void>((listening) => wire.listen(0, '127.0.0.1', listening));
  ({ written } = startLambda({
    ...tableVariables,
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${(wire.address() as AddressInfo).port}`,
    MAX_TEMPERATURE: '',
    MIN_TEMPERATURE: '',
  }));
});
afterAll(async () => {
  wire.closeAllConnections();
  await new Promise((closed) => wire.close(closed));
  await tables.close();
});
beforeEach(() => {
  passes = Infinity;
});

type Invoke = (event: unknown, leftMs: number) => Promise<unknown>;

/** A function as a cold start makes it. */
async function open(name: 'ingest' | 'ingest-stream' | 'sweep' | 'presence', start: string): Promise<Invoke> {
  const url = new URL(`../../functions/${name}.ts?start=${start}`, import.meta.url);
  const { handler } = (await import(url.href)) as {
    handler: (event: unknown, context: unknown) => Promise<unknown>;
  };
  return (event, leftMs) => {
    const endsAt = performance.now() + leftMs;
    const getRemainingTimeInMillis = () => Math.max(0, endsAt - performance.now());
    return handler(event, contextOf(name, { getRemainingTimeInMillis }));
  };
}

const messageOf = (prefix: string, n: number) => ({
  id: `reading-${n}`,
  timestamp: AT,
  temperature: 4,
  deviceId: `${prefix}-${String(n).padStart(3, '0')}`,
  site: 'seattle',
  receivedAt: AT,
  traceId: `trace-${n}`,
});

const batchOf = (prefix: string) => ({
  Records: Array.from({ length: RECORDS }, (_, n) => ({
    kinesis: {
      sequenceNumber: String(n),
      data: Buffer.from(JSON.stringify(messageOf(prefix, n))).toString('base64'),
    },
  })),
});

/** Devices that have a window, with how many readings it counts. */
async function windowsOf(prefix: string): Promise<Map<string, number>> {
  const { Items = [] } = await tables.client.send(new ScanCommand({ TableName: 'windows' }));
  return new Map(
    Items.map((item) => [item['deviceId']!.S!, Number(item['readings']!.N)] as const)
      .filter(([deviceId]) => deviceId.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

test('stream: the rest of the batch is reported before the function ends, and the next attempts count each reading once', async () => {
  const stream = await open('ingest-stream', 'slow');
  passes = 25;
  const started = performance.now();
  const first = (await stream(batchOf('slow'), 3000)) as KinesisStreamBatchResponse;
  assert.ok(performance.now() - started < 3000);
  const failed = first.batchItemFailures.map(({ itemIdentifier }) => Number(itemIdentifier));
  assert.ok(failed.length > 0);
  // Nothing before the first that failed is missing, and all after it comes again.
  const done = [...(await windowsOf('slow')).keys()];
  for (let n = 0; n < failed[0]!; n += 1) assert.ok(done.includes(`slow-${String(n).padStart(3, '0')}`));
  assert.deepEqual(
    failed,
    Array.from({ length: RECORDS - failed[0]! }, (_, n) => failed[0]! + n),
  );
  assert.match(written.join('\n'), /Out of time/);
  assert.match(written.join('\n'), /"MessagesOutOfTime":/);

  passes = Infinity;
  assert.deepEqual(await (await open('ingest-stream', 'again'))(batchOf('slow'), 60_000), {
    batchItemFailures: [],
  });
  const windows = await windowsOf('slow');
  assert.equal(windows.size, RECORDS);
  assert.deepEqual([...new Set(windows.values())], [1]);
});

test('stream: a service that is silent from the start leaves the whole batch, in time', async () => {
  const stream = await open('ingest-stream', 'silent');
  passes = 0;
  const started = performance.now();
  const { batchItemFailures } = (await stream(batchOf('silent'), 3000)) as KinesisStreamBatchResponse;
  assert.ok(performance.now() - started < 3000);
  assert.equal(batchItemFailures.length, RECORDS);
});

test("direct: it throws before the function's timeout with the reason, and finished work is not repeated", async () => {
  const ingest = await open('ingest', 'slow');
  const packed = {
    ...messageOf('direct', 0),
    readings: Array.from({ length: 30 }, (_, n) => ({ timestamp: AT - n * 10_000, temperature: n })),
  };
  passes = 10;
  const started = performance.now();
  await assert.rejects(ingest(packed, 3000), {
    name: 'OutOfTimeError',
    message: /^Out of time: 1 of 1 messages are left for the next attempt/,
  });
  assert.ok(performance.now() - started < 3000);
  passes = Infinity;
  await ingest(packed, 30_000);
  const { Items = [] } = await tables.client.send(new ScanCommand({ TableName: 'windows' }));
  const readings = Items.filter((item) => item['deviceId']?.S === 'direct-000').map((item) =>
    Number(item['readings']?.N),
  );
  assert.deepEqual(
    readings,
    Array.from({ length: 30 }, () => 1),
  );
});

for (const [name, event] of [
  ['ingest', messageOf('hung', 0)],
  ['sweep', sampleEvent('sweep')],
  ['presence', sampleEvent('presence-disconnected')],
] as const) {
  test(`${name}: a service that never answers fails the event before Lambda ends the function`, async () => {
    const invoke = await open(name, 'hung');
    passes = 0;
    const started = performance.now();
    await assert.rejects(invoke(event, 3000), /Out of time: /);
    assert.ok(performance.now() - started < 3000);
    assert.match(written.join('\n'), /Out of time: /);
  });
}
