// Opens the template's schedules, once everything that their functions call is open.

import { randomUUID } from 'node:crypto';
import type { FunctionEvents } from '../lambda/function-events.ts';
import type { ResolvedTemplate } from '../template/resolved.ts';
import { schedulesFromTemplate } from './schedule-spec.ts';
import { createSchedules, type Schedules, type SchedulesOptions } from './schedules.ts';

/** @throws StartError naming the template line of a schedule that the local cloud does not support. */
export function openSchedules(
  options: Pick<SchedulesOptions, 'clock' | 'log' | 'count'> & {
    readonly template: ResolvedTemplate;
    readonly functions: Pick<FunctionEvents, 'accept'>;
  },
): Schedules {
  const { template, functions, ...rest } = options;
  const schedules = createSchedules({
    ...rest,
    schedules: schedulesFromTemplate(template),
    invoke: (functionName, payload) => functions.accept(functionName, payload),
    newId: randomUUID,
  });
  schedules.start();
  return schedules;
}
