// Routes for devices: their sites, their connections and their latest values.

import * as z from 'zod/mini';
import type { Device, RejectionNote } from '../core/device.ts';
import { remedyFor } from '../core/remedy.ts';
import { matching } from '../core/text-schema.ts';
import { unitsOf } from '../core/unit.ts';
import { UnreadableStateError } from '../core/unreadable-state.ts';
import { DEVICE_STATES, type FindDevices } from '../pipeline/find-devices.ts';
import type { DeviceStore, WindowHistory } from '../pipeline/ports.ts';
import type { PresenceLog } from '../pipeline/device-ports.ts';
import type { RemoveDevice } from '../pipeline/remove-device.ts';
import { deviceId, matchFields, pageLimit, time } from './fields.ts';
import { statisticFields, statisticsOf, units } from './statistics.ts';
import { ApiProblem } from './problem.ts';
import { route, type ApiCaller, type Route } from './route.ts';

const rejection = z.strictObject({
  reason: z.string(),
  detail: z.string().check(z.describe('A sentence that names the field')),
  remedy: z.string().check(z.describe('How to fix it')),
  at: time,
});

const device = z.strictObject({
  deviceId: z.string(),
  site: z.optional(z.string()),
  lastSeenAt: z.optional(time),
  online: z.optional(z.boolean()),
  presenceSince: z.optional(time),
  disconnectReason: z.optional(z.string()),
  ipAddress: z.optional(z.string()),
  type: z.optional(z.string()),
  groups: z.optional(z.array(z.string())),
  attributes: z.optional(z.record(z.string(), z.string())),
  timeZone: z.optional(z.string().check(z.describe('Time zone of mails about the device'))),
  lastRejection: z.optional(rejection),
  units: z.optional(units),
  previousUnits: z.optional(
    z
      .record(z.string(), z.string())
      .check(z.describe('Units of older windows, for metrics whose unit changed')),
  ),
  skipped: z.optional(
    z.array(z.string()).check(z.describe('Members of its messages that are not metrics, with the reasons')),
  ),
});

/** From the broker: exact to two minutes; events of one moment come in any order. */
const connection = z.strictObject({
  at: time,
  online: z.boolean().check(z.describe('true: connected; false: disconnected')),
  sessionId: z.string().check(z.describe('The same for both ends of a connection')),
  disconnectReason: z.optional(z.string()),
  ipAddress: z.optional(z.string()),
});

const lastWindow = z.strictObject({ start: time, ...statisticFields });

const USUAL_PAGE = 50;

/** Anyone can be a guest, so guests do not see a device's network address or its rejected data. */
function shownTo({ isGuest }: ApiCaller, found: Device) {
  const { ipAddress, rejections, skipped, ...rest } = found;
  const units = unitsOf(found);
  const device = { ...rest, units: Object.keys(units).length > 0 ? units : undefined };
  if (isGuest) return device;
  const [lastRejection] = (rejections ?? []).map(shownRejection);
  return {
    ...device,
    ...(lastRejection && { lastRejection }),
    ...(skipped && { skipped }),
    ...(ipAddress !== undefined && { ipAddress }),
  };
}

const shownRejection = ({ reason, detail, at }: RejectionNote) => ({
  reason,
  detail,
  remedy: remedyFor(reason),
  at,
});

interface DeviceStores {
  readonly devices: Pick<DeviceStore, 'load'>;
  readonly history: Pick<WindowHistory, 'last'>;
  readonly find: FindDevices;
  readonly remove: RemoveDevice;
  readonly presence: Pick<PresenceLog, 'read'>;
}

