// The properties that the local cloud supports of queues, and of their mappings to functions.

import { checkedBy, flag, oneOf, type ResourceSupport, text, whole } from './property-check.ts';

const ENCRYPTION = 'data is on your own disk; encrypt the disk';

/** Properties of an AWS::Serverless::Function's event of type SQS. */
export const queueEventProperties = {
  'Events.*.Properties.Queue': text,
  'Events.*.Properties.BatchSize': whole(1, 10_000),
  'Events.*.Properties.Enabled': flag,
  'Events.*.Properties.MaximumBatchingWindowInSeconds': whole(0, 300),
  'Events.*.Properties.FunctionResponseTypes.*': oneOf('ReportBatchItemFailures'),
  'Events.*.Properties.FilterCriteria.Filters.*.Pattern': text,
  'Events.*.Properties.ScalingConfig.MaximumConcurrency': whole(2, 1_000),
} as const;

export const queue: Readonly<Record<string, ResourceSupport>> = {
  'AWS::SQS::Queue': {
    properties: {
      honours: {
        QueueName: text,
        FifoQueue: oneOf('false'),
        VisibilityTimeout: whole(0, 43_200),
        MessageRetentionPeriod: whole(60, 1_209_600),
        DelaySeconds: whole(0, 900),
        ReceiveMessageWaitTimeSeconds: whole(0, 20),
        MaximumMessageSize: whole(1_024, 1_048_576),
        RedrivePolicy: checkedBy('SQS'),
        'RedrivePolicy.**': checkedBy('SQS'),
        RedriveAllowPolicy: checkedBy('SQS'),
        'RedriveAllowPolicy.**': checkedBy('SQS'),
      },
      ignores: {
        SqsManagedSseEnabled: ENCRYPTION,
        KmsMasterKeyId: ENCRYPTION,
        KmsDataKeyReusePeriodSeconds: ENCRYPTION,
        'Tags.**': 'tags are for billing, which the local cloud does not have',
      },
    },
  },
  'AWS::SQS::QueuePolicy': {
    properties: {
      honours: {},
      ignores: { '**': 'only the permissions of functions, browsers and devices apply on one machine' },
    },
  },
};
