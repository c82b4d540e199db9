// Reads the queues of the template, and refuses those that could never work.

import { readAll, StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';

/** The dead-letter queue of messages that were received too often. */
export interface Redrive {
  readonly arn: string;
  readonly maxReceives: number;
}

export interface QueueSpec {
  readonly name: string;
  readonly arn: string;
  readonly visibilityMs: number;
  readonly retentionMs: number;
  readonly delayMs: number;
  /** The wait of a receive that does not set its own. */
  readonly waitMs: number;
  readonly maxBytes: number;
  readonly redrive?: Redrive;
  /** JSON text, as in GetQueueAttributes. */
  readonly redriveAllowPolicy?: string;
}

type Template = Pick<ResolvedTemplate, 'ofType'>;
type Json = Readonly<Record<string, unknown>>;

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html */
const USUAL = { visibility: 30, retention: 345_600, delay: 0, wait: 0, bytes: 1_048_576 } as const;
const MOST_SOURCES = 10;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function refuse({ at, logicalId }: ResolvedResource, property: string, problem: string): never {
  throw new StartError(`${at(property)}: ${logicalId}: ${property}${problem}`);
}

/** CloudFormation accepts an object, or its JSON text. */
function objectAt(queue: ResolvedResource, property: string): Json | undefined {
  let value = queue.properties[property];
  if (value === undefined) return undefined;
  try {
    if (typeof value === 'string') value = JSON.parse(value);
  } catch {
    value = undefined;
  }
  return isObject(value) ? value : refuse(queue, property, ' must be a JSON object');
}

function redriveOf(queue: ResolvedResource, queues: readonly ResolvedResource[]): Redrive | undefined {
  const policy = objectAt(queue, 'RedrivePolicy');
  if (!policy) return undefined;
  const { deadLetterTargetArn: arn, maxReceiveCount = 10, ...others } = policy;
  const [other] = Object.keys(others);
  if (other !== undefined) refuse(queue, 'RedrivePolicy', ` has ${other}, which SQS does not know`);
  const target = queues.find((each) => each.arn === arn);
  if (!target)
    refuse(queue, 'RedrivePolicy', '.deadLetterTargetArn names no AWS::SQS::Queue of this template');
  const maxReceives = Number(maxReceiveCount);
  if (!Number.isInteger(maxReceives) || maxReceives < 1 || maxReceives > 1000)
    refuse(queue, 'RedrivePolicy', '.maxReceiveCount must be a whole number from 1 to 1000');
  requireAllowed(target, queue);
  return { arn: target.arn, maxReceives };
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html */
function requireAllowed(target: ResolvedResource, source: ResolvedResource): void {
  const policy = objectAt(target, 'RedriveAllowPolicy');
  if (!policy) return;
  const { redrivePermission: permission = 'allowAll', sourceQueueArns = [] } = policy;
  const sources = (Array.isArray(sourceQueueArns) ? sourceQueueArns : []) as readonly unknown[];
  if (!['allowAll', 'denyAll', 'byQueue'].includes(String(permission)))
    refuse(target, 'RedriveAllowPolicy', '.redrivePermission must be allowAll, denyAll or byQueue');
  if (sources.length > MOST_SOURCES)
    refuse(
      target,
      'RedriveAllowPolicy',
      `.sourceQueueArns has more than ${MOST_SOURCES} queues: use allowAll`,
    );
  if (permission === 'allowAll' || (permission === 'byQueue' && sources.includes(source.arn))) return;
  refuse(
    source,
    'RedrivePolicy',
    ` names ${target.logicalId}, whose RedriveAllowPolicy does not let this queue`,
  );
}

function specOf(queue: ResolvedResource, queues: readonly ResolvedResource[]): QueueSpec {
  const { name, arn, properties } = queue;
  const numberOf = (property: string, fallback: number) => Number(properties[property] ?? fallback);
  if (name.endsWith('.fifo'))
    refuse(queue, 'QueueName', ' ends in .fifo: the local cloud has no FIFO queues');
  const redrive = redriveOf(queue, queues);
  const allowed = objectAt(queue, 'RedriveAllowPolicy');
  return {
    ...{ name, arn },
    visibilityMs: numberOf('VisibilityTimeout', USUAL.visibility) * 1000,
    retentionMs: numberOf('MessageRetentionPeriod', USUAL.retention) * 1000,
    delayMs: numberOf('DelaySeconds', USUAL.delay) * 1000,
    waitMs: numberOf('ReceiveMessageWaitTimeSeconds', USUAL.wait) * 1000,
    maxBytes: numberOf('MaximumMessageSize', USUAL.bytes),
    ...(redrive && { redrive }),
    ...(allowed && { redriveAllowPolicy: JSON.stringify(allowed) }),
  };
}

/** Every AWS::SQS::Queue. @throws StartError with the template's line */
export function queuesFromTemplate(template: Template): QueueSpec[] {
  const queues = template.ofType('AWS::SQS::Queue');
  return readAll(queues, (queue) => specOf(queue, queues));
}
