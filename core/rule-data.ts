// Alert rules as people write and store them, and their compilation into the form that is judged.

import type {
  SilenceRule,
  AlertRule,
  Channel,
  InsightRule,
  KnownDefrost,
  Level,
  LimitRule,
  Match,
  Severity,
  Stat,
} from './alert-rule.ts';
import { decimalOf, decimalText } from './decimal.ts';
import { durationOf } from './duration.ts';
import { limitOf } from './statistic.ts';
import { minuteOf } from './quiet-hours.ts';
import { parseFixedTime } from './time-text.ts';

/** Maximum number of rules, including the template's: each environment reads and judges all of them. */
export const MAX_RULES = 200;

/**
 * A rule as JSON. It judges one thing: limits of a statistic (one level as fields of the rule, or several as `levels`),
 * `noDataFor` (of the device, or of a `metric`), `offlineFor`, `predicted` or `unusual`. Durations are text such as `30m`,
 * times have the forms that devices may send.
 */
export interface RuleData {
  readonly id: string;
  /** For people: alerts quote it as what to do. */
  readonly comment?: string;
  readonly enabled?: boolean;
  readonly enabledFrom?: string | number;
  readonly enabledUntil?: string | number;
  readonly match?: Match;
  readonly metric?: string;
  readonly stat?: Stat;
  /** Also judges the usual spellings of the metric; only with the highest or lowest value. */
  readonly anySpelling?: boolean;
  readonly perMinute?: boolean;
  readonly severity?: Severity;
  readonly above?: number;
  readonly below?: number;
  readonly clearBelow?: number;
  readonly clearAbove?: number;
  readonly levels?: readonly Level[];
  readonly forWindows?: number;
  readonly clearAfter?: number;
  readonly judgeLate?: boolean;
  readonly noDataFor?: string;
  readonly offlineFor?: string;
  readonly predicted?: PredictedData;
  readonly unusual?: { readonly metric: string };
  readonly channels?: readonly Channel[];
  readonly quietHours?: { readonly from: string; readonly to: string; readonly timeZone: string };
  readonly repeatEvery?: string;
  readonly escalateAfter?: string;
  readonly escalateTo?: readonly Channel[];
}

/** A metric is about to cross a limit at its present trend; either `above` or `below`. `within`: 30m if absent. */
export interface PredictedData {
  readonly metric: string;
  readonly above?: number;
  readonly below?: number;
  readonly within?: string;
  readonly defrost?: DefrostData;
}

/** A metric that is not 0 while the device defrosts, or its known schedule. */
export type DefrostData = { readonly metric: string } | DefrostSchedule;

/** Times of day such as `06:00`, or an interval such as `8h` counted from `from`; `lasts`: 30m if absent. */
export type DefrostSchedule =
  | { readonly every: string; readonly from: string | number; readonly lasts?: string }
  | { readonly at: readonly string[]; readonly timeZone: string; readonly lasts?: string };

const USUAL_WITHIN_MS = 1_800_000;
const USUAL_DEFROST_MS = 1_800_000;
const USUAL_SEVERITY: Severity = 'major';
const USUAL_CHANNELS: readonly Channel[] = ['email'];
const USUAL_ESCALATION: readonly Channel[] = ['email', 'sms'];
export const LIMITS = ['above', 'below', 'clearBelow', 'clearAbove'] as const;

/** The template's parameters as rules; a limit that is absent or not a number makes no rule, nor does a silence of 0. */
export function defaultRules(limits: {
  readonly maxTemperature?: number;
  readonly minTemperature?: number;
  readonly silentAfterMinutes?: number;
}): RuleData[] {
  const { maxTemperature: max, minTemperature: min, silentAfterMinutes: minutes = 0 } = limits;
  const common = { severity: 'critical', channels: ['email', 'sms'] } as const;
  const rules: RuleData[] = [];
  if (isLimit(max)) {
    const limit = {
      metric: 'temperature',
      anySpelling: true,
      stat: 'max',
      above: max,
      clearBelow: shifted(max, -1),
    } as const;
    rules.push({ id: 'temperature-high', ...limit, ...common });
  }
  if (isLimit(min)) {
    const limit = {
      metric: 'temperature',
      anySpelling: true,
      stat: 'min',
      below: min,
      clearAbove: shifted(min, 1),
    } as const;
    rules.push({ id: 'temperature-low', ...limit, ...common });
  }
  if (minutes > 0)
    rules.push({ id: 'silent', noDataFor: `${minutes}m`, severity: 'major', channels: ['email'] });
  return rules;
}

