// Stores what is known about each device: ingest writes when and from which site it last sent, presence whether it is connected.

import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  ScanCommand,
  UpdateItemCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { LAST_SEEN_LAG_MS, type Device, type UnusedNote } from '../core/device.ts';
import { deviceOf, rejectionAttribute } from './device-item.ts';
import { createUnitNotes } from './unit-notes.ts';
import { presenceUpdate } from './presence-update.ts';
import { createRecent } from '../core/recent.ts';
import type { DeviceStore } from '../pipeline/ports.ts';

/** Devices whose last message an environment remembers. */
const REMEMBERED_DEVICES = 20_000;
/** A note is repeated after this time at the earliest. */
const NOTE_AGAIN_MS = 60_000;

/** All verbs reject with the SDK's error when the table cannot be reached. */
interface DeviceStoreOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
}

/** Stores when a device last sent a message, but not for each message. */
function createNoteSeen({ client, table }: DeviceStoreOptions): DeviceStore['noteSeen'] {
  const lastSeen = createRecent<{ readonly site: string; readonly at: number }>(REMEMBERED_DEVICES);

  return async (deviceId, site, at) => {
    const known = lastSeen.get(deviceId);
    if (known?.site === site && Math.abs(at - known.at) < LAST_SEEN_LAG_MS) return;
    const update = new UpdateItemCommand({
      TableName: table,
      Key: { deviceId: { S: deviceId } },
      UpdateExpression: 'SET #site = :site, #seen = :at',
      // Another environment may have written it, and the retry of an old message must not move the device back.
      ConditionExpression:
        'attribute_not_exists(#seen) OR #seen <= :before OR (#seen < :at AND #site <> :site)',
      ExpressionAttributeNames: { '#site': 'site', '#seen': 'lastSeenAt' },
      ExpressionAttributeValues: {
        ':site': { S: site },
        ':at': { N: String(at) },
        ':before': { N: String(at - LAST_SEEN_LAG_MS) },
      },
    });
    await client.send(update).catch(unlessRefused);
    lastSeen.set(deviceId, { site, at });
  };
}

/** Stores which readings were rejected and which members were skipped, but not for each message. */
function createNoteUnused({ client, table }: DeviceStoreOptions): DeviceStore['noteUnused'] {
  const noted = createRecent<{ readonly at: number; readonly members?: string }>(REMEMBERED_DEVICES);
  const isDue = (key: string, at: number) =>
    Math.abs(at - (noted.get(key)?.at ?? -Infinity)) >= NOTE_AGAIN_MS;

  return async (deviceId, { rejections, skipped }, at) => {
    const fresh = rejections.filter(({ reason }) => isDue(`${deviceId}/${reason}`, at));
    const members = skipped.join();
    // Not each time: a device may alternate between two kinds of messages.
    const isChanged = skipped.length > 0 && noted.get(deviceId)?.members !== members && isDue(deviceId, at);
    if (fresh.length === 0 && !isChanged) return;
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: { deviceId: { S: deviceId } },
        ...unusedUpdate(fresh, isChanged ? skipped : [], at),
      }),
    );
    for (const { reason } of fresh) noted.set(`${deviceId}/${reason}`, { at });
    if (isChanged) noted.set(deviceId, { at, members });
  };
}

function createApplyPresence({ client, table }: DeviceStoreOptions): DeviceStore['applyPresence'] {
  return async (event, thing) => {
    try {
      await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { deviceId: { S: event.deviceId } },
          ...presenceUpdate(event, thing),
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return 'applied';
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return thing || error.Item?.['attributes'] ? 'stale' : 'unknown';
    }
  };
}

export function createDeviceStore(options: DeviceStoreOptions): DeviceStore {
  const { client, table } = options;
  async function load(deviceId: string): Promise<Device | undefined> {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: { deviceId: { S: deviceId } } }),
    );
    return Item && deviceOf(Item);
  }

  return {
    load,

    noteUnits: createUnitNotes({ client, table, load }),

    async list({ limit, after }) {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new ScanCommand({
          TableName: table,
          Limit: limit,
          ...(after !== undefined && { ExclusiveStartKey: { deviceId: { S: after } } }),
        }),
      );
      const last = LastEvaluatedKey?.['deviceId']?.S;
      return { devices: Items.map(deviceOf), ...(last !== undefined && { last }) };
    },

    async remove(deviceId) {
      const { Attributes } = await client.send(
        new DeleteItemCommand({
          TableName: table,
          Key: { deviceId: { S: deviceId } },
          ReturnValues: 'ALL_OLD',
        }),
      );
      return Attributes !== undefined;
    },

    noteSeen: createNoteSeen(options),
    noteUnused: createNoteUnused(options),

    applyPresence: createApplyPresence(options),
  };
}

/** One attribute per reason, so that writers do not overwrite each other. */
function unusedUpdate(rejections: UnusedNote['rejections'], skipped: readonly string[], at: number) {
  const names: Record<string, string> = {};
  const values: Record<string, AttributeValue> = {};
  for (const [index, { reason, detail }] of rejections.entries()) {
    names[`#r${index}`] = rejectionAttribute(reason);
    values[`:r${index}`] = { M: { at: { N: String(at) }, detail: { S: detail.slice(0, 500) } } };
  }
  if (skipped.length > 0) {
    names['#skipped'] = 'skipped';
    values[':skipped'] = { L: skipped.map((member) => ({ S: member })) };
  }
  const sets = Object.keys(names).map((name) => `${name} = :${name.slice(1)}`);
  return {
    UpdateExpression: `SET ${sets.join(', ')}`,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}

function unlessRefused(error: unknown): void {
  if (!(error instanceof ConditionalCheckFailedException)) throw error;
}
