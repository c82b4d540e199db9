// Routes for monthly reports of a device, a site or a group for inspectors, as JSON or as a table.

import * as z from 'zod/mini';
import { seesSite } from '../core/access.ts';
import type { ArchiveSeal } from '../core/archive-seal.ts';
import { isMonth } from '../core/month.ts';
import { reportCsv } from '../core/report-csv.ts';
import { sealOf } from '../core/report-seal.ts';
import { countOutcomes } from '../core/prediction-outcome.ts';
import { matching, metricName } from '../core/text-schema.ts';
import { withArchiveSeals, type ReadArchiveSeal } from '../pipeline/archive-seal.ts';
import { nextAfter, type FindDevices, type FoundDevices } from '../pipeline/find-devices.ts';
import type { Counting, DeviceStore, RuleStore } from '../pipeline/ports.ts';
import type { ReportDevice, ReportedDevice } from '../pipeline/report.ts';
import { readRules } from '../pipeline/rules.ts';
import { deviceId, matchFields, pageLimit } from './fields.ts';
import { exact } from './statistics.ts';
import { ApiProblem, invalid } from './problem.ts';
import { reported } from './report-schema.ts';
import { route, type ApiCaller, type Route } from './route.ts';

const USUAL_PAGE = 10;
const LARGEST_PAGE = 20;
const REPORTS_AT_ONCE = 2;
/** A page ends early after this time: API Gateway waits 29 seconds, and a month from the archive takes seconds. */
const PAGE_MS = 8000;

const query = {
  month: z.string().check(z.refine(isMonth, 'must be a month such as 2026-11')),
  device: z.optional(deviceId),
  ...matchFields,
  metric: z.optional(metricName),
  limit: pageLimit(USUAL_PAGE, LARGEST_PAGE),
  next: z.optional(matching(/^(unsorted\/)?[^#+/]{1,128}$/, 'the `next` of a page before')),
};

type Asked = { readonly [Name in keyof typeof query]?: z.output<(typeof query)[Name]> } & {
  readonly month: string;
};

type SealedReport = ReportedDevice & { readonly archiveSeal: ArchiveSeal };

interface ReportRouteParts {
  readonly find: FindDevices;
  readonly devices: Pick<DeviceStore, 'load'>;
  readonly rules: Pick<RuleStore, 'read'>;
  readonly reportDevice: ReportDevice;
  readonly readArchiveSeal: ReadArchiveSeal;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

async function devicesOf(
  { find, devices }: Pick<ReportRouteParts, 'find' | 'devices'>,
  { device, site, type, group, limit = USUAL_PAGE, next }: Asked,
  caller: Pick<ApiCaller, 'sites'>,
) {
  if (device === undefined) {
    const match = Object.fromEntries(
      Object.entries({ site, type, group }).filter(([, value]) => value !== undefined),
    );
    return find({ limit, next, match, sites: caller.sites });
  }
  const found = await devices.load(device);
  if (!found || !seesSite(caller, found.site)) throw new ApiProblem(404, `There is no device ${device}`);
  return { devices: [found], isSorted: true };
}

/** Reports contain alerts, which guests do not see. */
async function reportsOf(
  parts: ReportRouteParts,
  asked: Asked,
  { caller, ...counting }: Counting & { readonly caller: ApiCaller },
  pageMs = Infinity,
) {
  if (caller.isGuest) throw new ApiProblem(403, 'Reports contain alerts, which guests do not see: log in');
  const { rules, reportDevice, readArchiveSeal, now } = parts;
  const { month, metric } = asked;
  const begun = now();
  const [page, judged] = await Promise.all([
    devicesOf(parts, asked, caller) as Promise<Pick<FoundDevices, 'devices' | 'isSorted' | 'next'>>,
    readRules(rules),
  ]);
  const found: ReportedDevice[] = [];
  while (found.length < page.devices.length && (found.length === 0 || now() - begun < pageMs)) {
    const some = page.devices.slice(found.length, found.length + REPORTS_AT_ONCE);
    const made = some.map(async (device) =>
      reportDevice(device, { month, metric, rules: judged.rules }, counting),
    );
    found.push(...(await Promise.all(made)));
  }
  const early = found.find((each) => each.month.from >= now());
  if (early)
    throw invalid({ in: 'query', name: 'month', detail: `has not begun in ${early.month.timeZone}` });
  const isWhole = found.length === page.devices.length;
  const sealed = await withArchiveSeals(found, readArchiveSeal);
  return { found: sealed, next: isWhole ? page.next : nextAfter(found.at(-1)!.device, page) };
}

function reportsRoute(parts: ReportRouteParts): Route {
  return route({
    method: 'GET',
    path: '/reports',
    summary:
      'The report of each device of a site, type or group, or of one device, over a month in the time zone of its site',
    params: {},
    query,
    answer: z.strictObject({ devices: z.array(reported), next: z.optional(z.string()) }),
    async run({ query: asked, ...call }) {
      const { found, next } = await reportsOf(parts, asked, call, PAGE_MS);
      return { devices: found.map(shownReport), next };
    },
  });
}

function tableRoute(parts: ReportRouteParts): Route {
  return route({
    method: 'GET',
    path: '/reports/csv',
    summary:
      'The same as a table: one line for each day, excursion and gap, and a summary of each device; every page has a header',
    params: {},
    query,
    answer: z.string(),
    textType: 'text/csv',
    async run({ query: asked, ...call }) {
      const { found } = await reportsOf(parts, asked, call);
      return reportCsv(
        found.map((each) => ({
          ...{ deviceId: each.device.deviceId, site: each.device.site },
          ...{ month: each.month.name, timeZone: each.month.timeZone },
          ...{
            report: each.report,
            audit: each.audit,
            sources: each.sources,
            archiveSeal: each.archiveSeal,
            seal: shownReport(each).seal,
          },
        })),
      );
    },
  });
}

export const reportRoutes = (parts: ReportRouteParts): Route[] => [reportsRoute(parts), tableRoute(parts)];

function shownReport({ archiveSeal, ...reportedDevice }: SealedReport) {
  const { device, month, limits, report: made, audit, isPredicted, sources } = reportedDevice;
  const { deviceId: id, site, type, attributes = {} } = device;
  const { name, timeZone, from, to, until, clockChanges } = month;
  const entry = {
    ...{ deviceId: id, site, type, calibration: attributes['calibration'], month: name, timeZone, from, to },
    ...{ isOver: until === to, clockChanges, limits, isPredicted },
    ...(made && { report: shownStatisticsOf(made) }),
  };
  return { ...entry, audit, sources, archiveSeal, seal: sealOf(entry) };
}

function shownStatisticsOf(made: NonNullable<ReportedDevice['report']>) {
  const { meanKinetic, days, excursions, predictions } = made;
  return {
    ...{ ...made, ...exactly(made), days: days.map((day) => ({ ...day, ...exactly(day) })) },
    excursions: excursions.map((each) => ({ ...each, limit: exact(each.limit), worst: exact(each.worst) })),
    predictions: predictions.map((each) => ({ ...each, limit: exact(each.limit) })),
    outcomes: countOutcomes(predictions),
    ...(meanKinetic && { meanKinetic: { ...meanKinetic, celsius: exact(meanKinetic.celsius) } }),
  };
}

const exactly = ({
  min,
  max,
  mean,
}: {
  readonly min?: string;
  readonly max?: string;
  readonly mean?: string;
}) =>
  min === undefined || max === undefined || mean === undefined
    ? {}
    : { min: exact(min), max: exact(max), mean: exact(mean) };
