// `node bench/writes.ts`: the number of DynamoDB calls per reading for both ingest modes, at 1 Hz per device, with the real store.

import { createAlerting } from '../pipeline/judge.ts';
import { createAlertStore } from '../adapters/alert-store.ts';
import { createDeviceStore } from '../adapters/device-store.ts';
import { createIngestion, type Ingest } from '../pipeline/ingest.ts';
import { createWindowStore } from '../adapters/window-store.ts';
import { compileRule, defaultRules } from '../core/rule-data.ts';
import { parseMessage, type ParsedMessage } from '../core/message.ts';
import { openTables, type Tables } from '../tests/adapters/tables.ts';

/** Not a multiple of the number of environments, so that devices switch between them. */
const DEVICES = 15;
/** A device's last-seen time is written once in ten minutes. */
const SECONDS = 600;
const START = 1790000000000;
const BATCHES_AT_ONCE = 8;
const limits = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };
const tools = { count: () => {}, warn: () => {} };

/** Deterministic numbers from 0 to 1. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** The arrivals of each second: every device once, at its own phase, with its temperature on a random walk. */
function fleet(run: string): ParsedMessage[][] {
  const random = createRandom(7);
  const devices = Array.from({ length: DEVICES }, (_, n) => ({ n, phase: random() * 1000, tenths: 40 }));
  return Array.from({ length: SECONDS }, (_, second) =>
    devices.map((device) => {
      device.tenths += Math.round(random() * 4 - 2);
      const timestamp = Math.floor(START + second * 1000 + device.phase);
      const reading = { timestamp, temperature: device.tenths / 10, humidity: Math.round(random() * 100) };
      const context = { deviceId: `${run}-${device.n}`, site: 'seattle', receivedAt: timestamp + 50 };
      return parseMessage({ ...reading, ...context, traceId: `${device.n}-${second}` }, limits);
    }),
  );
}

/** An environment of the function, with its DynamoDB calls. */
function createEnvironment(tables: Tables, clock: { now: number }, calls: Record<string, number>): Ingest {
  const send = (command: { constructor: { name: string } }) => {
    calls[command.constructor.name] = (calls[command.constructor.name] ?? 0) + 1;
    return tables.client.send(command as never);
  };
  const client = { send } as unknown as Tables['client'];
  const windows = createWindowStore({
    client,
    table: 'windows',
    fingerprintsTable: 'fingerprints',
    windowSeconds: 10,
    retentionDays: 90,
    rememberedWindows: 20_000,
  });
  const alerts = createAlertStore({ client, table: 'alerts' });
  const judgeWindows = createAlerting({
    rules: async () => defaultRules({ maxTemperature: 1000, minTemperature: -1000 }).map(compileRule),
    device: async () => undefined,
    alerts,
    windows,
    outbox: { deliver: async () => {}, record: async (state) => state }, // no alerts are raised here
    now: () => clock.now,
    calmFor: 10_000,
  });
  return createIngestion({
    rollups: { mark: async () => {} },
    now: () => clock.now,
    keepRejected: async () => {},
    windows,
    devices: createDeviceStore({ client, table: 'devices' }),
    judgeWindows,
    windowSeconds: 10,
    callsAtOnce: 16,
  });
}

async function direct(tables: Tables, environments: number): Promise<Record<string, number>> {
  const [clock, calls] = [{ now: START }, {}];
  const all = Array.from({ length: environments }, () => createEnvironment(tables, clock, calls));
  let turn = 0;
  for (const second of fleet(`direct${environments}`)) {
    for (const message of second) await all[turn++ % environments]!([message], tools);
    clock.now += 1000;
  }
  return calls;
}

async function stream(tables: Tables, batchingSeconds: number): Promise<Record<string, number>> {
  const [clock, calls] = [{ now: START }, {}];
  const environment = createEnvironment(tables, clock, calls);
  const batches = Array.from({ length: BATCHES_AT_ONCE }, (): ParsedMessage[] => []);
  const seconds = fleet(`stream${batchingSeconds}`);
  for (const [second, messages] of seconds.entries()) {
    for (const [n, message] of messages.entries()) batches[n % BATCHES_AT_ONCE]!.push(message);
    clock.now += 1000;
    for (const [n, batch] of batches.entries()) {
      // Batches begin at any second of a window.
      const isDue = (second + 1 + n * 7) % batchingSeconds === 0 || second === SECONDS - 1;
      if (isDue && batch.length > 0) await environment(batch.splice(0), tools);
    }
  }
  return calls;
}

const tables = await openTables();
const rows: Record<string, Record<string, string>> = {};
const perReading = (calls: Record<string, number>) => ({
  writes: ((calls['UpdateItemCommand'] ?? 0) / (DEVICES * SECONDS)).toFixed(3),
  'alert reads': ((calls['QueryCommand'] ?? 0) / (DEVICES * SECONDS)).toFixed(3),
});
for (const environments of [1, 2, 8])
  rows[`direct, ${environments} environments`] = perReading(await direct(tables, environments));
for (const seconds of [1, 10, 30, 60, 120])
  rows[`stream, ${seconds} s`] = perReading(await stream(tables, seconds));
console.table(rows);
await tables.close();
