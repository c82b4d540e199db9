// Applies deltas to the windows table so that figures stay exact under duplicates, retries, reordering and concurrency.

import {
  ConditionalCheckFailedException,
  GetItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { without, type Delta, type Window } from '../core/window.ts';
import { createRecent } from '../core/recent.ts';
import type { WindowStore } from '../pipeline/ports.ts';
import { keyOf, seenIn, windowOf, type Item } from './window-item.ts';
import { countingUpdate, improvementsOn } from './window-update.ts';

/** Windows that an environment remembers, to foresee what a reading will improve in them. */
const REMEMBERED_WINDOWS = 1000;

/** Writers of one window at once are few; more refusals than this are no race. */
const MAX_TRIES = 100;

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

  /**
   * One write when this environment foresees what the delta improves, which `known` tells it; else one more.
   * Every further refusal means that another writer was faster, and what it wrote only makes the next one likelier to hold.
   */
  async function count(
    delta: Delta,
    known: Window | undefined,
  ): Promise<{ window: Window; applied: number }> {
    const expiresAt = Math.floor(delta.windowStart / 1000) + retentionDays * 86_400;
    let improvements = known && improvementsOn(known, delta);
    let rest = delta;
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const written = await update(delta, countingUpdate(rest, expiresAt, improvements));
      if ('item' in written) return { window: windowOf(written.item), applied: rest.readings.size };
      const item = written.refusedBy ?? (await read(delta));
      if (item) rest = without(rest, seenIn(item));
      if (item && rest.readings.size === 0) return { window: windowOf(item), applied: 0 };
      improvements = item && improvementsOn(windowOf(item), rest);
    }
    throw new Error(
      `Table ${table} refused readings of ${delta.deviceId} ${MAX_TRIES} times; a retry is safe`,
    );
  }

  return {
    async apply(delta) {
      const key = `${delta.windowStart}/${delta.deviceId}`;
      const result = await count(delta, remembered.get(key));
      remembered.set(key, result.window);
      return result;
    },

    async before(deviceId, windowStart, limit) {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'deviceId = :device AND windowStart < :start',
          ExpressionAttributeValues: { ':device': { S: deviceId }, ':start': { N: String(windowStart) } },
          ScanIndexForward: false,
          Limit: limit,
          ConsistentRead: true,
        }),
      );
      return Items.map(windowOf).reverse();
    },
  };
}
