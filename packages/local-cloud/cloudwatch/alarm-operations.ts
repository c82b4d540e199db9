// The operations of CloudWatch on alarms: describe them and their history, and set a state for a test.

import { AwsError } from '../aws-error.ts';
import type { AlarmSpec, AlarmState } from './alarm-spec.ts';
import { invalidValue, listAt, numberAt, pageOf, requireText, textAt, timeAt } from './input.ts';
import { dimensionList, sameMetric } from './metric-operations.ts';
import { dimensionsOf } from './metric-query.ts';
import type { CloudWatch, Operation } from './operation.ts';
import type { Input, Output } from './protocols.ts';

const STATES: readonly string[] = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] satisfies AlarmState[];
const MOST_ALARMS = 100;
const USUAL_ALARMS = 50;

function stateAt(input: Input, name: string): AlarmState | undefined {
  const state = textAt(input, name);
  if (state === undefined || STATES.includes(state)) return state as AlarmState | undefined;
  throw invalidValue(`The parameter ${name} must be ${STATES.join(', ')}`);
}

function metricOf({ metric, metrics, period }: AlarmSpec): object {
  if (!metric) return { Metrics: metrics };
  return {
    ...{ MetricName: metric.name, Namespace: metric.namespace, Statistic: metric.statistic },
    ...{ Dimensions: dimensionList(metric.dimensions), Period: period / 1_000 },
  };
}

function describe(spec: AlarmSpec, { states, startedAt }: CloudWatch): object {
  const record = states.of(spec.name);
  return {
    ...{ AlarmName: spec.name, AlarmArn: spec.arn, AlarmDescription: spec.description },
    AlarmConfigurationUpdatedTimestamp: new Date(startedAt),
    ActionsEnabled: record.actionsEnabled ?? spec.actionsEnabled,
    OKActions: spec.actions.OK,
    AlarmActions: spec.actions.ALARM,
    InsufficientDataActions: spec.actions.INSUFFICIENT_DATA,
    ...{ StateValue: record.state, StateReason: record.reason, StateReasonData: record.reasonData },
    StateUpdatedTimestamp: new Date(record.updatedAt),
    StateTransitionedTimestamp: new Date(record.updatedAt),
    ...metricOf(spec),
    ...{ EvaluationPeriods: spec.evaluationPeriods, DatapointsToAlarm: spec.datapointsToAlarm },
    ...{
      Threshold: spec.threshold,
      ComparisonOperator: spec.comparison,
      TreatMissingData: spec.treatMissing,
    },
  };
}

function sizeAt(input: Input): number {
  const size = numberAt(input, 'MaxRecords') ?? USUAL_ALARMS;
  if (Number.isInteger(size) && size > 0 && size <= MOST_ALARMS) return size;
  throw invalidValue(`The parameter MaxRecords must be a whole number from 1 to ${MOST_ALARMS}`);
}

function describeAlarms(cloudWatch: CloudWatch, input: Input): Output {
  const names = listAt(input, 'AlarmNames').map(String);
  const [prefix, action] = [textAt(input, 'AlarmNamePrefix'), textAt(input, 'ActionPrefix')];
  const state = stateAt(input, 'StateValue');
  if (names.length > 0 && prefix !== undefined)
    throw new AwsError('InvalidParameterCombination', 'AlarmNames and AlarmNamePrefix cannot both be given');
  const types = listAt(input, 'AlarmTypes').map(String);
  const fits = (spec: AlarmSpec) =>
    (names.length === 0 || names.includes(spec.name)) &&
    spec.name.startsWith(prefix ?? '') &&
    (action === undefined ||
      Object.values(spec.actions)
        .flat()
        .some((arn) => arn.startsWith(action))) &&
    (state === undefined || cloudWatch.states.of(spec.name).state === state);
  const found = types.length > 0 && !types.includes('MetricAlarm') ? [] : cloudWatch.specs.filter(fits);
  const sorted = found.sort((a, b) => (a.name < b.name ? -1 : 1));
  const { items, NextToken } = pageOf(sorted, input, sizeAt(input));
  return { CompositeAlarms: [], MetricAlarms: items.map((spec) => describe(spec, cloudWatch)), NextToken };
}

