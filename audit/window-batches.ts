// Reads and writes windows in batches, of which DynamoDB may leave a part unprocessed. For rebuilds, which can wait, not for functions.

import { setTimeout } from 'node:timers/promises';
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  PutItemCommand,
  type AttributeValue,
  type DynamoDBClient,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { inParallel } from '../core/in-parallel.ts';
import { without, type Delta, type WindowKey } from '../core/window.ts';
import { createFingerprintChain, type FingerprintChain } from '../adapters/fingerprint-chain.ts';
import { chunkIn, itemOf, keyOf, seenIn, type Item } from '../adapters/window-item.ts';
import { partsOf } from '../adapters/window-parts.ts';
import { MAX_SEEN } from '../adapters/window-store.ts';

/** The stored state of a delta's window. */
export interface StoredWindow {
  readonly item: Item;
  /** The delta's readings that are not counted yet. Rejects like `FingerprintChain.readUpTo`. */
  missing(): Promise<Delta>;
}

export interface WindowBatches {
  /** In the order of the deltas; undefined for a missing window. Rejects with the SDK's error. */
  read(deltas: readonly Delta[]): Promise<(StoredWindow | undefined)[]>;
  /**
   * Writes windows like counting, replacing existing items. Only for windows that nothing else writes and that
   * `isPuttable` accepts. Rejects with the SDK's error.
   */
  put(deltas: readonly Delta[]): Promise<void>;
  /**
   * Writes a window that `isPuttable` accepts like counting, but faster. Returns false if it exists by now. Rejects
   * with the SDK's error.
   */
  putIfNone(delta: Delta): Promise<boolean>;
}

const READS_A_CALL = 100;
const WRITES_A_CALL = 25;
const CALLS_AT_ONCE = 8;
/** DynamoDB leaves a part of a call unprocessed when it is too busy or the response would be too large. */
const MAX_TRIES = 20;
const LONGEST_WAIT_MS = 2000;

/** Whether all fingerprints fit into the item. */
export const isPuttable = (delta: Delta): boolean =>
  delta.readings.size <= MAX_SEEN && partsOf(delta).length === 1;

interface BatchOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly fingerprintsTable: string;
  readonly retentionDays: number;
  /** Resolves after this many milliseconds. */
  readonly wait?: (ms: number) => Promise<void>;
}

type Table = Pick<BatchOptions, 'client' | 'table'> & Required<Pick<BatchOptions, 'wait'>>;

async function readSome({ client, table, wait }: Table, deltas: readonly Delta[]): Promise<Item[]> {
  const found: Item[] = [];
  let keys: Record<string, AttributeValue>[] = deltas.map(keyOf);
  await untilAllDone({ table, wait }, async () => {
    const request = { [table]: { Keys: keys, ConsistentRead: true } };
    const { Responses, UnprocessedKeys } = await client.send(
      new BatchGetItemCommand({ RequestItems: request }),
    );
    found.push(...(Responses?.[table] ?? []));
    keys = UnprocessedKeys?.[table]?.Keys ?? [];
    return keys.length;
  });
  return found;
}

async function putSome({ client, table, wait }: Table, items: readonly Item[]): Promise<void> {
  let writes: WriteRequest[] = items.map((Item) => ({ PutRequest: { Item } }));
  await untilAllDone({ table, wait }, async () => {
    const { UnprocessedItems } = await client.send(
      new BatchWriteItemCommand({ RequestItems: { [table]: writes } }),
    );
    writes = UnprocessedItems?.[table] ?? [];
    return writes.length;
  });
}

function storedOf(chain: FingerprintChain, item: Item, delta: Delta): StoredWindow {
  return {
    item,
    async missing() {
      const rest = without(delta, seenIn(item));
      const chunk = chunkIn(item);
      if (chunk === undefined || rest.readings.size === 0) return rest;
      return without(rest, await chain.readUpTo(delta, chunk));
    },
  };
}

export function createWindowBatches(options: BatchOptions): WindowBatches {
  const { client, table, fingerprintsTable, retentionDays, wait = async (ms) => setTimeout(ms) } = options;
  const chain = createFingerprintChain({ client, table: fingerprintsTable });
  const place = { client, table, wait };
  const itemFor = (delta: Delta) =>
    itemOf(delta, Math.floor(delta.windowStart / 1000) + retentionDays * 86_400);

  return {
    async read(deltas) {
      const parts = partsBy(deltas, READS_A_CALL);
      const items = (await inParallel(parts, CALLS_AT_ONCE, async (part) => readSome(place, part))).flat();
      const byKey = new Map(items.map((item) => [`${item['windowStart']?.N}/${item['deviceId']?.S}`, item]));
      return deltas.map((delta) => {
        const item = byKey.get(keyText(delta));
        return item && storedOf(chain, item, delta);
      });
    },
    async put(deltas) {
      const parts = partsBy(deltas, WRITES_A_CALL);
      await inParallel(parts, CALLS_AT_ONCE, async (part) => putSome(place, part.map(itemFor)));
    },
    async putIfNone(delta) {
      const put = new PutItemCommand({
        TableName: table,
        Item: itemFor(delta),
        ConditionExpression: 'attribute_not_exists(deviceId)',
      });
      try {
        await client.send(put);
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },
  };
}

const keyText = ({ windowStart, deviceId }: WindowKey) => `${windowStart}/${deviceId}`;

function partsBy<Part>(all: readonly Part[], size: number): Part[][] {
  const count = Math.ceil(all.length / size);
  return Array.from({ length: count }, (_, n) => all.slice(n * size, (n + 1) * size));
}

/** `call` returns how much is left. The pause grows while nothing is processed. */
async function untilAllDone(
  { table, wait }: { readonly table: string; readonly wait: (ms: number) => Promise<void> },
  call: () => Promise<number>,
): Promise<void> {
  let left = Infinity;
  for (let tries = 0; tries < MAX_TRIES;) {
    const before = left;
    left = await call();
    if (left === 0) return;
    tries = left < before ? 0 : tries + 1;
    await wait(Math.min(50 * 2 ** tries, LONGEST_WAIT_MS));
  }
  throw new Error(
    `Table ${table} left ${left} of its items ${MAX_TRIES} times: it is too busy; run it again`,
  );
}
