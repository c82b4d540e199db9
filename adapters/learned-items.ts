// Lists and removes the items of what rules learned, for rules and devices that no longer exist.

import {
  DeleteItemCommand,
  paginateQuery,
  paginateScan,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { LearnedItems, LearnedKey } from '../pipeline/insight-ports.ts';
import { LEARNED_PREFIX } from './alert-store.ts';

const ITEMS_A_PAGE = 500;

export function createLearnedItems({
  client,
  table: TableName,
}: {
  readonly client: DynamoDBClient;
  /** The alerts table. */
  readonly table: string;
}): LearnedItems {
  const keys = { ProjectionExpression: 'deviceId, ruleId' };
  const prefix = { ':learned': { S: LEARNED_PREFIX } };
  return {
    async *all() {
      const input = {
        ...{ TableName, ...keys, FilterExpression: 'begins_with(ruleId, :learned)' },
        ExpressionAttributeValues: prefix,
      };
      for await (const { Items } of paginateScan({ client }, input)) yield* keysIn(Items);
    },

    async *of(deviceId) {
      const input = {
        ...{ TableName, ...keys },
        KeyConditionExpression: 'deviceId = :device AND begins_with(ruleId, :learned)',
        ExpressionAttributeValues: { ':device': { S: deviceId }, ...prefix },
        ConsistentRead: true,
      };
      for await (const { Items } of paginateQuery({ client, pageSize: ITEMS_A_PAGE }, input))
        yield* keysIn(Items);
    },

    async remove({ deviceId, ruleId }) {
      const Key = { deviceId: { S: deviceId }, ruleId: { S: `${LEARNED_PREFIX}${ruleId}` } };
      await client.send(new DeleteItemCommand({ TableName, Key }));
    },
  };
}

const keysIn = (items: readonly Record<string, AttributeValue>[] = []): LearnedKey[] =>
  items.map((item) => ({
    deviceId: item['deviceId']?.S ?? '',
    ruleId: (item['ruleId']?.S ?? '').slice(LEARNED_PREFIX.length),
  }));
