// Routes for monthly reports of a device, a site or a group for inspectors, as JSON or as a table.

import * as z from 'zod/mini';
import { seesSite } from '../core/access.ts';
import { SEVERITIES } from '../core/alert-rule.ts';
import { inParallel } from '../core/in-parallel.ts';
import { isMonth } from '../core/month.ts';
import { reportCsv } from '../core/report-csv.ts';
import { sealOf } from '../core/report-seal.ts';
import { countOutcomes, OUTCOMES } from '../core/prediction-outcome.ts';
import { matching, metricName } from '../core/text-schema.ts';
import type { FindDevices } from '../pipeline/find-devices.ts';
import type { DeviceStore, RuleStore } from '../pipeline/ports.ts';
import type { ReportDevice, ReportedDevice } from '../pipeline/report.ts';
import { readRules } from '../pipeline/rules.ts';
import { deviceId, matchFields, pageLimit, time } from './fields.ts';
import { exact } from './statistics.ts';
import { ApiProblem, invalid } from './problem.ts';
import { route, type ApiCaller, type Route } from './route.ts';

const USUAL_PAGE = 10;
const LARGEST_PAGE = 20;
const REPORTS_AT_ONCE = 2;

const figure = z.optional(z.number());
const length = (what: string) => z.number().check(z.describe(`Milliseconds ${what}`));
const remark = z.strictObject({ by: z.string(), at: time, comment: z.optional(z.string()) });
const totals = { readings: z.int(), min: figure, max: figure, mean: figure };

const excursion = z.strictObject({
  ruleId: z.string(),
  severity: z.enum(SEVERITIES),
  metric: z.optional(z.string()),
  side: z.enum(['above', 'below']),
  limit: z.number(),
  from: time,
  to: z.optional(time.check(z.describe('Absent while it lasts; epoch milliseconds'))),
  lastedMs: length('of it that lie in the month'),
  worst: z.number(),
  unit: z.optional(z.string()),
  acknowledged: z.optional(remark),
  remarks: z.array(remark),
});

const prediction = z.strictObject({
  ruleId: z.string(),
  severity: z.enum(SEVERITIES),
  metric: z.string(),
  side: z.enum(['above', 'below']),
  limit: z.number(),
  unit: z.optional(z.string()),
  from: time.check(z.describe('The minute by which it was announced; epoch milliseconds')),
  announcedAt: time,
  crossesAt: z.optional(time.check(z.describe('For when the crossing was last announced'))),
  to: z.optional(time.check(z.describe('When the alert was over; absent while it lasts'))),
  isEnded: z.optional(z.literal(true).check(z.describe('Its rule was removed, or judges something else'))),
  acknowledged: z.optional(remark),
  remarks: z.array(remark),
  outcome: z
    .enum(OUTCOMES)
    .check(
      z.describe(
        '`crossed`: a minute’s mean passed the limit before the alert was over or within the announced time; `averted`: it did not, and somebody acknowledged or commented on the alert before it was over; `false`: it did not, and nobody had; `ended`: its rule was removed or changed; `open`: it cannot be known yet',
      ),
    ),
  crossedAt: z.optional(time.check(z.describe('The first minute beyond the limit'))),
  leadMs: z.optional(length('from the alert to that minute')),
});

const outcomes = z
  .strictObject({
    ...{
      announced: z.int(),
      crossed: z.int(),
      averted: z.int(),
      false: z.int(),
      open: z.int(),
      ended: z.int(),
    },
    early: z.int().check(z.describe('Crossed ten minutes or more after the alert')),
  })
  .check(z.describe('How many of the predictions became what'));

const report = z.strictObject({
  metric: z.string(),
  unit: z.optional(z.string()),
  ...totals,
  spanMs: length('that the month has, up to now where it is not over'),
  measuredMs: length('without the gaps'),
  inLimitsMs: length('that were measured and are in no excursion'),
  excursions: z.array(excursion),
  predictions: z.array(prediction),
  outcomes,
  gaps: z
    .array(z.strictObject({ from: time, to: time }))
    .check(z.describe('Hours and longer without a reading')),
  meanKinetic: z.optional(
    z
      .strictObject({ celsius: z.number(), hours: z.int(), activationEnergy: z.number() })
      .check(z.describe('Of hourly means; kJ/mol (USP <1079.2>)')),
  ),
  days: z.array(z.strictObject({ date: z.string(), ...totals })),
  isToTheWindow: z
    .boolean()
    .check(
      z.describe(
        'False where days, worst values or crossings are taken from whole hours, because windows are gone',
      ),
    ),
});

