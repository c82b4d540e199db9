// Keeps what each alert rule knows of each device, with the notifications it owes, so that a crash loses none.

import {
  ConditionalCheckFailedException,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { Severity } from '../core/alert-rule.ts';
import type { Acknowledgement, AlertState, Debt } from '../core/alert.ts';

const STATES = ['ok', 'alarm', 'acknowledged'] as const;

export interface AlertStore {
  /** All states of a device, by rule id. */
  load(deviceId: string): Promise<Map<string, AlertState>>;
  /** Replaces `previous` (undefined: no state yet) by `next`; false when another writer was faster. */
  transition(previous: AlertState | undefined, next: AlertState): Promise<boolean>;
}

/** All that somebody has to look after. */
export interface OpenAlerts {
  /** States of alarms, and those that owe a notification, of all devices, as they were at some time of the reading. */
  listOpen(): AsyncIterable<AlertState>;
}

export function createAlertStore(options: {
  readonly client: DynamoDBClient;
  readonly table: string;
}): AlertStore & OpenAlerts {
  const { client, table } = options;
  return {
    async load(deviceId) {
      const states = new Map<string, AlertState>();
      let from: Record<string, AttributeValue> | undefined;
      do {
        const { Items, LastEvaluatedKey } = await client.send(
          new QueryCommand({
            TableName: table,
            KeyConditionExpression: 'deviceId = :device',
            ExpressionAttributeValues: { ':device': { S: deviceId } },
            ConsistentRead: true,
            ExclusiveStartKey: from,
          }),
        );
        for (const item of Items ?? []) states.set(item['ruleId']?.S ?? '', stateOf(item));
        from = LastEvaluatedKey;
      } while (from);
      return states;
    },

    async *listOpen() {
      let from: Record<string, AttributeValue> | undefined;
      do {
        const { Items, LastEvaluatedKey } = await client.send(
          new ScanCommand({
            TableName: table,
            FilterExpression: '#state <> :ok OR attribute_exists(#pending)',
            ExpressionAttributeNames: { '#state': 'state', '#pending': 'pending' },
            ExpressionAttributeValues: { ':ok': { S: 'ok' } },
            ExclusiveStartKey: from,
          }),
        );
        for (const item of Items ?? []) yield stateOf(item);
        from = LastEvaluatedKey;
      } while (from);
    },

    async transition(previous, next) {
      const condition = previous
        ? {
            ConditionExpression: 'version = :version',
            ExpressionAttributeValues: { ':version': { N: String(previous.version) } },
          }
        : { ConditionExpression: 'attribute_not_exists(version)' };
      try {
        await client.send(new PutItemCommand({ TableName: table, Item: itemOf(next), ...condition }));
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },
  };
}

function itemOf(state: AlertState): Record<string, AttributeValue> {
  return {
    deviceId: { S: state.deviceId },
    ruleId: { S: state.ruleId },
    state: { S: state.state },
    ...(state.severity && { severity: { S: state.severity } }),
    ...(state.acknowledged && { acknowledged: { S: JSON.stringify(state.acknowledged) } }),
    version: { N: String(state.version) },
    windowStart: { N: String(state.windowStart) },
    value: { N: state.value },
    // Absent when nothing is owed, so that an index on it holds the debts only.
    ...(state.pending.length > 0 && { pending: { S: JSON.stringify(state.pending) } }),
  };
}

function stateOf(item: Record<string, AttributeValue>): AlertState {
  return {
    deviceId: item['deviceId']?.S ?? '',
    ruleId: item['ruleId']?.S ?? '',
    state: STATES.find((state) => state === item['state']?.S) ?? 'ok',
    ...(item['severity']?.S && { severity: item['severity'].S as Severity }),
    ...(item['acknowledged']?.S && {
      acknowledged: JSON.parse(item['acknowledged'].S) as Acknowledgement,
    }),
    version: Number(item['version']?.N),
    windowStart: Number(item['windowStart']?.N),
    value: item['value']?.N ?? '0',
    pending: JSON.parse(item['pending']?.S ?? '[]') as Debt[],
  };
}
