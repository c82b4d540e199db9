// The event of a notification for a function.
// https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html

import type { Notification } from './notification.ts';

/** The event as JSON text, without a signature, which only AWS can make. */
export function functionEvent(notification: Notification): string {
  const { messageId, topicArn, subscriptionArn, subject, text, attributes, at } = notification;
  const region = topicArn.split(':')[3]!;
  const named = Object.entries(attributes).map(([name, { type, value }]) => [
    name,
    { Type: type, Value: value },
  ]);
  const message = {
    Type: 'Notification',
    MessageId: messageId,
    TopicArn: topicArn,
    Subject: subject ?? null,
    Message: text,
    Timestamp: new Date(at).toISOString(),
    UnsubscribeUrl: `https://sns.${region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=${subscriptionArn}`,
    MessageAttributes: Object.fromEntries(named) as object,
  };
  return JSON.stringify({
    Records: [
      {
        EventSource: 'aws:sns',
        EventVersion: '1.0',
        EventSubscriptionArn: subscriptionArn,
        Sns: message,
      },
    ],
  });
}
