// The schema of alert rules in answers: the rule, its tag, and warnings.

import * as z from 'zod/mini';
import { SEVERITIES } from '../core/alert-rule.ts';
import { fingerprint } from '../core/fingerprint.ts';
import { metricWarnings } from '../core/metric-warnings.ts';
import { KEPT_FIELDS, type ChangedRule } from '../core/rule-change.ts';
import { judgedMetricOf, type RuleData } from '../core/rule-data.ts';
import { rule } from '../core/rule-schema.ts';
import type { DryRunResult } from '../pipeline/dry-run.ts';
import type { SampleMetrics } from '../pipeline/sent-metrics.ts';
import { time } from './fields.ts';
import { ApiProblem } from './problem.ts';
import { ENTITY_TAG } from './route.ts';

const warnings = z.optional(
  z
    .array(z.string())
    .check(z.describe('What the rule may not do as intended, in sentences; absent if there are no warnings')),
);
const kept = z.optional(
  z.array(z.enum(KEPT_FIELDS)).check(z.describe('Fields that the body left out and the rule kept')),
);

/** The answer to a rule that was put, patched or validated. */
export const changedRule = z.extend(rule, { kept, warnings });

const notification = z.strictObject({
  deviceId: z.string(),
  transition: z.enum(['raised', 'worsened', 'eased', 'cleared']),
  severity: z.enum(SEVERITIES),
  at: time,
  windowStart: time,
  value: z.string(),
  limit: z.string(),
});

export const dryRun = z.strictObject({
  summary: z.string().check(z.describe('A sentence with the number of windows that had the metric')),
  notifications: z.array(notification).check(z.describe('In order of time')),
  devices: z.int().check(z.describe('Devices that the rule matches and that were read')),
  windows: z.int(),
  windowsWithMetric: z
    .int()
    .check(z.describe('Windows that had the metric; all if the rule names no metric')),
  devicesWithMetric: z.int().check(z.describe('Devices with a window that had the metric')),
  isComplete: z.boolean().check(z.describe('False if there was more than one answer can cover')),
  warnings,
});

/** The same tag for the same rule, stored or from the template. */
export const tagOf = (data: RuleData) => `"${fingerprint(JSON.stringify(data))}"`;

export const shownRule = (data: RuleData) => ({ ...data, [ENTITY_TAG]: tagOf(data) });

/** The rule, with warnings if no device sends its metric, according to the devices' last windows. */
export async function shownChange(
  { rule: data, kept: names }: ChangedRule,
  before: RuleData | undefined,
  sampleMetrics: SampleMetrics,
) {
  const sent = judgedMetricOf(data) === undefined ? undefined : await sampleMetrics(data.match);
  const where = sent?.devices.length === 1 ? 'its last window' : 'their last windows';
  const found = [...(sent ? metricWarnings(data, sent, where) : []), ...severityWarnings(data, before)];
  return {
    ...shownRule(data),
    ...(names.length > 0 && { kept: names }),
    ...(found.length > 0 && { warnings: found }),
  };
}

/** Levels have their own severities, which are lost when the levels are removed. */
function severityWarnings(data: RuleData, before: RuleData | undefined): string[] {
  if (!before?.levels || data.levels || data.severity !== undefined) return [];
  return ['The rule had levels and now has neither levels nor `severity`: its alerts are major'];
}

/** Throws an ApiProblem if the caller's If-Match names another state of the rule. */
export function requireMatch(ifMatch: string | undefined, id: string, data: RuleData | undefined): void {
  if (ifMatch === undefined) return;
  const tags = ifMatch.split(',').map((tag) => tag.trim());
  if (data && (tags.includes('*') || tags.includes(tagOf(data)))) return;
  const state = data ? `its tag is now ${tagOf(data)}` : 'it does not exist now, or cannot be read';
  throw new ApiProblem(412, `Rule ${id} differs from If-Match, ${state}: read it again, then change it`);
}

export function shownDryRun(data: RuleData, found: DryRunResult, hours: number) {
  const { notifications, sent, ...rest } = found;
  const span = `the last ${hours === 1 ? 'hour' : `${hours} hours`}`;
  const warnings = metricWarnings(data, sent, span);
  return {
    summary: summaryOf(data, found, span),
    notifications: notifications.map((each) => {
      const { deviceId, transition, severity, decidedAt, windowStart, value, limit } = each;
      return { deviceId, transition, severity, at: decidedAt, windowStart, value, limit };
    }),
    ...rest,
    ...(warnings.length > 0 && { warnings }),
  };
}

function summaryOf(data: RuleData, found: DryRunResult, span: string): string {
  const metric = judgedMetricOf(data);
  const { windows, devices, windowsWithMetric, devicesWithMetric } = found;
  const all = `${counted(windows, 'window')} of ${span} from ${counted(devices, 'device')}`;
  if (windows === 0) return `The ${counted(devices, 'device')} that match have no windows in ${span}`;
  if (metric === undefined) return `The rule judged ${all}`;
  if (windowsWithMetric === 0)
    return `\`${metric}\` is in none of ${all}: the rule would have judged nothing`;
  return `\`${metric}\` is in ${windowsWithMetric} of ${all}; ${devicesWithMetric} of them sent it`;
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
