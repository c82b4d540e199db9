// Devices over HTTP: where they are, whether they are connected, and what they measured last.

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
import { figures, statisticsOf, units } from './statistics.ts';
import { ApiProblem } from './problem.ts';
import { route, type ApiCaller, type Route } from './route.ts';

const rejection = z.strictObject({
  reason: z.string(),
  detail: z.string().check(z.describe('One sentence that names the field')),
  remedy: z.string().check(z.describe('What to do about it')),
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
  timeZone: z.optional(z.string().check(z.describe('In which mails about the device tell the time'))),
  lastRejection: z.optional(rejection),
  units: z.optional(units),
  previousUnits: z.optional(
    z
      .record(z.string(), z.string())
      .check(z.describe('Of metrics whose unit changed: what older windows are in')),
  ),
  skipped: z.optional(
    z.array(z.string()).check(z.describe('Members of its messages that are no metrics, with the reasons')),
  ),
});

/** As its broker tells it: right to two minutes, and of a moment in any order. */
const connection = z.strictObject({
  at: time,
  online: z.boolean().check(z.describe('true: it came; false: it went')),
  sessionId: z.string().check(z.describe('The same for both ends of a connection')),
  disconnectReason: z.optional(z.string()),
  ipAddress: z.optional(z.string()),
});

const lastWindow = z.strictObject({ start: time, ...figures });

const USUAL_PAGE = 50;

/** Guests are anybody: where on the network a device stands, and what it sends wrongly, is none of their business. */
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

export function deviceRoutes(stores: {
  readonly devices: Pick<DeviceStore, 'load'>;
  readonly history: Pick<WindowHistory, 'last'>;
  readonly find: FindDevices;
  readonly remove: RemoveDevice;
  readonly presence: Pick<PresenceLog, 'read'>;
}): Route[] {
  const { devices, history, find, remove, presence } = stores;
  return [
    route({
      method: 'GET',
      path: '/devices',
      summary:
        'Devices by name, page by page, those of a site, type, group or state; of more than 2,000 devices the order means nothing',
      params: {},
      query: {
        limit: pageLimit(USUAL_PAGE, 500),
        next: z.optional(matching(/^(unsorted\/)?[^#+/]{1,128}$/, 'the `next` of a page before')),
        ...matchFields,
        state: z.optional(z.enum(DEVICE_STATES)),
      },
      answer: z.strictObject({
        devices: z.array(device),
        isSorted: z.boolean().check(z.describe('False of more than 2,000 devices: pages may have any order')),
        next: z.optional(z.string()),
      }),
      async run({ query: { limit = USUAL_PAGE, next, state, ...given }, caller }) {
        if (caller.isGuest && (state === 'alarm' || state === 'silent'))
          throw new ApiProblem(403, 'Guests do not see alerts: log in to ask for this `state`');
        const match = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
        const page = await find({ limit, next, match, state, sites: caller.sites });
        return { ...page, devices: page.devices.map((each) => shownTo(caller, each)) };
      },
    }),
    route({
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
    }),
    route({
      method: 'DELETE',
      path: '/devices/{deviceId}',
      summary:
        'Forgets a device that is gone for good and ends its alerts; windows, archive and history stay, and a message of it makes it known again',
      params: { deviceId },
      query: {},
      answer: z.strictObject({
        deviceId: z.string(),
        isRemoved: z.boolean().check(z.describe('Whether anything was known of it')),
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
    }),
    route({
      method: 'GET',
      path: '/devices/{deviceId}/rejections',
      summary:
        'Why readings of a device were rejected: the last of each reason, newest first, with the remedy',
      params: { deviceId },
      query: {},
      answer: z.strictObject({ rejections: z.array(rejection) }),
      async run({ params }) {
        const found = await devices.load(params.deviceId);
        if (!found) throw new ApiProblem(404, `There is no device ${params.deviceId}`);
        return { rejections: (found.rejections ?? []).map(shownRejection) };
      },
    }),
    route({
      method: 'GET',
      path: '/devices/{deviceId}/presence',
      summary: 'When a device connected and left within the last 30 days, newest first, page by page',
      params: { deviceId },
      query: {
        limit: pageLimit(USUAL_PAGE, 500),
        next: z.optional(matching(/^presence\/[\w.:/-]{1,200}$/, 'the `next` of a page before')),
      },
      answer: z.strictObject({ events: z.array(connection), next: z.optional(z.string()) }),
      async run({ params, query: { limit = USUAL_PAGE, next } }) {
        const page = await presence.read({ deviceId: params.deviceId, limit, next });
        return { events: page.entries, next: page.next };
      },
    }),
  ];
}
