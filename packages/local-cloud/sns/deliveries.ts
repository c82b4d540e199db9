// Turns one message and its subscribers into deliveries: an .eml per address, a .txt per phone number, a message per queue.

import path from 'node:path';
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import type { Meter } from '../cloudwatch/meter.ts';
import type { Log } from '../log.ts';
import type { Attribute } from './attributes.ts';
import { composeEmail } from './email.ts';
import { functionEvent } from './function-event.ts';
import { limits, type CheckedMessage, type Protocol } from './message.ts';
import { notificationDocument, type Notification } from './notification.ts';
import type { Outbox, PendingFile } from './outbox.ts';
import type { FunctionPort, QueuePort, Redrive, Redriven } from './redrive.ts';
import type { Relay } from './relay.ts';
import type { Subscription } from './subscriptions.ts';
import { composeTextMessage, shownText } from './text-message.ts';
import type { Topic } from './topic-spec.ts';

export interface Publication {
  readonly messageId: string;
  readonly message: CheckedMessage;
  /** Absent when the message goes to one phone directly. */
  readonly topic: Topic | undefined;
  readonly subscribers: readonly Subscription[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface DeliveriesOptions {
  readonly outbox: Outbox;
  readonly relay: Relay | undefined;
  readonly queues: Pick<QueuePort, 'send'>;
  readonly functions: Pick<FunctionPort, 'accept'>;
  readonly redrive: Redrive;
  readonly defaultFrom: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: (name: string, by?: number) => void;
  readonly meter: Meter;
}

/** One notification of a topic, as SNS counts it. */
function measure(
  { meter }: Pick<DeliveriesOptions, 'meter'>,
  metric: string,
  topic: Topic | undefined,
): void {
  if (topic) meter('AWS/SNS', metric, { TopicName: topic.name }, 'Count')(1);
}

/** The delivery to one subscriber: files to write, and what is sent afterwards. */
interface Delivery {
  readonly counter: 'mails' | 'texts' | 'queued' | 'handed';
  readonly files: readonly PendingFile[];
  readonly mail?: string;
  /** What is sent to a queue or a function, and to a dead-letter queue where that fails. */
  readonly handed?: {
    readonly to: string;
    readonly give: () => Promise<unknown>;
    readonly redrive: Redriven | undefined;
  };
}

/** `id` is unique to subscriber and message; `time` is the beginning of file names, in the order of time. */
interface Stamp {
  readonly at: number;
  readonly time: string;
  readonly id: string;
}

/** `20260101T000000.123Z`: in order, and without the colons that Windows refuses in names. */
const compactTime = (at: number) => new Date(at).toISOString().replaceAll(/[-:]/g, '');

function notificationOf(publication: Publication, to: Subscription, at: number): Notification {
  const { messageId, message, attributes } = publication;
  const { topicArn, arn: subscriptionArn, protocol } = to;
  const { subject } = message;
  return {
    ...{ messageId, topicArn, subscriptionArn, subject, attributes, at },
    text: message.textFor(protocol),
  };
}

const documentOf = (publication: Publication, to: Subscription, at: number): string =>
  notificationDocument(notificationOf(publication, to, at));

function redrivenOf(publication: Publication, to: Subscription, at: number): Redriven | undefined {
  return to.redrive === undefined
    ? undefined
    : { queueArn: to.redrive, body: documentOf(publication, to, at) };
}

type Deliver = (
  publication: Publication,
  to: Subscription,
  stamp: Stamp,
) => Promise<Delivery | undefined> | Delivery | undefined;

function createEmailDelivery({ relay, defaultFrom }: DeliveriesOptions): Deliver {
  return async (publication, to, { at, time, id }) => {
    const { message, topic } = publication;
    const mail = `${time}-${id}.eml`;
    const content = await composeEmail({
      at,
      id,
      from: { name: topic?.displayName ?? '', address: relay?.from ?? defaultFrom },
      to: to.endpoint,
      subject: message.subject,
      text: message.textFor('email'),
      topicArn: to.topicArn,
      subscriptionArn: to.arn,
    });
    const file = { path: path.join('mail', mail), content };
    // The note first: a crash in between leaves a note without a mail, which is dropped, but never a mail that is not sent.
    if (!relay) return { counter: 'mails', files: [file] };
    const redrive = redrivenOf(publication, to, at);
    const note = relay.pendingFile(mail, {
      ...{ to: to.endpoint, at, ...(redrive && { redrive }), ...(topic && { topic: topic.name }) },
    });
    return { counter: 'mails', mail, files: [note, file] };
  };
}

function createTextDelivery(options: DeliveriesOptions): Deliver {
  const { log, count, redrive } = options;
  return async (publication, to, { at, time, id }) => {
    const { message, topic, attributes } = publication;
    const { endpoint } = to;
    const text = message.textFor('sms');
    const displayName = topic?.displayName ?? '';
    const { length } = shownText({ displayName, text });
    if (length > limits.smsLength) {
      const reason = `${length} characters, and SNS sends at most ${limits.smsLength}: give the message a shorter text for sms`;
      log.error('text message not delivered', { to: endpoint, reason });
      count('texts.refused');
      count('NumberOfNotificationsFailed');
      measure(options, 'NumberOfNotificationsFailed', topic);
      await redrive(redrivenOf(publication, to, at));
      return undefined;
    }
    const senderId = attributes['AWS.SNS.SMS.SenderID']?.value;
    const content = composeTextMessage({ at, id, to: endpoint, displayName, senderId, text });
    return {
      counter: 'texts',
      files: [{ path: path.join('sms', `${time}-${endpoint}-${id}.txt`), content }],
    };
  };
}

function createQueueDelivery({ queues }: DeliveriesOptions): Deliver {
  return (publication, to, { at }) => ({
    counter: 'queued',
    files: [],
    handed: {
      to: to.endpoint,
      give: () => queues.send(to.endpoint, documentOf(publication, to, at)),
      redrive: redrivenOf(publication, to, at),
    },
  });
}

function createFunctionDelivery({ functions }: DeliveriesOptions): Deliver {
  return (publication, to, { at }) => ({
    counter: 'handed',
    files: [],
    handed: {
      to: to.endpoint,
      give: () => functions.accept(to.endpoint, functionEvent(notificationOf(publication, to, at))),
      redrive: redrivenOf(publication, to, at),
    },
  });
}

/** Sends to a queue or function, once: only the disk can refuse here. The publisher is not asked to publish again. */
async function handOver(
  options: DeliveriesOptions,
  { to, give, redrive }: NonNullable<Delivery['handed']>,
  topic: Topic | undefined,
): Promise<void> {
  try {
    await give();
    measure(options, 'NumberOfNotificationsDelivered', topic);
  } catch (error) {
    options.log.error('notification not delivered', { to, reason: String(error) });
    options.count('NumberOfNotificationsFailed');
    measure(options, 'NumberOfNotificationsFailed', topic);
    await options.redrive(redrive);
  }
}

/** @throws AwsError InternalError when the files cannot be written; then none of them is */
async function writeFiles(
  { outbox, log }: DeliveriesOptions,
  { messageId, topic }: Publication,
  deliveries: readonly Delivery[],
): Promise<void> {
  try {
    await outbox.write(deliveries.flatMap(({ files }) => files));
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    log.error('SNS message not written', { messageId, topic: topic?.name, reason: code });
    throw new AwsError('InternalError', `The message could not be written: ${code}`, 500);
  }
}

/**
 * @returns a function that resolves when every delivery of the message is on disk
 * @throws AwsError InternalError from that function when it could not be written; then nothing of it was
 */
export function createDeliveries(options: DeliveriesOptions): (publication: Publication) => Promise<void> {
  const { relay, clock, log, count } = options;
  const by: Readonly<Record<Protocol, Deliver>> = {
    email: createEmailDelivery(options),
    sms: createTextDelivery(options),
    sqs: createQueueDelivery(options),
    lambda: createFunctionDelivery(options),
  };

  async function deliveriesOf(publication: Publication): Promise<Delivery[]> {
    const { messageId, subscribers } = publication;
    const at = clock.now();
    const time = compactTime(at);
    const deliveries: Delivery[] = [];
    for (const [index, subscriber] of subscribers.entries()) {
      const id = index === 0 ? messageId : `${messageId}-${index + 1}`;
      const delivery = await by[subscriber.protocol](publication, subscriber, { at, time, id });
      if (delivery) deliveries.push(delivery);
    }
    return deliveries;
  }

  return async (publication) => {
    const { topic } = publication;
    const deliveries = await deliveriesOf(publication);
    await writeFiles(options, publication, deliveries);
    for (const { counter, files, handed } of deliveries) {
      count(counter);
      if (handed) {
        await handOver(options, handed, topic);
        continue;
      }
      if (!relay || counter === 'texts') measure(options, 'NumberOfNotificationsDelivered', topic);
      log.info(counter === 'mails' ? 'mail' : 'text message', { file: files.at(-1)!.path });
    }
    relay?.send(deliveries.flatMap(({ mail }) => mail ?? []));
  };
}
