// Keeps what rules about trends and habits learned of each device, one small item a rule, beside its alerts.

import {
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { learnedText, readLearned } from '../core/insight/observe.ts';
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
      const [learned, until] = [readLearned(Item?.['learned']?.S ?? ''), Number(Item?.['until']?.N ?? NaN)];
      return learned !== undefined && Number.isFinite(until)
        ? { learned, until, of: Item?.['of']?.S ?? '' }
        : undefined;
    },

    async save(deviceId, ruleId, remembered, before) {
      const condition =
        before === undefined
          ? { ConditionExpression: 'attribute_not_exists(#until)' }
          : {
              ConditionExpression: '#until = :before',
              ExpressionAttributeValues: { ':before': { N: String(before) } },
            };
      const put = new PutItemCommand({
        ...{ TableName: table, Item: itemOf(deviceId, ruleId, remembered), ...condition },
        ExpressionAttributeNames: { '#until': 'until' },
      });
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
