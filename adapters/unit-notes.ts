// Stores the units of a device's metrics in the device's item, and writes only changes.

import { UpdateItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Device } from '../core/device.ts';
import { own } from '../core/own.ts';
import { createRecent } from '../core/recent.ts';
import type { Units } from '../core/unit.ts';
import type { DeviceStore } from '../pipeline/ports.ts';
import { previousUnitAttribute, unitAttribute } from './device-item.ts';

const REMEMBERED_DEVICES = 20_000;
/** How long an environment trusts the units that it knows: another one may have stored a change. */
const KNOWN_FOR_MS = 600_000;
/** A device that alternates between two units does not cost a write each time. */
const CHANGE_AGAIN_MS = 60_000;
/** Most metrics of a device whose units are stored, so that the item stays small whatever names a device invents. */
const MAX_UNITS = 200;

interface Known {
  readonly units: Units;
  readonly readAt: number;
  readonly changedAt: number;
}

export function createUnitNotes(options: {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly load: (deviceId: string) => Promise<Device | undefined>;
}): DeviceStore['noteUnits'] {
  const { client, table, load } = options;
  const remembered = createRecent<Known>(REMEMBERED_DEVICES);

  async function knownOf(deviceId: string, at: number): Promise<Known> {
    const known = remembered.get(deviceId);
    if (known && Math.abs(at - known.readAt) < KNOWN_FOR_MS) return known;
    const units = (await load(deviceId))?.units ?? {};
    return { units, readAt: at, changedAt: known?.changedAt ?? -Infinity };
  }

  return async (deviceId, units, at) => {
    const known = await knownOf(deviceId, at);
    const isDue = Math.abs(at - known.changedAt) >= CHANGE_AGAIN_MS;
    const room = Math.max(0, MAX_UNITS - Object.keys(known.units).length);
    const fresh = Object.entries(units).filter(([metric]) => !Object.hasOwn(known.units, metric));
    const changed = Object.entries(units).filter(
      ([metric, unit]) => isDue && Object.hasOwn(known.units, metric) && known.units[metric] !== unit,
    );
    const noted = [...fresh.slice(0, room), ...changed];
    if (noted.length > 0) {
      const Key = { deviceId: { S: deviceId } };
      await client.send(new UpdateItemCommand({ TableName: table, Key, ...update(noted, known.units) }));
    }
    const next = { ...known.units, ...Object.fromEntries(noted) };
    remembered.set(deviceId, { ...known, units: next, ...(changed.length > 0 && { changedAt: at }) });
  };
}

/** One attribute per metric, so that writers do not overwrite each other. */
function update(noted: readonly (readonly [metric: string, unit: string])[], before: Units) {
  const names: Record<string, string> = {};
  const values: Record<string, AttributeValue> = {};
  const set = (attribute: string, value: string) => {
    const place = Object.keys(names).length;
    names[`#${place}`] = attribute;
    values[`:${place}`] = { S: value };
  };
  for (const [metric, unit] of noted) {
    set(unitAttribute(metric), unit);
    const previous = own(before, metric);
    if (previous !== undefined) set(previousUnitAttribute(metric), previous);
  }
  const sets = Object.keys(names).map((name) => `${name} = :${name.slice(1)}`);
  return {
    UpdateExpression: `SET ${sets.join(', ')}`,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}
