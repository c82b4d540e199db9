// Device times through both ingest functions with windows of any length: for any unit, order and clock jump, a reading is in the
// window of its time, or is stored as rejected with the reason.

import { afterAll, beforeAll, beforeEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { openTables, type Tables } from '../adapters/tables.ts';
import { contextOf, startLambda, tableVariables } from './lambda.ts';

type Json = Record<string, unknown>;
type Handler = (event: unknown, context: Context) => Promise<unknown>;

const [SECOND, HOUR, DAY] = [1000, 3_600_000, 86_400_000];
/** 2026-09-21T14:13:20Z, at no edge of a window but the shortest. */
const AT = 1_790_000_000_000;
const lengths = [1, 7, 60, 3600] as const;

const s3 = mockClient(S3Client);
const sns = mockClient(SNSClient);
let tables: Tables;

beforeAll(async () => {
  tables = await openTables();
  startLambda({
    ...tableVariables,
    AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint,
    POWERTOOLS_METRICS_DISABLED: 'true',
    MAX_LATENESS_SECONDS: String((7 * DAY) / SECOND),
    MAX_TEMPERATURE: '',
    MIN_TEMPERATURE: '',
  });
});
afterAll(() => tables.close());

beforeEach(() => {
  s3.reset();
  s3.on(PutObjectCommand).resolves({});
  sns.reset();
  sns.on(PublishCommand).resolves({ MessageId: 'm1' });
});

/** A function with windows of that length, as a cold start makes it. */
async function open(
  name: 'ingest' | 'ingest-stream',
  windowSeconds: number,
): Promise<(event: unknown) => Promise<unknown>> {
  process.env['WINDOW_SECONDS'] = String(windowSeconds);
  const url = new URL(`../../functions/${name}.ts?windowSeconds=${windowSeconds}`, import.meta.url);
  const { handler } = (await import(url.href)) as { handler: Handler };
  return (event) => handler(event, contextOf(name));
}

/** Sends the messages one by one, or in batches of the stream. */
const ways = {
  async direct(windowSeconds: number, messages: readonly Json[]): Promise<void> {
    const ingest = await open('ingest', windowSeconds);
    for (const message of messages) await ingest(message);
  },
  async stream(windowSeconds: number, messages: readonly Json[]): Promise<void> {
    const ingest = await open('ingest-stream', windowSeconds);
    for (let first = 0; first < messages.length; first += 5) {
      const Records = messages.slice(first, first + 5).map((message, n) => ({
        kinesis: {
          sequenceNumber: String(first + n),
          data: Buffer.from(JSON.stringify(message)).toString('base64'),
        },
      }));
      assert.deepEqual(await ingest({ Records }), { batchItemFailures: [] });
    }
  },
} as const;

interface Sent {
  readonly timestamp?: unknown;
  readonly receivedAt: number;
  /** When it was measured, in epoch milliseconds, or why it is rejected. */
  readonly means: number | string;
}

const messageOf = (deviceId: string, { timestamp, receivedAt }: Sent, n: number): Json => ({
  ...(timestamp !== undefined && { timestamp }),
  id: `reading-${n}`,
  t: n,
  ...{ deviceId, site: 'seattle', receivedAt, traceId: `trace-${deviceId}-${n}` },
});

/** What the windows have to be: sums and extremes of the numbers of the readings, the last being the latest of them. */
function recomputed(sent: readonly Sent[], windowSeconds: number): Json[] {
  const readings = sent.flatMap(({ means }, n) => (typeof means === 'number' ? [{ at: means, n }] : []));
  const size = windowSeconds * SECOND;
  const groups = Map.groupBy(readings, ({ at }) => at - (at % size));
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([windowStart, group]) => {
      const values = group.map(({ n }) => n);
      const times = group.map(({ at }) => at);
      return {
        windowStart,
        readings: group.length,
        min: Math.min(...values),
        max: Math.max(...values),
        sum: values.reduce((sum, value) => sum + value, 0),
        firstReadingAt: Math.min(...times),
        lastReadingAt: Math.max(...times),
        last: group.find(({ at }) => at === Math.max(...times))!.n,
      };
    });
}

