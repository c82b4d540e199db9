// What the template says about event source mappings of streams: from where they read, and how they fail.

import {
  flagOf,
  mappingsOf,
  numberOf,
  specOf,
  type EventSource,
  type EventSourceSpec,
} from '../lambda/event-sources.ts';
import { readAll } from '../start-error.ts';
import type { ResolvedTemplate } from '../template/resolved.ts';

export interface MappingSpec extends EventSourceSpec {
  readonly streamName: string;
  readonly from: 'TRIM_HORIZON' | 'LATEST';
  /** Batches of a shard at a time. */
  readonly parallel: number;
  readonly bisects: boolean;
  /** Attempts after the first; Infinity for no limit. */
  readonly maxRetries: number;
  readonly maxAgeMs: number;
  readonly onFailure?: { readonly type: 's3' | 'sns' | 'sqs'; readonly arn: string };
}

const USUAL_BATCH = 100;

/** -1 means no limit. */
const limitOf = (value: unknown) => (numberOf(value, -1) === -1 ? Infinity : Number(value));

/** What streams are made of in the template. */
export interface StreamKind {
  readonly type: string;
  /** Of the stream, by the ARN of the resource. */
  readonly arnOf: (arn: string) => string;
  /** What patterns of a filter call the content of a record, where it is text. */
  readonly content: 'data' | undefined;
}

const dataStreams: StreamKind = { type: 'AWS::Kinesis::Stream', arnOf: (arn) => arn, content: 'data' };

type Template = Pick<ResolvedTemplate, 'ofType'>;

const destinationTypes = [
  ['AWS::SNS::Topic', 'sns'],
  ['AWS::SQS::Queue', 'sqs'],
] as const;

function onFailureOf(template: Template, { properties }: EventSource): MappingSpec['onFailure'] {
  const config = properties['DestinationConfig'] as { OnFailure?: { Destination?: string } } | undefined;
  const arn = config?.OnFailure?.Destination;
  if (arn === undefined) return undefined;
  const found = destinationTypes.find(([type]) => template.ofType(type).some((each) => each.arn === arn));
  return { type: found?.[1] ?? 's3', arn };
}

function mappingOf(template: Template, source: EventSource, kind: StreamKind): MappingSpec {
  const { arn, properties } = source;
  if (properties['StartingPosition'] === undefined)
    throw source.refuse('StartingPosition', 'is missing: a mapping of a stream needs it');
  if (properties['ScalingConfig'] !== undefined)
    throw source.refuse('ScalingConfig', 'is for queues: AWS refuses it for a stream; take it out');
  return {
    ...specOf(source, USUAL_BATCH, kind.content),
    streamName: streamsOf(template, kind).get(arn)!,
    from: properties['StartingPosition'] === 'LATEST' ? 'LATEST' : 'TRIM_HORIZON',
    parallel: numberOf(properties['ParallelizationFactor'], 1),
    bisects: flagOf(properties['BisectBatchOnFunctionError'], false),
    maxRetries: limitOf(properties['MaximumRetryAttempts']),
    maxAgeMs: limitOf(properties['MaximumRecordAgeInSeconds']) * 1000,
    onFailure: onFailureOf(template, source),
  };
}

/** Names by ARN. */
const streamsOf = (template: Template, { type, arnOf }: StreamKind) =>
  new Map(template.ofType(type).map(({ arn, name }) => [arnOf(arn), name]));

/** Every mapping of a stream; its references were checked with the template. @throws StartError */
export function mappingsFromTemplate(template: Template, kind: StreamKind = dataStreams): MappingSpec[] {
  const streams = new Set(streamsOf(template, kind).keys());
  return readAll(mappingsOf(template, streams), (source) => mappingOf(template, source, kind));
}
