// Reads a device from its DynamoDB item.

import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Device, RejectionNote } from '../core/device.ts';
import { isTimeZone } from '../core/quiet-hours.ts';
import { createRecent } from '../core/recent.ts';

type Item = Record<string, AttributeValue>;

const REJECTION = 'rejection:';

/** The attribute for the last rejection with a reason. */
export const rejectionAttribute = (reason: string) => `${REJECTION}${reason}`;

const UNIT = 'unit:';
const PREVIOUS_UNIT = 'previousUnit:';

/** The attributes for a metric's unit, and for the unit before it. */
export const unitAttribute = (metric: string) => `${UNIT}${metric}`;
export const previousUnitAttribute = (metric: string) => `${PREVIOUS_UNIT}${metric}`;

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
    timeZone: zoneOf(text('timeZone')),
    rejections: rejectionsIn(item),
    skipped: item['skipped']?.L?.map(({ S = '' }) => S),
    units: unitsIn(item, UNIT),
    previousUnits: unitsIn(item, PREVIOUS_UNIT),
  };
  const known = Object.entries(parts).filter(([, value]) => value !== undefined);
  return { deviceId: text('deviceId') ?? '', ...Object.fromEntries(known) };
}

const checked = createRecent<boolean>(1000);

/** The time zone from the registry, if it is valid. Each name is checked once, as a list has thousands of devices. */
function zoneOf(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const isOne = checked.get(name) ?? isTimeZone(name);
  checked.set(name, isOne);
  return isOne ? name : undefined;
}

function rejectionsIn(item: Item): RejectionNote[] | undefined {
  const notes = Object.entries(item).flatMap(([name, { M }]) => {
    if (!name.startsWith(REJECTION) || !M) return [];
    const reason = name.slice(REJECTION.length) as RejectionNote['reason'];
    return [{ reason, detail: M['detail']?.S ?? '', at: Number(M['at']?.N) }];
  });
  return notes.length > 0 ? notes.sort((a, b) => b.at - a.at) : undefined;
}

function unitsIn(item: Item, prefix: string): Record<string, string> | undefined {
  const units = Object.entries(item).flatMap(([name, { S }]) =>
    name.startsWith(prefix) && S !== undefined ? [[name.slice(prefix.length), S] as const] : [],
  );
  return units.length > 0 ? Object.fromEntries(units.sort(([a], [b]) => (a < b ? -1 : 1))) : undefined;
}

const textsOf = (values: Item) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.S ?? '']));
