// Reads the windows before a given one, for alert rules that need several.

import { QueryCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { WindowStore } from '../pipeline/ports.ts';
import { windowOf } from './window-item.ts';

export function createWindowsBefore({
  client,
  table,
}: {
  readonly client: DynamoDBClient;
  readonly table: string;
}): WindowStore['before'] {
  return async (deviceId, windowStart, limit) => {
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
  };
}
