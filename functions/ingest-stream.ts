// From a batch of the stream to its windows and the people concerned: folded first, so that a window is written once a batch.

import type { KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda';
import { createHandler } from '../adapters/create-handler.ts';
import { readIngestEnvironment } from '../adapters/environment.ts';
import { openIngest } from '../adapters/open-ingest.ts';
import { inParallel } from '../core/in-parallel.ts';
import { eventOf, parseStreamRecord } from '../core/stream-record.ts';
import { createIngest } from '../pipeline/ingest.ts';
import { createMapping } from '../core/map-message.ts';

const CALLS_AT_ONCE = 16;
const environment = readIngestEnvironment(process.env);
/** A batch has many devices; each is asked for again in the next. */
const ports = openIngest(environment, { rememberedWindows: 20_000 });
const ingest = createIngest(ports, { ...environment, callsAtOnce: CALLS_AT_ONCE });
const mapMessage = createMapping(ports);

/**
 * Gives the records that failed; Lambda takes the batch up again from the first of them.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
 */
export const handler = createHandler(
  async ({ Records: records }: KinesisStreamEvent, tools): Promise<KinesisStreamBatchResponse> => {
    const mapped = await inParallel(records, CALLS_AT_ONCE, ({ kinesis }) =>
      mapMessage(eventOf(kinesis.data)),
    );
    const sequenceNumbers = new Map(
      records.map(({ kinesis: { data, sequenceNumber } }, index) => [
        parseStreamRecord(data, environment, mapped[index]),
        sequenceNumber,
      ]),
    );
    const failed = await ingest([...sequenceNumbers.keys()], tools);
    for (const { message, error } of failed.slice(0, 1)) {
      const { deviceId = 'unknown', traceId = 'unknown' } = message.context ?? {};
      tools.warn('Records failed', { records: failed.length, deviceId, traceId, error: String(error) });
    }
    return {
      batchItemFailures: failed.map(({ message }) => ({ itemIdentifier: sequenceNumbers.get(message)! })),
    };
  },
);
