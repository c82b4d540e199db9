// The messages that an alarm sends when its state changes: a JSON document for programs, and a text for people.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html

import { COMPARISONS, type AlarmSpec, type AlarmState } from './alarm-spec.ts';
import type { StateRecord } from './alarm-states.ts';

export interface StateChange {
  readonly spec: AlarmSpec;
  readonly before: StateRecord;
  readonly after: StateRecord;
  readonly region: string;
  readonly accountId: string;
  /** Epoch milliseconds. */
  readonly configuredAt: number;
}

const isoTime = (at: number) => new Date(at).toISOString().replace('Z', '+0000');
const seconds = (milliseconds: number) => milliseconds / 1_000;

/** The region as messages name it; this is AWS's name of the default region. */
const regionName = (region: string) => (region === 'us-east-1' ? 'US East (N. Virginia)' : region);

const STATISTICS: Readonly<Record<string, string>> = {
  Sum: 'SUM',
  Average: 'AVERAGE',
  Minimum: 'MINIMUM',
  Maximum: 'MAXIMUM',
  SampleCount: 'SAMPLE_COUNT',
};

function trigger(spec: AlarmSpec): object {
  const { metric, period } = spec;
  const common = {
    Period: seconds(period),
    EvaluationPeriods: spec.evaluationPeriods,
    DatapointsToAlarm: spec.datapointsToAlarm,
    ComparisonOperator: spec.comparison,
    Threshold: spec.threshold,
    TreatMissingData: spec.treatMissing,
    EvaluateLowSampleCountPercentile: '',
  };
  if (!metric) return { ...common, Metrics: spec.metrics };
  const dimensions = Object.entries(metric.dimensions).map(([name, value]) => ({ value, name }));
  return {
    ...{ MetricName: metric.name, Namespace: metric.namespace, StatisticType: 'Statistic' },
    ...{ Statistic: STATISTICS[metric.statistic], Unit: null, Dimensions: dimensions },
    ...common,
  };
}

function documentOf({ spec, before, after, region, accountId, configuredAt }: StateChange): string {
  return JSON.stringify({
    AlarmName: spec.name,
    AlarmDescription: spec.description ?? null,
    AWSAccountId: accountId,
    AlarmConfigurationUpdatedTimestamp: isoTime(configuredAt),
    NewStateValue: after.state,
    NewStateReason: after.reason,
    StateChangeTime: isoTime(after.updatedAt),
    Region: regionName(region),
    AlarmArn: spec.arn,
    OldStateValue: before.state,
    OKActions: spec.actions.OK,
    AlarmActions: spec.actions.ALARM,
    InsufficientDataActions: spec.actions.INSUFFICIENT_DATA,
    Trigger: trigger(spec),
  });
}

const ENTERED: Readonly<Record<AlarmState, string>> = {
  ALARM: 'has entered the ALARM state',
  OK: 'has returned to the OK state',
  INSUFFICIENT_DATA: 'has entered the INSUFFICIENT_DATA state',
};

function textOf({ spec, before, after, region }: StateChange): string {
  const { metric } = spec;
  const { words } = COMPARISONS[spec.comparison];
  const of = metric
    ? `${metric.statistic} of ${metric.namespace} ${metric.name} ${Object.entries(metric.dimensions)
        .map((each) => each.join('='))
        .join(' ')}`.trim()
    : `the expression ${String(spec.metrics.find(({ Expression }) => Expression !== undefined)?.Expression ?? '')}`;
  return [
    `The CloudWatch alarm "${spec.name}" in ${regionName(region)} ${ENTERED[after.state]}.`,
    ...(spec.description === undefined ? [] : ['', spec.description]),
    '',
    `Reason: ${after.reason}`,
    `State change: ${before.state} -> ${after.state}`,
    `Time: ${new Date(after.updatedAt).toUTCString()}`,
    '',
    `The alarm is in the ALARM state when ${of} is ${words} ${spec.threshold}`,
    `for at least ${spec.datapointsToAlarm} of the last ${spec.evaluationPeriods} periods of ${seconds(spec.period)} seconds.`,
    `Missing data: ${spec.treatMissing}`,
  ].join('\n');
}

const MOST_SUBJECT = 99;

/** For SNS: people get the text, everything else the document. */
export function notificationOf(change: StateChange): {
  subject: string;
  message: string;
  messageStructure: 'json';
} {
  const { spec, after, region } = change;
  const subject = `${after.state}: "${spec.name}" in ${regionName(region)}`.slice(0, MOST_SUBJECT);
  const sms = `${after.state}: "${spec.name}" in ${regionName(region)}`;
  const message = JSON.stringify({ default: documentOf(change), email: textOf(change), sms });
  return { subject, message, messageStructure: 'json' };
}

const stateOf = ({ state, reason, reasonData, updatedAt }: StateRecord) => ({
  ...{ value: state, reason, reasonData },
  timestamp: isoTime(updatedAt),
});

/** For a function. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html */
export function functionEventOf({ spec, before, after, region, accountId }: StateChange): string {
  const { metric } = spec;
  const metrics = metric
    ? [
        {
          id: 'm1',
          metricStat: {
            metric: { namespace: metric.namespace, name: metric.name, dimensions: metric.dimensions },
            ...{ period: seconds(spec.period), stat: metric.statistic },
          },
          returnData: true,
        },
      ]
    : spec.metrics;
  return JSON.stringify({
    source: 'aws.cloudwatch',
    alarmArn: spec.arn,
    accountId,
    time: isoTime(after.updatedAt),
    region,
    alarmData: {
      alarmName: spec.name,
      state: stateOf(after),
      previousState: stateOf(before),
      configuration: { description: spec.description, metrics },
    },
  });
}
