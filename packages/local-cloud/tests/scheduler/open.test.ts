// A schedule of a template invokes its function, from the text of the template to the event.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createManualClock } from '../../clock.ts';
import { silentLog } from '../../log.ts';
import { openSchedules } from '../../scheduler/open.ts';
import { load } from '../template/fixture.ts';

const text = `Transform: AWS::Serverless-2016-10-31
Resources:
  Sweep:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: esbuild }
    Properties: { Handler: sweep.handler, Runtime: nodejs24.x }
  SweepSchedule:
    Type: AWS::Scheduler::Schedule
    Properties:
      ScheduleExpression: rate(1 minute)
      FlexibleTimeWindow: { Mode: 'OFF' }
      Target:
        Arn: !GetAtt Sweep.Arn
        RoleArn: !GetAtt SweepScheduleRole.Arn
        Input: '{"due":"<aws.scheduler.scheduled-time>"}'
  SweepScheduleRole:
    Type: AWS::IAM::Role
    Properties: {}
`;

test('the function of a schedule is invoked every minute, until the schedules are closed', async () => {
  const clock = createManualClock(Date.parse('2026-11-20T12:00:30Z'));
  const invoked: [functionName: string, payload: string][] = [];
  const schedules = openSchedules({
    template: load(text),
    functions: { accept: async (name, payload) => void invoked.push([name, payload]) },
    ...{ clock, log: silentLog, count: () => {} },
  });
  await clock.advance(120_000);
  schedules.close();
  await clock.advance(120_000);
  assert.deepEqual(invoked, [
    ['tidegate-Sweep', '{"due":"2026-11-20T12:01:00Z"}'],
    ['tidegate-Sweep', '{"due":"2026-11-20T12:02:00Z"}'],
  ]);
});
