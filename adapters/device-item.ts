// The layout of a device in DynamoDB.

import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Device } from '../core/device.ts';

type Item = Record<string, AttributeValue>;

/** Reads an item of the devices table. */
export function deviceOf(item: Item): Device {
  const text = (name: string) => item[name]?.S;
  const number = (name: string) => (item[name]?.N === undefined ? undefined : Number(item[name].N));
  const attributes = item['attributes']?.M;
  const parts: Omit<Device, 'deviceId'> = {
    site: text('site'),
    lastSeenAt: number('lastSeenAt'),
    online: item['online']?.BOOL,
    presenceSince: number('presenceSince'),
    disconnectReason: text('disconnectReason'),
    ipAddress: text('ipAddress'),
    type: text('type'),
    groups: item['groups']?.SS?.toSorted(),
    attributes: attributes && textsOf(attributes),
  };
  const known = Object.entries(parts).filter(([, value]) => value !== undefined);
  return { deviceId: text('deviceId') ?? '', ...Object.fromEntries(known) };
}

const textsOf = (values: Item) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.S ?? '']));
