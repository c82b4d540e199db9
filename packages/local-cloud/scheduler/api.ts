// EventBridge Scheduler on the AWS port: reads of the template's schedules.
// https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Operations.html

import { AwsError } from '../aws-error.ts';
import { sendJson, type AwsHandler } from '../aws/wire.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';

const GROUP = 'default';

const targetOf = ({ properties }: ResolvedResource) =>
  properties['Target'] as { Arn: string; RoleArn?: string; Input?: string };

function summaryOf(schedule: ResolvedResource, createdAt: number) {
  const { name, arn, properties } = schedule;
  return {
    ...{ Arn: arn, Name: name, GroupName: GROUP, State: properties['State'] ?? 'ENABLED' },
    ...{ CreationDate: createdAt / 1000, LastModificationDate: createdAt / 1000 },
  };
}

function whole(schedule: ResolvedResource, createdAt: number) {
  const { properties } = schedule;
  return {
    ...summaryOf(schedule, createdAt),
    ScheduleExpression: properties['ScheduleExpression'],
    ScheduleExpressionTimezone: properties['ScheduleExpressionTimezone'] ?? 'UTC',
    FlexibleTimeWindow: properties['FlexibleTimeWindow'],
    Description: properties['Description'],
    Target: targetOf(schedule),
  };
}

/** @param startedAt epoch milliseconds, shown as the time at which the schedules were created */
export function createSchedulerHandler(
  template: Pick<ResolvedTemplate, 'ofType'>,
  startedAt: number,
): AwsHandler {
  const schedules = [...template.ofType('AWS::Scheduler::Schedule')].sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  return async (req, res) => {
    const [path = '', search] = (req.url ?? '/').split('?', 2);
    const [kind, name, ...rest] = path.slice(1).split('/').map(decodeURIComponent);
    if (req.method !== 'GET' || kind !== 'schedules' || rest.length > 0)
      throw new AwsError(
        'UnsupportedOperation',
        `The local cloud does not support ${req.method} ${path.slice(0, 256)} of the Scheduler: it has ListSchedules and GetSchedule, and schedules are changed in the template`,
        501,
      );
    const query = new URLSearchParams(search);
    if (name) {
      const found = schedules.find((schedule) => schedule.name === name);
      if (!found)
        throw new AwsError('ResourceNotFoundException', `Schedule ${name.slice(0, 64)} does not exist.`, 404);
      sendJson(res, whole(found, startedAt));
      return;
    }
    const [prefix, state] = [query.get('NamePrefix') ?? '', query.get('State')];
    const wanted = schedules
      .filter(
        (schedule) => schedule.name.startsWith(prefix) && [null, GROUP].includes(query.get('ScheduleGroup')),
      )
      .map((schedule) => ({
        ...summaryOf(schedule, startedAt),
        Target: { Arn: targetOf(schedule).Arn },
      }))
      .filter(({ State }) => state === null || State === state);
    sendJson(res, { Schedules: wanted });
  };
}
