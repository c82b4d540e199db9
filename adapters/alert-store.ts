// Stores the alert state of each rule and device together with its pending notifications, so that a crash loses none.

import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  type AttributeValue,
  type DynamoDBClient,
  type ScanCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { AlertState } from '../core/alert-state.ts';
import type { AlertStore, OpenAlerts, Snooze } from '../pipeline/ports.ts';
import { itemOf, snoozeOf, stateOf } from './alert-item.ts';

type Item = Record<string, AttributeValue>;

/** Cannot be a rule's id: these begin with a letter or digit. */
const SNOOZE = '#snooze';
/** Prefix of a rule's id for what the rule learned about the device. */
export const LEARNED_PREFIX = '#learned/';

interface AlertStoreOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
}

async function load({ client, table }: AlertStoreOptions, deviceId: string): ReturnType<AlertStore['load']> {
  const states = new Map<string, AlertState>();
  const unreadable = new Map<string, Error>();
  let snooze: Snooze | undefined;
  let from: Item | undefined;
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
      if (ruleId.startsWith(LEARNED_PREFIX)) continue;
      const found = ruleId === SNOOZE ? snoozeOf(item) : stateOf(item);
      if (found instanceof Error) unreadable.set(ruleId, found);
      else if ('until' in found) snooze = found;
      else states.set(ruleId, found);
    }
    from = LastEvaluatedKey;
  } while (from);
  return { states, ...(snooze && { snooze }), ...(unreadable.size > 0 && { unreadable }) };
}

async function saveSnooze(
  { client, table }: AlertStoreOptions,
  deviceId: string,
  snooze: Snooze | undefined,
): Promise<void> {
  const Key = { deviceId: { S: deviceId }, ruleId: { S: SNOOZE } };
  if (!snooze) {
    await client.send(new DeleteItemCommand({ TableName: table, Key }));
    return;
  }
  const Item = { ...Key, snooze: { S: JSON.stringify(snooze) } };
  await client.send(new PutItemCommand({ TableName: table, Item }));
}

async function* listOpen({ client, table }: AlertStoreOptions): ReturnType<OpenAlerts['listOpen']> {
  const faults: unknown[] = [];
  const open = scan(client, {
    TableName: table,
    FilterExpression:
      'attribute_exists(#state) AND (#state <> :ok OR attribute_exists(#pending) OR attribute_exists(#unrecorded) OR attribute_exists(unfiled) OR attribute_exists(newerUnjudged))',
    ExpressionAttributeNames: { '#state': 'state', '#pending': 'pending', '#unrecorded': 'unrecorded' },
    ExpressionAttributeValues: { ':ok': { S: 'ok' } },
  });
  for await (const item of open) {
    const state = stateOf(item);
    if (state instanceof Error) faults.push(state);
    else yield state;
  }
  if (faults.length > 0) throw faults[0];
}

async function* listSnoozes({ client, table }: AlertStoreOptions): ReturnType<OpenAlerts['listSnoozes']> {
  const snoozes = scan(client, {
    TableName: table,
    FilterExpression: 'ruleId = :snooze',
    ExpressionAttributeValues: { ':snooze': { S: SNOOZE } },
  });
  for await (const item of snoozes) {
    const snooze = snoozeOf(item);
    if (!(snooze instanceof Error)) yield { deviceId: item['deviceId']?.S ?? '', ...snooze };
  }
}

async function transition(
  { client, table }: AlertStoreOptions,
  previous: AlertState | undefined,
  next: AlertState,
): Promise<boolean> {
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
}

export const createAlertStore = (options: AlertStoreOptions): AlertStore & OpenAlerts => ({
  load: async (deviceId) => load(options, deviceId),
  snooze: async (deviceId, snooze) => saveSnooze(options, deviceId, snooze),
  listOpen: () => listOpen(options),
  listSnoozes: () => listSnoozes(options),
  transition: async (previous, next) => transition(options, previous, next),
});

async function* scan(client: DynamoDBClient, input: ScanCommandInput): AsyncIterable<Item> {
  let from: Item | undefined;
  do {
    const page = await client.send(new ScanCommand({ ...input, ExclusiveStartKey: from }));
    yield* page.Items ?? [];
    from = page.LastEvaluatedKey;
  } while (from);
}
