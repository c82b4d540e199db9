// The notification for queues: the JSON document that SNS wraps a message in, also in dead-letter queues.

import type { Attribute } from './attributes.ts';

export interface Notification {
  readonly messageId: string;
  readonly topicArn: string;
  readonly subscriptionArn: string;
  readonly subject: string | undefined;
  /** The text for this subscriber's protocol. */
  readonly text: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Epoch milliseconds of the publish. */
  readonly at: number;
}

/**
 * Without `Signature`, `SignatureVersion` and `SigningCertURL`, which only AWS can make. AWS shows the document
 * for HTTP subscribers, and that a dead-letter queue gets the same is what was recorded of queues as subscribers; of mails
 * and text messages that are redriven it documents no form.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
 */
export function notificationDocument(notification: Notification): string {
  const { messageId, topicArn, subscriptionArn, subject, text, attributes, at } = notification;
  const region = topicArn.split(':')[3]!;
  const named = Object.entries(attributes).map(([name, { type, value }]) => [
    name,
    { Type: type, Value: value },
  ]);
  return JSON.stringify({
    Type: 'Notification',
    MessageId: messageId,
    TopicArn: topicArn,
    ...(subject !== undefined && { Subject: subject }),
    Message: text,
    Timestamp: new Date(at).toISOString(),
    UnsubscribeURL: `https://sns.${region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=${subscriptionArn}`,
    ...(named.length > 0 && { MessageAttributes: Object.fromEntries(named) as object }),
  });
}
