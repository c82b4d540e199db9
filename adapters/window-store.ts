// Applies deltas to the windows table so that figures stay exact under duplicates, retries, reordering and concurrency.

import {
  ConditionalCheckFailedException,
  GetItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { without, type Delta, type Window } from '../core/window.ts';
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

export function createWindowStore(options: {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly retentionDays: number;
}): WindowStore {
  const { client, table, retentionDays } = options;

  async function update(
    delta: Delta,
    expressions: ReturnType<typeof countingUpdate>,
  ): Promise<Item | undefined> {
    try {
      const { Attributes } = await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: keyOf(delta),
          ...expressions,
          ReturnValues: 'ALL_NEW',
        }),
      );
      return Attributes ?? {};
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
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
  async function widen(start: Item, delta: Delta): Promise<Item> {
    let item = start;
    for (;;) {
      const improvements = improvementsOn(item, delta);
      if (improvements.length === 0) return item;
      const updated = await update(delta, extremesUpdate(improvements));
      if (updated) return updated;
      const current = await read(delta);
      if (!current) return item;
      item = current;
    }
  }

  return {
    async apply(delta) {
      const expiresAt = Math.floor(delta.windowStart / 1000) + retentionDays * 86_400;
      let rest = delta;
      for (;;) {
        const counted = await update(delta, countingUpdate(rest, expiresAt));
        if (counted) return { window: windowOf(await widen(counted, delta)), applied: rest.readings.size };
        const item = await read(delta);
        if (!item) continue;
        const fresh = without(rest, seenIn(item));
        if (fresh.readings.size === rest.readings.size) {
          throw new Error(`Table ${table} refuses readings of ${delta.deviceId} that it has not counted`);
        }
        // Even with nothing left to count, a crash may have come before the extremes were written.
        if (fresh.readings.size === 0) return { window: windowOf(await widen(item, delta)), applied: 0 };
        rest = fresh;
      }
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
