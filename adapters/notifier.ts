// Sends notifications to everybody who subscribed: one publish, with a text of its own for each channel.

import { PublishCommand, type MessageAttributeValue, type SNSClient } from '@aws-sdk/client-sns';
import { SEVERITIES } from '../core/alert-rule.ts';
import type { Notification } from '../core/alert-state.ts';
import { digestText, notificationText, printable, type NotificationText } from '../core/notification.ts';

/** Both verbs reject with the SDK's error. */
export interface Notifier {
  /** A repeat carries the same alertId, so receivers can tell. */
  notify(notification: Notification): Promise<void>;
  /** Sends one digest of all, to the channels of the first. */
  notifyAll(notifications: readonly Notification[]): Promise<void>;
}

export function createNotifier(options: {
  readonly client: SNSClient;
  readonly topicArn: string;
  /** Address of the dashboard, without a slash at its end. */
  readonly page: string;
}): Notifier {
  const { client, topicArn, page } = options;

  async function publish(
    { subject, email, sms }: NotificationText,
    attributes: Readonly<Record<string, string>>,
    channels: readonly string[],
  ): Promise<void> {
    await client.send(
      new PublishCommand({
        TopicArn: topicArn,
        Subject: subject,
        MessageStructure: 'json',
        Message: JSON.stringify({ default: email, email, sms }),
        MessageAttributes: messageAttributes(attributes, channels),
      }),
    );
  }

  return {
    async notify(notification) {
      const { severity, site, deviceId, ruleId, alertId, transition, channels } = notification;
      const attributes = { severity, site, device: deviceId, rule: ruleId, alertId, transition };
      await publish(notificationText(notification, page), attributes, channels);
    },

    async notifyAll(notifications) {
      const [first] = notifications;
      if (!first) return;
      const ranks = notifications.map(({ severity }) => SEVERITIES.indexOf(severity));
      const severity = SEVERITIES[Math.max(...ranks)]!;
      await publish(digestText(notifications, page), { severity, transition: 'digest' }, first.channels);
    },
  };
}

/** What subscribers filter by; SNS takes no empty text. */
function messageAttributes(
  texts: Readonly<Record<string, string>>,
  channels: readonly string[],
): Record<string, MessageAttributeValue> {
  const given = Object.entries(texts).filter(([, value]) => value !== '');
  return {
    ...Object.fromEntries(
      given.map(([name, value]) => [name, { DataType: 'String', StringValue: printable(value) }]),
    ),
    channels: { DataType: 'String.Array', StringValue: JSON.stringify(channels) },
  };
}
