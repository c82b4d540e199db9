// Sends notifications to everybody who subscribed: one publish, with a text of its own for each channel.

import { PublishCommand, type MessageAttributeValue, type SNSClient } from '@aws-sdk/client-sns';
import type { Notification } from '../core/alert-state.ts';
import { digestText, notificationText, printable, type NotificationText } from '../core/notification.ts';
import type { Notifier } from '../pipeline/ports.ts';

/** Such arrays and a digest's text fit a message, which SNS takes up to 256 KB. */
const MAX_ARRAY_BYTES = 32_000;

export function createNotifier(options: {
  readonly client: SNSClient;
  readonly topicArn: string;
  /** Address of the dashboard, without a slash at its end. */
  readonly page: string;
}): Notifier {
  const { client, topicArn, page } = options;

  async function publish(
    { subject, email, sms }: NotificationText,
    attributes: Readonly<Record<string, string | readonly string[]>>,
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
      const all = (valueOf: (notification: Notification) => string) => [
        ...new Set(notifications.map(valueOf)),
      ];
      const attributes = {
        ...{ severity: all(({ severity }) => severity), transition: 'digest', site: all(({ site }) => site) },
        ...{ device: all(({ deviceId }) => deviceId), rule: all(({ ruleId }) => ruleId) },
      };
      await publish(digestText(notifications, page), attributes, first.channels);
    },
  };
}

/** What subscribers filter by, an array by any of its values; SNS takes no empty text. */
function messageAttributes(
  values: Readonly<Record<string, string | readonly string[]>>,
  channels: readonly string[],
): Record<string, MessageAttributeValue> {
  const made = Object.entries({ ...values, channels }).flatMap(([name, value]) => {
    const attribute = typeof value === 'string' ? textAttribute(value) : arrayAttribute(value);
    return attribute.StringValue === '' ? [] : [[name, attribute] as const];
  });
  return Object.fromEntries(made);
}

const textAttribute = (value: string) => ({ DataType: 'String', StringValue: printable(value) });

/** Without the values that are too many for a message of 256 KB. */
function arrayAttribute(values: readonly string[]) {
  let room = MAX_ARRAY_BYTES;
  const shown = values.filter((value) => value !== '').map(printable);
  const fitting = shown.filter((value) => (room -= Buffer.byteLength(JSON.stringify(value)) + 1) >= 0);
  const StringValue = fitting.length > 0 ? JSON.stringify(fitting) : '';
  return { DataType: 'String.Array', StringValue };
}
