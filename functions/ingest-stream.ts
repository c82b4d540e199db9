// Ingests a batch of the stream. Readings are folded first, so that each window is written once per batch.

import type { KinesisStreamBatchResponse, KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda';
import { createHandler } from '../adapters/create-handler.ts';
import { readIngestEnvironment } from '../adapters/environment.ts';
import { openIngest } from '../adapters/open-ingest.ts';
import { eventOf, parseStreamRecord } from '../core/stream-record.ts';
import { createIngest } from '../pipeline/ingest.ts';
import { createMapping } from '../core/map-message.ts';
import type { Mapped } from '../core/mapping.ts';
import { createTimeBudget, inTime, type TimeBudget } from '../pipeline/time-budget.ts';

const CALLS_AT_ONCE = 16;
const environment = readIngestEnvironment(process.env);
/** A batch has many devices, and the next batch has the same ones again. */
const ports = openIngest(environment, { rememberedWindows: 20_000 });
const ingest = createIngest(ports, { ...environment, callsAtOnce: CALLS_AT_ONCE });
const mapMessage = createMapping(ports);
const { now } = ports;

/** Share of the time for mappings; the rest is for windows and alerts. */
const MAPPING_SHARE = 0.3;

/**
 * Gives the records that failed, and those for which the time was too short; Lambda retries the batch from the first of
 * them.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
 */
export const handler = createHandler(
  async ({ Records: records }: KinesisStreamEvent, tools, context): Promise<KinesisStreamBatchResponse> => {
    const budget = createTimeBudget({ endsAt: now() + context.getRemainingTimeInMillis(), now });
    const mapped = await mapRecords(records, budget);
    const sequenceNumbers = new Map(
      mapped.map(({ record, found }) => [
        parseStreamRecord(record.kinesis.data, environment, found),
        record.kinesis.sequenceNumber,
      ]),
    );
    const failed = await ingest([...sequenceNumbers.keys()], tools, budget);
    const unmapped = records.slice(mapped.length);
    if (unmapped.length > 0) {
      tools.count('MessagesOutOfTime', unmapped.length);
      tools.warn('Out of time for the mappings', { records: unmapped.length });
    }
    for (const { message, error } of failed.slice(0, 1)) {
      const { deviceId = 'unknown', traceId = 'unknown' } = message.context ?? {};
      tools.warn('Records failed', { records: failed.length, deviceId, traceId, error: String(error) });
    }
    return {
      batchItemFailures: [
        ...failed.map(({ message }) => sequenceNumbers.get(message)!),
        ...unmapped.map(({ kinesis }) => kinesis.sequenceNumber),
      ].map((itemIdentifier) => ({ itemIdentifier })),
    };
  },
);

interface MappedRecord {
  readonly record: KinesisStreamRecord;
  readonly found: Mapped | undefined;
}

/** Maps the records up to the first for which the time was too short. */
async function mapRecords(
  records: readonly KinesisStreamRecord[],
  budget: TimeBudget,
): Promise<readonly MappedRecord[]> {
  const mapped = new Map<KinesisStreamRecord, Mapped | undefined>();
  const mapOne = async (record: KinesisStreamRecord) =>
    void mapped.set(record, await mapMessage(eventOf(record.kinesis.data)));
  const left = await inTime(records, CALLS_AT_ONCE, mapOne, { budget, share: MAPPING_SHARE });
  const first = records.findIndex((record) => left.has(record));
  return records.slice(0, first < 0 ? records.length : first).map((record) => ({
    record,
    found: mapped.get(record),
  }));
}
