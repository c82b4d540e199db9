// Keeps what each alert rule knows of each device, with the notifications it owes, so that a crash loses none.

import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { Severity } from '../core/alert-rule.ts';
import {
  ALERT_STATES,
  type Acknowledgement,
  type Alarm,
  type AlertState,
  type Debt,
  type HistoryEntry,
} from '../core/alert-state.ts';
import type { AlertStore, OpenAlerts, Snooze } from '../pipeline/ports.ts';

/** Ids of rules begin with a letter or digit. */
const SNOOZE = '#snooze';

export function createAlertStore(options: {
  readonly client: DynamoDBClient;
  readonly table: string;
}): AlertStore & OpenAlerts {
  const { client, table } = options;
  return {
    async load(deviceId) {
      const states = new Map<string, AlertState>();
      let snooze: Snooze | undefined;
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
        for (const item of Items ?? []) {
          const ruleId = item['ruleId']?.S ?? '';
          if (ruleId === SNOOZE) snooze = JSON.parse(item['snooze']?.S ?? '') as Snooze;
          else states.set(ruleId, stateOf(item));
        }
        from = LastEvaluatedKey;
      } while (from);
      return { states, ...(snooze && { snooze }) };
    },

    async snooze(deviceId, snooze) {
      const Key = { deviceId: { S: deviceId }, ruleId: { S: SNOOZE } };
      if (!snooze) {
        await client.send(new DeleteItemCommand({ TableName: table, Key }));
        return;
      }
      const Item = { ...Key, snooze: { S: JSON.stringify(snooze) } };
      await client.send(new PutItemCommand({ TableName: table, Item }));
    },

    async *listOpen() {
      const faults: unknown[] = [];
      let from: Record<string, AttributeValue> | undefined;
      do {
        const { Items, LastEvaluatedKey } = await client.send(
          new ScanCommand({
            TableName: table,
            FilterExpression:
              'attribute_exists(#state) AND (#state <> :ok OR attribute_exists(#pending) OR attribute_exists(#unfiled))',
            ExpressionAttributeNames: { '#state': 'state', '#pending': 'pending', '#unfiled': 'unfiled' },
            ExpressionAttributeValues: { ':ok': { S: 'ok' } },
            ExclusiveStartKey: from,
          }),
        );
        for (const item of Items ?? []) {
          const state = tryStateOf(item, faults);
          if (state) yield state;
        }
        from = LastEvaluatedKey;
      } while (from);
      if (faults.length > 0) throw faults[0];
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
    ...(state.alarm && { alarm: { S: JSON.stringify(state.alarm) } }),
    // Absent when nothing is owed, so that the sweep finds what is.
    ...(state.pending.length > 0 && { pending: { S: JSON.stringify(state.pending) } }),
    ...(state.unfiled.length > 0 && { unfiled: { S: JSON.stringify(state.unfiled) } }),
  };
}

function tryStateOf(item: Record<string, AttributeValue>, faults: unknown[]): AlertState | undefined {
  try {
    return stateOf(item);
  } catch (cause) {
    const [deviceId, ruleId] = [item['deviceId']?.S, item['ruleId']?.S];
    faults.push(new Error(`The state of rule ${ruleId} and device ${deviceId} cannot be read`, { cause }));
    return undefined;
  }
}

function stateOf(item: Record<string, AttributeValue>): AlertState {
  return {
    deviceId: item['deviceId']?.S ?? '',
    ruleId: item['ruleId']?.S ?? '',
    state: ALERT_STATES.find((state) => state === item['state']?.S) ?? 'ok',
    ...(item['severity']?.S && { severity: item['severity'].S as Severity }),
    ...(item['acknowledged']?.S && {
      acknowledged: JSON.parse(item['acknowledged'].S) as Acknowledgement,
    }),
    ...(item['alarm']?.S && { alarm: JSON.parse(item['alarm'].S) as Alarm }),
    version: Number(item['version']?.N),
    windowStart: Number(item['windowStart']?.N),
    value: item['value']?.N ?? '0',
    pending: JSON.parse(item['pending']?.S ?? '[]') as Debt[],
    unfiled: JSON.parse(item['unfiled']?.S ?? '[]') as HistoryEntry[],
  };
}
