// Records in the alert history which notifications SNS could not deliver, from the dead-letter queue of each channel.

import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createAlertHistory } from '../adapters/alert-history.ts';
import { createHandler } from '../adapters/create-handler.ts';
import { openDynamoDb } from '../adapters/dynamodb-client.ts';
import { readUndeliveredEnvironment } from '../adapters/environment.ts';
import { undeliveredEntries } from '../core/undelivered.ts';
import { countDeliveries } from '../pipeline/deliver-events.ts';

const {
  alertHistoryTable: table,
  historyRetentionDays: retentionDays,
  textQueueUrl,
} = readUndeliveredEnvironment(process.env);
const textQueue = textQueueUrl.split('/').at(-1);
const history = createAlertHistory({ client: openDynamoDb(), table, retentionDays });

/**
 * Gives the messages that failed: the queue keeps these and delivers them again. A repeated message writes the same
 * entries.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export const handler = createHandler(
  async ({ Records: records }: SQSEvent, tools): Promise<SQSBatchResponse> => {
    const { onFailed } = countDeliveries(tools);
    const batchItemFailures: { itemIdentifier: string }[] = [];
    for (const { messageId, body, attributes, eventSourceARN } of records) {
      try {
        const entries = undeliveredEntries({
          ...{ id: messageId, body, at: Number(attributes.SentTimestamp) },
          kind: eventSourceARN.split(':').at(-1) === textQueue ? 'text message' : 'mail',
        });
        if (entries.length === 0)
          tools.warn('A message that SNS could not deliver names no alert', { messageId });
        await history.record(entries);
        for (const entry of entries) onFailed?.(entry);
      } catch (error) {
        tools.warn('An undelivered notification is not in the history', { messageId, reason: String(error) });
        batchItemFailures.push({ itemIdentifier: messageId });
      }
    }
    return { batchItemFailures };
  },
);