async function stored(deviceId: string): Promise<Json[]> {
  const { Items = [] } = await tables.client.send(
    new QueryCommand({
      TableName: 'windows',
      KeyConditionExpression: 'deviceId = :d',
      ExpressionAttributeValues: { ':d': { S: deviceId } },
    }),
  );
  return Items.map((item) => {
    const number = (name: string) => Number(item[name]?.N);
    return {
      windowStart: number('windowStart'),
      readings: number('readings'),
      min: number('t.min'),
      max: number('t.max'),
      sum: number('t.sum'),
      firstReadingAt: number('firstReadingAt'),
      lastReadingAt: number('lastReadingAt'),
      last: Number(item['last']?.M?.['t']?.N),
    };
  });
}

function keptReasons(): string[] {
  return s3
    .commandCalls(PutObjectCommand)
    .flatMap(
      ({ args: [{ input }] }) =>
        (JSON.parse(input.Body as string) as { rejected: { reason: string }[] }).rejected,
    )
    .map(({ reason }) => reason);
}

const iso = (ms: number, offset = 'Z') => new Date(ms).toISOString().replace('Z', offset);

/** Milliseconds that differ, so that every reading has a moment of its own. */
const units: Sent[] = [
  { timestamp: AT + 101, receivedAt: AT + 500, means: AT + 101 },
  { timestamp: (AT + 1000) / 1000, receivedAt: AT + 1500, means: AT + 1000 },
  { timestamp: (AT + 2250) / 1000, receivedAt: AT + 2500, means: AT + 2250 },
  { timestamp: iso(AT + 3003), receivedAt: AT + 3500, means: AT + 3003 },
  { timestamp: iso(AT + 4004 + 2 * HOUR, '+02:00'), receivedAt: AT + 4500, means: AT + 4004 },
  { timestamp: iso(AT + 5005 - 7 * HOUR, '-0700'), receivedAt: AT + 5500, means: AT + 5005 },
  { timestamp: iso(AT + 6006, ''), receivedAt: AT + 6500, means: AT + 6006 },
  { timestamp: (AT + 7007) * 1000, receivedAt: AT + 7500, means: AT + 7007 },
  { receivedAt: AT + 8500, means: AT + 8500 },
  { timestamp: null, receivedAt: AT + 9500, means: AT + 9500 },
  { timestamp: (AT + 10_010) * 1e6, receivedAt: AT + 10_500, means: AT + 10_010 },
  { timestamp: 0, receivedAt: AT + 11_500, means: 'timestamp-not-positive' },
  { timestamp: -AT, receivedAt: AT + 11_600, means: 'timestamp-not-positive' },
  { timestamp: 1e20, receivedAt: AT + 11_650, means: 'timestamp-out-of-range' },
  { timestamp: 'soon', receivedAt: AT + 11_700, means: 'timestamp-format' },
  { timestamp: AT + 12_012.9, receivedAt: AT + 12_500, means: AT + 12_012 },
];

/** A second between messages; `error` is by how much the device's clock is wrong. */
const jump = (second: number, error: number, means?: string): Sent => {
  const receivedAt = AT + second * SECOND + 7 * second;
  const timestamp = receivedAt + error;
  return { timestamp, receivedAt, means: means ?? timestamp };
};

const jumps: Sent[] = [
  jump(0, -20),
  jump(1, 40 * SECOND),
  jump(2, 60 * SECOND),
  jump(3, 60 * SECOND + 1, 'too-far-ahead'),
  jump(4, 365 * DAY, 'too-far-ahead'),
  jump(5, -20),
  jump(6, -HOUR),
  jump(7, -3 * DAY),
  jump(8, -7 * DAY),
  jump(9, -7 * DAY - 1, 'too-late'),
  jump(10, -365 * DAY, 'too-late'),
  { timestamp: 5, receivedAt: AT + 11 * SECOND, means: 'too-late' },
  jump(12, -20),
  jump(13, 0),
];

