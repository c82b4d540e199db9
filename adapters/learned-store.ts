// Stores what rules about trends and habits learned about each device, one small item per rule, in the alerts table.

import {
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { beginLearning, learnedText, readLearned } from '../core/insight/observe.ts';
import type { LearnedStore, Remembered } from '../pipeline/insight-ports.ts';
import { LEARNED_PREFIX } from './alert-store.ts';

export function createLearnedStore({
  client,
  table,
}: {
  readonly client: DynamoDBClient;
  /** The alerts table. */
  readonly table: string;
}): LearnedStore {
  const keyOf = (deviceId: string, ruleId: string) => ({
    deviceId: { S: deviceId },
    ruleId: { S: `${LEARNED_PREFIX}${ruleId}` },
  });
  const itemOf = (deviceId: string, ruleId: string, { learned, until, of }: Remembered) => ({
    ...keyOf(deviceId, ruleId),
    learned: { S: learnedText(learned) },
    until: { N: String(until) },
    of: { S: of },
  });
  return {
    async load(deviceId, ruleId) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: keyOf(deviceId, ruleId), ConsistentRead: true }),
      );
      if (!Item) return undefined;
      const learned = readLearned(Item['learned']?.S ?? '');
      const until = Number(Item['until']?.N ?? NaN);
      // What cannot be read is learned again and replaced.
      return learned && Number.isFinite(until)
        ? { learned, until, of: Item['of']?.S ?? '' }
        : { learned: beginLearning(), until, of: '' };
    },

    async save(deviceId, ruleId, remembered, before) {
      const Item = itemOf(deviceId, ruleId, remembered);
      const put = new PutItemCommand({ TableName: table, Item, ...unchangedSince(before) });
      try {
        await client.send(put);
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },

    async restart(deviceId, ruleId, remembered) {
      await client.send(new PutItemCommand({ TableName: table, Item: itemOf(deviceId, ruleId, remembered) }));
    },
  };
}

/** NaN: the stored item cannot be read, so there is nothing to compare with. */
function unchangedSince(before: number | undefined) {
  if (before === undefined) return { ConditionExpression: 'attribute_not_exists(deviceId)' };
  if (Number.isNaN(before)) return {};
  return {
    ConditionExpression: '#until = :before',
    ExpressionAttributeNames: { '#until': 'until' },
    ExpressionAttributeValues: { ':before': { N: String(before) } },
  };
}
