// Stores what rules about trends and habits learned about each device, one small item per rule, in the alerts table.

import {
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod/mini';
import { beginLearning, learnedText, readLearned } from '../core/insight/observe.ts';
import type { DefrostSchedule } from '../core/rule-data.ts';
import { defrostSchedule } from '../core/rule-schema.ts';
import type { LearnedStore, Remembered } from '../pipeline/insight-ports.ts';
import { LEARNED_PREFIX } from './alert-store.ts';

const keyOf = (deviceId: string, ruleId: string) => ({
  deviceId: { S: deviceId },
  ruleId: { S: `${LEARNED_PREFIX}${ruleId}` },
});

const itemOf = (deviceId: string, ruleId: string, { learned, until, of, entered }: Remembered) => ({
  ...keyOf(deviceId, ruleId),
  learned: { S: learnedText(learned) },
  until: { N: String(until) },
  of: { S: of },
  ...(entered && { entered: { S: JSON.stringify(entered) } }),
});

/** An item that cannot be read gives the start of learning, which replaces it. */
function rememberedIn(item: Readonly<Record<string, AttributeValue>>): Remembered {
  const entered = enteredIn(item['entered']?.S);
  const learned = readLearned(item['learned']?.S ?? '');
  const until = Number(item['until']?.N ?? NaN);
  return learned && Number.isFinite(until)
    ? { learned, until, of: item['of']?.S ?? '', ...(entered && { entered }) }
    : { learned: beginLearning(), until, of: '', ...(entered && { entered }) };
}

/** False if the condition of the write does not hold. */
async function isWritten(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

interface LearnedStoreOptions {
  readonly client: DynamoDBClient;
  /** The alerts table. */
  readonly table: string;
}

/** Writes the item. Gives the stored item if that does not meet the condition. */
async function replace(
  { client, table }: LearnedStoreOptions,
  Item: ReturnType<typeof itemOf>,
  condition: ReturnType<typeof unchangedSince>,
) {
  const put = { TableName: table, Item, ...condition };
  try {
    await client.send(new PutItemCommand({ ...put, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }));
    return undefined;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return error.Item ?? {};
    throw error;
  }
}

export function createLearnedStore(options: LearnedStoreOptions): LearnedStore {
  const { client, table } = options;
  return {
    async load(deviceId, ruleId) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: keyOf(deviceId, ruleId), ConsistentRead: true }),
      );
      return Item && rememberedIn(Item);
    },

    async save(deviceId, ruleId, remembered, before) {
      const Item = itemOf(deviceId, ruleId, remembered);
      const stored = await replace(options, Item, unchangedSince(before, Item.entered?.S));
      const kept = stored?.['entered']?.S;
      // Stored defrosts that cannot be read are replaced as if there were none.
      if (kept === undefined || Item.entered || enteredIn(kept)) return stored === undefined;
      return (await replace(options, Item, unchangedSince(before, kept))) === undefined;
    },

    async restart(deviceId, ruleId, remembered) {
      await client.send(new PutItemCommand({ TableName: table, Item: itemOf(deviceId, ruleId, remembered) }));
    },

    async enter(deviceId, ruleId, entered) {
      const update = new UpdateItemCommand({
        ...{ TableName: table, Key: keyOf(deviceId, ruleId) },
        UpdateExpression: entered ? 'SET entered = :entered' : 'REMOVE entered',
        ConditionExpression: 'attribute_exists(deviceId)',
        ...(entered && { ExpressionAttributeValues: { ':entered': { S: JSON.stringify(entered) } } }),
      });
      return isWritten(client.send(update));
    },
  };
}

/** Undefined if there is none, or it cannot be read. */
function enteredIn(text: string | undefined): DefrostSchedule | undefined {
  try {
    const { success, data } = z.safeParse(defrostSchedule, JSON.parse(text ?? 'null'));
    return success ? data : undefined;
  } catch {
    return undefined;
  }
}

/** NaN: the stored item cannot be read, so there is nothing to compare with. */
function unchangedSince(before: number | undefined, entered: string | undefined) {
  if (before === undefined) return { ConditionExpression: 'attribute_not_exists(deviceId)' };
  if (Number.isNaN(before)) return {};
  const isSame = entered !== undefined ? 'entered = :entered' : 'attribute_not_exists(entered)';
  return {
    ConditionExpression: `#until = :before AND ${isSame}`,
    ExpressionAttributeNames: { '#until': 'until' },
    ExpressionAttributeValues: {
      ':before': { N: String(before) },
      ...(entered !== undefined && { ':entered': { S: entered } }),
    },
  };
}