const NEW_YEAR = Date.UTC(2017, 0, 1);
const leap = (timestamp: string, means: number | string): Sent => ({
  timestamp,
  receivedAt: NEW_YEAR + 2000,
  means,
});

const leapSecond: Sent[] = [
  leap('2016-12-31T23:59:58.5Z', NEW_YEAR - 1500),
  leap('2016-12-31T23:59:59.5Z', NEW_YEAR - 500),
  leap('2016-12-31T23:59:60Z', NEW_YEAR),
  leap('2016-12-31T23:59:60.5Z', NEW_YEAR + 500),
  leap('2016-12-31T17:59:60.75-06:00', NEW_YEAR + 750),
  leap('2017-01-01T00:00:00.25Z', NEW_YEAR + 250),
  leap('2016-12-31T23:59:61Z', 'timestamp-format'),
  leap('2017-01-01T00:00:01Z', NEW_YEAR + 1000),
];

/** The windows that the start of a window cuts apart: 9,999 and 10,000 of windows of ten seconds, and so on. */
const edges = (windowSeconds: number): Sent[] => {
  const size = windowSeconds * SECOND;
  const start = AT - (AT % size);
  return [start - 1, start, start + 1, start + size - 1, start + size].map((means) => ({
    timestamp: means,
    receivedAt: start + size,
    means,
  }));
};

const histories: [what: string, sent: (windowSeconds: number) => Sent[]][] = [
  [
    'every unit from seconds to nanoseconds, ISO with and without offset, nothing, and no times in one stream',
    () => units,
  ],
  ['a clock that jumps ahead, comes back, and jumps behind', () => jumps],
  ['a leap second', () => leapSecond],
  ['the edges of a window', edges],
];

for (const windowSeconds of lengths) {
  for (const [run, [what, history]] of histories.entries()) {
    test(`windows of ${windowSeconds} s: ${what}, in both modes, in any order, sent twice`, async () => {
      const sent = history(windowSeconds);
      const expected = recomputed(sent, windowSeconds);
      const reasons = sent.flatMap(({ means }) => (typeof means === 'string' ? [means] : [])).sort();
      for (const [way, send] of Object.entries(ways)) {
        const deviceId = `${way}-${windowSeconds}-${run}`;
        const messages = sent.map((each, n) => messageOf(deviceId, each, n));
        s3.resetHistory();
        await send(windowSeconds, messages);
        assert.deepEqual(await stored(deviceId), expected);
        assert.deepEqual(keptReasons().sort(), reasons);
        await send(windowSeconds, messages.toReversed());
        assert.deepEqual(await stored(deviceId), expected);
        const other = `${deviceId}-reversed`;
        await send(windowSeconds, messages.map((message) => ({ ...message, deviceId: other })).toReversed());
        assert.deepEqual(await stored(other), expected);
      }
    });
  }
}

test('a late reading corrects the window it belongs to, and leaves the newest one as it was', async () => {
  const history = [jump(0, 0), jump(20, 0), jump(40, 0), jump(50, -50 * SECOND)];
  for (const [way, send] of Object.entries(ways)) {
    const deviceId = `late-${way}`;
    await send(
      7,
      history.slice(0, 3).map((each, n) => messageOf(deviceId, each, n)),
    );
    const before = await stored(deviceId);
    await send(7, [messageOf(deviceId, history[3]!, 3)]);
    const corrected = await stored(deviceId);
    assert.deepEqual(corrected, recomputed(history, 7));
    assert.deepEqual(corrected.slice(1), before.slice(1));
    assert.deepEqual([before[0]!['readings'], corrected[0]!['readings']], [1, 2]);
  }
});
