// What the template says about event source mappings: which function takes which stream, in which batches, and how it fails.
import { StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';

export interface MappingSpec {
  /** The mapping's UUID. */
  readonly id: string;
  readonly streamName: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly enabled: boolean;
  readonly from: 'TRIM_HORIZON' | 'LATEST';
  readonly batchSize: number;
  readonly windowMs: number;
  /** Batches of a shard at a time. */
  readonly parallel: number;
  readonly bisects: boolean;
  readonly reportsItems: boolean;
  /** Attempts after the first; Infinity for no limit. */
  readonly maxRetries: number;
  readonly maxAgeMs: number;
  readonly onFailure?: { readonly type: 's3' | 'sns'; readonly arn: string };
}

const numberOf = (value: unknown, fallback: number) => Number(value ?? fallback);
/** -1 stands for no limit. */
const limitOf = (value: unknown) => (numberOf(value, -1) === -1 ? Infinity : Number(value));
/** Text where the value comes from a parameter. */
const flagOf = (value: unknown, fallback: boolean) => [true, 'true'].includes((value ?? fallback) as boolean);

type Template = Pick<ResolvedTemplate, 'ofType'>;

function onFailureOf(template: Template, { properties }: ResolvedResource): MappingSpec['onFailure'] {
  const config = properties['DestinationConfig'] as { OnFailure?: { Destination?: string } } | undefined;
  const arn = config?.OnFailure?.Destination;
  if (arn === undefined) return undefined;
  const isTopic = template.ofType('AWS::SNS::Topic').some((topic) => topic.arn === arn);
  return { type: isTopic ? 'sns' : 's3', arn };
}

function specOf(template: Template, resource: ResolvedResource): MappingSpec {
  const { logicalId, name, properties, at } = resource;
  const stream = template
    .ofType('AWS::Kinesis::Stream')
    .find(({ arn }) => arn === properties['EventSourceArn'])!;
  const wanted = properties['FunctionName'];
  const target = template
    .ofType('AWS::Serverless::Function')
    .find((each) => each.name === wanted || each.arn === wanted);
  if (!target) {
    throw new StartError(
      `${at('FunctionName')}: ${logicalId}: FunctionName names no AWS::Serverless::Function of this template`,
    );
  }
  const batchSize = numberOf(properties['BatchSize'], 100);
  const windowSeconds = numberOf(properties['MaximumBatchingWindowInSeconds'], 0);
  return {
    id: name,
    streamName: stream.name,
    functionName: target.name,
    functionArn: target.arn,
    enabled: flagOf(properties['Enabled'], true),
    from: properties['StartingPosition'] === 'LATEST' ? 'LATEST' : 'TRIM_HORIZON',
    batchSize,
    windowMs: windowSeconds * 1000,
    parallel: numberOf(properties['ParallelizationFactor'], 1),
    bisects: flagOf(properties['BisectBatchOnFunctionError'], false),
    reportsItems:
      Array.isArray(properties['FunctionResponseTypes']) && properties['FunctionResponseTypes'].length > 0,
    maxRetries: limitOf(properties['MaximumRetryAttempts']),
    maxAgeMs: limitOf(properties['MaximumRecordAgeInSeconds']) * 1000,
    onFailure: onFailureOf(template, resource),
  };
}

/** Every AWS::Lambda::EventSourceMapping; its references were checked with the template. @throws StartError */
export function mappingsFromTemplate(template: Template): MappingSpec[] {
  return template.ofType('AWS::Lambda::EventSourceMapping').map((resource) => specOf(template, resource));
}
