// The event that a function gets for a batch of messages.

import { md5Of } from './message.ts';
import { systemAttributesOf } from './message-operations.ts';
import type { Received, StoredMessage } from './stored-message.ts';

/** The members that are the same for all messages of a queue. */
export interface QueueOrigin {
  readonly queueArn: string;
  readonly region: string;
  readonly accountId: string;
}

/** "The payload size reaches 6 MB." */
const MAX_EVENT_BYTES = 6 * 1024 * 1024;
const FRAME_BYTES = 16;
/** An upper bound, in bytes, of the members of a message besides its body and attributes. */
const AROUND_MESSAGE_BYTES = 1_000;

export const eventRoom = MAX_EVENT_BYTES - FRAME_BYTES;

/** An upper bound of the bytes of one message in the event. */
export const eventBytesOf = ({ body, attributes = {} }: StoredMessage): number =>
  AROUND_MESSAGE_BYTES +
  Buffer.byteLength(JSON.stringify(body)) +
  Buffer.byteLength(JSON.stringify(attributes)) * 2;

/** https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
export function batchEvent(origin: QueueOrigin, messages: readonly Received[]): string {
  const records = messages.map((message) => ({
    messageId: message.id,
    receiptHandle: message.receipt,
    body: message.body,
    attributes: systemAttributesOf(message, origin.accountId),
    messageAttributes: Object.fromEntries(
      Object.entries(message.attributes ?? {}).map(([name, { type, value }]) => [
        name,
        {
          [type.startsWith('Binary') ? 'binaryValue' : 'stringValue']: value,
          ...{ stringListValues: [], binaryListValues: [], dataType: type },
        },
      ]),
    ),
    md5OfBody: md5Of(message.body),
    eventSource: 'aws:sqs',
    eventSourceARN: origin.queueArn,
    awsRegion: origin.region,
  }));
  return JSON.stringify({ Records: records });
}
