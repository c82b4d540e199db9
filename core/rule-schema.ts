// The form of an alert rule, stored, in requests and in responses; `rule-faults.ts` checks what its fields mean together.

import * as z from 'zod/mini';
import { SEVERITIES, STATS } from './alert-rule.ts';
import { isUnicode, metricName, ruleId } from './text-schema.ts';

const pattern = z.string().check(z.minLength(1), z.maxLength(128), isUnicode);
const windows = z.int().check(z.minimum(1), z.maximum(60));
const duration = z.string().check(z.meta({ examples: ['30m'] }));
const timeOfDay = z.string().check(z.meta({ examples: ['22:00'] }));
const moment = z
  .union([z.string(), z.number()], 'must be a time such as 2026-11-20T13:00:00Z, or epoch milliseconds')
  .check(
    z.describe(
      'ISO 8601, a local time with its zone such as `2026-11-20 14:00 Europe/Berlin`, or epoch milliseconds',
    ),
  );
const channels = z
  .array(z.string().check(z.regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be email, sms or a name in small letters')))
  .check(z.minLength(1), z.maxLength(10));

const limits = {
  above: z.optional(z.number()),
  below: z.optional(z.number()),
  clearBelow: z.optional(z.number()),
  clearAbove: z.optional(z.number()),
};
const defrostSchedules = [
  z.strictObject({
    at: z.array(timeOfDay).check(z.minLength(1), z.maxLength(24)),
    timeZone: z.string(),
    lasts: z.optional(duration),
  }),
  z.strictObject({ every: duration, from: moment, lasts: z.optional(duration) }),
] as const;
/** The known defrosts of a device. */
export const defrostSchedule = z
  .union(
    defrostSchedules,
    'must have times of day (at) and their timeZone, or how often it defrosts (every) and one such time (from)',
  )
  .check(
    z.describe('When the device defrosts: times of day, or an interval such as `8h` from one of its starts'),
  );
const defrost = z
  .union(
    [z.strictObject({ metric: metricName }), ...defrostSchedules],
    'must have a metric that is not 0 while the device defrosts, times of day (at) and their timeZone, or how often it defrosts (every) and one such time (from)',
  )
  .check(z.describe('When the device defrosts, if known; otherwise it is learned'));
const predicted = z
  .strictObject({
    metric: metricName,
    above: z.optional(z.number()),
    below: z.optional(z.number()),
    within: z.optional(duration),
    defrost: z.optional(defrost),
  })
  .check(z.describe('Announces that a limit will be crossed at the present trend'));
const unusual = z
  .strictObject({ metric: metricName })
  .check(z.describe('Announces that a metric behaves unusually'));
const level = z.strictObject({ severity: z.enum(SEVERITIES), ...limits });

/** Which devices a rule or a mapping applies to. */
export const match = z.strictObject({
  site: z.optional(pattern),
  device: z.optional(pattern),
  type: z.optional(pattern),
  group: z.optional(pattern),
});

const fields = {
  comment: z.optional(z.string().check(z.maxLength(500), isUnicode)),
  enabled: z.optional(z.boolean()),
  enabledFrom: z.optional(moment),
  enabledUntil: z.optional(moment),
  match: z.optional(match),
  metric: z.optional(metricName),
  stat: z.optional(z.enum(STATS)),
  anySpelling: z.optional(z.boolean()),
  perMinute: z.optional(z.boolean()),
  severity: z.optional(z.enum(SEVERITIES)),
  ...limits,
  levels: z.optional(z.array(level).check(z.minLength(1), z.maxLength(SEVERITIES.length))),
  forWindows: z.optional(windows),
  clearAfter: z.optional(windows),
  judgeLate: z.optional(z.boolean()),
  noDataFor: z.optional(duration),
  offlineFor: z.optional(duration),
  predicted: z.optional(predicted),
  unusual: z.optional(unusual),
  channels: z.optional(channels),
  quietHours: z.optional(z.strictObject({ from: timeOfDay, to: timeOfDay, timeZone: z.string() })),
  repeatEvery: z.optional(duration),
  escalateAfter: z.optional(duration),
  escalateTo: z.optional(channels),
};

export const rule = z.strictObject({ id: ruleId, ...fields });
/** The id is in the path; the body may repeat it. */
export const ruleBody = z.strictObject({ id: z.optional(ruleId), ...fields });

/** A change of a rule as JSON merge patch (RFC 7396): null removes a field, an absent field stays. */
export const rulePatch = patchOf(ruleBody);

/** Every field may be absent or null, also inside objects; lists are replaced as a whole. */
function patchOf(schema: z.ZodMiniObject): z.ZodMiniObject {
  const fields = Object.entries(schema.shape).map(([name, field]) => {
    const { innerType } = (field as z.ZodMiniOptional).def;
    const inner = (innerType ?? field) as z.ZodMiniType;
    const part = inner.def.type === 'object' ? patchOf(inner as z.ZodMiniObject) : inner;
    return [name, z.optional(z.nullable(part))] as const;
  });
  return z.strictObject(Object.fromEntries(fields));
}
