// Windows over HTTP: a device's history at the resolution that a chart needs.

import * as z from 'zod/mini';
import { bucketStartOf, resolutions, resolutionsFor, type Resolution } from '../core/rollup.ts';
import { unitsOf } from '../core/unit.ts';
import { metricName } from '../core/text-schema.ts';
import type { DeviceStore, WindowHistory } from '../pipeline/ports.ts';
import { deviceId, pageLimit, time, timeText } from './fields.ts';
import { figures, figuresOf, units } from './figures.ts';
import { invalid } from './problem.ts';
import { route, type Route } from './route.ts';

const names = Object.keys(resolutions) as [Resolution, ...Resolution[]];
const USUAL_PAGE = 360;
const HOUR_MS = 3_600_000;

const page = z.strictObject({
  deviceId: z.string(),
  windowSeconds: z.int().check(z.describe('Length of each window of this answer')),
  units,
  windows: z.array(z.strictObject({ start: time, end: time, ...figures })),
  next: z.optional(z.string()),
});

export function windowRoutes(stores: {
  readonly history: Pick<WindowHistory, 'read'>;
  readonly devices: Pick<DeviceStore, 'load'>;
  readonly windowSeconds: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): Route[] {
  const { history, devices, windowSeconds, now } = stores;

  function secondsOf(resolution: Resolution | undefined): number {
    if (resolution === undefined) return windowSeconds;
    const fitting = resolutionsFor(windowSeconds);
    if (fitting.includes(resolution)) return resolutions[resolution];
    const choice = fitting.length > 0 ? `choose ${fitting.join(', ')}, or none` : 'leave it out';
    const detail = `cannot be ${resolution}, to which windows of ${windowSeconds} seconds do not add up: ${choice}`;
    throw invalid({ in: 'query', name: 'resolution', detail });
  }

  return [
    route({
      method: 'GET',
      path: '/devices/{deviceId}/windows',
      summary:
        'Windows of a device, oldest first, those that hold `from` up to those that start before `to`; by default of the last hour and as they are stored',
      params: { deviceId },
      query: {
        metric: z.optional(metricName),
        from: z.optional(timeText(now)),
        to: z.optional(timeText(now)),
        resolution: z.optional(z.enum(names)),
        limit: pageLimit(USUAL_PAGE, 2000),
        next: z.optional(timeText(now)),
      },
      answer: page,
      async run({ params, query }) {
        const seconds = secondsOf(query.resolution);
        const { to = now(), metric, limit = USUAL_PAGE } = query;
        const from = query.next ?? query.from ?? to - HOUR_MS;
        if (from >= to) {
          throw invalid({ in: 'query', name: 'from', detail: 'must be before to' });
        }
        const question = {
          ...{ deviceId: params.deviceId, from, to, seconds, limit },
          ...(metric !== undefined && { metric }),
        };
        const [found, device] = await Promise.all([history.read(question), devices.load(params.deviceId)]);
        return {
          deviceId: params.deviceId,
          windowSeconds: seconds,
          units: unitsOf(device ?? {}),
          windows: found.buckets.map((bucket) => ({
            start: bucket.start,
            end: bucket.end,
            ...figuresOf(bucket),
          })),
          next: found.next === undefined ? undefined : String(bucketStartOf(found.next, seconds)),
        };
      },
    }),
  ];
}
