// `node bench/hot-window.ts`: the cost of a reading in a window with thousands of readings, with the real store and the local DynamoDB.
// Processor time includes the store, the SDK and the local DynamoDB; capacity is what DynamoDB would bill for the same calls.

import {
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import { parseArgs } from 'node:util';
import { createWindowStore } from '../adapters/window-store.ts';
import { parseMessage } from '../core/message.ts';
import { foldReadings, type Delta } from '../core/window.ts';
import { openTables, type Tables } from '../tests/adapters/tables.ts';

const { values } = parseArgs({
  options: {
    readings: { type: 'string', default: '10000' },
    /** The number of rounds. The median counts, without the first round, which warms up. */
    rounds: { type: 'string', default: '3' },
    /** Only packs of this many readings. */
    packed: { type: 'string' },
  },
});
const START = 1_790_000_000_000;
const THOUSANDS = Number(values.readings) / 1000;
const limits = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };

interface Cost {
  cpuMs: number;
  calls: number;
  writeUnits: number;
  readUnits: number;
}
type Item = Record<string, AttributeValue>;

/** The size in bytes that DynamoDB bills. */
function sizeOf(item: Item): number {
  const sizes = Object.entries(item).map(([name, { S, N, B, BS, M }]) => {
    const bytes =
      S?.length ??
      (N === undefined ? undefined : Math.ceil(N.length / 2) + 1) ??
      B?.length ??
      BS?.reduce((sum, { length }) => sum + length, 3) ??
      3 + sizeOf(M!) + Object.keys(M!).length;
    return name.length + bytes;
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}

const units = (items: readonly Item[], bytes: number) =>
  Math.max(1, Math.ceil(items.reduce((sum, item) => sum + sizeOf(item), 0) / bytes));

/** The client with the cost of its calls. */
function metered(tables: Tables, cost: Cost): Tables['client'] {
  const pass = tables.client.send.bind(tables.client) as unknown as (command: unknown) => Promise<{
    Attributes?: Item;
    Item?: Item;
    Items?: Item[];
  }>;
  let lastUnits = 1;
  const send = async (command: unknown) => {
    cost.calls += 1;
    try {
      const answer = await pass(command);
      if (command instanceof UpdateItemCommand)
        cost.writeUnits += lastUnits = units([answer.Attributes!], 1024);
      if (command instanceof PutItemCommand) cost.writeUnits += units([command.input.Item!], 1024);
      if (command instanceof GetItemCommand) cost.readUnits += units([answer.Item ?? {}], 4096);
      if (command instanceof QueryCommand) cost.readUnits += units(answer.Items!, 4096);
      return answer;
    } catch (error) {
      // A refused write is billed too, by the item's size.
      if (error instanceof ConditionalCheckFailedException) cost.writeUnits += lastUnits;
      throw error;
    }
  };
  return { send } as unknown as Tables['client'];
}

function packsOf(deviceId: string, thousand: number, packed: number): Delta[][] {
  return Array.from({ length: 1000 / packed }, (_, n) => {
    const readings = Array.from({ length: packed }, (_, i) => {
      const at = thousand * 1000 + n * packed + i;
      return {
        id: `r${at}`,
        timestamp: START + (at % 10_000),
        temperature: (at % 400) / 10,
        humidity: at % 100,
      };
    });
    const context = { deviceId, site: 'seattle', receivedAt: START + 10_000, traceId: `${thousand}-${n}` };
    return foldReadings(parseMessage({ readings, ...context }, limits).accepted, 10);
  });
}

/** The cost of each successive thousand readings, sent in packs to the environments in turn. */
async function run(tables: Tables, deviceId: string, packed: number, environments: number): Promise<Cost[]> {
  const cost: Cost = { cpuMs: 0, calls: 0, writeUnits: 0, readUnits: 0 };
  const client = metered(tables, cost);
  const stores = Array.from({ length: environments }, () =>
    createWindowStore({
      ...{ client, table: 'windows', fingerprintsTable: 'fingerprints' },
      ...{ retentionDays: 90, windowSeconds: 10 },
    }),
  );
  const costs: Cost[] = [];
  for (let thousand = 0; thousand < THOUSANDS; thousand += 1) {
    const packs = packsOf(deviceId, thousand, packed);
    const before = { ...cost };
    const cpu = process.cpuUsage();
    for (const [n, deltas] of packs.entries()) {
      for (const delta of deltas) await stores[n % environments]!.apply(delta);
    }
    const { user, system } = process.cpuUsage(cpu);
    costs.push({
      cpuMs: (user + system) / 1000,
      calls: cost.calls - before.calls,
      writeUnits: cost.writeUnits - before.writeUnits,
      readUnits: cost.readUnits - before.readUnits,
    });
  }
  return costs;
}

const median = (numbers: readonly number[]) =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

const tables = await openTables();
const rounds = Number(values.rounds);
for (const [packed, environments] of [
  [1000, 1],
  [1000, 2],
  [100, 1],
  [10, 1],
  [10, 4],
  [1, 1],
  [1, 4],
] as const) {
  if (values.packed !== undefined && Number(values.packed) !== packed) continue;
  const measured: Cost[][] = [];
  // Fewer calls need more rounds for a stable result.
  for (let round = 0; round <= rounds * (packed === 1000 ? 10 : 1); round += 1) {
    const costs = await run(tables, `d-${packed}-${environments}-${round}`, packed, environments);
    if (round > 0) measured.push(costs);
  }
  const of = (thousand: number, name: keyof Cost) =>
    median(measured.map((costs) => costs[thousand]![name])) / 1000;
  const rows = Array.from({ length: THOUSANDS }, (_, thousand) => ({
    'cpu us': Math.round(of(thousand, 'cpuMs') * 1000),
    calls: of(thousand, 'calls').toFixed(4),
    WRU: of(thousand, 'writeUnits').toFixed(4),
    RRU: of(thousand, 'readUnits').toFixed(4),
    'cpu / first': (of(thousand, 'cpuMs') / of(0, 'cpuMs')).toFixed(2),
  }));
  console.log(`packs of ${packed}, ${environments} environment(s); per reading, by thousand`);
  console.table(rows);
}
await tables.close();