/** The rule in the form that is judged. The data must have no faults (`faultsOf`). */
export function compileRule(data: RuleData): AlertRule {
  const { id, comment, enabled, match, quietHours, channels = USUAL_CHANNELS } = data;
  const common = {
    ...{ id, channels },
    ...given({ comment, enabled, match }),
    ...given({ enabledFrom: timeOf(data.enabledFrom), enabledUntil: timeOf(data.enabledUntil) }),
    ...given({ repeatEvery: spanOf(data.repeatEvery), escalation: escalationOf(data) }),
    ...(quietHours && {
      quietHours: {
        from: minuteOf(quietHours.from)!,
        to: minuteOf(quietHours.to)!,
        timeZone: quietHours.timeZone,
      },
    }),
  };
  const { noDataFor, offlineFor, severity = USUAL_SEVERITY } = data;
  const longest = spanOf(noDataFor ?? offlineFor);
  if (longest !== undefined) {
    const silence = noDataFor === undefined ? 'offline' : 'silent';
    return { ...common, silence, severity, longest, ...given({ metric: data.metric }) } satisfies SilenceRule;
  }
  const insight = insightOf(data);
  if (insight) return { ...common, ...insight, severity };
  const { metric, stat, anySpelling, perMinute, forWindows, clearAfter, judgeLate } = data;
  return {
    ...common,
    ...given({ metric, stat, forWindows, clearAfter }),
    ...(anySpelling && { anySpelling }),
    ...(perMinute && { perMinute }),
    ...(judgeLate && { judgeLate }),
    levels: data.levels ?? [levelOf(data)],
  } satisfies LimitRule;
}

type Insight = InsightRule extends infer Rule
  ? Rule extends InsightRule
    ? Omit<Rule, 'id' | 'channels' | 'severity'>
    : never
  : never;

function insightOf({ predicted, unusual }: RuleData): Insight | undefined {
  if (unusual) return { insight: 'unusual', metric: unusual.metric };
  if (!predicted) return undefined;
  const { metric, above, below, within, defrost } = predicted;
  return {
    ...{ insight: 'predicted', metric, side: above === undefined ? 'below' : 'above' },
    ...{ limit: (above ?? below)!, within: spanOf(within) ?? USUAL_WITHIN_MS },
    ...(defrost && { defrost: knownDefrost(defrost) }),
  };
}

/** Of what was validated. */
export function knownDefrost(defrost: DefrostData): KnownDefrost {
  if ('metric' in defrost) return defrost;
  const lasts = spanOf(defrost.lasts) ?? USUAL_DEFROST_MS;
  if ('every' in defrost) return { every: spanOf(defrost.every)!, from: timeOf(defrost.from)!, lasts };
  const { at, timeZone } = defrost;
  return { at: at.map((text) => minuteOf(text)!), timeZone, lasts };
}

/** The metric that the rule judges, in whichever field it is. */
export const judgedMetricOf = ({
  metric,
  predicted,
  unusual,
}: Pick<RuleData, 'metric' | 'predicted' | 'unusual'>) => metric ?? predicted?.metric ?? unusual?.metric;

/** The level of a rule without `levels`. */
export function levelOf(data: RuleData): Level {
  const limits = LIMITS.flatMap((name) => (data[name] === undefined ? [] : [[name, data[name]] as const]));
  return { severity: data.severity ?? USUAL_SEVERITY, ...Object.fromEntries(limits) };
}

function escalationOf({ escalateAfter, escalateTo = USUAL_ESCALATION }: RuleData) {
  const after = spanOf(escalateAfter);
  return after === undefined ? undefined : { after, channels: escalateTo };
}

const spanOf = (text: string | undefined) => (text === undefined ? undefined : durationOf(text));

function timeOf(value: string | number | undefined): number | undefined {
  const found = value === undefined ? undefined : parseFixedTime(value);
  return found && 'ms' in found ? found.ms : undefined;
}

/** The fields without undefined ones. */
function given<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };
}

function isLimit(value: number | undefined): value is number {
  return value !== undefined && decimalOf(value) !== undefined;
}

/** Adds as decimals: in floating point, -1.1 + 1 has more decimals than a limit may have. */
function shifted(limit: number, by: number): number {
  return Number(decimalText(limitOf(limit) + limitOf(by)));
}
