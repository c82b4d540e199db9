// Reads queues through the SQS API; the template declares them, so the API cannot create, change or delete any.

import { AwsError } from '../aws-error.ts';
import { invalid } from './message.ts';
import {
  optionalNumber,
  optionalText,
  queueOf,
  textOf,
  textsOf,
  type Cloud,
  type Operation,
} from './api-request.ts';
import type { Queue } from './stored-message.ts';

const PURGE_MS = 60_000;
const MOST_QUEUES = 1_000;
const purgedAt = new WeakMap<Queue, number>();

const urlOf = ({ endpoint, accountId }: Cloud, { spec }: Queue) => `${endpoint()}/${accountId}/${spec.name}`;
const seconds = (ms: number) => String(ms / 1000);

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html */
function attributesOf({ startedAt }: Cloud, queue: Queue): Record<string, string> {
  const { arn, visibilityMs, retentionMs, delayMs, waitMs, maxBytes, redrive, redriveAllowPolicy } =
    queue.spec;
  const { visible, inFlight, delayed } = queue.counts();
  return {
    QueueArn: arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    CreatedTimestamp: String(Math.floor(startedAt / 1000)),
    LastModifiedTimestamp: String(Math.floor(startedAt / 1000)),
    VisibilityTimeout: seconds(visibilityMs),
    MaximumMessageSize: String(maxBytes),
    MessageRetentionPeriod: seconds(retentionMs),
    DelaySeconds: seconds(delayMs),
    ReceiveMessageWaitTimeSeconds: seconds(waitMs),
    ...(redrive && {
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: redrive.arn,
        maxReceiveCount: redrive.maxReceives,
      }),
    }),
    ...(redriveAllowPolicy !== undefined && { RedriveAllowPolicy: redriveAllowPolicy }),
    SqsManagedSseEnabled: 'false',
  };
}

/** Names that GetQueueAttributes accepts, also those without a value here. */
const KNOWN = new Set([
  ...['All', 'Policy', 'KmsMasterKeyId', 'KmsDataKeyReusePeriodSeconds', 'SqsManagedSseEnabled'],
  ...['QueueArn', 'ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
  ...['ApproximateNumberOfMessagesDelayed', 'CreatedTimestamp', 'LastModifiedTimestamp', 'VisibilityTimeout'],
  ...['MaximumMessageSize', 'MessageRetentionPeriod', 'DelaySeconds', 'ReceiveMessageWaitTimeSeconds'],
  ...['RedrivePolicy', 'RedriveAllowPolicy', 'FifoQueue', 'ContentBasedDeduplication'],
]);

export const queueOperations: Readonly<Record<string, Operation>> = {
  GetQueueUrl: {
    accepts: ['QueueName', 'QueueOwnerAWSAccountId'],
    run(cloud, input) {
      const owner = optionalText(input, 'QueueOwnerAWSAccountId') ?? cloud.accountId;
      const queue = cloud.queues.named(textOf(input, 'QueueName'));
      if (owner === cloud.accountId) return { QueueUrl: urlOf(cloud, queue) };
      throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
    },
  },
  GetQueueAttributes: {
    accepts: ['QueueUrl', 'AttributeNames'],
    run(cloud, input) {
      const names = textsOf(input, 'AttributeNames');
      const other = names.find((name) => !KNOWN.has(name));
      if (other !== undefined)
        throw invalid(`Unknown Attribute ${other.slice(0, 100)}.`, 'InvalidAttributeName');
      const attributes = Object.entries(attributesOf(cloud, queueOf(cloud, input)));
      const wanted = attributes.filter(([name]) => names.includes('All') || names.includes(name));
      return wanted.length > 0 ? { Attributes: Object.fromEntries(wanted) } : {};
    },
  },
  ListQueues: {
    accepts: ['QueueNamePrefix', 'MaxResults', 'NextToken'],
    run(cloud, input) {
      const prefix = optionalText(input, 'QueueNamePrefix') ?? '';
      const most = optionalNumber(input, 'MaxResults', 1, MOST_QUEUES);
      const after = Buffer.from(optionalText(input, 'NextToken') ?? '', 'base64url').toString('utf8');
      const found = cloud.queues
        .all()
        .filter(({ spec: { name } }) => name.startsWith(prefix) && name > after)
        .sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1));
      const page = found.slice(0, most ?? MOST_QUEUES);
      const isMore = most !== undefined && found.length > page.length;
      return {
        QueueUrls: page.map((queue) => urlOf(cloud, queue)),
        ...(isMore && { NextToken: Buffer.from(page.at(-1)!.spec.name).toString('base64url') }),
      };
    },
  },
  ListDeadLetterSourceQueues: {
    accepts: ['QueueUrl'],
    run(cloud, input) {
      const { arn } = queueOf(cloud, input).spec;
      const sources = cloud.queues.all().filter(({ spec }) => spec.redrive?.arn === arn);
      return { queueUrls: sources.map((queue) => urlOf(cloud, queue)) };
    },
  },
  PurgeQueue: {
    accepts: ['QueueUrl'],
    async run(cloud, input) {
      const queue = queueOf(cloud, input);
      const now = cloud.clock.elapsed();
      if (now - (purgedAt.get(queue) ?? -Infinity) < PURGE_MS) {
        const message = `Only one PurgeQueue operation on ${queue.spec.name} is allowed every 60 seconds.`;
        throw new AwsError('PurgeQueueInProgress', message, 403);
      }
      purgedAt.set(queue, now);
      await queue.purge();
      return {};
    },
  },
};
