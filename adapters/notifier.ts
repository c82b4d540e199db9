// Publishes notifications to the topic's subscribers: one publish, with a separate text for each channel.

import {
  PublishCommand,
  SNSServiceException,
  type MessageAttributeValue,
  type SNSClient,
} from '@aws-sdk/client-sns';
import type { Notification, Refusal } from '../core/alert-state.ts';
import { printable } from '../core/channel-text.ts';
import { digestText, type Digest } from '../core/digest.ts';
import { notificationText, type NotificationText, type TextSettings } from '../core/notification.ts';
import { ALERTS_ATTRIBUTE, LEFT_OUT, namedIn } from '../core/undelivered.ts';
import type { Notifier } from '../pipeline/ports.ts';

/** Arrays of this size and a digest's text fit a message, which SNS accepts up to 256 KB. */
const MAX_ARRAY_BYTES = 50_000;
/** Names about four hundred alerts, for the history in case the message cannot be delivered. */
const MAX_ALERTS_BYTES = 40_000;
/** SNS error codes for a message that it will never accept. */
const OF_MESSAGE = new Set([
  'InvalidParameter',
  'InvalidParameterValue',
  'ParameterValueInvalid',
  'Validation',
  'ValidationError',
]);
/** SNS error codes for any message until the topic, its key, the permissions or the endpoint are repaired. */
const OF_TOPIC = new Set([
  ...['AuthorizationError', 'AccessDenied', 'InvalidSecurity', 'InvalidClientTokenId', 'NotFound'],
  ...['EndpointDisabled', 'PlatformApplicationDisabled', 'OptedOut'],
  ...['KMSAccessDenied', 'KMSDisabled', 'KMSInvalidState', 'KMSNotFound', 'KMSOptInRequired'],
]);

interface NotifierOptions {
  readonly client: SNSClient;
  readonly topicArn: string;
  readonly settings: TextSettings;
}

function createPublish({ client, topicArn }: NotifierOptions) {
  return async (
    subject: string,
    texts: Readonly<Record<'default' | 'email' | 'sms', string>> | { readonly default: string },
    attributes: Readonly<Record<string, string | readonly string[]>>,
    { notifications, channels }: Pick<Digest, 'notifications' | 'channels'>,
  ): Promise<Refusal | undefined> => {
    const publish = new PublishCommand({
      TopicArn: topicArn,
      Subject: subject,
      MessageStructure: 'json',
      Message: JSON.stringify(texts),
      MessageAttributes: {
        ...messageAttributes({ ...attributes, channels }),
        ...namingAttributes(notifications),
      },
    });
    try {
      await client.send(publish);
      return undefined;
    } catch (error) {
      const refusal = refusalIn(error);
      if (refusal) return refusal;
      throw error;
    }
  };
}

/** The values that its notifications have, each once. */
function digestAttributes({ notifications }: Digest) {
  const all = (valuesOf: (notification: Notification) => string | readonly string[]) => [
    ...new Set(notifications.flatMap(valuesOf)),
  ];
  return {
    severity: all(({ severity, folded }) => [severity, folded?.worst ?? severity]),
    ...{ transition: 'digest', site: all(({ site }) => site) },
    ...{ device: all(({ deviceId }) => deviceId), rule: all(({ ruleId }) => ruleId) },
  };
}

export function createNotifier(options: NotifierOptions): Notifier {
  const { settings } = options;
  const publish = createPublish(options);
  return {
    async notify(notification, recent) {
      const { severity, site, deviceId, ruleId, alertId, transition, channels, folded } = notification;
      const severities = folded && folded.worst !== severity ? [severity, folded.worst] : severity;
      const attributes = { severity: severities, site, device: deviceId, rule: ruleId, alertId, transition };
      const { subject, ...texts } = notificationText(notification, settings, recent);
      return publish(subject, textsOf(texts), attributes, { notifications: [notification], channels });
    },

    async notifyAll(digest) {
      const { subject, ...texts } = digestText(digest, settings);
      // A separate message beside the mails: its names do not fit together with their text.
      const sent = digest.isSummary ? { default: texts.sms } : textsOf(texts);
      return publish(subject, sent, digestAttributes(digest), digest);
    },
  };
}

const textsOf = ({ email, sms }: Omit<NotificationText, 'subject'>) => ({ default: email, email, sms });

/** Undefined for errors that a retry may solve: throttling, service errors, no answer. */
function refusalIn(error: unknown): Refusal | undefined {
  if (!(error instanceof SNSServiceException)) return undefined;
  const code = error.name.replace(/Exception$/, '');
  const of = OF_MESSAGE.has(code) ? 'message' : OF_TOPIC.has(code) ? 'topic' : undefined;
  return of && { of, reason: `${code}: ${printable(error.message)}` };
}

/** The attributes that subscribers filter by, an array by any of its values. SNS rejects empty texts. */
function messageAttributes(
  values: Readonly<Record<string, string | readonly string[]>>,
): Record<string, MessageAttributeValue> {
  const made = Object.entries(values).flatMap(([name, value]) => {
    const attribute = typeof value === 'string' ? textAttribute(value) : arrayAttribute(value);
    return attribute.StringValue === '' ? [] : [[name, attribute] as const];
  });
  return Object.fromEntries(made);
}

const textAttribute = (value: string) => ({ DataType: 'String', StringValue: printable(value) });

/** Leaves out the values that do not fit a message of 256 KB. */
function arrayAttribute(values: readonly string[]) {
  const fitting = fittingIn(MAX_ARRAY_BYTES, values);
  const StringValue = fitting.length > 0 ? JSON.stringify(fitting) : '';
  return { DataType: 'String.Array', StringValue };
}

/** Names the alerts of the message, for the history in case it cannot be delivered. */
function namingAttributes(notifications: readonly Notification[]): Record<string, MessageAttributeValue> {
  const named = fittingIn(MAX_ALERTS_BYTES, notifications.map(namedIn));
  const left = notifications.length - named.length;
  return {
    [ALERTS_ATTRIBUTE]: { DataType: 'String.Array', StringValue: JSON.stringify(named) },
    ...(left > 0 && { [LEFT_OUT]: { DataType: 'Number', StringValue: String(left) } }),
  };
}

function fittingIn(bytes: number, values: readonly string[]): string[] {
  let room = bytes;
  const shown = values.filter((value) => value !== '').map(printable);
  return shown.filter((value) => (room -= Buffer.byteLength(JSON.stringify(value)) + 1) >= 0);
}
