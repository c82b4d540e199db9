// Sending, receiving and deleting messages through the SQS API.

import type { Input } from '../aws/json-protocol.ts';
import { AwsError } from '../aws-error.ts';
import {
  draftOf,
  draftParameters,
  eachEntry,
  entriesOf,
  optionalNumber,
  queueOf,
  textOf,
  textsOf,
  type BatchEntry,
  type Cloud,
  type Operation,
} from './api-request.ts';
import { invalid, md5Of, md5OfAttributes, sizeOf, type Draft, type MessageAttributes } from './message.ts';
import type { Received } from './stored-message.ts';

const MOST_RECEIVED = 10;
const MOST_VISIBILITY = 43_200;
const MOST_WAIT = 20;
/** "The maximum size of all messages of a batch". */
const BATCH_BYTES = 1_048_576;

function digestsOf({ body, attributes = {}, traceHeader }: Draft) {
  const trace = traceHeader && { AWSTraceHeader: { type: 'String', value: traceHeader } };
  return {
    MD5OfMessageBody: md5Of(body),
    MD5OfMessageAttributes: md5OfAttributes(attributes),
    MD5OfMessageSystemAttributes: trace ? md5OfAttributes(trace) : undefined,
  };
}

export const systemAttributesOf = (
  { sentAt, receives, firstAt, source, traceHeader }: Received,
  senderId: string,
): Record<string, string> => ({
  ApproximateReceiveCount: String(receives),
  SentTimestamp: String(sentAt),
  SenderId: senderId,
  ApproximateFirstReceiveTimestamp: String(firstAt),
  ...(source !== undefined && { DeadLetterQueueSourceArn: source }),
  ...(traceHeader !== undefined && { AWSTraceHeader: traceHeader }),
});

/** The message attributes that a receive requests: names, `All`, or all with a prefix, `bar.*`. */
function wantedOf(attributes: MessageAttributes, names: readonly string[]): MessageAttributes {
  const isWanted = (name: string) =>
    names.some(
      (each) =>
        each === 'All' || each === name || (each.endsWith('.*') && name.startsWith(each.slice(0, -1))),
    );
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => isWanted(name)));
}

const shown = (attributes: MessageAttributes) =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, { type, value }]) => [
      name,
      { DataType: type, [type.startsWith('Binary') ? 'BinaryValue' : 'StringValue']: value },
    ]),
  );

function messageShape(message: Received, input: Input, senderId: string) {
  const system = [...textsOf(input, 'AttributeNames'), ...textsOf(input, 'MessageSystemAttributeNames')];
  const given = Object.entries(systemAttributesOf(message, senderId)).filter(
    ([name]) => system.includes('All') || system.includes(name),
  );
  const own = wantedOf(message.attributes ?? {}, textsOf(input, 'MessageAttributeNames'));
  return {
    MessageId: message.id,
    ReceiptHandle: message.receipt,
    MD5OfBody: md5Of(message.body),
    Body: message.body,
    ...(given.length > 0 && { Attributes: Object.fromEntries(given) }),
    ...(Object.keys(own).length > 0 && {
      MD5OfMessageAttributes: md5OfAttributes(own),
      MessageAttributes: shown(own),
    }),
  };
}

async function sendBatch(cloud: Cloud, input: Input): Promise<unknown> {
  const { queues } = cloud;
  const queue = queueOf(cloud, input);
  const entries = entriesOf(input, draftParameters);
  const bytes = entries.reduce((sum, { input: each }) => sum + sizeIn(each), 0);
  if (bytes > BATCH_BYTES)
    throw new AwsError(
      'BatchRequestTooLong',
      `Batch requests cannot be longer than ${BATCH_BYTES} bytes. You have sent ${bytes} bytes.`,
    );
  return eachEntry(entries, async ({ id, input: each }) => {
    const draft = draftOf(each);
    const [sent] = await queues.send(queue, [draft]);
    return { Id: id, MessageId: sent!.id, ...digestsOf(draft) };
  });
}

/** Zero for an entry that is refused for another reason. */
function sizeIn(input: Input): number {
  try {
    return sizeOf(draftOf(input));
  } catch (error) {
    if (error instanceof AwsError) return 0;
    throw error;
  }
}

const hide = (cloud: Cloud, input: Input, entry: Input) => {
  const seconds = optionalNumber(entry, 'VisibilityTimeout', 0, MOST_VISIBILITY);
  if (seconds === undefined)
    throw invalid('The request must contain the parameter VisibilityTimeout.', 'MissingParameter');
  return queueOf(cloud, input).hide(textOf(entry, 'ReceiptHandle'), seconds * 1000);
};

const remove = (cloud: Cloud, input: Input, entry: Input) =>
  queueOf(cloud, input).remove([textOf(entry, 'ReceiptHandle')]);

/** An operation on one message, and the same on ten. */
function singleAndBatch(
  name: string,
  parameters: readonly string[],
  run: (cloud: Cloud, input: Input, entry: Input) => Promise<void>,
): Readonly<Record<string, Operation>> {
  return {
    [name]: {
      accepts: ['QueueUrl', ...parameters],
      run: (cloud, input) => run(cloud, input, input).then(() => ({})),
    },
    [`${name}Batch`]: {
      accepts: ['QueueUrl', 'Entries'],
      run(cloud, input) {
        queueOf(cloud, input);
        const one = ({ id, input: entry }: BatchEntry) => run(cloud, input, entry).then(() => ({ Id: id }));
        return eachEntry(entriesOf(input, parameters), one);
      },
    },
  };
}

export const messageOperations: Readonly<Record<string, Operation>> = {
  SendMessage: {
    accepts: ['QueueUrl', ...draftParameters],
    async run(cloud, input) {
      const draft = draftOf(input);
      const [sent] = await cloud.queues.send(queueOf(cloud, input), [draft]);
      return { MessageId: sent!.id, ...digestsOf(draft) };
    },
  },
  SendMessageBatch: { accepts: ['QueueUrl', 'Entries'], run: sendBatch },
  ReceiveMessage: {
    accepts: [
      ...['QueueUrl', 'AttributeNames', 'MessageSystemAttributeNames', 'MessageAttributeNames'],
      ...['MaxNumberOfMessages', 'VisibilityTimeout', 'WaitTimeSeconds'],
    ],
    async run(cloud, input) {
      const queue = queueOf(cloud, input);
      const { visibilityMs, waitMs } = queue.spec;
      const seconds = optionalNumber(input, 'VisibilityTimeout', 0, MOST_VISIBILITY);
      const wait = optionalNumber(input, 'WaitTimeSeconds', 0, MOST_WAIT);
      const received = await queue.receive({
        most: optionalNumber(input, 'MaxNumberOfMessages', 1, MOST_RECEIVED) ?? 1,
        visibilityMs: seconds === undefined ? visibilityMs : seconds * 1000,
        waitMs: wait === undefined ? waitMs : wait * 1000,
      });
      if (received.length === 0) return {};
      return { Messages: received.map((message) => messageShape(message, input, cloud.accountId)) };
    },
  },
  ...singleAndBatch('DeleteMessage', ['ReceiptHandle'], remove),
  ...singleAndBatch('ChangeMessageVisibility', ['ReceiptHandle', 'VisibilityTimeout'], hide),
};