const checked = z.strictObject({
  from: time,
  to: time,
  checkedFrom: time.check(
    z.describe('When the first of the audits was made that compared it; epoch milliseconds'),
  ),
  checkedTo: time.check(z.describe('When the last of them was made')),
  windows: z.int(),
  differing: z.int().check(z.describe('How many windows did not have then what the archive amounts to')),
});

const audit = z
  .strictObject({
    checked: z
      .array(checked)
      .check(z.describe('A span may begin or end beyond the month, with a day of UTC')),
    unchecked: z.array(z.strictObject({ from: time, to: time })),
  })
  .check(
    z.describe(
      'What of the month `npm run audit` compared with the archive; what was corrected after that is not in it',
    ),
  );

const reported = z.strictObject({
  deviceId: z.string(),
  site: z.optional(z.string()),
  type: z.optional(z.string()),
  calibration: z.optional(z.string().check(z.describe('The attribute `calibration` of the thing'))),
  month: z.string(),
  timeZone: z.string(),
  from: time,
  to: time,
  isOver: z.boolean(),
  clockChanges: z.array(
    z.strictObject({ at: time, before: z.int(), after: z.int() }).check(z.describe('Minutes ahead of UTC')),
  ),
  limits: z.strictObject({ above: figure, below: figure }).check(z.describe('Of the rules that apply now')),
  isPredicted: z.boolean().check(z.describe('Whether a rule that applies now predicts the metric')),
  report: z.optional(report.check(z.describe('Absent where nothing was measured'))),
  audit,
  seal: z
    .string()
    .check(z.describe('SHA-256 of this object in the form of RFC 8785, without `audit` and `seal`')),
});

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

export function reportRoutes(parts: {
  readonly find: FindDevices;
  readonly devices: Pick<DeviceStore, 'load'>;
  readonly rules: Pick<RuleStore, 'read'>;
  readonly reportDevice: ReportDevice;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): Route[] {
  const { find, devices, rules, reportDevice, now } = parts;

  async function devicesOf(
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
    return { devices: [found] };
  }

  /** Guests do not see alerts, and reports are made of them. */
  async function reportsOf(asked: Asked, caller: ApiCaller) {
    if (caller.isGuest) throw new ApiProblem(403, 'Guests do not see alerts, which reports have: log in');
    const { month, metric } = asked;
    const [{ devices: some, next }, judged] = await Promise.all([
      devicesOf(asked, caller) as Promise<{ devices: Parameters<ReportDevice>[0][]; next?: string }>,
      readRules(rules),
    ]);
    const found = await inParallel(some, REPORTS_AT_ONCE, (device) =>
      reportDevice(device, { month, metric, rules: judged.rules }),
    );
    const early = found.find((each) => each.month.from >= now());
    if (early)
      throw invalid({ in: 'query', name: 'month', detail: `has not begun in ${early.month.timeZone}` });
    return { found, next };
  }

  return [
    route({
      method: 'GET',
      path: '/reports',
      summary:
        'The report of each device of a site, type or group, or of one device, over a month in the time zone of its site',
      params: {},
      query,
      answer: z.strictObject({ devices: z.array(reported), next: z.optional(z.string()) }),
      async run({ query: asked, caller }) {
        const { found, next } = await reportsOf(asked, caller);
        return { devices: found.map(shownReport), next };
      },
    }),
    route({
      method: 'GET',
      path: '/reports/csv',
      summary:
        'The same as a table: a line a day, an excursion, a gap and a summary of each device; all pages have a header',
      params: {},
      query,
      answer: z.string(),
      textType: 'text/csv',
      async run({ query: asked, caller }) {
        const { found } = await reportsOf(asked, caller);
        return reportCsv(
          found.map((each) => ({
            ...{ deviceId: each.device.deviceId, site: each.device.site },
            ...{ month: each.month.name, timeZone: each.month.timeZone },
            ...{ report: each.report, audit: each.audit, seal: shownReport(each).seal },
          })),
        );
      },
    }),
  ];
}

function shownReport({ device, month, limits, report: made, audit, isPredicted }: ReportedDevice) {
  const { deviceId: id, site, type, attributes = {} } = device;
  const { name, timeZone, from, to, until, clockChanges } = month;
  const entry = {
    ...{ deviceId: id, site, type, calibration: attributes['calibration'], month: name, timeZone, from, to },
    ...{ isOver: until === to, clockChanges, limits, isPredicted },
    ...(made && { report: shownStatisticsOf(made) }),
  };
  return { ...entry, audit, seal: sealOf(entry) };
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
