// Finds devices by name, site, type, group or state: sorted if all devices can be read at once, otherwise page by page.

import { seesSite } from '../core/access.ts';
import { matches, type Match } from '../core/alert-rule.ts';
import { isAlarm } from '../core/alert-step.ts';
import type { Device } from '../core/device.ts';
import { UnreadableStateError } from '../core/unreadable-state.ts';
import type { DevicePage, DeviceStore, OpenAlerts } from './ports.ts';

export const DEVICE_STATES = ['online', 'offline', 'alarm', 'silent'] as const;
export type DeviceState = (typeof DEVICE_STATES)[number];

export interface DeviceQuestion {
  readonly limit: number;
  /** From the page before. */
  readonly next?: string | undefined;
  /** In the name, `*` matches any text. */
  readonly match?: Match;
  readonly state?: DeviceState | undefined;
  /** Only devices of these sites; absent: of all. */
  readonly sites?: readonly string[] | undefined;
}

export interface FoundDevices {
  readonly devices: readonly Device[];
  /**
   * False if there are too many devices to sort: then they come in no particular order, and a page may have fewer than
   * `limit`.
   */
  readonly isSorted: boolean;
  readonly next?: string;
}

export type FindDevices = (question: DeviceQuestion) => Promise<FoundDevices>;

/** All these devices are read for each page; that is a few megabytes of the table. */
const MAX_SORTED = 2000;
const DEVICES_A_READ = 500;
/** Prefix of the `next` of a page that is not sorted. No device has a slash in its name. */
const UNSORTED = 'unsorted/';

/** The `next` of a page whose last device is this one. */
export const nextAfter = (
  { deviceId }: Pick<Device, 'deviceId'>,
  { isSorted }: Pick<FoundDevices, 'isSorted'>,
): string => (isSorted ? deviceId : UNSORTED + deviceId);

type Devices = Pick<DeviceStore, 'list'>;

const readPage = (devices: Devices, after: string | undefined): Promise<DevicePage> =>
  devices.list({ limit: DEVICES_A_READ, ...(after !== undefined && { after }) });

/** Undefined if there are too many devices to sort. */
async function readAll(devices: Devices): Promise<Device[] | undefined> {
  const all: Device[] = [];
  let after: string | undefined;
  do {
    const page = await readPage(devices, after);
    all.push(...page.devices);
    after = page.last;
    if (all.length > MAX_SORTED || (all.length === MAX_SORTED && after !== undefined)) return undefined;
  } while (after !== undefined);
  return all;
}

/** The wanted devices of one page of the table. */
async function unsortedPage(
  devices: Devices,
  isWanted: (device: Device) => boolean,
  { limit, after }: { readonly limit: number; readonly after: string | undefined },
): Promise<FoundDevices> {
  const page = await readPage(devices, after);
  const wanted = page.devices.filter(isWanted);
  const last = wanted.length > limit ? wanted[limit - 1]!.deviceId : page.last;
  return {
    devices: wanted.slice(0, limit),
    isSorted: false,
    ...(last !== undefined && { next: nextAfter({ deviceId: last }, { isSorted: false }) }),
  };
}

/** Rejects with the SDK's error when a table cannot be reached. */
export function createFindDevices(ports: {
  readonly devices: Devices;
  readonly alerts: Pick<OpenAlerts, 'listOpen'>;
}): FindDevices {
  const { devices, alerts } = ports;
  return async ({ limit, next, match, state, sites }) => {
    const hasState = await testOf(state, alerts);
    const isWanted = (device: Device) =>
      matches(match, device) && seesSite({ sites }, device.site) && hasState(device);

    if (next?.startsWith(UNSORTED))
      return unsortedPage(devices, isWanted, { limit, after: next.slice(UNSORTED.length) });
    const all = await readAll(devices);
    // Also if the table grew between two pages: then some devices come twice, and none is left out.
    if (!all) return unsortedPage(devices, isWanted, { limit, after: undefined });
    const sorted = all
      .filter((device) => (next === undefined || device.deviceId > next) && isWanted(device))
      .sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1));
    const page = sorted.slice(0, limit);
    return {
      devices: page,
      isSorted: true,
      ...(sorted.length > limit && { next: page.at(-1)!.deviceId }),
    };
  };
}

/** Alerts are read only if the state needs them. */
async function testOf(
  state: DeviceState | undefined,
  alerts: Pick<OpenAlerts, 'listOpen'>,
): Promise<(device: Device) => boolean> {
  if (state === undefined) return () => true;
  if (state === 'online' || state === 'offline') return ({ online }) => online === (state === 'online');
  const found = new Set<string>();
  try {
    for await (const open of alerts.listOpen()) {
      const isMeant = state === 'alarm' || isWholeSilence(open.alarm?.announced);
      if (isAlarm(open) && isMeant) found.add(open.deviceId);
    }
  } catch (error) {
    // It comes after all others; the sweep reports it every minute.
    if (!(error instanceof UnreadableStateError)) throw error;
  }
  return ({ deviceId }) => found.has(deviceId);
}

/** Whether the alert is about the silence of a whole device. */
export const isWholeSilence = (
  announced: { readonly silence?: string; readonly metric?: string } | undefined,
) => announced?.silence === 'silent' && announced.metric === undefined;
