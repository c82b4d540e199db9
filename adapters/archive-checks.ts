// Stores the results of audits by device in the alert history's table, so that reports can say what was checked.

import {
  PutItemCommand,
  QueryCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { ArchiveCheck } from '../core/archive-check.ts';
import type { ArchiveChecks } from '../pipeline/device-ports.ts';

/** Letters sort after digits, so queries for alerts, whose keys begin with a time, never find these items. */
const PREFIX = 'audit/';
const AFTER_ALL = 'audit0';
const DAY_SECONDS = 86_400;
/** An audit of a year is a few kilobytes. */
const PAGE = 50;

export function createArchiveChecks(options: {
  readonly client: DynamoDBClient;
  /** The alert history's table. */
  readonly table: string;
  /** Checks expire this many days after the end of their span, like the hours of a report. */
  readonly retentionDays: number;
}): ArchiveChecks {
  const { client, table, retentionDays } = options;
  return {
    async record(deviceId, check) {
      const Item = {
        deviceId: { S: deviceId },
        entry: { S: keyOf(check.at) },
        event: { S: JSON.stringify(check) },
        expiresAt: { N: String(Math.floor(check.to / 1000) + retentionDays * DAY_SECONDS) },
      };
      await client.send(new PutItemCommand({ TableName: table, Item }));
    },

    async *newestFirst({ deviceId, since }) {
      let after: Record<string, AttributeValue> | undefined;
      do {
        const { Items = [], LastEvaluatedKey } = await client.send(
          new QueryCommand({
            TableName: table,
            KeyConditionExpression: 'deviceId = :device AND #entry BETWEEN :first AND :end',
            ExpressionAttributeNames: { '#entry': 'entry' },
            ExpressionAttributeValues: {
              ':device': { S: deviceId },
              ':first': { S: keyOf(since) },
              ':end': { S: AFTER_ALL },
            },
            ScanIndexForward: false,
            Limit: PAGE,
            ExclusiveStartKey: after,
          }),
        );
        for (const { event } of Items) yield JSON.parse(event?.S ?? '{}') as ArchiveCheck;
        after = LastEvaluatedKey;
      } while (after);
    },
  };
}

const keyOf = (at: number) => `${PREFIX}${new Date(at).toISOString()}`;
