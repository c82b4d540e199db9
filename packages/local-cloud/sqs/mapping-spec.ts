// Reads which functions get the messages of queues: event source mappings, and SAM's events of type SQS.

import {
  mappingsOf,
  numberOf,
  specOf,
  type EventSource,
  type EventSourceSpec,
} from '../lambda/event-sources.ts';
import { readAll, StartError } from '../start-error.ts';
import { uuid } from '../template/naming.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';
import type { QueueSpec } from './queue-spec.ts';

export interface QueueMapping extends EventSourceSpec {
  readonly queueArn: string;
  /** Batches at a time. */
  readonly most: number;
}

const USUAL_BATCH = 10;
/** "Lambda begins with five concurrent batches"; here the number stays. */
const USUAL_BATCHES = 5;
const LONGEST_BATCH_WITHOUT_WINDOW = 10;

type Template = Pick<ResolvedTemplate, 'ofType' | 'stackName' | 'region' | 'accountId'>;
type Json = Readonly<Record<string, unknown>>;

/** Properties of mappings of streams; AWS refuses them for queues. */
const OF_STREAMS = [
  ...['StartingPosition', 'ParallelizationFactor', 'BisectBatchOnFunctionError', 'MaximumRetryAttempts'],
  ...['MaximumRecordAgeInSeconds', 'DestinationConfig'],
];

/** SAM makes a mapping of each, named after the function and the event. */
function eventsOf(template: Template, target: ResolvedResource): EventSource[] {
  const events = Object.entries((target.properties['Events'] ?? {}) as Record<string, Json>);
  return events
    .filter(([, { Type: type }]) => type === 'SQS')
    .map(([name, event]) => {
      const properties = (event['Properties'] ?? {}) as Json;
      const refuse = (property: string, problem: string) => {
        const place = target.at('Events', name, 'Properties', property);
        return new StartError(`${place}: ${target.logicalId}: ${property} of ${name} ${problem}`);
      };
      const id = uuid(template.stackName, target.logicalId + name);
      return { id, arn: String(properties['Queue']), target, properties, refuse };
    });
}

function mappingOf(source: EventSource, queues: readonly QueueSpec[]): QueueMapping {
  const { arn, target, properties, refuse } = source;
  const queue = queues.find((each) => each.arn === arn);
  if (!queue) throw refuse('Queue', 'names no AWS::SQS::Queue of this template: use !GetAtt Queue.Arn');
  const other = OF_STREAMS.find((name) => properties[name] !== undefined);
  if (other !== undefined) throw refuse(other, 'is for streams: AWS refuses it for a queue; take it out');
  const spec = specOf(source, USUAL_BATCH, 'body');
  if (spec.batchSize > LONGEST_BATCH_WITHOUT_WINDOW && spec.windowMs === 0)
    throw refuse(
      'BatchSize',
      'is over 10: set MaximumBatchingWindowInSeconds to at least 1, as AWS wants it',
    );
  const timeout = numberOf(target.properties['Timeout'], 3) * 1000;
  if (queue.visibilityMs < timeout)
    throw new StartError(
      `${target.at('Timeout')}: ${target.logicalId}: its Timeout of ${timeout / 1000} s is longer than the VisibilityTimeout of ${queue.name}, ${queue.visibilityMs / 1000} s: AWS refuses such a mapping; six times the Timeout is what it recommends`,
    );
  const scaling = properties['ScalingConfig'] as { MaximumConcurrency?: unknown } | undefined;
  return { ...spec, queueArn: arn, most: numberOf(scaling?.MaximumConcurrency, USUAL_BATCHES) };
}

/** @throws StartError with the template's line */
export function queueMappingsFromTemplate(template: Template, queues: readonly QueueSpec[]): QueueMapping[] {
  const sources = [
    ...mappingsOf(template, new Set(queues.map(({ arn }) => arn))),
    ...template.ofType('AWS::Serverless::Function').flatMap((target) => eventsOf(template, target)),
  ];
  return readAll(sources, (source) => mappingOf(source, queues));
}
