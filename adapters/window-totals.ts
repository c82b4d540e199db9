// Reads a device's windows for the audit: of each, only what can be compared with the archive.

import { QueryCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { WindowTotals } from '../core/window.ts';
import { totalsOf, type Item } from './window-item.ts';

/** Epoch milliseconds: windows that start at `from` or later, and before `to`. */
export interface WindowSpan {
  readonly deviceId: string;
  readonly from: number;
  readonly to: number;
}

/** Oldest first. Rejects with the SDK's error. */
export type ReadTotals = (span: WindowSpan) => Promise<WindowTotals[]>;

export function createTotalsReader(options: {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): ReadTotals {
  const { client, table, now } = options;
  /** DynamoDB may delete expired items hours late. */
  const isAlive = (item: Item) => Number(item['expiresAt']?.N) * 1000 > now();

  return async ({ deviceId, from, to }) => {
    const windows: WindowTotals[] = [];
    let after: Item | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await client.send(
        // No projection, although it would save two fifths of the work: DynamoDB projects attributes only by name, so a metric
        // that is in the window but not in the archive would go unnoticed.
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'deviceId = :device AND windowStart BETWEEN :first AND :last',
          ExpressionAttributeValues: {
            ':device': { S: deviceId },
            ':first': { N: String(from) },
            ':last': { N: String(to - 1) },
          },
          ExclusiveStartKey: after,
        }),
      );
      for (const item of Items) if (isAlive(item)) windows.push(totalsOf(item));
      after = LastEvaluatedKey;
    } while (after);
    return windows;
  };
}
