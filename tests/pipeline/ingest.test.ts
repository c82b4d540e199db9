// Both ingest modes over the local DynamoDB: by message or in batches, with any failures, the tables end the same.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { QueryCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import * as fc from 'fast-check';
import { createIngestion, type Ingest, type IngestionParts } from '../../pipeline/ingest.ts';
import { createWindowStore } from '../../adapters/window-store.ts';
import { parseMessage, type ParsedMessage } from '../../core/message.ts';
import { openTables, type Tables } from '../adapters/tables.ts';

const START = 1790000000000;
const tools = { count: () => {}, warn: () => {} };
const limits = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };

let tables: Tables;
beforeAll(async () => {
  tables = await openTables();
});
afterAll(() => tables.close());

type Send = (command: unknown) => Promise<unknown>;

/** The client; the calls whose turn `breaks` names are made and their answers lost, or not made at all. */
function breaking(breaks: ReadonlyMap<number, 'before' | 'after'>): Tables['client'] {
  const pass = tables.client.send.bind(tables.client) as unknown as Send;
  let turn = 0;
  const send: Send = async (command) => {
    const how = breaks.get(turn++);
    if (how === 'before') throw new Error('connection lost');
    const answer = await pass(command);
    if (how === 'after') throw new Error('answer lost');
    return answer;
  };
  return { send } as unknown as Tables['client'];
}

function ingestion(client = tables.client, parts: Partial<IngestionParts> = {}): Ingest {
  return createIngestion({
    rollups: { mark: async () => {} },
    now: () => 0,
    keepRejected: async () => {},
    windows: createWindowStore({
      client,
      table: 'windows',
      fingerprintsTable: 'fingerprints',
      windowSeconds: 10,
      retentionDays: 30,
    }),
    devices: { noteSeen: async () => {}, noteUnused: async () => {}, noteUnits: async () => {} },
    judgeWindows: async () => {},
    windowSeconds: 10,
    callsAtOnce: 4,
    ...parts,
  });
}

interface Sent {
  readonly device: number;
  readonly second: number;
  readonly temperature: number;
  readonly packed: boolean;
}

function messageOf({ device, second, temperature, packed }: Sent, deviceId: string): ParsedMessage {
  const reading = (n: number) => ({
    id: `${device}/${second}/${temperature}/${n}`,
    timestamp: START + second * 1000 + n * 900,
    temperature: (temperature + n) / 10,
    humidity: (temperature * 7) % 13,
  });
  const payload = packed ? { readings: [0, 1, 2].map(reading) } : reading(0);
  const context = { deviceId, site: 'seattle', receivedAt: START + 60_000, traceId: `trace-${second}` };
  return parseMessage({ ...payload, ...context }, limits);
}

/** All windows of the devices, as they are stored, byte for byte, except for the name that distinguishes the runs. */
async function stored(run: string): Promise<Record<string, AttributeValue>[]> {
  const items = await Promise.all(
    [0, 1, 2].map(async (device) => {
      const { Items = [] } = await tables.client.send(
        new QueryCommand({
          TableName: 'windows',
          KeyConditionExpression: 'deviceId = :d',
          ExpressionAttributeValues: { ':d': { S: `${run}/${device}` } },
        }),
      );
      return Items.map((item) => {
        // A set has no order.
        const seen = item['seen']?.BS?.map((bytes) => Buffer.from(bytes).toString('hex')).sort() ?? [];
        return { ...item, deviceId: { S: String(device) }, seen: { SS: seen } };
      });
    }),
  );
  return items.flat();
}

const sent = fc.record({
  device: fc.nat(2),
  second: fc.nat(29),
  temperature: fc.integer({ min: -50, max: 150 }),
  packed: fc.boolean(),
});

const history = fc.record({
  messages: fc.array(sent, { minLength: 1, maxLength: 30 }),
  /** Which message each delivery of the stream carries: repeats, and any order. */
  repeats: fc.array(fc.nat(1000), { maxLength: 20 }),
  shuffle: fc.array(fc.nat(1_000_000), { minLength: 60, maxLength: 60 }),
  batchSizes: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 }),
  breaks: fc.array(fc.tuple(fc.nat(25), fc.constantFrom('before', 'after')), { maxLength: 4 }),
});

/** What Lambda does with a partial failure: from the lowest failed record on, everything comes again. */
async function runBatch(records: readonly ParsedMessage[], open: () => Ingest): Promise<void> {
  for (let rest = records, attempt = 0; rest.length > 0; attempt += 1) {
    assert.ok(attempt < 40, 'the batch never ends');
    const failed = await open()(rest, tools);
    const places = failed.map(({ message }) => rest.indexOf(message));
    rest = places.length === 0 ? [] : rest.slice(Math.min(...places));
  }
}

let runs = 0;

test('one message at a time and batches that break, repeat and reorder store the same windows', async () => {
  const property = fc.asyncProperty(history, async ({ messages, repeats, shuffle, batchSizes, breaks }) => {
    const [direct, stream] = [`direct-${runs}`, `stream-${runs++}`];
    const one = ingestion();
    for (const each of messages)
      assert.deepEqual(await one([messageOf(each, `${direct}/${each.device}`)], tools), []);

    const deliveries = [...messages, ...repeats.map((n) => messages[n % messages.length]!)]
      .map((each, n) => ({ each, order: shuffle[n]! }))
      .sort((a, b) => a.order - b.order)
      .map(({ each }) => messageOf(each, `${stream}/${each.device}`));
    const client = breaking(new Map(breaks));
    const batches: ParsedMessage[][] = [];
    for (let at = 0, n = 0; at < deliveries.length; n += 1) {
      const size = batchSizes[n % batchSizes.length]!;
      batches.push(deliveries.slice(at, (at += size)));
    }
    // Two environments, each with its own shard, write at the same time.
    const shards = [0, 1].map((shard) => batches.filter((_, n) => n % 2 === shard));
    await Promise.all(
      shards.map(async (shard) => {
        for (const batch of shard) await runBatch(batch, () => ingestion(client));
      }),
    );
    const windows = await stored(direct);
    assert.ok(windows.every(({ last, lastFingerprint }) => last?.M?.['humidity']?.N && lastFingerprint?.B));
    assert.deepEqual(await stored(stream), windows);
  });
  await fc.assert(property, { numRuns: 25, seed: 4 });
});

