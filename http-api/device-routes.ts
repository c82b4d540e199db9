// Devices over HTTP: where they are, whether they are connected, and what they measured last.

import * as z from 'zod/mini';
import type { Device } from '../core/device.ts';
import type { DeviceStore, WindowHistory } from '../pipeline/ports.ts';
import { deviceId, pageLimit, time } from './fields.ts';
import { figures, figuresOf } from './figures.ts';
import { ApiProblem } from './problem.ts';
import { route, type ApiCaller, type Route } from './route.ts';

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
});

const lastWindow = z.strictObject({ start: time, ...figures });

const USUAL_PAGE = 50;

/** Guests are anybody: where on the network a device stands is none of their business. */
function shownTo({ isGuest }: ApiCaller, { ipAddress, ...device }: Device): Device {
  return isGuest || ipAddress === undefined ? device : { ...device, ipAddress };
}

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
  ];
}
