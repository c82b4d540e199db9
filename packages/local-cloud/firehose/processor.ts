// Takes the records of a buffer through their processing: the function of the stream, then the keys of their partition.
// https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html

import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { FunctionProcessor, ProcessingSpec } from './processing-spec.ts';

/** What is written into one object. */
export interface Part {
  readonly records: readonly Buffer[];
  readonly queryKeys: Readonly<Record<string, string>>;
  readonly functionKeys: Readonly<Record<string, string>>;
}

/** A record that goes to the error prefix. */
export interface FailedRecord {
  readonly data: Buffer;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
  readonly functionArn?: string;
}

export interface Processed {
  readonly parts: readonly Part[];
  readonly failed: readonly FailedRecord[];
  readonly dropped: number;
}

/** Lambda's synchronous invocation; rejects where it does not come about. */
export type InvokeFunction = (
  functionName: string,
  payload: string,
) => Promise<{ payload: string; functionError?: string }>;

export interface ProcessorOptions {
  readonly stream: { readonly arn: string; readonly processing: ProcessingSpec };
  readonly invoke: InvokeFunction;
  readonly clock: Clock;
}

interface Answer {
  readonly recordId?: unknown;
  readonly result?: unknown;
  readonly data?: unknown;
  readonly metadata?: { readonly partitionKeys?: Readonly<Record<string, unknown>> };
}

interface Keyed {
  readonly data: Buffer;
  readonly functionKeys: Readonly<Record<string, string>>;
}

interface Outcome {
  readonly kept: readonly Keyed[];
  readonly failed: readonly FailedRecord[];
  readonly dropped: number;
}

const RETRY_MS = 1_000;

function batchesOf(records: readonly Buffer[], bytes: number): Buffer[][] {
  const batches: Buffer[][] = [];
  let room = 0;
  for (const record of records) {
    if (record.length > room || batches.length === 0) {
      batches.push([]);
      room = bytes;
    }
    batches.at(-1)!.push(record);
    room -= record.length;
  }
  return batches;
}

const failedAll = (records: readonly Buffer[], failure: Omit<FailedRecord, 'data'>): Outcome => ({
  kept: [],
  dropped: 0,
  failed: records.map((data) => ({ ...failure, data })),
});

function answersOf(payload: string): readonly Answer[] | undefined {
  try {
    const { records } = JSON.parse(payload) as { records?: unknown };
    return Array.isArray(records) ? (records as readonly Answer[]) : undefined;
  } catch {
    return undefined;
  }
}

/** "Each record has the same record ID as the record that was sent", and one of three results. */
function readAnswers(records: readonly Buffer[], payload: string, arn: string, attempts: number): Outcome {
  const answers = answersOf(payload);
  const about = { attempts, functionArn: arn };
  if (!answers)
    return failedAll(records, {
      ...about,
      code: 'Lambda.MissingRecordId',
      message: 'The function answered without a list of records.',
    });
  const byId = new Map(answers.map((answer) => [String(answer.recordId), answer]));
  const [kept, failed]: [Keyed[], FailedRecord[]] = [[], []];
  let dropped = 0;
  for (const [index, data] of records.entries()) {
    const answer = byId.get(String(index));
    if (answer?.result === 'Dropped') dropped += 1;
    else if (answer?.result === 'Ok' && typeof answer.data === 'string') {
      const keys = Object.entries(answer.metadata?.partitionKeys ?? {});
      kept.push({
        data: Buffer.from(answer.data, 'base64'),
        functionKeys: Object.fromEntries(keys.map(([name, value]) => [name, String(value)])),
      });
    } else {
      const code = answer ? 'Lambda.ProcessingFailedStatus' : 'Lambda.MissingRecordId';
      const message = answer
        ? `The function gave the record the result ${JSON.stringify(answer.result)}.`
        : 'The function gave no answer for the record.';
      failed.push({ ...about, data, code, message });
    }
  }
  return { kept, failed, dropped };
}

function eventOf(streamArn: string, records: readonly Buffer[], now: number): string {
  return JSON.stringify({
    invocationId: randomUUID(),
    deliveryStreamArn: streamArn,
    region: streamArn.split(':')[3],
    records: records.map((data, index) => ({
      recordId: String(index),
      approximateArrivalTimestamp: now,
      data: data.toString('base64'),
    })),
  });
}

function partitioned(kept: readonly Keyed[], { query }: ProcessingSpec): Processed {
  const failed: FailedRecord[] = [];
  const parts = new Map<string, { records: Buffer[]; part: Omit<Part, 'records'> }>();
  for (const { data, functionKeys } of kept) {
    let record: unknown;
    try {
      record = query && JSON.parse(data.toString('utf8'));
    } catch {
      record = undefined;
    }
    const queryKeys = query ? query(record) : {};
    if (!queryKeys) {
      const message = 'The record is not JSON, or has not all members that the query names.';
      failed.push({ data, attempts: 1, code: 'DynamicPartitioning.MetadataExtractionFailed', message });
      continue;
    }
    const key = JSON.stringify([queryKeys, functionKeys]);
    const known = parts.get(key);
    if (known) known.records.push(data);
    else parts.set(key, { records: [data], part: { queryKeys, functionKeys } });
  }
  return {
    parts: [...parts.values()].map(({ records, part }) => ({ ...part, records })),
    failed,
    dropped: 0,
  };
}

/** @param isClosed whether nothing is to be repeated any more */
export function createProcessor({ stream, invoke, clock }: ProcessorOptions, isClosed: () => boolean) {
  const { arn: streamArn, processing } = stream;

  async function attempt(to: FunctionProcessor, records: readonly Buffer[]): Promise<Outcome> {
    for (let attempts = 1; ; attempts += 1) {
      let reason: string;
      try {
        const { payload, functionError } = await invoke(to.name, eventOf(streamArn, records, clock.now()));
        if (!functionError) return readAnswers(records, payload, to.arn, attempts);
        reason = payload.slice(0, 300);
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      }
      if (attempts > to.retries || isClosed()) {
        const message = `The function could not be invoked, or failed: ${reason}`;
        return failedAll(records, { code: 'Lambda.FunctionError', message, attempts, functionArn: to.arn });
      }
      await new Promise<void>((resolve) => void clock.after(RETRY_MS, resolve));
    }
  }

  /** Never rejects. */
  return async (records: readonly Buffer[]): Promise<Processed> => {
    const { transform } = processing;
    if (!transform)
      return partitioned(
        records.map((data) => ({ data, functionKeys: {} })),
        processing,
      );
    const outcomes: Outcome[] = [];
    for (const batch of batchesOf(records, transform.batchBytes))
      outcomes.push(await attempt(transform, batch));
    const found = partitioned(
      outcomes.flatMap(({ kept }) => kept),
      processing,
    );
    return {
      parts: found.parts,
      failed: [...outcomes.flatMap(({ failed }) => failed), ...found.failed],
      dropped: outcomes.reduce((sum, { dropped }) => sum + dropped, 0),
    };
  };
}
