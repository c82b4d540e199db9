// Opens a stack's mappings for commands that read its archive.

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Device } from '../core/device.ts';
import { createMapping, type MapMessage } from '../core/map-message.ts';
import { createDeviceStore } from '../adapters/device-store.ts';
import { createMappingStore } from '../adapters/mapping-store.ts';
import type { AuditOptions } from './options.ts';

/** Reads mappings and devices once, as they are now. A mapping has its period of validity; a device's type has none. */
export async function openMapping(
  client: DynamoDBClient,
  { rulesTable, devicesTable }: NonNullable<AuditOptions['mappings']>,
): Promise<MapMessage | undefined> {
  const known = await createMappingStore({ client, table: rulesTable }).read();
  if (known.mappings.length === 0) return undefined;
  const store = createDeviceStore({ client, table: devicesTable });
  const devices = new Map<string, Promise<Device | undefined>>();
  const load = (deviceId: string) => {
    const device = devices.get(deviceId) ?? store.load(deviceId);
    devices.set(deviceId, device);
    return device;
  };
  return createMapping({ mappings: { read: async () => known }, devices: { load }, now: () => 0 });
}
