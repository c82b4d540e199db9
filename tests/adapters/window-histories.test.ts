// Random histories of readings on the local cloud's DynamoDB, in both ingest modes: with repeated, reordered, concurrent, refused
// or interrupted calls, the windows equal a recomputation of the readings.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { DynamoDBClient, GetItemCommand, QueryCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import * as fc from 'fast-check';
import { createIngestion, type Ingest } from '../../pipeline/ingest.ts';
import { createWindowHistory } from '../../adapters/window-history.ts';
import { createWindowStore } from '../../adapters/window-store.ts';
import { decimalOf } from '../../core/decimal.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import { parseMessage, type ParsedMessage } from '../../core/message.ts';
import { createDynamoDb, type DynamoDb } from '../../packages/local-cloud/dynamodb/dynamodb.ts';
import type { AwsServer } from '../../packages/local-cloud/aws/server.ts';
import { createManualClock } from '../../packages/local-cloud/clock.ts';
import {
  clientOptions,
  createRecordingLog,
  serve,
} from '../../packages/local-cloud/tests/aws/local-cloud.ts';
import { fingerprintsTable, windowsTable } from '../../packages/local-cloud/tests/dynamodb/windows-table.ts';
import { temporaryFolder } from '../support/folders.ts';

const START = 1_790_000_000_000;
const DEVICES = 2;
const LANES = 3;
/** More attempts than there are faults in a history. */
const MAX_ATTEMPTS = 40;
const limits = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };
const tools = { count: () => {}, warn: () => {} };

const dir = temporaryFolder();
let dynamodb: DynamoDb;
let server: AwsServer;
let client: DynamoDBClient;

beforeAll(async () => {
  const log = createRecordingLog();
  dynamodb = await createDynamoDb({ dir, clock: createManualClock(START), log, count: () => {} });
  await dynamodb.ensureTable(windowsTable());
  await dynamodb.ensureTable(fingerprintsTable());
  server = await serve({ dynamodb: dynamodb.handler }, log);
  client = new DynamoDBClient(clientOptions(server.url));
});
afterAll(async () => {
  client.destroy();
  await server.close();
  await dynamodb.close();
});

interface Sent {
  readonly device: number;
  /** Half seconds since the start, so that some readings are of the same moment. */
  readonly half: number;
  readonly tenths: number;
  readonly humidity: number | undefined;
  /** How many readings its message packs, half a second apart. */
  readonly packed: number;
  /** With an ID that is reused, so that only time and values distinguish readings. */
  readonly isReused: boolean;
  /** Without its own time: it gets its arrival time, and duplicates are recognised only by ID and values. */
  readonly isTimeless: boolean;
}

/** Fingerprints that an item holds: with few of them most windows are hot. */
const MAX_SEEN = 6;

/** A fault in a call: it is refused, or its answer is lost; or the environment ends before it, or after it. */
type Fault = 'refused' | 'lost' | 'ends before' | 'ends after';

interface History {
  readonly messages: readonly Sent[];
  /** Which messages are delivered, in which order, beside each of them once. */
  readonly repeats: readonly number[];
  readonly order: readonly number[];
  readonly faults: ReadonlyMap<number, Fault>;
  readonly batchSizes: readonly number[];
}

const sent = fc.record({
  device: fc.nat(DEVICES - 1),
  half: fc.nat(24),
  tenths: fc.integer({ min: -500, max: 500 }),
  humidity: fc.option(fc.nat(100), { nil: undefined }),
  packed: fc.constantFrom(1, 1, 3, 5, 40),
  isReused: fc.boolean(),
  isTimeless: fc.constantFrom(false, false, true),
});

const history: fc.Arbitrary<History> = fc.record({
  messages: fc.array(sent, { minLength: 1, maxLength: 40, size: 'max' }),
  repeats: fc.array(fc.nat(1000), { maxLength: 40, size: 'max' }),
  order: fc.array(fc.nat(1_000_000), { minLength: 80, maxLength: 80 }),
  faults: fc
    .array(fc.tuple(fc.nat(150), fc.constantFrom<Fault>('refused', 'lost', 'ends before', 'ends after')), {
      maxLength: 16,
    })
    .map((faults) => new Map(faults)),
  batchSizes: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 }),
});

interface Measured {
  readonly id: string;
  readonly at: number;
  readonly isTimeless: boolean;
  readonly tenths: number;
  readonly humidity: number | undefined;
}

const ARRIVAL = START + 60_000;

const readingsOf = ({ half, tenths, humidity, packed, ...sent }: Sent, n: number): Measured[] =>
  Array.from({ length: packed }, (_, i) => ({
    id: sent.isReused ? 'fridge-7' : `${n}-${i}`,
    at: sent.isTimeless ? ARRIVAL : START + (half + i) * 500,
    isTimeless: sent.isTimeless,
    tenths: tenths + i,
    humidity,
  }));

