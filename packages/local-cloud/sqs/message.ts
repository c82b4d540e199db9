// A message of a queue: the checks of SQS, and the digests by which clients verify it.

import { createHash } from 'node:crypto';
import { AwsError } from '../aws-error.ts';

export interface MessageAttribute {
  /** `String`, `Number` or `Binary`, possibly with a label: `Number.int`. */
  readonly type: string;
  /** Base64 when the type is Binary. */
  readonly value: string;
}

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

export interface Draft {
  readonly body: string;
  readonly attributes?: MessageAttributes;
  /** AWSTraceHeader, the only system attribute that a sender may set. */
  readonly traceHeader?: string;
}

export const invalid = (message: string, code = 'InvalidParameterValue') => new AwsError(code, message);

const MOST_ATTRIBUTES = 10;
const ATTRIBUTE_NAME = /^(?!\.)(?!.*\.\.)[\w.-]{1,256}(?<!\.)$/;
const ATTRIBUTE_TYPE = /^(String|Number|Binary)(?:\.[\w.-]{1,200})?$/;
const RESERVED = /^(?:AWS|Amazon)\./i;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
/** All but the characters that XML 1.0 allows, and lone surrogates. */
// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Cs}/u;

const isBinary = (type: string) => type.startsWith('Binary');
const bytesOf = ({ type, value }: MessageAttribute) => Buffer.from(value, isBinary(type) ? 'base64' : 'utf8');

function checkAttribute(name: string, { type, value }: MessageAttribute): void {
  const shown = JSON.stringify(name.slice(0, 100));
  if (!ATTRIBUTE_NAME.test(name) || RESERVED.test(name))
    throw invalid(`The message attribute name ${shown} is not one that SQS allows`);
  if (!ATTRIBUTE_TYPE.test(type))
    throw invalid(`The type of message attribute ${shown} is invalid: use String, Number or Binary`);
  if (value === '') throw invalid(`The message attribute ${shown} must have a non-empty value`);
  if (type.startsWith('Number') && !DECIMAL.test(value))
    throw invalid(`The value of message attribute ${shown} is not a number`);
  if (!isBinary(type) && FORBIDDEN.test(value))
    throw invalid(`The value of message attribute ${shown} has characters that SQS does not allow`);
}

/** Bytes of the body and of names, types and values of the attributes. */
export function sizeOf({ body, attributes = {} }: Draft): number {
  return Object.entries(attributes).reduce(
    (size, [name, attribute]) =>
      size + Buffer.byteLength(name) + Buffer.byteLength(attribute.type) + bytesOf(attribute).length,
    Buffer.byteLength(body),
  );
}

/**
 * @throws AwsError InvalidParameterValue, MissingParameter, InvalidMessageContents
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export function checkDraft(draft: Draft, maxBytes: number): void {
  const { body, attributes = {} } = draft;
  if (body === '') throw invalid('The request must contain the parameter MessageBody.', 'MissingParameter');
  if (FORBIDDEN.test(body))
    throw invalid('The message contains characters outside the allowed set.', 'InvalidMessageContents');
  const names = Object.keys(attributes);
  if (names.length > MOST_ATTRIBUTES)
    throw invalid(`Number of message attributes [${names.length}] exceeds the allowed maximum [10].`);
  for (const [name, attribute] of Object.entries(attributes)) checkAttribute(name, attribute);
  if (sizeOf(draft) > maxBytes)
    throw invalid(
      `One or more parameters are invalid. Reason: Message must be shorter than ${maxBytes} bytes.`,
    );
}

export const md5Of = (text: string): string => createHash('md5').update(text).digest('hex');

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html */
export function md5OfAttributes(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const hash = createHash('md5');
  const add = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const name of names) {
    const attribute = attributes[name]!;
    add(Buffer.from(name));
    add(Buffer.from(attribute.type));
    hash.update(Buffer.from([isBinary(attribute.type) ? 2 : 1]));
    add(bytesOf(attribute));
  }
  return hash.digest('hex');
}
