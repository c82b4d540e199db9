// The route for health checks, which are not signed: whether this API reaches its tables.

import * as z from 'zod/mini';
import type { DeviceStore } from '../pipeline/ports.ts';
import { route, type Route } from './route.ts';

/** Thing names have no dollar sign, so this device never exists. */
const NO_DEVICE = '$health';
/** Anyone may call it any number of times; the table is read at most this often. */
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
        'Whether the API reaches its tables, for health checks. It needs no signature, and any status but 200 means no',
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
