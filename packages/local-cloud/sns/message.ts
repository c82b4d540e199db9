// Chooses the text of a message for each protocol, and refuses what SNS refuses.

import { AwsError } from '../aws-error.ts';
import { attributesSize, checkAttributes, type Attribute } from './attributes.ts';

/** The supported protocols of subscriptions. */
export type Protocol = 'email' | 'sms' | 'sqs' | 'lambda';

export interface PublishInput {
  /** Exactly one of `topicArn` and `phoneNumber`. */
  readonly topicArn?: string;
  /** E.164: `+12065550100`. */
  readonly phoneNumber?: string;
  readonly message: string;
  readonly subject?: string;
  /** `json`: `message` is a JSON object with a text for each protocol, and one called `default`. */
  readonly messageStructure?: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export interface CheckedMessage {
  readonly subject: string | undefined;
  textFor(protocol: Protocol): string;
  /** Bytes that count against the limit of 256 KiB. */
  readonly size: number;
}

/** https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
export const limits = { messageBytes: 262_144, subjectLength: 99, smsLength: 1_600 } as const;

export const invalid = (what: string): AwsError =>
  new AwsError('InvalidParameter', `Invalid parameter: ${what}`);

function checkSubject(subject: string | undefined): string | undefined {
  if (subject === undefined) return undefined;
  if (subject === '') throw invalid('Subject Reason: it must not be empty');
  if (subject.length > limits.subjectLength) {
    throw invalid('Subject Reason: it must be less than 100 characters long');
  }
  if (/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(subject)) {
    throw invalid('Subject Reason: it must not have line breaks, control characters or half characters');
  }
  return subject;
}

/** A protocol with an entry that is not a string gets the default, as SNS ignores such an entry. */
function parseStructured(message: string): (protocol: Protocol) => string {
  let texts: unknown;
  try {
    texts = JSON.parse(message);
  } catch {
    throw invalid('Message Structure - JSON message body failed to parse');
  }
  if (typeof texts !== 'object' || texts === null || Array.isArray(texts)) {
    throw invalid('Message Structure - JSON message body failed to parse');
  }
  const entries = new Map<string, unknown>(Object.entries(texts));
  const usual = entries.get('default');
  if (typeof usual !== 'string') {
    throw invalid('Message Structure - No default entry in JSON message body');
  }
  return (protocol) => {
    const own = entries.get(protocol);
    return typeof own === 'string' ? own : usual;
  };
}

/** @throws AwsError InvalidParameter, ParameterValueInvalid (attributes) */
export function checkMessage(input: PublishInput): CheckedMessage {
  const { message, messageStructure, attributes = {} } = input;
  if (message === '') throw invalid('Empty message');
  checkAttributes(attributes);
  const size = Buffer.byteLength(message) + attributesSize(attributes);
  if (size > limits.messageBytes) {
    throw invalid(`Message too long: ${size} bytes, and ${limits.messageBytes} are allowed`);
  }
  const subject = checkSubject(input.subject);
  if (messageStructure === undefined) return { subject, size, textFor: () => message };
  if (messageStructure !== 'json') throw invalid('MessageStructure Reason: it must be json, or absent');
  return { subject, size, textFor: parseStructured(message) };
}
