// The shape of a device's report in responses of the HTTP API.

import * as z from 'zod/mini';
import { SEVERITIES } from '../core/alert-rule.ts';
import { OUTCOMES } from '../core/prediction-outcome.ts';
import { source, time } from './fields.ts';

const statistic = z.optional(z.number());
const length = (what: string) => z.number().check(z.describe(`Milliseconds ${what}`));
const remark = z.strictObject({ by: z.string(), at: time, comment: z.optional(z.string()) });
const totals = { readings: z.int(), min: statistic, max: statistic, mean: statistic };

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
        '`crossed`: a minute’s mean passed the limit before the alert was over or within the announced time; `averted`: it did not, and a user acknowledged or commented on the alert before it was over; `false`: it did not, and no user did; `ended`: its rule was removed or changed; `open`: not known yet',
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
        'False if days, worst values or crossings are taken from whole hours, because windows are gone',
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
  differing: z.int().check(z.describe('Number of windows that did not match the archive at that time')),
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
      'The parts of the month that `npm run audit` compared with the archive; later corrections are not included',
    ),
  );

/** A device of GET /reports. */
const archiveSeal = z
  .strictObject({
    sealedTo: z.optional(time.check(z.describe('The end of the last sealed day; epoch milliseconds'))),
    head: z.optional(z.string().check(z.describe('Of that day'))),
    key: z.optional(z.string().check(z.describe('SHA-256 of the public key that signed that day'))),
    unsealed: z.optional(z.strictObject({ from: time, to: time })),
    problem: z.optional(z.string().check(z.describe('Why the newest seal cannot be read'))),
  })
  .check(
    z.describe('Until when the archive of the month is sealed (`npm run seal`), by days of arrival in UTC'),
  );

export const reported = z.strictObject({
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
  limits: z
    .strictObject({ above: statistic, below: statistic })
    .check(z.describe('Of the rules that apply now')),
  isPredicted: z.boolean().check(z.describe('Whether a rule that applies now predicts the metric')),
  report: z.optional(report.check(z.describe('Absent where nothing was measured'))),
  audit,
  sources: z
    .array(source)
    .check(
      z.describe(
        'Where the values come from: the tables, or the parsed archive for days of UTC that the tables no longer have; the values are the same',
      ),
    ),
  archiveSeal,
  seal: z
    .string()
    .check(
      z.describe(
        'SHA-256 of this object in the form of RFC 8785, without `audit`, `sources`, `archiveSeal` and `seal`',
      ),
    ),
});
