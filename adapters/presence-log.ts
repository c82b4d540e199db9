// Stores the connection log for a month in the alert history's table: one item per event, which no index includes.

import { PutItemCommand, QueryCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { PresenceEvent } from '../core/presence.ts';
import type { PresenceEntry, PresenceLog } from '../pipeline/device-ports.ts';

/** Letters sort after digits, so queries for alerts, whose keys begin with a time, never find these items. */
const PREFIX = 'presence/';
const AFTER_ALL = 'presence0';
const KEPT_SECONDS = 30 * 86_400;

export function createPresenceLog(options: {
  readonly client: DynamoDBClient;
  /** The alert history's table. */
  readonly table: string;
}): PresenceLog {
  const { client, table } = options;
  return {
    async record(event) {
      const { deviceId, version: _version, ...entry } = event;
      const Item = {
        deviceId: { S: deviceId },
        entry: { S: keyOf(entry) },
        event: { S: JSON.stringify(entry) },
        expiresAt: { N: String(Math.floor(entry.at / 1000) + KEPT_SECONDS) },
      };
      await client.send(new PutItemCommand({ TableName: table, Item }));
    },

    async read({ deviceId, limit, next = AFTER_ALL }) {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'deviceId = :device AND #entry BETWEEN :first AND :end',
          ExpressionAttributeNames: { '#entry': 'entry' },
          ExpressionAttributeValues: {
            ':device': { S: deviceId },
            ':first': { S: PREFIX },
            ':end': { S: next },
          },
          ScanIndexForward: false,
          Limit: limit + 2, // the end itself may be among them
        }),
      );
      const found = Items.filter((item) => item['entry']?.S !== next).map(
        (item) => JSON.parse(item['event']?.S ?? '{}') as PresenceEntry,
      );
      const entries = found.slice(0, limit);
      return { entries, ...(found.length > limit && { next: keyOf(entries.at(-1)!) }) };
    },
  };
}

/** Sorts by time; at the same moment, a connection's end comes after its beginning. */
const keyOf = ({ at, online, sessionId }: Omit<PresenceEvent, 'deviceId' | 'version'>) =>
  `${PREFIX}${new Date(at).toISOString()}/${online ? 'came' : 'went'}/${sessionId}`;