function describeAlarmsForMetric(cloudWatch: CloudWatch, input: Input): Output {
  const [namespace, name] = [requireText(input, 'Namespace'), requireText(input, 'MetricName')];
  const wanted = dimensionsOf(input['Dimensions']);
  const statistic = textAt(input, 'Statistic');
  const period = numberAt(input, 'Period');
  const found = cloudWatch.specs.filter(
    (spec) =>
      spec.metric !== undefined &&
      sameMetric(spec.metric, { namespace, name, dimensions: wanted }) &&
      (statistic === undefined || spec.metric.statistic === statistic) &&
      (period === undefined || spec.period === period * 1_000),
  );
  return { MetricAlarms: found.map((spec) => describe(spec, cloudWatch)) };
}

function alarmNamed({ specs }: CloudWatch, name: string): AlarmSpec {
  const found = specs.find((spec) => spec.name === name);
  if (found) return found;
  throw new AwsError('ResourceNotFound', `There is no alarm ${name.slice(0, 255)} in the template`, 404);
}

async function setAlarmState(cloudWatch: CloudWatch, input: Input): Promise<Output> {
  const spec = alarmNamed(cloudWatch, requireText(input, 'AlarmName'));
  requireText(input, 'StateValue');
  const data = textAt(input, 'StateReasonData');
  try {
    if (data !== undefined) JSON.parse(data);
  } catch {
    throw new AwsError('InvalidFormat', 'StateReasonData must be JSON');
  }
  await cloudWatch.alarms.setState(
    spec,
    stateAt(input, 'StateValue')!,
    requireText(input, 'StateReason'),
    data,
  );
  return {};
}

const enable =
  (isEnabled: boolean) =>
  (cloudWatch: CloudWatch, input: Input): Output => {
    const names = listAt(input, 'AlarmNames').map(String);
    // AWS ignores unknown names.
    for (const spec of cloudWatch.specs.filter(({ name }) => names.includes(name)))
      cloudWatch.alarms.enableActions(spec, isEnabled);
    return {};
  };

function describeAlarmHistory({ states }: CloudWatch, input: Input): Output {
  const [name, type] = [textAt(input, 'AlarmName'), textAt(input, 'HistoryItemType')];
  const [start, end] = [timeAt(input, 'StartDate') ?? 0, timeAt(input, 'EndDate') ?? Infinity];
  const found = states
    .history()
    .filter(
      (item) => (name === undefined || item.alarm === name) && (type === undefined || item.type === type),
    )
    .filter(({ at }) => at >= start && at <= end);
  const ordered = textAt(input, 'ScanBy') === 'TimestampAscending' ? found.toReversed() : found;
  const { items, NextToken } = pageOf(ordered, input, sizeAt(input));
  return {
    AlarmHistoryItems: items.map((item) => ({
      ...{ AlarmName: item.alarm, AlarmType: 'MetricAlarm', Timestamp: new Date(item.at) },
      ...{ HistoryItemType: item.type, HistorySummary: item.summary, HistoryData: item.data },
    })),
    NextToken,
  };
}

export const alarmOperations: Readonly<Record<string, Operation>> = {
  DescribeAlarms: {
    accepts: [
      ...['AlarmNames', 'AlarmNamePrefix', 'AlarmTypes', 'ActionPrefix', 'StateValue', 'MaxRecords'],
      'NextToken',
    ],
    run: describeAlarms,
  },
  DescribeAlarmsForMetric: {
    accepts: ['Namespace', 'MetricName', 'Dimensions', 'Statistic', 'Period'],
    run: describeAlarmsForMetric,
  },
  DescribeAlarmHistory: {
    accepts: ['AlarmName', 'HistoryItemType', 'StartDate', 'EndDate', 'MaxRecords', 'NextToken', 'ScanBy'],
    run: describeAlarmHistory,
  },
  SetAlarmState: {
    accepts: ['AlarmName', 'StateValue', 'StateReason', 'StateReasonData'],
    run: setAlarmState,
  },
  EnableAlarmActions: { accepts: ['AlarmNames'], run: enable(true) },
  DisableAlarmActions: { accepts: ['AlarmNames'], run: enable(false) },
};