function devicesRoute({ find }: Pick<DeviceStores, 'find'>): Route {
  return route({
    method: 'GET',
    path: '/devices',
    summary:
      'Devices by name, page by page, filtered by site, type, group or state; more than 2,000 devices come in no particular order',
    params: {},
    query: {
      limit: pageLimit(USUAL_PAGE, 500),
      next: z.optional(matching(/^(unsorted\/)?[^#+/]{1,128}$/, 'the `next` of an earlier page')),
      ...matchFields,
      state: z.optional(z.enum(DEVICE_STATES)),
    },
    answer: z.strictObject({
      devices: z.array(device),
      isSorted: z
        .boolean()
        .check(z.describe('False for more than 2,000 devices: they come in no particular order')),
      next: z.optional(z.string()),
    }),
    async run({ query: { limit = USUAL_PAGE, next, state, ...given }, caller }) {
      if (caller.isGuest && (state === 'alarm' || state === 'silent'))
        throw new ApiProblem(403, 'Guests do not see alerts: log in to use this `state`');
      const match = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
      const page = await find({ limit, next, match, state, sites: caller.sites });
      return { ...page, devices: page.devices.map((each) => shownTo(caller, each)) };
    },
  });
}

function deviceRoute({ devices, history }: Pick<DeviceStores, 'devices' | 'history'>): Route {
  return route({
    method: 'GET',
    path: '/devices/{deviceId}',
    summary: 'One device with its newest window',
    params: { deviceId },
    query: {},
    answer: z.extend(device, { lastWindow: z.optional(lastWindow) }),
    async run({ params, caller }) {
      const [found, window] = await Promise.all([
        devices.load(params.deviceId),
        history.last(params.deviceId),
      ]);
      if (!found) throw new ApiProblem(404, `There is no device ${params.deviceId}`);
      const shown = shownTo(caller, found);
      if (!window) return shown;
      return { ...shown, lastWindow: { start: window.windowStart, ...statisticsOf(window) } };
    },
  });
}

function removalRoute({ remove }: Pick<DeviceStores, 'remove'>): Route {
  return route({
    method: 'DELETE',
    path: '/devices/{deviceId}',
    summary:
      'Removes a device that is no longer in use and ends its alerts. Windows, archive and history stay. A message from the device makes it known again',
    params: { deviceId },
    query: {},
    answer: z.strictObject({
      deviceId: z.string(),
      isRemoved: z.boolean().check(z.describe('Whether the device was known')),
      ended: z.array(z.string()).check(z.describe('Rules whose alerts were ended')),
    }),
    async run({ params }) {
      try {
        return { deviceId: params.deviceId, ...(await remove(params.deviceId)) };
      } catch (error) {
        if (error instanceof UnreadableStateError) throw new ApiProblem(409, error.message);
        throw error;
      }
    },
  });
}

function rejectionsRoute({ devices }: Pick<DeviceStores, 'devices'>): Route {
  return route({
    method: 'GET',
    path: '/devices/{deviceId}/rejections',
    summary:
      'Why readings of a device were rejected: the last rejection for each reason, newest first, with the remedy',
    params: { deviceId },
    query: {},
    answer: z.strictObject({ rejections: z.array(rejection) }),
    async run({ params }) {
      const found = await devices.load(params.deviceId);
      if (!found) throw new ApiProblem(404, `There is no device ${params.deviceId}`);
      return { rejections: (found.rejections ?? []).map(shownRejection) };
    },
  });
}

function presenceRoute({ presence }: Pick<DeviceStores, 'presence'>): Route {
  return route({
    method: 'GET',
    path: '/devices/{deviceId}/presence',
    summary: 'When a device connected and disconnected in the last 30 days, newest first, page by page',
    params: { deviceId },
    query: {
      limit: pageLimit(USUAL_PAGE, 500),
      next: z.optional(matching(/^presence\/[\w.:/-]{1,200}$/, 'the `next` of an earlier page')),
    },
    answer: z.strictObject({ events: z.array(connection), next: z.optional(z.string()) }),
    async run({ params, query: { limit = USUAL_PAGE, next } }) {
      const page = await presence.read({ deviceId: params.deviceId, limit, next });
      return { events: page.entries, next: page.next };
    },
  });
}

export const deviceRoutes = (stores: DeviceStores): Route[] => [
  devicesRoute(stores),
  deviceRoute(stores),
  removalRoute(stores),
  rejectionsRoute(stores),
  presenceRoute(stores),
];
