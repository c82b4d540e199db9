// From a batch of the stream to its windows and the people concerned: folded first, so that a window is written once a batch.

import { createHandler } from '../adapters/create-handler.ts';
import { readIngestEnvironment } from '../adapters/environment.ts';
import { openIngestion } from '../adapters/open-ingestion.ts';
import { parseStreamRecord } from '../core/stream-record.ts';

/** What Lambda takes the batch up again from: the lowest of these. https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html */
export interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

interface StreamEvent {
  readonly Records: readonly {
    readonly kinesis: { readonly sequenceNumber: string; readonly data: string };
  }[];
}

const environment = readIngestEnvironment(process.env);
/** A batch has many devices; each is asked for again in the next. */
const ingest = openIngestion(environment, { callsAtOnce: 16, rememberedWindows: 20_000 });

export const handler = createHandler(async (event, tools): Promise<BatchResponse> => {
  const { Records: records } = event as StreamEvent;
  const sequenceNumbers = new Map(
    records.map(({ kinesis }) => [parseStreamRecord(kinesis.data, environment), kinesis.sequenceNumber]),
  );
  const failed = await ingest([...sequenceNumbers.keys()], tools);
  for (const { message, error } of failed.slice(0, 1)) {
    const { deviceId = 'unknown', traceId = 'unknown' } = message.context ?? {};
    tools.warn('Records failed', { records: failed.length, deviceId, traceId, error: String(error) });
  }
  return {
    batchItemFailures: failed.map(({ message }) => ({ itemIdentifier: sequenceNumbers.get(message)! })),
  };
});
