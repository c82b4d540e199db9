// Devices over HTTP: where they are, whether they are connected, and what they measured last.

import * as z from 'zod/mini';
import type { Device, RejectionNote } from '../core/device.ts';
import { remedyFor } from '../core/remedy.ts';
import { unitsOf } from '../core/unit.ts';
import type { DeviceStore, WindowHistory } from '../pipeline/ports.ts';
import { deviceId, pageLimit, time } from './fields.ts';
import { figures, figuresOf, units } from './figures.ts';
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
  readonly devices: Pick<DeviceStore, 'load' | 'list'>;
  readonly history: Pick<WindowHistory, 'last'>;
}): Route[] {
  const { devices, history } = stores;
  return [
    route({
      method: 'GET',
      path: '/devices',
      summary: 'Devices, page by page, in no order that means anything',
      params: {},
      query: { limit: pageLimit(USUAL_PAGE, 500), next: z.optional(deviceId) },
      answer: z.strictObject({ devices: z.array(device), next: z.optional(z.string()) }),
      async run({ query: { limit = USUAL_PAGE, next }, caller }) {
        const page = await devices.list({ limit, ...(next !== undefined && { after: next }) });
        return { devices: page.devices.map((each) => shownTo(caller, each)), next: page.last };
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
        return { ...shown, lastWindow: { start: window.windowStart, ...figuresOf(window) } };
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
      async run({ params, caller }) {
        if (caller.isGuest) throw new ApiProblem(403, 'Guests do not see what devices send wrongly: log in');
        const found = await devices.load(params.deviceId);
        if (!found) throw new ApiProblem(404, `There is no device ${params.deviceId}`);
        return { rejections: (found.rejections ?? []).map(shownRejection) };
      },
    }),
  ];
}
