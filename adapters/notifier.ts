// Sends a notification to everybody who subscribed: one publish, with a text of its own for each channel.

import { PublishCommand, type MessageAttributeValue, type SNSClient } from '@aws-sdk/client-sns';
import type { Notification } from '../core/alert.ts';
import { notificationText, printable } from '../core/notification.ts';

/** Publishes to the topic; rejects with the SDK's error. A repeat carries the same alertId, so receivers can tell. */
export type Notify = (notification: Notification) => Promise<void>;

export function createNotifier(options: { readonly client: SNSClient; readonly topicArn: string }): Notify {
  return async (notification) => {
    const { subject, email, sms } = notificationText(notification);
    await options.client.send(
      new PublishCommand({
        TopicArn: options.topicArn,
        Subject: subject,
        MessageStructure: 'json',
        Message: JSON.stringify({ default: email, email, sms }),
        MessageAttributes: attributesOf(notification),
      }),
    );
  };
}

/** What subscribers filter by. */
function attributesOf(notification: Notification): Record<string, MessageAttributeValue> {
  const { severity, site, deviceId, ruleId, alertId, transition } = notification;
  const texts = { severity, site, device: deviceId, rule: ruleId, alertId, transition };
  return {
    ...Object.fromEntries(
      Object.entries(texts).map(([name, value]) => [
        name,
        { DataType: 'String', StringValue: printable(value) },
      ]),
    ),
    channels: { DataType: 'String.Array', StringValue: JSON.stringify(notification.channels) },
  };
}
