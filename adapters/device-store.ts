// Keeps what is known of each device: ingest tells where it was heard from, presence whether it is connected.

import {
  ConditionalCheckFailedException,
  GetItemCommand,
  ScanCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { SIGHTING_MS } from '../core/device.ts';
import { deviceOf } from './device-item.ts';
import { presenceUpdate } from './presence-update.ts';
import { createRecent } from '../core/recent.ts';
import type { DeviceStore } from '../pipeline/ports.ts';

/** Devices whose last sighting an environment remembers. */
const REMEMBERED_DEVICES = 20_000;

/** All verbs reject with the SDK's error when the table cannot be reached. */
export function createDeviceStore(options: {
  readonly client: DynamoDBClient;
  readonly table: string;
}): DeviceStore {
  const { client, table } = options;
  const sightings = createRecent<{ readonly site: string; readonly at: number }>(REMEMBERED_DEVICES);

  return {
    async load(deviceId) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: { deviceId: { S: deviceId } } }),
      );
      return Item && deviceOf(Item);
    },

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

    async sighted(deviceId, site, at) {
      const known = sightings.get(deviceId);
      if (known?.site === site && Math.abs(at - known.at) < SIGHTING_MS) return;
      const sighting = new UpdateItemCommand({
        TableName: table,
        Key: { deviceId: { S: deviceId } },
        UpdateExpression: 'SET #site = :site, #seen = :at',
        // Another environment may have told it; and an old message that is repeated moves no device back.
        ConditionExpression:
          'attribute_not_exists(#seen) OR #seen <= :before OR (#seen < :at AND #site <> :site)',
        ExpressionAttributeNames: { '#site': 'site', '#seen': 'lastSeenAt' },
        ExpressionAttributeValues: {
          ':site': { S: site },
          ':at': { N: String(at) },
          ':before': { N: String(at - SIGHTING_MS) },
        },
      });
      await client.send(sighting).catch(unlessRefused);
      sightings.set(deviceId, { site, at });
    },

    async applyPresence(event, thing) {
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
    },
  };
}

function unlessRefused(error: unknown): void {
  if (!(error instanceof ConditionalCheckFailedException)) throw error;
}
