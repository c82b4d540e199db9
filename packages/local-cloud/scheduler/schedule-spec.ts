// What the template says about schedules: which function is invoked, how often, and with what.
import { StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';

export interface ScheduleSpec {
  readonly name: string;
  readonly arn: string;
  readonly functionName: string;
  readonly enabled: boolean;
  readonly intervalMs: number;
  /** JSON text with placeholders; undefined for the event that AWS sends where none is given. */
  readonly input: string | undefined;
}

const units: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/**
 * The interval of `rate(5 minutes)` in milliseconds; undefined for anything else.
 *
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
export function readRate(expression: string): number | undefined {
  const [, count = '', unit = '', plural] =
    /^rate\(([1-9]\d{0,5}) (minute|hour|day)(s?)\)$/.exec(expression) ?? [];
  if (unit === '' || (count === '1') === (plural === 's')) return undefined;
  return Number(count) * units[unit]!;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function specOf(template: Pick<ResolvedTemplate, 'ofType'>, resource: ResolvedResource): ScheduleSpec {
  const { logicalId, name, arn, properties, at } = resource;
  const refuse = (path: readonly string[], problem: string): never => {
    throw new StartError(`${at(...path)}: ${logicalId}: ${problem}`);
  };
  const expression = String(properties['ScheduleExpression']);
  const { Arn, Input: input } = properties['Target'] as { Arn: string; Input?: string };
  const target = template.ofType('AWS::Serverless::Function').find((each) => each.arn === Arn)!;
  const intervalMs =
    readRate(expression) ??
    refuse(
      ['ScheduleExpression'],
      `ScheduleExpression is ${expression}, which the local cloud does not support: use a rate such as rate(1 minute) or rate(2 hours)`,
    );
  if (input !== undefined && !isJson(input))
    refuse(['Target', 'Input'], 'Target.Input is no JSON text, which a function needs');
  const enabled = (properties['State'] ?? 'ENABLED') === 'ENABLED';
  return { name, arn, functionName: target.name, enabled, intervalMs, input };
}

/** Every AWS::Scheduler::Schedule; its references were checked with the template. @throws StartError */
export function schedulesFromTemplate(template: Pick<ResolvedTemplate, 'ofType'>): ScheduleSpec[] {
  return template.ofType('AWS::Scheduler::Schedule').map((resource) => specOf(template, resource));
}
