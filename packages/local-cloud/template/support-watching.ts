// The properties that the local cloud supports of alarms and dashboards.

import { checkedBy, flag, oneOf, text, unchecked, whole, type ResourceSupport } from './property-check.ts';

const MOST_SECONDS = 604_800;

export const watching: Readonly<Record<string, ResourceSupport>> = {
  'AWS::CloudWatch::Alarm': {
    properties: {
      honours: {
        AlarmName: text,
        AlarmDescription: text,
        ActionsEnabled: flag,
        'AlarmActions.*': text,
        'OKActions.*': text,
        'InsufficientDataActions.*': text,
        Namespace: text,
        MetricName: text,
        'Dimensions.*.Name': text,
        'Dimensions.*.Value': text,
        Statistic: oneOf('Sum', 'Average', 'Minimum', 'Maximum', 'SampleCount'),
        Period: whole(1, MOST_SECONDS),
        'Metrics.**': checkedBy('CloudWatch'),
        EvaluationPeriods: whole(1, MOST_SECONDS),
        DatapointsToAlarm: whole(1, MOST_SECONDS),
        Threshold: text,
        ComparisonOperator: oneOf(
          'GreaterThanThreshold',
          'GreaterThanOrEqualToThreshold',
          'LessThanThreshold',
          'LessThanOrEqualToThreshold',
        ),
        TreatMissingData: oneOf('missing', 'ignore', 'breaching', 'notBreaching'),
      },
      ignores: {
        Unit: 'a metric has one unit here',
        'Tags.**': 'tags are for billing, which the local cloud does not have',
      },
      required: ['EvaluationPeriods', 'Threshold', 'ComparisonOperator'],
    },
  },
  'AWS::CloudWatch::Dashboard': unchecked('the status page shows the local counters'),
};
