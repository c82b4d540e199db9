// Tells health checks, which sign nothing, whether this API reaches its tables.

import * as z from 'zod/mini';
import type { DeviceStore } from '../pipeline/ports.ts';
import { route, type Route } from './route.ts';

/** No name of a thing has a dollar sign, so there is no such device. */
const NO_DEVICE = '$health';
/** Anybody may ask, any number of times: the table is asked no oftener. */
const LOOK_AGAIN_MS = 1000;

/** `now`: epoch milliseconds. */
export function healthRoutes({
  devices,
  now,
}: {
  readonly devices: Pick<DeviceStore, 'load'>;
  readonly now: () => number;
}): Route[] {
  let last: { readonly at: number; readonly look: Promise<unknown> } | undefined;

  return [
    route({
      method: 'GET',
      path: '/health',
      summary:
        'Whether the API reaches its tables, for health checks: without a signature, and anything but 200 means no',
      isPublic: true,
      params: {},
      query: {},
      answer: z.strictObject({ status: z.literal('ok') }),
      async run() {
        const at = now();
        if (last === undefined || Math.abs(at - last.at) >= LOOK_AGAIN_MS)
          last = { at, look: devices.load(NO_DEVICE) };
        await last.look;
        return { status: 'ok' };
      },
    }),
  ];
}
