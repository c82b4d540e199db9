// The alerts that a message names in case it cannot be delivered, and the history entries that record such a failure.

import { SEVERITIES, type Severity } from './alert-rule.ts';
import { TRANSITIONS, type HistoryEntry, type Notification, type Transition } from './alert-state.ts';
import { type UndeliveredAlert, undeliveredEntry } from './alert-step.ts';

/** A notification that SNS gave up, as it arrives in a queue. */
export interface Undelivered {
  /** The same for every delivery of this message; no other message has it. */
  readonly id: string;
  /** When SNS gave up; epoch milliseconds. */
  readonly at: number;
  readonly kind: 'mail' | 'text message';
  /** The JSON document that SNS wraps a message in. */
  readonly body: string;
}

/** The message attribute that names the alerts: one text per alert, of fields without spaces, except the last. */
export const ALERTS_ATTRIBUTE = 'alerts';

/** The message attribute that counts the alerts which did not fit into the message. */
export const LEFT_OUT = 'alertsLeftOut';

export const namedIn = ({ alertId, transition, severity, windowStart, ruleId, deviceId }: Notification) =>
  [alertId, transition, severity, windowStart, ruleId, deviceId].join(' ');

/**
 * One entry per alert that the message names; none if it names none, because then the message is not one of ours. Throws
 * an Error if SNS did not write the document.
 */
export function undeliveredEntries({ id, at, kind, body }: Undelivered): HistoryEntry[] {
  const { MessageId: messageId, MessageAttributes: attributes } = documentIn(body);
  const [named, left] = [textsIn(attributes, ALERTS_ATTRIBUTE), textsIn(attributes, LEFT_OUT)];
  const [more] = left;
  const reason = `a ${kind} was not delivered, SNS message ${messageId}`;
  return named.flatMap((text, index) => {
    const alert = alertIn(text);
    if (!alert) return [];
    const others = more !== undefined && index === named.length - 1 ? `, with ${more} more alerts` : '';
    return [undeliveredEntry(alert, { id, at, reason: `${reason}${others}` })];
  });
}

interface Document {
  readonly MessageId: string;
  readonly MessageAttributes: Readonly<Record<string, unknown>>;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

function documentIn(body: string): Document {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch (error) {
    throw new Error('A message of the queue is not the JSON document of a notification', { cause: error });
  }
  const { MessageId = 'unknown', MessageAttributes } = isObject(document) ? document : {};
  return {
    MessageId: String(MessageId),
    MessageAttributes: isObject(MessageAttributes) ? MessageAttributes : {},
  };
}

/** The elements of an array, or the single text. */
function textsIn(attributes: Document['MessageAttributes'], name: string): string[] {
  const attribute = attributes[name];
  const { Type: type, Value: value } = isObject(attribute) ? attribute : {};
  if (typeof value !== 'string') return [];
  if (type !== 'String.Array') return [value];
  const values: unknown = JSON.parse(value);
  return Array.isArray(values) ? values.filter((each) => typeof each === 'string') : [];
}

function alertIn(text: string): UndeliveredAlert | undefined {
  const [alertId, transition, severity, windowStart, ruleId, ...device] = text.split(' ');
  const isKnown = isTransition(transition) && isSeverity(severity) && Number.isFinite(Number(windowStart));
  if (!isKnown || alertId === undefined || ruleId === undefined || device.length === 0) return undefined;
  return {
    alertId,
    transition,
    severity,
    windowStart: Number(windowStart),
    ruleId,
    deviceId: device.join(' '),
  };
}

const isTransition = (text: string | undefined): text is Transition =>
  (TRANSITIONS as readonly (string | undefined)[]).includes(text);
const isSeverity = (text: string | undefined): text is Severity =>
  (SEVERITIES as readonly (string | undefined)[]).includes(text);
