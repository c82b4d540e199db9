// Publishes to topics: every subscriber gets a file or message of its own, on disk before the publish is acknowledged.

import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import { noMeter, type Meter } from '../cloudwatch/meter.ts';
import type { Log } from '../log.ts';
import type { ResolvedTemplate } from '../template/resolved.ts';
import { createDeliveries } from './deliveries.ts';
import { isPhoneNumber } from './endpoints.ts';
import { noSettings } from './subscription-attributes.ts';
import { createRedrive, type FunctionPort, type QueuePort } from './redrive.ts';
import { checkMessage, invalid, limits, type CheckedMessage, type PublishInput } from './message.ts';
import { openOutbox } from './outbox.ts';
import { openRelay } from './relay.ts';
import { openSubscriptions, type Subscription, type Subscriptions } from './subscriptions.ts';
import { openRunTimeTopics } from './run-time-topics.ts';
import { subscriptionsFromTemplate, topicsFromTemplate, type Topic } from './topic-spec.ts';
import { unsentFolder } from './unsent.ts';

export interface Topics {
  /**
   * Resolves when mails, texts and messages for queues are on disk.
   *
   * @throws AwsError InvalidParameter, ParameterValueInvalid, NotFound (no such topic), InternalError (disk)
   */
  readonly publish: (input: PublishInput) => Promise<{ messageId: string }>;
  /** By ARN. */
  readonly topics: ReadonlyMap<string, Topic>;
  readonly subscriptions: Subscriptions;
  /** See RunTimeTopics. */
  createTopic(name: string, displayName: string): Promise<string>;
  /** Its subscriptions go with it. */
  deleteTopic(arn: string): Promise<void>;
  /** @throws AwsError InvalidParameter when it is not a topic's ARN, NotFound when there is no such topic */
  readonly topicOf: (arn: string) => Topic;
  readonly isQueue: (arn: string) => boolean;
  readonly isFunction: (arn: string) => boolean;
  close(): Promise<void>;
}

export interface TopicsOptions {
  /** The data directory: `mail/` and `sms/` for people, `sns/` for this program. */
  readonly dir: string;
  readonly template: ResolvedTemplate;
  readonly queues: QueuePort;
  readonly functions: FunctionPort;
  readonly clock: Clock;
  readonly log: Log;
  /** Counts `mails` and `texts` written, `queued`, `handed` (to functions), `texts.refused` (too long), `mails.sent` and `mails.unsent` (SMTP). */
  readonly count: (name: string, by?: number) => void;
  readonly meter?: Meter;
  /** `smtp://user:password@host:port`; absent or empty: mails are files only. */
  readonly smtpUrl?: string;
  readonly newId?: () => string;
}

function createTopicLookup(topics: ReadonlyMap<string, Topic>) {
  return (arn: string): Topic => {
    const topic = topics.get(arn);
    if (topic) return topic;
    if (/^arn:aws[\w-]*:sns:[\w-]+:\d{12}:[\w.-]{1,256}$/.test(arn)) {
      throw new AwsError('NotFound', 'Topic does not exist', 404);
    }
    throw invalid('TopicArn');
  };
}

/** @returns a function that finds the subscribers of a message; a phone number is a subscriber for this one message */
function createAddressing(subscriptions: Subscriptions, topicOf: (arn: string) => Topic) {
  return ({ topicArn, phoneNumber, attributes = {} }: PublishInput, message: CheckedMessage) => {
    if ((topicArn === undefined) === (phoneNumber === undefined)) {
      throw invalid('TopicArn or PhoneNumber Reason: exactly one of them is required');
    }
    if (topicArn !== undefined) {
      const topic = topicOf(topicArn);
      const wants = ({ filter, protocol }: Subscription) =>
        filter.accepts({ attributes, body: message.textFor(protocol) });
      return { topic, subscribers: subscriptions.ofTopic(topicArn).filter(wants) };
    }
    if (!isPhoneNumber(phoneNumber!)) {
      throw invalid('PhoneNumber Reason: it must be in E.164 format, such as +12065550100');
    }
    if (message.textFor('sms').length > limits.smsLength) {
      throw invalid(`Message Reason: a text message has at most ${limits.smsLength} characters`);
    }
    const subscriber: Subscription = {
      arn: '',
      topicArn: '',
      protocol: 'sms',
      endpoint: phoneNumber!,
      ...noSettings,
    };
    return { topic: undefined, subscribers: [subscriber] };
  };
}

/** Opens the folders that deliveries are written to and, when SMTP_URL is set, the relay. */
async function openDeliveries(options: TopicsOptions) {
  const { dir, template, queues, functions, clock, log, count, smtpUrl, meter = noMeter } = options;
  const outbox = await openOutbox(dir, ['mail', 'sms', unsentFolder]);
  const defaultFrom = `no-reply@${template.stackName}.localhost`;
  const redrive = createRedrive({ queues, log, count });
  const shared = { redrive, defaultFrom, clock, log, count, meter };
  const relay = smtpUrl ? await openRelay({ dir, smtpUrl, ...shared }) : undefined;
  return { relay, deliver: createDeliveries({ outbox, relay, queues, functions, ...shared }) };
}

/** @throws StartError when the template's subscriptions, SMTP_URL or the list of subscriptions cannot be used */
export async function createTopics(options: TopicsOptions): Promise<Topics> {
  const { dir, template, queues, functions, log, newId = randomUUID, meter = noMeter } = options;
  const made = await openRunTimeTopics({
    ...{ dir: path.join(dir, 'sns'), declared: topicsFromTemplate(template) },
    ...{ region: template.region, accountId: template.accountId },
  });
  const { topics } = made;
  const topicOf = createTopicLookup(topics);
  const subscriptions = await openSubscriptions({
    dir: path.join(dir, 'sns'),
    declared: subscriptionsFromTemplate(template),
    isTopic: (arn) => topics.has(arn),
    log,
  });
  const { relay, deliver } = await openDeliveries(options);
  const address = createAddressing(subscriptions, topicOf);

  return {
    topics,
    subscriptions,
    topicOf,
    createTopic: (name, displayName) => made.create(name, displayName),
    async deleteTopic(arn) {
      await made.remove(arn);
      for (const each of subscriptions.ofTopic(arn)) await subscriptions.remove(each.arn);
    },
    isQueue: (arn) => queues.has(arn),
    isFunction: (arn) => functions.has(arn),
    async publish(input) {
      const message = checkMessage(input);
      const { topic, subscribers } = address(input, message);
      const messageId = newId();
      if (topic) meter('AWS/SNS', 'NumberOfMessagesPublished', { TopicName: topic.name }, 'Count')(1);
      await deliver({ messageId, message, topic, subscribers, attributes: input.attributes ?? {} });
      return { messageId };
    },
    async close() {
      await relay?.close();
    },
  };
}