function deliveriesOf({ messages, repeats, order }: History, run: string): ParsedMessage[] {
  const places = [...messages.keys(), ...repeats.map((n) => n % messages.length)];
  return places
    .map((n, turn) => ({ n, turn: order[turn]! }))
    .sort((a, b) => a.turn - b.turn)
    .map(({ n }) => {
      const readings = readingsOf(messages[n]!, n).map(({ id, at, isTimeless, tenths, humidity }) => ({
        ...{ id, temperature: tenths / 10 },
        ...(!isTimeless && { timestamp: at }),
        ...(humidity !== undefined && { humidity }),
      }));
      const context = {
        deviceId: `${run}/${messages[n]!.device}`,
        site: 'seattle',
        receivedAt: ARRIVAL,
      };
      return parseMessage({ readings, ...context, traceId: `trace-${n}` }, limits);
    });
}

interface Environment {
  readonly ingest: Ingest;
  readonly ended: () => boolean;
}

/** Environments of a function, in all of which together the n-th call has the n-th fault. */
function createEnvironments(faults: ReadonlyMap<number, Fault>): () => Environment {
  const pass = client.send.bind(client) as unknown as (command: unknown) => Promise<unknown>;
  let turn = 0;
  return () => {
    let ended = false;
    const send = async (command: unknown) => {
      if (ended) throw new Error('the environment is gone');
      const fault = faults.get(turn++);
      ended ||= fault === 'ends before' || fault === 'ends after';
      if (fault === 'refused' || fault === 'ends before') throw new Error(fault);
      const answer = await pass(command);
      if (fault || ended) throw new Error(fault ?? 'the environment is gone');
      return answer;
    };
    const windows = createWindowStore({
      client: { send } as unknown as DynamoDBClient,
      table: 'windows',
      fingerprintsTable: 'fingerprints',
      retentionDays: 30,
      windowSeconds: 10,
      rememberedWindows: 4,
      maxSeen: MAX_SEEN,
    });
    const ingest = createIngestion({
      rollups: { mark: async () => {} },
      now: () => 0,
      keepRejected: async () => {},
      windows,
      devices: { noteSeen: async () => {}, noteUnused: async () => {}, noteUnits: async () => {} },
      judgeWindows: async () => {},
      windowSeconds: 10,
      callsAtOnce: 4,
    });
    return { ingest, ended: () => ended };
  };
}

/** Each lane has an environment, and a new one when that has ended. */
async function inLanes(
  open: () => Environment,
  work: (next: () => Environment) => Promise<void>,
): Promise<void> {
  const lane = async () => {
    let environment = open();
    await work(() => (environment = environment.ended() ? open() : environment));
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** An event a message; one that fails comes again after the others. */
async function direct(deliveries: readonly ParsedMessage[], { faults }: History): Promise<void> {
  const queue = deliveries.map((message) => ({ message, attempts: 0 }));
  await inLanes(createEnvironments(faults), async (next) => {
    for (let event = queue.shift(); event; event = queue.shift()) {
      assert.ok((event.attempts += 1) < MAX_ATTEMPTS, 'a message never gets through');
      const { ingest, ended } = next();
      const failed = await ingest([event.message], tools);
      if (failed.length > 0 || ended()) queue.push(event);
    }
  });
}

/** Batches of shards; from the lowest record that failed on they come again, or as a whole when the environment ended. */
async function stream(deliveries: readonly ParsedMessage[], { faults, batchSizes }: History): Promise<void> {
  const batches: ParsedMessage[][] = [];
  for (let at = 0, n = 0; at < deliveries.length; n += 1) {
    batches.push(deliveries.slice(at, (at += batchSizes[n % batchSizes.length]!)));
  }
  await inLanes(createEnvironments(faults), async (next) => {
    for (let batch = batches.shift(); batch; batch = batches.shift()) {
      for (let rest = batch, attempts = 0; rest.length > 0; attempts += 1) {
        assert.ok(attempts < MAX_ATTEMPTS, 'a batch never ends');
        const { ingest, ended } = next();
        const failed = await ingest(rest, tools);
        if (ended()) continue;
        const places = failed.map(({ message }) => rest.indexOf(message));
        rest = places.length === 0 ? [] : rest.slice(Math.min(...places));
      }
    }
  });
}

const statisticsOf = (values: readonly number[]) => ({
  min: Math.min(...values),
  max: Math.max(...values),
  sum: values.reduce((sum, value) => sum + value, 0),
  count: values.length,
});

/** Of the id, the time, if it has its own, and the values of a reading. */
const fingerprintOf = ({ id, at, isTimeless, tenths, humidity }: Measured) => {
  const values = [...(humidity === undefined ? [] : [`humidity=${humidity}`]), `temperature=${tenths / 10}`];
  return fingerprint(`id:${id},${isTimeless ? '' : `at:${at},`}${values.join()}`);
};

/** A slow and simple reference: all readings of a device, each once, by window. */
function recomputed({ messages }: History): unknown[] {
  return Array.from({ length: DEVICES }, (_, device) => {
    const all = messages.flatMap((each, n) => (each.device === device ? readingsOf(each, n) : []));
    const once = new Map(all.map((one) => [`${one.at - (one.at % 10_000)}/${fingerprintOf(one)}`, one]));
    const groups = Map.groupBy(once.values(), ({ at }) => at - (at % 10_000));
    return [...groups]
      .sort(([a], [b]) => a - b)
      .map(([windowStart, group]) => {
        const prints = group.map(fingerprintOf);
        const moisture = group.flatMap(({ humidity }) => (humidity === undefined ? [] : [humidity]));
        const lastReadingAt = Math.max(...group.map(({ at }) => at));
        const lastFingerprint = prints
          .filter((_print, n) => group[n]!.at === lastReadingAt)
          .sort()
          .at(-1)!;
        const { tenths, humidity } = group[prints.indexOf(lastFingerprint)]!;
        return {
          windowStart,
          readings: group.length,
          prints: prints.toSorted(),
          temperature: statisticsOf(group.map((each) => each.tenths)),
          humidity: moisture.length > 0 && statisticsOf(moisture),
          firstReadingAt: Math.min(...group.map(({ at }) => at)),
          lastReadingAt,
          lastFingerprint,
          last: { temperature: tenths, ...(humidity !== undefined && { humidity }) },
        };
      });
  });
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Those in the item, of which there are few, and those in its chunks, back to the first. */
async function fingerprintsOf(item: Record<string, AttributeValue>): Promise<string[]> {
  const prints = (item['seen']?.BS ?? []).map(hex);
  assert.ok(prints.length <= MAX_SEEN);
  const window = { S: `${item['windowStart']!.N}/${item['deviceId']!.S}` };
  for (let chunk = item['chunk']; chunk;) {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: 'fingerprints', Key: { window, chunk } }),
    );
    prints.push(...hex(Item!['prints']!.B!).match(/.{16}/g)!);
    chunk = Item!['previous'];
  }
  return prints.sort();
}

