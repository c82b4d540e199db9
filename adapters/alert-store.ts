// Keeps what each alert rule knows of each device, with the notifications it owes, so that a crash loses none.

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
import { SEVERITIES, type Severity } from '../core/alert-rule.ts';
import {
  ALERT_STATES,
  TRANSITIONS,
  type Acknowledgement,
  type Alarm,
  type AlertState,
  type Debt,
  type HistoryEntry,
  type Notification,
} from '../core/alert-state.ts';
import { UnreadableStateError } from '../core/unreadable-state.ts';
import type { AlertStore, OpenAlerts, Snooze } from '../pipeline/ports.ts';

type Item = Record<string, AttributeValue>;

/** Ids of rules begin with a letter or digit. */
const SNOOZE = '#snooze';
/** Before the id of a rule: what it learned of the device. */
export const LEARNED_PREFIX = '#learned/';

export function createAlertStore(options: {
  readonly client: DynamoDBClient;
  readonly table: string;
}): AlertStore & OpenAlerts {
  const { client, table } = options;
  return {
    async load(deviceId) {
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
      const open = scan(client, {
        TableName: table,
        FilterExpression:
          'attribute_exists(#state) AND (#state <> :ok OR attribute_exists(#pending) OR attribute_exists(#unfiled) OR attribute_exists(newerUnjudged))',
        ExpressionAttributeNames: { '#state': 'state', '#pending': 'pending', '#unfiled': 'unfiled' },
        ExpressionAttributeValues: { ':ok': { S: 'ok' } },
      });
      for await (const item of open) {
        const state = stateOf(item);
        if (state instanceof Error) faults.push(state);
        else yield state;
      }
      if (faults.length > 0) throw faults[0];
    },

    async *listSnoozes() {
      const snoozes = scan(client, {
        TableName: table,
        FilterExpression: 'ruleId = :snooze',
        ExpressionAttributeValues: { ':snooze': { S: SNOOZE } },
      });
      for await (const item of snoozes) {
        const snooze = snoozeOf(item);
        if (!(snooze instanceof Error)) yield { deviceId: item['deviceId']?.S ?? '', ...snooze };
      }
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

async function* scan(client: DynamoDBClient, input: ScanCommandInput): AsyncIterable<Item> {
  let from: Item | undefined;
  do {
    const page = await client.send(new ScanCommand({ ...input, ExclusiveStartKey: from }));
    yield* page.Items ?? [];
    from = page.LastEvaluatedKey;
  } while (from);
}

function itemOf(state: AlertState): Item {
  return {
    deviceId: { S: state.deviceId },
    ruleId: { S: state.ruleId },
    state: { S: state.state },
    ...(state.severity && { severity: { S: state.severity } }),
    ...(state.acknowledged && { acknowledged: { S: JSON.stringify(state.acknowledged) } }),
    version: { N: String(state.version) },
    windowStart: { N: String(state.windowStart) },
    value: { N: state.value },
    ...(state.cleared && { cleared: { S: state.cleared } }),
    ...(state.newerUnjudged && { newerUnjudged: { BOOL: true } }),
    ...(state.pendingBy !== undefined && { pendingBy: { N: String(state.pendingBy) } }),
    ...(state.alarm && { alarm: { S: JSON.stringify(state.alarm) } }),
    // Absent when nothing is owed, so that the sweep finds what is.
    ...(state.pending.length > 0 && { pending: { S: JSON.stringify(state.pending) } }),
    ...(state.unfiled.length > 0 && { unfiled: { S: JSON.stringify(state.unfiled) } }),
  };
}

/** The state, or what is wrong with the item: one that somebody edited costs no other its judgement. */
function stateOf(item: Item): AlertState | Error {
  try {
    const state = readState(item);
    const problem = problemOf(state);
    return problem === undefined ? state : unreadableError(item, problem);
  } catch (cause) {
    return unreadableError(item, 'an attribute is not the JSON that it was', cause);
  }
}

/** Without it people are told, which is the safer way to be wrong. */
function snoozeOf(item: Item): Snooze | Error {
  try {
    const snooze = JSON.parse(item['snooze']?.S ?? '') as Snooze;
    return typeof snooze?.until === 'number' ? snooze : unreadableError(item, 'it has no until');
  } catch (cause) {
    return unreadableError(item, 'it is not the JSON that it was', cause);
  }
}

function unreadableError(item: Item, problem: string, cause?: unknown): Error {
  const [deviceId, ruleId] = [item['deviceId']?.S, item['ruleId']?.S];
  const remedy = 'delete the item of the alerts table to begin anew';
  return new UnreadableStateError(
    `The state of rule ${ruleId} and device ${deviceId} cannot be read: ${problem}; ${remedy}`,
    ...(cause === undefined ? [] : [{ cause }]),
  );
}

function readState(item: Item): AlertState {
  return {
    deviceId: item['deviceId']?.S ?? '',
    ruleId: item['ruleId']?.S ?? '',
    state: item['state']?.S as AlertState['state'],
    ...(item['severity']?.S && { severity: item['severity'].S as Severity }),
    ...(item['acknowledged']?.S && {
      acknowledged: JSON.parse(item['acknowledged'].S) as Acknowledgement,
    }),
    ...(item['alarm']?.S && { alarm: JSON.parse(item['alarm'].S) as Alarm }),
    version: Number(item['version']?.N),
    windowStart: Number(item['windowStart']?.N),
    value: item['value']?.N ?? '0',
    ...(item['cleared']?.S && { cleared: item['cleared'].S as Severity }),
    ...(item['newerUnjudged']?.BOOL && { newerUnjudged: true as const }),
    ...(item['pendingBy']?.N !== undefined && { pendingBy: Number(item['pendingBy'].N) }),
    pending: JSON.parse(item['pending']?.S ?? '[]') as Debt[],
    unfiled: JSON.parse(item['unfiled']?.S ?? '[]') as HistoryEntry[],
  };
}

/** What later steps take for granted. */
function problemOf(read: AlertState): string | undefined {
  const { state, severity, cleared, version, windowStart, alarm, pending, unfiled } = read;
  if (!ALERT_STATES.includes(state)) return 'state is none that there is';
  const severities = [severity, cleared].filter((each) => each !== undefined);
  if (!severities.every((each) => SEVERITIES.includes(each))) return 'severity is none that there is';
  if (!Number.isSafeInteger(version) || !Number.isSafeInteger(windowStart))
    return 'version or windowStart is no whole number';
  if (alarm !== undefined && !isNotification(alarm?.told)) return 'alarm has no notification';
  if (!Array.isArray(pending) || !pending.every((debt) => isNotification(debt?.notification)))
    return 'pending is no list of notifications';
  if (!Array.isArray(unfiled) || !unfiled.every((entry) => typeof entry?.entryId === 'string'))
    return 'unfiled is no list of history entries';
  return undefined;
}

const isNotification = (told: Notification | undefined | null) =>
  typeof told?.alertId === 'string' &&
  TRANSITIONS.includes(told.transition) &&
  SEVERITIES.includes(told.severity) &&
  Array.isArray(told.channels) &&
  [told.windowStart, told.since, told.decidedAt].every(Number.isFinite);
