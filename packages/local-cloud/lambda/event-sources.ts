// The settings that all event source mappings share: the function, the batches and the kind of answer.

import { StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';
import { readFilterCriteria, type Accepts } from './event-filter.ts';

/** As it is in the template: a resource of its own, or an event of a function. */
export interface EventSource {
  /** The mapping's UUID. */
  readonly id: string;
  /** Of what it reads. */
  readonly arn: string;
  readonly target: ResolvedResource;
  readonly properties: Readonly<Record<string, unknown>>;
  /** The error that stops the start; names the template's line of the property. */
  readonly refuse: (property: string, problem: string) => StartError;
}

export interface EventSourceSpec {
  readonly id: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly enabled: boolean;
  readonly batchSize: number;
  readonly windowMs: number;
  /** Whether the function says which items of a batch failed. */
  readonly reportsItems: boolean;
  /** Which records the function wants; all if absent. */
  readonly accepts?: Accepts;
}

type Template = Pick<ResolvedTemplate, 'ofType'>;

export const numberOf = (value: unknown, fallback: number) => Number(value ?? fallback);
/** Text where the value comes from a parameter. */
export const flagOf = (value: unknown, fallback: boolean) =>
  [true, 'true'].includes((value ?? fallback) as boolean);

/** Every AWS::Lambda::EventSourceMapping that reads one of `arns`. @throws StartError */
export function mappingsOf(template: Template, arns: ReadonlySet<unknown>): EventSource[] {
  return template
    .ofType('AWS::Lambda::EventSourceMapping')
    .filter(({ properties }) => arns.has(properties['EventSourceArn']))
    .map(({ logicalId, name, properties, at }) => {
      const refuse = (property: string, problem: string) =>
        new StartError(`${at(property)}: ${logicalId}: ${property} ${problem}`);
      const wanted = properties['FunctionName'];
      const target = template
        .ofType('AWS::Serverless::Function')
        .find((each) => each.name === wanted || each.arn === wanted);
      if (!target) throw refuse('FunctionName', 'names no AWS::Serverless::Function of this template');
      return { id: name, arn: String(properties['EventSourceArn']), target, properties, refuse };
    });
}

/** @param content what a pattern calls the content of a record. @throws StartError for filter criteria that Lambda refuses */
export function specOf(
  source: EventSource,
  usualBatch: number,
  content: 'data' | 'body' | undefined,
): EventSourceSpec {
  const { id, target, properties, refuse } = source;
  const accepts = readFilterCriteria(properties['FilterCriteria'], content);
  if (typeof accepts === 'object') throw refuse('FilterCriteria', accepts.problem);
  const types = properties['FunctionResponseTypes'];
  return {
    ...{ id, functionName: target.name, functionArn: target.arn },
    enabled: flagOf(properties['Enabled'], true),
    batchSize: numberOf(properties['BatchSize'], usualBatch),
    windowMs: numberOf(properties['MaximumBatchingWindowInSeconds'], 0) * 1000,
    reportsItems: Array.isArray(types) && types.length > 0,
    ...(accepts && { accepts }),
  };
}
