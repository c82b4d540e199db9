// Reads the alarms of the template, and refuses what the local cloud cannot evaluate or do.

import { AwsError } from '../aws-error.ts';
import { readAll, StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';
import {
  compileQueries,
  dimensionsOf,
  type CompiledQueries,
  type DataQuery,
  type Scalar,
} from './metric-query.ts';
import { problemOfStatistic } from './time-series.ts';

export type TreatMissing = 'missing' | 'ignore' | 'breaching' | 'notBreaching';
export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

export interface AlarmSpec {
  readonly name: string;
  readonly arn: string;
  readonly description: string | undefined;
  readonly actionsEnabled: boolean;
  /** ARNs of topics and functions. */
  readonly actions: Readonly<Record<AlarmState, readonly string[]>>;
  /** The metric that describes the alarm; absent where it has `Metrics`. */
  readonly metric:
    | {
        readonly namespace: string;
        readonly name: string;
        readonly dimensions: Readonly<Record<string, string>>;
        readonly statistic: string;
      }
    | undefined;
  readonly metrics: readonly DataQuery[];
  readonly queries: CompiledQueries;
  /** Milliseconds. */
  readonly period: number;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  readonly threshold: number;
  readonly comparison: Comparison;
  readonly treatMissing: TreatMissing;
}

/** In the words of alarms: "was greater than the threshold". */
export const COMPARISONS = {
  GreaterThanThreshold: { words: 'greater than', breaches: (value: number, limit: number) => value > limit },
  GreaterThanOrEqualToThreshold: {
    words: 'greater than or equal to',
    breaches: (value: number, limit: number) => value >= limit,
  },
  LessThanThreshold: { words: 'less than', breaches: (value: number, limit: number) => value < limit },
  LessThanOrEqualToThreshold: {
    words: 'less than or equal to',
    breaches: (value: number, limit: number) => value <= limit,
  },
} as const;

export type Comparison = keyof typeof COMPARISONS;

/** "The total current evaluation period can be no longer than one day", or seven with periods of an hour and more. */
const [DAY_MS, HOUR_MS] = [86_400_000, 3_600_000];
const WEEK_DAYS = 7;
const MOST_ACTIONS = 5;

const ACTION_LISTS: Readonly<Record<AlarmState, string>> = {
  ALARM: 'AlarmActions',
  OK: 'OKActions',
  INSUFFICIENT_DATA: 'InsufficientDataActions',
};

const refuse = ({ at, logicalId }: ResolvedResource, property: string, problem: string) =>
  new StartError(`${at(property)}: ${logicalId}: ${property} ${problem}`);

function numberAt(alarm: ResolvedResource, property: string, fallback?: number): number {
  const value = alarm.properties[property] ?? fallback;
  const number = Number(value);
  if (value !== undefined && value !== '' && Number.isFinite(number)) return number;
  throw refuse(alarm, property, 'must be a number');
}

function countAt(alarm: ResolvedResource, property: string, fallback?: number): number {
  const count = numberAt(alarm, property, fallback);
  if (Number.isInteger(count) && count > 0) return count;
  throw refuse(alarm, property, 'must be a whole number above 0');
}

type Template = Pick<ResolvedTemplate, 'ofType'>;

function actionsAt(alarm: ResolvedResource, state: AlarmState, template: Template): string[] {
  const property = ACTION_LISTS[state];
  const actions = (alarm.properties[property] ?? []) as string[];
  const known = ['AWS::SNS::Topic', 'AWS::Serverless::Function'].flatMap((type) =>
    template.ofType(type).map(({ arn }) => arn),
  );
  const other = actions.find((each) => !known.includes(each));
  if (other !== undefined)
    throw refuse(
      alarm,
      property,
      `has ${other}, which is not a topic or function of this template: nothing else takes alarms here`,
    );
  if (actions.length > MOST_ACTIONS) throw refuse(alarm, property, `has more than ${MOST_ACTIONS} actions`);
  return actions;
}

function metricOf(alarm: ResolvedResource): NonNullable<AlarmSpec['metric']> {
  const { Namespace, MetricName, Dimensions, Statistic } = alarm.properties as Record<
    string,
    Scalar | undefined
  >;
  if (Namespace === undefined || MetricName === undefined)
    throw refuse(alarm, 'MetricName', 'and Namespace are needed, or Metrics');
  if (Statistic === undefined)
    throw refuse(
      alarm,
      'Statistic',
      'is needed; percentiles (ExtendedStatistic) are not supported by the local cloud',
    );
  const problem = problemOfStatistic(String(Statistic));
  if (problem !== undefined) throw refuse(alarm, 'Statistic', problem);
  return {
    namespace: String(Namespace),
    name: String(MetricName),
    dimensions: dimensionsOf(Dimensions),
    statistic: String(Statistic),
  };
}

function queryOf(
  { namespace, name, dimensions, statistic }: NonNullable<AlarmSpec['metric']>,
  period: number,
): DataQuery {
  const list = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  const metric = { Namespace: namespace, MetricName: name, Dimensions: list };
  return { Id: 'm1', ReturnData: true, MetricStat: { Metric: metric, Period: period, Stat: statistic } };
}

/** The queries that an alarm evaluates. @throws StartError */
function sourceOf(alarm: ResolvedResource): Pick<AlarmSpec, 'metric' | 'metrics' | 'queries'> {
  const metrics = alarm.properties['Metrics'] as readonly DataQuery[] | undefined;
  const property = metrics ? 'Metrics' : 'Period';
  try {
    if (metrics) {
      const queries = compileQueries(metrics);
      if (queries.returned === 1) return { metric: undefined, metrics, queries };
      throw refuse(alarm, 'Metrics', 'must have exactly one with ReturnData');
    }
    const metric = metricOf(alarm);
    return { metric, metrics: [], queries: compileQueries([queryOf(metric, numberAt(alarm, 'Period'))]) };
  } catch (error) {
    if (error instanceof AwsError) throw refuse(alarm, property, `cannot be evaluated: ${error.message}`);
    throw error;
  }
}

function specOf(alarm: ResolvedResource, template: Template): AlarmSpec {
  const { name, arn, properties } = alarm;
  const source = sourceOf(alarm);
  const { period } = source.queries;
  const { AlarmDescription: description, ActionsEnabled: isEnabled } = properties as Record<
    string,
    Scalar | undefined
  >;
  const evaluationPeriods = countAt(alarm, 'EvaluationPeriods');
  const datapointsToAlarm = countAt(alarm, 'DatapointsToAlarm', evaluationPeriods);
  if (datapointsToAlarm > evaluationPeriods)
    throw refuse(alarm, 'DatapointsToAlarm', 'must not be greater than EvaluationPeriods');
  if (evaluationPeriods * period > (period >= HOUR_MS ? WEEK_DAYS : 1) * DAY_MS)
    throw refuse(
      alarm,
      'EvaluationPeriods',
      'look back more than a day, or seven with periods of an hour and more',
    );
  return {
    ...{ name, arn, ...source, period, evaluationPeriods, datapointsToAlarm },
    description: description === undefined ? undefined : String(description),
    actionsEnabled: String(isEnabled ?? true) === 'true',
    actions: {
      ALARM: actionsAt(alarm, 'ALARM', template),
      OK: actionsAt(alarm, 'OK', template),
      INSUFFICIENT_DATA: actionsAt(alarm, 'INSUFFICIENT_DATA', template),
    },
    threshold: numberAt(alarm, 'Threshold'),
    comparison: properties['ComparisonOperator'] as Comparison,
    treatMissing: (properties['TreatMissingData'] ?? 'missing') as TreatMissing,
  };
}

/** Every AWS::CloudWatch::Alarm. @throws StartError with the template's line */
export function alarmsFromTemplate(template: Template): AlarmSpec[] {
  return readAll(template.ofType('AWS::CloudWatch::Alarm'), (alarm) => specOf(alarm, template));
}
