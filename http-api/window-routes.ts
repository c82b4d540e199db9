// Routes for windows: the history of one or several devices, at the resolution that a chart needs.

import * as z from 'zod/mini';
import { seesSite } from '../core/access.ts';
import { inParallel } from '../core/in-parallel.ts';
import { bucketStartOf, RESOLUTIONS, resolutionsFor, type Bucket, type Resolution } from '../core/rollup.ts';
import { unitsOf } from '../core/unit.ts';
import { metricName } from '../core/text-schema.ts';
import type { Counting, DeviceStore, HistoryQuestion } from '../pipeline/ports.ts';
import type { ReadWindows, WindowsPage } from '../pipeline/read-windows.ts';
import { deviceId, listOf, pageLimit, source, time, timeText } from './fields.ts';
import { statisticFields, statisticsOf, units } from './statistics.ts';
import { invalid } from './problem.ts';
import { route, type ApiCaller, type Route } from './route.ts';
import { pageOfSeries } from './series.ts';

const names = Object.keys(RESOLUTIONS) as [Resolution, ...Resolution[]];
const USUAL_PAGE = 360;
const HOUR_MS = 3_600_000;

const MAX_DEVICES = 20;
const MAX_METRICS = 20;
const USUAL_SERIES = 720;
const READS_AT_ONCE = 4;

const length = z.int().check(z.describe('Length of each window of this answer in seconds'));
const sources = z.optional(
  z
    .array(source)
    .check(
      z.describe(
        'Where the windows come from, if some are from the parsed archive; `gone`: the table no longer has them, and the archive cannot be used, so request `1h`. Absent if all are from the table',
      ),
    ),
);
const ofDevice = {
  deviceId: z.string(),
  units,
  windows: z.array(z.strictObject({ start: time, end: time, ...statisticFields })),
  sources,
};
const page = z.strictObject({ windowSeconds: length, ...ofDevice, next: z.optional(z.string()) });

const shownBucket = (bucket: Bucket) => ({
  ...{ start: bucket.start, end: bucket.end },
  ...statisticsOf(bucket),
});

const NOTHING: WindowsPage = { buckets: [] };

type Now = () => number;

interface AskedSpan {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly next?: number | undefined;
}

function spanOf({ from: given, to: end, next }: AskedSpan, now: Now) {
  const to = end ?? now();
  const from = next ?? given ?? to - HOUR_MS;
  if (from >= to) throw invalid({ in: 'query', name: 'from', detail: 'must be before to' });
  return { from, to };
}

function secondsOf(resolution: Resolution | undefined, windowSeconds: number): number {
  if (resolution === undefined) return windowSeconds;
  const fitting = resolutionsFor(windowSeconds);
  if (fitting.includes(resolution)) return RESOLUTIONS[resolution];
  const choice = fitting.length > 0 ? `choose ${fitting.join(', ')}, or none` : 'leave it out';
  const detail = `cannot be ${resolution}, to which windows of ${windowSeconds} seconds do not add up: ${choice}`;
  throw invalid({ in: 'query', name: 'resolution', detail });
}

/** The bucket with only these metrics; undefined if it has none of them. */
function withMetrics(bucket: Bucket, wanted: readonly string[]): Bucket | undefined {
  const metrics = new Map([...bucket.metrics].filter(([metric]) => wanted.includes(metric)));
  return metrics.size > 0 ? { ...bucket, metrics } : undefined;
}

interface WindowStores {
  readonly read: ReadWindows;
  readonly devices: Pick<DeviceStore, 'load'>;
  readonly windowSeconds: number;
  /** Epoch milliseconds. */
  readonly now: Now;
}

/** The windows and units of one device; with several metrics, all metrics are read. */
async function seriesOf(
  { read, devices }: Pick<WindowStores, 'read' | 'devices'>,
  question: Omit<HistoryQuestion, 'metric'>,
  metrics: readonly string[],
  { caller, ...counting }: Counting & { readonly caller: Pick<ApiCaller, 'sites'> },
) {
  const [metric] = metrics;
  const loading = devices.load(question.deviceId);
  const [found, device] = await Promise.all([
    read({ ...question, ...(metrics.length === 1 && { metric: metric! }) }, () => loading, counting),
    loading,
  ]);
  // A device of another site looks like one that does not exist.
  if (!seesSite(caller, device?.site)) return { page: NOTHING, units: {} };
  const buckets =
    metrics.length < 2
      ? found.buckets
      : found.buckets.flatMap((bucket) => withMetrics(bucket, metrics) ?? []);
  return { page: { ...found, buckets }, units: unitsOf(device ?? {}) };
}

const spanFields = (now: Now) => ({
  ...{ from: z.optional(timeText(now)), to: z.optional(timeText(now)) },
  resolution: z.optional(z.enum(names)),
  next: z.optional(timeText(now)),
});

function deviceWindowsRoute(stores: WindowStores): Route {
  const { windowSeconds, now } = stores;
  return route({
    method: 'GET',
    path: '/devices/{deviceId}/windows',
    summary:
      'Windows of a device, oldest first, from the one that contains `from` to the last that starts before `to`; by default the stored windows of the last hour',
    params: { deviceId },
    query: { metric: z.optional(metricName), ...spanFields(now), limit: pageLimit(USUAL_PAGE, 2000) },
    answer: page,
    async run({ params, query: { resolution, metric, limit = USUAL_PAGE, ...asked }, ...call }) {
      const seconds = secondsOf(resolution, windowSeconds);
      const question = { ...params, ...spanOf(asked, now), seconds, limit };
      const found = await seriesOf(stores, question, metric === undefined ? [] : [metric], call);
      const { buckets, next, sources: from } = found.page;
      return {
        ...{ deviceId: params.deviceId, windowSeconds: seconds, units: found.units },
        ...{ windows: buckets.map(shownBucket), sources: from },
        next: next === undefined ? undefined : String(bucketStartOf(next, seconds)),
      };
    },
  });
}

function windowsRoute(stores: WindowStores): Route {
  const { windowSeconds, now } = stores;
  return route({
    method: 'GET',
    path: '/windows',
    summary:
      'Windows of several devices over one span, each as `/devices/{deviceId}/windows` has them; a page ends at the same time for all',
    params: {},
    query: {
      device: listOf(deviceId, MAX_DEVICES),
      metric: z.optional(listOf(metricName, MAX_METRICS)),
      ...spanFields(now),
      limit: pageLimit(USUAL_SERIES, 2000),
    },
    answer: z.strictObject({
      windowSeconds: length,
      series: z.array(z.strictObject(ofDevice)),
      next: z.optional(z.string()),
    }),
    async run({ query: { device, resolution, metric = [], limit = USUAL_SERIES, ...asked }, ...call }) {
      const seconds = secondsOf(resolution, windowSeconds);
      const common = { ...spanOf(asked, now), seconds, limit };
      const [ids, metrics] = [[...new Set(device)], [...new Set(metric)]];
      const found = await inParallel(ids, READS_AT_ONCE, async (id) =>
        seriesOf(stores, { ...common, deviceId: id }, metrics, call),
      );
      const { series, next } = pageOfSeries(found.map((each) => each.page));
      return {
        windowSeconds: seconds,
        series: ids.map((id, index) => ({
          ...{ deviceId: id, units: found[index]!.units },
          windows: series[index]!.map(shownBucket),
          sources: found[index]!.page.sources,
        })),
        next: next === undefined ? undefined : String(bucketStartOf(next, seconds)),
      };
    },
  });
}

export const windowRoutes = (stores: WindowStores): Route[] => [
  deviceWindowsRoute(stores),
  windowsRoute(stores),
];
