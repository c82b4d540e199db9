// Applies deltas to the windows table so that figures stay exact under duplicates, retries, reordering and concurrency.

import {
  ConditionalCheckFailedException,
  GetItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { without, type Delta, type Window } from '../core/window.ts';
import { createRecent } from './recent.ts';
import { keyOf, seenIn, windowOf, type Item } from './window-item.ts';
import { countingUpdate, extremesUpdate, improvementsOn } from './window-update.ts';

export interface WindowStore {
  /**
   * Counts the delta's readings that are not counted yet, and gives the window as it then is with the number of
   * readings that this call counted. Safe to repeat. Rejects with the SDK's error when the table cannot be reached.
   */
  apply(delta: Delta): Promise<{ window: Window; applied: number }>;
  /** The device's newest window that starts after `after` and before `windowStart`, both epoch milliseconds. */
  closedBefore(deviceId: string, windowStart: number, after: number): Promise<Window | undefined>;
}

/** Windows whose extremes an environment remembers, to foresee whether a reading will improve them. */
const REMEMBERED_WINDOWS = 1000;

/** Either the item as the write left it, or the one that its condition did not hold for, where DynamoDB told it. */
type Written = { readonly item: Item } | { readonly refusedBy: Item | undefined };

export function createWindowStore(options: {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly retentionDays: number;
  readonly rememberedWindows?: number;
}): WindowStore {
  const { client, table, retentionDays, rememberedWindows = REMEMBERED_WINDOWS } = options;
  const remembered = createRecent<Window>(rememberedWindows);

  async function update(delta: Delta, expressions: ReturnType<typeof countingUpdate>): Promise<Written> {
    try {
      const { Attributes = {} } = await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: keyOf(delta),
          ...expressions,
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { item: Attributes };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return { refusedBy: error.Item };
      throw error;
    }
  }

  async function read(delta: Delta): Promise<Item | undefined> {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: keyOf(delta), ConsistentRead: true }),
    );
    return Item;
  }

  /** Ends, because every failure means that another writer made an extreme better. */
  async function widen(start: Window, delta: Delta): Promise<Window> {
    let window = start;
    for (;;) {
      const improvements = improvementsOn(window, delta);
      if (improvements.length === 0) return window;
      const written = await update(delta, extremesUpdate(improvements));
      if ('item' in written) return windowOf(written.item);
      const current = written.refusedBy ?? (await read(delta));
      if (!current) return window;
      window = windowOf(current);
    }
  }

  async function count(
    delta: Delta,
    known: Window | undefined,
  ): Promise<{ window: Window; applied: number }> {
    const expiresAt = Math.floor(delta.windowStart / 1000) + retentionDays * 86_400;
    let foreseen = known ? improvementsOn(known, delta) : [];
    let rest = delta;
    for (;;) {
      const written = await update(delta, countingUpdate(rest, expiresAt, foreseen));
      if ('item' in written) {
        return { window: await widen(windowOf(written.item), delta), applied: rest.readings.size };
      }
      const item = written.refusedBy ?? (await read(delta));
      const fresh = item ? without(rest, seenIn(item)) : rest;
      if (item && fresh.readings.size === rest.readings.size && foreseen.length === 0) {
        throw new Error(`Table ${table} refuses readings of ${delta.deviceId} that it has not counted`);
      }
      // Even with nothing left to count, a crash may have come before the extremes were written.
      if (item && fresh.readings.size === 0)
        return { window: await widen(windowOf(item), delta), applied: 0 };
      rest = fresh;
      foreseen = []; // another writer had better ones, or the window has expired: first count, then look
    }
  }

  return {
    async apply(delta) {
      const key = `${delta.windowStart}/${delta.deviceId}`;
      const result = await count(delta, remembered.get(key));
      remembered.set(key, result.window);
      return result;
    },

    async closedBefore(deviceId, windowStart, after) {
      if (windowStart - after < 2) return undefined;
      const { Items } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'deviceId = :device AND windowStart BETWEEN :first AND :last',
          ExpressionAttributeValues: {
            ':device': { S: deviceId },
            ':first': { N: String(after + 1) },
            ':last': { N: String(windowStart - 1) },
          },
          ScanIndexForward: false,
          Limit: 1,
          ConsistentRead: true,
        }),
      );
      const [item] = Items ?? [];
      return item && windowOf(item);
    },
  };
}
