// The properties that the local cloud supports of schedules.

import { checkedBy, oneOf, type ResourceSupport, text } from './property-check.ts';

export const schedule: Readonly<Record<string, ResourceSupport>> = {
  'AWS::Scheduler::Schedule': {
    properties: {
      honours: {
        Name: text,
        ScheduleExpression: checkedBy('the scheduler, which knows rates and cron'),
        ScheduleExpressionTimezone: oneOf('UTC'),
        State: oneOf('ENABLED', 'DISABLED'),
        'FlexibleTimeWindow.Mode': oneOf('OFF', 'FLEXIBLE'),
        'Target.Arn': text,
        'Target.Input': text,
      },
      ignores: {
        Description: 'it is a text for people',
        'Target.RoleArn': 'only the permissions of functions, browsers and devices apply on one machine',
        'FlexibleTimeWindow.MaximumWindowInMinutes': 'an event comes at the beginning of its window',
        'Target.RetryPolicy.**': 'an event always reaches its function here',
      },
      required: ['ScheduleExpression', 'FlexibleTimeWindow.Mode', 'Target.Arn', 'Target.RoleArn'],
    },
  },
  'AWS::Events::Rule': {
    properties: {
      honours: {
        Name: text,
        ScheduleExpression: checkedBy('the scheduler, which knows rates and cron'),
        State: oneOf('ENABLED', 'DISABLED'),
        'Targets.*.Arn': text,
        'Targets.*.Input': text,
      },
      ignores: {
        Description: 'it is a text for people',
        RoleArn: 'only the permissions of functions, browsers and devices apply on one machine',
        'Targets.*.Id': 'targets are distinguished by their place',
        'Targets.*.RoleArn': 'only the permissions of functions, browsers and devices apply on one machine',
        'Targets.*.RetryPolicy.**': 'an event always reaches its function here',
      },
      required: ['ScheduleExpression', 'Targets'],
    },
  },
};
