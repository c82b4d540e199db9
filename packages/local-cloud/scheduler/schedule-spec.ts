// Reads the schedules of the template: the function, the times and the input of each.

import { readAll, StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';
import { readCron, type NextTime } from './cron.ts';

export interface ScheduleSpec {
  readonly name: string;
  readonly arn: string;
  readonly functionName: string;
  readonly enabled: boolean;
  /** The next time after a given one, epoch milliseconds; undefined where there is none. */
  readonly next: NextTime;
  /** The service that invokes: EventBridge Scheduler, or a rule of EventBridge. */
  readonly source: 'aws.scheduler' | 'aws.events';
  /** JSON text with placeholders; undefined for AWS's default event. */
  readonly input: string | undefined;
}

const UNITS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/**
 * The interval of `rate(5 minutes)` in milliseconds; undefined for anything else.
 *
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
export function readRate(expression: string): number | undefined {
  const [, count = '', unit = '', plural] =
    /^rate\(([1-9]\d{0,5}) (minute|hour|day)(s?)\)$/.exec(expression) ?? [];
  if (unit === '' || (count === '1') === (plural === 's')) return undefined;
  return Number(count) * UNITS[unit]!;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Whole multiples of the interval since the epoch, where AWS counts from the creation. */
export const everyInterval =
  (intervalMs: number): NextTime =>
  (after) =>
    (Math.floor(after / intervalMs) + 1) * intervalMs;

function nextOf(resource: ResolvedResource): NextTime {
  const { logicalId, properties, at } = resource;
  const expression = String(properties['ScheduleExpression']);
  const rate = readRate(expression);
  const next = rate === undefined ? readCron(expression) : everyInterval(rate);
  if (next) return next;
  throw new StartError(
    `${at('ScheduleExpression')}: ${logicalId}: ScheduleExpression is ${expression}, which the local cloud does not support: use a rate such as rate(1 minute) or rate(2 hours), or cron(0 8 * * ? *)`,
  );
}

interface Target {
  readonly Arn: string;
  readonly Input?: string;
}

function specOf(
  template: Pick<ResolvedTemplate, 'ofType'>,
  resource: ResolvedResource,
  target: Target,
  path: readonly (string | number)[],
  source: ScheduleSpec['source'],
): ScheduleSpec {
  const { logicalId, name, arn, properties, at } = resource;
  const invoked = template.ofType('AWS::Serverless::Function').find((each) => each.arn === target.Arn);
  if (!invoked)
    throw new StartError(
      `${at(...path, 'Arn')}: ${logicalId}: Arn is ${target.Arn}, but the template has no such AWS::Serverless::Function: refer to one`,
    );
  if (target.Input !== undefined && !isJson(target.Input))
    throw new StartError(
      `${at(...path, 'Input')}: ${logicalId}: ${path.join('.').replace(/\.(\d)/, '[$1]')}.Input is not JSON text, which a function needs`,
    );
  const enabled = (properties['State'] ?? 'ENABLED') === 'ENABLED';
  return {
    ...{ name, arn, functionName: invoked.name, enabled },
    ...{ next: nextOf(resource), input: target.Input, source },
  };
}

function ofRule(template: Pick<ResolvedTemplate, 'ofType'>, rule: ResolvedResource): ScheduleSpec[] {
  const targets = rule.properties['Targets'] as readonly Target[];
  return readAll(targets.entries(), ([index, target]) =>
    specOf(template, rule, target, ['Targets', index], 'aws.events'),
  );
}

/** Every AWS::Scheduler::Schedule, and the targets of every AWS::Events::Rule. @throws StartError */
export function schedulesFromTemplate(template: Pick<ResolvedTemplate, 'ofType'>): ScheduleSpec[] {
  return [
    ...readAll(template.ofType('AWS::Scheduler::Schedule'), (resource) =>
      specOf(template, resource, resource.properties['Target'] as Target, ['Target'], 'aws.scheduler'),
    ),
    ...readAll(template.ofType('AWS::Events::Rule'), (rule) => ofRule(template, rule)).flat(),
  ];
}
