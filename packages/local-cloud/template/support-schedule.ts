// What the local cloud honours of a schedule.

import { checkedBy, oneOf, text } from './property-check.ts';
import type { ResourceSupport } from './property-check.ts';

export const schedule: Readonly<Record<string, ResourceSupport>> = {
  'AWS::Scheduler::Schedule': {
    properties: {
      honours: {
        Name: text,
        ScheduleExpression: checkedBy('the scheduler, which knows rates'),
        State: oneOf('ENABLED', 'DISABLED'),
        'FlexibleTimeWindow.Mode': oneOf('OFF'),
        'Target.Arn': text,
        'Target.Input': text,
      },
      ignores: {
        Description: 'it is for readers',
        'Target.RoleArn': 'AWS permissions do not apply on one machine; device policies do',
        'Target.RetryPolicy.**': 'an event always reaches its function here',
      },
      required: ['ScheduleExpression', 'FlexibleTimeWindow.Mode', 'Target.Arn', 'Target.RoleArn'],
    },
  },
};
