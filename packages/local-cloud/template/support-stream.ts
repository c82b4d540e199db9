// The properties that the local cloud supports of data streams, and of event source mappings.

import { flag, oneOf, type ResourceSupport, text, whole, wholeOrEndless } from './property-check.ts';

const TAGS = { 'Tags.**': 'tags are for billing, which the local cloud does not have' };

export const stream: Readonly<Record<string, ResourceSupport>> = {
  'AWS::Kinesis::Stream': {
    properties: {
      honours: {
        Name: text,
        'StreamModeDetails.StreamMode': oneOf('PROVISIONED', 'ON_DEMAND'),
        ShardCount: whole(1, 500),
        RetentionPeriodHours: whole(24, 8760),
      },
      ignores: { 'StreamEncryption.**': 'data is on your own disk; encrypt the disk', ...TAGS },
    },
  },
  'AWS::Lambda::EventSourceMapping': {
    properties: {
      honours: {
        EventSourceArn: text,
        FunctionName: text,
        Enabled: flag,
        StartingPosition: oneOf('TRIM_HORIZON', 'LATEST'),
        BatchSize: whole(1, 10_000),
        MaximumBatchingWindowInSeconds: whole(0, 300),
        ParallelizationFactor: whole(1, 10),
        BisectBatchOnFunctionError: flag,
        'FunctionResponseTypes.*': oneOf('ReportBatchItemFailures'),
        'FilterCriteria.Filters.*.Pattern': text,
        'ScalingConfig.MaximumConcurrency': whole(2, 1_000),
        MaximumRetryAttempts: wholeOrEndless(0, 10_000),
        MaximumRecordAgeInSeconds: wholeOrEndless(60, 604_800),
        'DestinationConfig.OnFailure.Destination': text,
      },
      ignores: {
        'MetricsConfig.**': 'the status page counts the records of streams in any case',
        ...TAGS,
      },
      required: ['EventSourceArn', 'FunctionName'],
    },
  },
};