const simple = (deviceId: string, second = 0) =>
  messageOf({ device: 0, second, temperature: 5, packed: false }, deviceId);

test('a window that cannot be written fails the messages behind it and no other', async () => {
  const store = createWindowStore({
    client: tables.client,
    table: 'windows',
    fingerprintsTable: 'fingerprints',
    windowSeconds: 10,
    retentionDays: 30,
  });
  const apply: typeof store.apply = async (delta) => {
    if (delta.deviceId === 'refused' && delta.windowStart === START) throw new Error('no room');
    return store.apply(delta);
  };
  const judged: string[] = [];
  const ingest = ingestion(tables.client, {
    windows: { apply },
    judgeWindows: async (windows) => void judged.push(...windows.map(({ deviceId }) => deviceId)),
  });
  const messages = [simple('fine'), simple('refused'), simple('refused', 12), simple('fine', 1)];
  const failed = await ingest(messages, tools);
  assert.deepEqual(
    failed.map(({ message, error }) => [messages.indexOf(message), String(error)]),
    [[1, 'Error: no room']],
  );
  assert.deepEqual(judged.sort(), ['fine', 'refused']);
});

test('a batch evaluates each window once, in its final state', async () => {
  const judged: { sender: string; windows: [number, number][] }[] = [];
  const ingest = ingestion(tables.client, {
    judgeWindows: async (windows, sender) =>
      void judged.push({
        sender,
        windows: windows.map(({ windowStart, readings }) => [windowStart - START, readings]),
      }),
  });
  // More readings than one update may carry.
  const many = Array.from({ length: 300 }, (_, n) => ({ id: `n${n}`, timestamp: START + n, temperature: n }));
  const packed = parseMessage(
    { readings: many, deviceId: 'many', site: 's', receivedAt: START, traceId: 'first' },
    limits,
  );
  assert.deepEqual(await ingest([packed, simple('many', 11), simple('many', 12)], tools), []);
  assert.deepEqual(judged, [
    {
      sender: 'first',
      windows: [
        [0, 300],
        [10_000, 2],
      ],
    },
  ]);
});

test('a notification that cannot be sent fails the messages of its device', async () => {
  const ingest = ingestion(tables.client, {
    judgeWindows: async ([window]) => {
      if (window?.deviceId === 'alarmed') throw new Error('SNS is down');
    },
  });
  const messages = [simple('calm'), simple('alarmed'), simple('calm', 1), simple('alarmed', 1)];
  const failed = await ingest(messages, tools);
  assert.deepEqual(
    failed.map(({ message }) => messages.indexOf(message)),
    [1, 3],
  );
});

test('a rejection that cannot be stored fails its message, but the other readings of the message count', async () => {
  const rejected = parseMessage(
    {
      readings: [{ timestamp: START, temperature: 1 }, 'no reading'],
      deviceId: 'half',
      site: 's',
      receivedAt: START,
      traceId: 't',
    },
    limits,
  );
  const counts: Record<string, number> = {};
  const ingest = ingestion(tables.client, {
    keepRejected: async () => {
      throw new Error('bucket is gone');
    },
  });
  const failed = await ingest([rejected, simple('whole')], {
    ...tools,
    count: (name, value) => (counts[name] = (counts[name] ?? 0) + value),
  });
  assert.deepEqual(
    failed.map(({ message }) => message),
    [rejected],
  );
  assert.deepEqual(counts, {
    ReadingsRejected: 0,
    ReadingsAccepted: 2,
    ReadingsRepeated: 0,
    WindowsWritten: 2,
    ValuesSkipped: 0,
    MessagesWithoutReadings: 0,
    ValuesRounded: 0,
  });
});

test('the last-seen time of a device is written once a batch with its newest site, and a failure repeats its messages', async () => {
  const written: [deviceId: string, site: string, at: number][] = [];
  const noteSeen = async (deviceId: string, site: string, at: number) => {
    written.push([deviceId, site, at]);
    if (deviceId === 'broken') throw new Error('table cannot be reached');
  };
  const message = (deviceId: string, site: string, receivedAt: number) =>
    parseMessage(
      { temperature: 4, timestamp: START, deviceId, site, receivedAt, traceId: `t-${receivedAt}` },
      limits,
    );
  const messages = [
    message('noteSeen', 'austin', START + 2000),
    message('noteSeen', 'seattle', START + 1000),
    message('broken', 'seattle', START + 3000),
  ];
  const failed = await ingestion(tables.client, {
    devices: { noteSeen, noteUnused: async () => {}, noteUnits: async () => {} },
  })(messages, tools);
  assert.deepEqual(written, [
    ['noteSeen', 'austin', START + 2000],
    ['broken', 'seattle', START + 3000],
  ]);
  assert.deepEqual(
    failed.map(({ message }) => message.context?.deviceId),
    ['broken'],
  );
});
