// PublishBatch: up to ten messages at once, of which each is published or refused on its own.

import { AwsError } from '../aws-error.ts';
import type { QueryParameters } from '../aws/query.ts';
import type { XmlElements } from '../aws/xml.ts';
import { checkMessage, limits, type PublishInput } from './message.ts';
import { readMessage } from './publish-parameters.ts';
import type { Topics } from './topics.ts';

const MAX_ENTRIES = 10;

interface Entry {
  readonly id: string;
  readonly read: () => Omit<PublishInput, 'topicArn' | 'phoneNumber'>;
}

function readEntries(parameters: QueryParameters): Entry[] {
  const prefixes = parameters.entries('PublishBatchRequestEntries.member');
  if (prefixes.length === 0) {
    throw new AwsError('EmptyBatchRequest', "The batch request doesn't contain any entries.");
  }
  if (prefixes.length > MAX_ENTRIES) {
    const message = `The batch request contains more entries than permissible: ${MAX_ENTRIES}.`;
    throw new AwsError('TooManyEntriesInBatchRequest', message);
  }
  const entries = prefixes.map((prefix): Entry => {
    const id = parameters.get(`${prefix}.Id`) ?? '';
    return { id, read: () => readMessage(parameters, `${prefix}.`) };
  });
  const ids = entries.map(({ id }) => id);
  if (ids.some((id) => !/^[\w-]{1,80}$/.test(id))) {
    const rule = 'only alphanumeric characters, hyphens and underscores, and be at most 80 letters long';
    throw new AwsError('InvalidBatchEntryId', `A batch entry id can contain ${rule}.`);
  }
  if (new Set(ids).size < ids.length) {
    throw new AwsError(
      'BatchEntryIdsNotDistinct',
      'Two or more batch entries in the request have the same Id.',
    );
  }
  return entries;
}

function refusal(id: string, error: unknown): XmlElements {
  if (!(error instanceof AwsError)) throw error;
  const { code, message, status } = error;
  return { Id: id, Code: code, Message: message, SenderFault: status < 500 };
}

/** The bytes of all entries together; an invalid entry gets its own error in the answer. */
function sizeOf(entries: readonly Entry[]): number {
  let size = 0;
  for (const { read } of entries) {
    try {
      size += checkMessage(read()).size;
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
    }
  }
  return size;
}

/** @throws AwsError EmptyBatchRequest, TooManyEntriesInBatchRequest, InvalidBatchEntryId, BatchEntryIdsNotDistinct, BatchRequestTooLong, NotFound */
export async function publishBatch(topics: Topics, parameters: QueryParameters): Promise<XmlElements> {
  const topicArn = topics.topicOf(parameters.require('TopicArn')).arn;
  const entries = readEntries(parameters);
  if (sizeOf(entries) > limits.messageBytes) {
    const message = `The length of all the batch messages put together is more than the limit of ${limits.messageBytes} bytes.`;
    throw new AwsError('BatchRequestTooLong', message);
  }
  const [successful, failed]: [XmlElements[], XmlElements[]] = [[], []];
  for (const { id, read } of entries) {
    try {
      const { messageId } = await topics.publish({ topicArn, ...read() });
      successful.push({ Id: id, MessageId: messageId });
    } catch (error) {
      failed.push(refusal(id, error));
    }
  }
  return { Successful: { member: successful }, Failed: { member: failed } };
}
