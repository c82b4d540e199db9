// Notes in the alert history which notifications SNS could not deliver: it leaves them in a queue for each channel.

import type { SQSEvent } from 'aws-lambda';
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

/** A message that comes again writes the same entries, so a batch may fail as a whole. */
export const handler = createHandler(async ({ Records: records }: SQSEvent, tools) => {
  const { onFailed } = countDeliveries(tools);
  for (const { messageId, body, attributes, eventSourceARN } of records) {
    const entries = undeliveredEntries({
      ...{ id: messageId, body, at: Number(attributes.SentTimestamp) },
      kind: eventSourceARN.split(':').at(-1) === textQueue ? 'text message' : 'mail',
    });
    if (entries.length === 0)
      tools.warn('A message that SNS could not deliver names no alert', { messageId });
    await history.file(entries);
    for (const entry of entries) onFailed?.(entry);
  }
});