async function stored(run: string): Promise<unknown[]> {
  const devices = Array.from({ length: DEVICES }, async (_, device) => {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: 'windows',
        KeyConditionExpression: 'deviceId = :d',
        ExpressionAttributeValues: { ':d': { S: `${run}/${device}` } },
      }),
    );
    const windows = Items.map(async (item) => {
      const number = (text: string | undefined, factor = 1) => Math.round(Number(text) * factor);
      const figures = (metric: string, factor = 1) =>
        Object.fromEntries(
          ['min', 'max', 'sum', 'count'].map((figure) => {
            return [figure, number(item[`${metric}.${figure}`]?.N, figure === 'count' ? 1 : factor)];
          }),
        );
      const { temperature, humidity } = item['last']?.M ?? {};
      return {
        windowStart: number(item['windowStart']?.N),
        readings: number(item['readings']?.N),
        prints: await fingerprintsOf(item),
        temperature: figures('temperature', 10),
        humidity: item['humidity.count'] !== undefined && figures('humidity'),
        firstReadingAt: number(item['firstReadingAt']?.N),
        lastReadingAt: number(item['lastReadingAt']?.N),
        lastFingerprint: hex(item['lastFingerprint']!.B!),
        last: { temperature: number(temperature?.N, 10), ...(humidity && { humidity: number(humidity.N) }) },
      };
    });
    return Promise.all(windows);
  });
  return Promise.all(devices);
}

for (const [way, send] of Object.entries({ direct, stream })) {
  test(`${way}: windows equal a recomputation, with repeated, reordered, concurrent, refused or interrupted calls`, async () => {
    let run = 0;
    const property = fc.asyncProperty(history, async (one) => {
      const name = `${way}-${run++}`;
      await send(deliveriesOf(one, name), one);
      assert.deepEqual(await stored(name), recomputed(one));
    });
    await fc.assert(property, { numRuns: 20, seed: 36 });
  });
}

test('metrics with names from Object.prototype have statistics and last values like any other', async () => {
  const [ingest, names] = [createEnvironments(new Map())().ingest, ['constructor', 'toString', 'valueOf']];
  const reading = Object.fromEntries(names.map((name, n) => [name, n]));
  const context = { deviceId: 'prototype', site: 'seattle', receivedAt: START, traceId: 'trace' };
  assert.deepEqual(
    await ingest([parseMessage({ ...reading, timestamp: START, ...context }, limits)], tools),
    [],
  );
  const history = createWindowHistory({ client, table: 'windows', windowSeconds: 10, now: () => START });
  const span = { deviceId: 'prototype', from: START, to: START + 1, seconds: 10, limit: 1 };
  for (const [n, metric] of names.entries()) {
    const [bucket] = (await history.read({ ...span, metric })).buckets;
    assert.equal(bucket?.metrics.get(metric)?.max, decimalOf(n));
    assert.equal(bucket?.last.get(metric), decimalOf(n));
  }
});
