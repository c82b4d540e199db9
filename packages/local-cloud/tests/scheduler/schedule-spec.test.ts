// Schedules of a template: accepted forms, and those that stop the start.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readRate, schedulesFromTemplate, type ScheduleSpec } from '../../scheduler/schedule-spec.ts';
import { StartError } from '../../start-error.ts';
import { indent, withTemplate } from '../template/fixture.ts';

const target = 'Target: { Arn: !GetAtt Sweep.Arn, RoleArn: !GetAtt Role.Arn }';
const template = (properties: string) => `Transform: AWS::Serverless-2016-10-31
Resources:
  Sweep:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: esbuild }
    Properties: { Handler: sweep.handler, Runtime: nodejs24.x }
  Role:
    Type: AWS::IAM::Role
    Properties: {}
  Every:
    Type: AWS::Scheduler::Schedule
    Properties:
${indent(properties, 6)}`;

const read = (properties: string) => withTemplate(template(properties), {}, schedulesFromTemplate);
const off = 'FlexibleTimeWindow: { Mode: "OFF" }';

const rates: readonly (readonly [expression: string, minutes: number | undefined])[] = [
  ['rate(1 minute)', 1],
  ['rate(5 minutes)', 5],
  ['rate(1 hour)', 60],
  ['rate(12 hours)', 720],
  ['rate(1 day)', 1440],
  ['rate(7 days)', 10_080],
  ['rate(1 minutes)', undefined],
  ['rate(5 minute)', undefined],
  ['rate(0 minutes)', undefined],
  ['rate(-1 minutes)', undefined],
  ['rate(1.5 hours)', undefined],
  ['rate(30 seconds)', undefined],
  ['rate(1 minute) ', undefined],
  ['cron(0/5 * * * ? *)', undefined],
  ['at(2026-11-20T13:00:00)', undefined],
];
for (const [expression, minutes] of rates) {
  test(`${expression} is ${minutes === undefined ? 'no rate' : `${minutes} minutes`}`, () =>
    assert.equal(readRate(expression), minutes === undefined ? undefined : minutes * 60_000));
}

test('a schedule names the function and the interval', () => {
  const [{ next, ...spec }] = read(`ScheduleExpression: rate(5 minutes)\n${off}\n${target}\n`) as [
    ScheduleSpec,
  ];
  assert.equal(next(1_000), 300_000);
  assert.deepEqual(
    [spec],
    [
      {
        name: 'tidegate-Every',
        arn: 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/tidegate-Every',
        functionName: 'tidegate-Sweep',
        enabled: true,
        source: 'aws.scheduler',
        input: undefined,
      },
    ],
  );
});

test('a schedule may be disabled, named and have an input', () => {
  const [spec] = read(`Name: sweep
State: DISABLED
ScheduleExpression: rate(1 hour)
${off}
Target:
  Arn: !GetAtt Sweep.Arn
  RoleArn: !GetAtt Role.Arn
  Input: '{"a":1}'
  RetryPolicy: { MaximumRetryAttempts: 0 }
`);
  assert.deepEqual([spec!.name, spec!.enabled, spec!.input], ['sweep', false, '{"a":1}']);
});

const refused: readonly (readonly [properties: string, message: string])[] = [
  [
    `ScheduleExpression: cron(0 10 * * * *)\n${off}\n${target}\n`,
    'template.yaml:13: Every: ScheduleExpression is cron(0 10 * * * *), which the local cloud does not support: use a rate such as rate(1 minute) or rate(2 hours), or cron(0 8 * * ? *)',
  ],
  [
    `ScheduleExpression: rate(1 minute)\n${off}\nStartDate: '2026-11-20T13:00:00Z'\n${target}\n`,
    'template.yaml:15: Every: property StartDate is not supported by the local cloud: remove it, or run this template on AWS',
  ],
  [
    `ScheduleExpression: rate(1 minute)\n${off}\nTarget:\n  Arn: !GetAtt Sweep.Arn\n  RoleArn: !GetAtt Role.Arn\n  DeadLetterConfig: { Arn: x }\n`,
    'template.yaml:18: Every: property Target.DeadLetterConfig is not supported by the local cloud: remove it, or run this template on AWS',
  ],
  [
    `ScheduleExpression: rate(1 minute)\n${off}\nTarget: { Arn: 'arn:aws:states:x', RoleArn: !GetAtt Role.Arn }\n`,
    'template.yaml:15: Every: Arn is arn:aws:states:x, but the template has no such AWS::Serverless::Function: refer to one',
  ],
  [
    `ScheduleExpression: rate(1 minute)\n${off}\nTarget: { Arn: !GetAtt Sweep.Arn }\n`,
    'template.yaml:10: Every: property Target.RoleArn is missing: every AWS::Scheduler::Schedule needs it',
  ],
  [
    `ScheduleExpression: rate(1 minute)\n${off}\nTarget:\n  Arn: !GetAtt Sweep.Arn\n  RoleArn: !GetAtt Role.Arn\n  Input: hello\n`,
    'template.yaml:18: Every: Target.Input is not JSON text, which a function needs',
  ],
];
for (const [properties, message] of refused) {
  test(message, () =>
    assert.throws(
      () => read(properties),
      (error) => error instanceof StartError && error.problems[0] === message,
    ),
  );
}
