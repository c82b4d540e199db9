// Names and writes the objects of a delivery stream, and keeps trying while the bucket cannot take them.

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Clock } from '../clock.ts';
import type { Meter } from '../cloudwatch/meter.ts';
import type { Log } from '../log.ts';
import { compileTimeFormat, type TimeFormat } from './java-time.ts';
import type { PrefixValues } from './prefix.ts';
import { createProcessor, type FailedRecord, type InvokeFunction, type Part } from './processor.ts';
import type { StreamSpec } from './stream-spec.ts';

/** Where objects go; the bucket store of the local cloud. */
export interface ObjectTarget {
  put(bucket: string, key: string, body: Buffer, options?: { contentType?: string }): Promise<unknown>;
}

export interface Surroundings {
  readonly store: ObjectTarget;
  readonly clock: Clock;
  readonly log: Log;
  /** A UUID, for object names. */
  readonly newId: () => string;
  /** Runs the function that processes records. */
  readonly invoke: InvokeFunction;
  /** Totals: `firehose.dropped` and `firehose.failed` by processing, `objects`, `archivedRecords`, `archivedBytes`, `archiveFailures`. */
  readonly count: (name: string, by?: number) => void;
  readonly meter: Meter;
}

export interface ObjectWriter {
  /** Resolves to true once the records are in the bucket, or to false if the writer was closed and could not. */
  write(records: readonly Buffer[], oldest: number): Promise<boolean>;
  /** From now on a write that fails is not repeated. */
  close(): void;
}

/** AWS repeats for 24 hours and then drops; here what is not written stays pending. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

const compress = promisify(gzip);
const suffixTime = compileTimeFormat('yyyy-MM-dd-HH-mm-ss') as TimeFormat;

/** "Configure Amazon S3 object name format": prefix, stream name, version 1, time of the oldest record, UUID, extension. */
export function objectKey(
  spec: StreamSpec,
  oldest: number,
  newId: () => string,
  part: Omit<PrefixValues, 'random'> = {},
): string | undefined {
  const time = new Date(oldest);
  const random = () => newId().replaceAll('-', '').slice(0, 11);
  const values = { ...part, random };
  const isError = part.errorType !== undefined;
  const prefix = isError ? spec.errorPrefix(time, values) : spec.prefix(time, values);
  if (prefix === undefined) return undefined;
  const extension = isError ? '' : (spec.fileExtension ?? (spec.gzip ? '.gz' : ''));
  return `${prefix}${spec.name}-1-${suffixTime(time)}-${newId()}${extension}`;
}

const FAILED = 'processing-failed';

const CLOSED_TOO_EARLY =
  'a delivery stream closed before its last object was written; its records stay pending';

type WrittenPart = Pick<Part, 'records'> & Partial<Part>;

/** The line that Firehose leaves of a record that it could not process. */
function failedLine(record: FailedRecord, oldest: number, now: number): string {
  const { data, code, message, attempts, functionArn } = record;
  return JSON.stringify({
    attemptsMade: attempts,
    arrivalTimestamp: oldest,
    errorCode: code,
    errorMessage: message,
    attemptEndingTimestamp: now,
    rawData: data.toString('base64'),
    lambdaArn: functionArn,
  });
}

/** What CloudWatch shows of the deliveries of a stream. */
function deliveryMetrics({ name: DeliveryStreamName }: StreamSpec, meter: Meter) {
  const measure = (metric: string, unit: string) =>
    meter('AWS/Firehose', `DeliveryToS3.${metric}`, { DeliveryStreamName }, unit);
  return {
    succeeded: measure('Success', 'Count'),
    freshness: measure('DataFreshness', 'Seconds'),
    written: measure('Records', 'Count'),
    bytes: measure('Bytes', 'Bytes'),
  };
}

/** Waits for a while, or until the end. */
function createPauses(clock: Clock) {
  const wake = new Set<() => void>();
  return {
    pause: (ms: number) =>
      new Promise<void>((resolve) => {
        const done = () => {
          cancel();
          wake.delete(done);
          resolve();
        };
        const cancel = clock.after(ms, done);
        wake.add(done);
      }),
    endAll() {
      for (const done of wake) done();
    },
  };
}

/** @returns a function that writes one object once, and resolves with what went wrong, if anything did */
function createPut(spec: StreamSpec, { store, count, meter }: Surroundings) {
  const { succeeded } = deliveryMetrics(spec, meter);
  return async (key: string, plain: Buffer, zipped: boolean): Promise<string | undefined> => {
    try {
      const body = zipped ? await compress(plain) : plain;
      // Firehose has no setting for it: https://docs.aws.amazon.com/firehose/latest/APIReference/API_ExtendedS3DestinationConfiguration.html
      await store.put(spec.bucket, key, body, { contentType: 'application/octet-stream' });
      succeeded(1);
      return undefined;
    } catch (error) {
      succeeded(0);
      count('archiveFailures');
      return error instanceof Error ? error.message : String(error);
    }
  };
}

/** Writes one object, again and again until it is stored or the stream closes. */
function createPersistentPut(spec: StreamSpec, surroundings: Surroundings) {
  const { clock, log } = surroundings;
  const tryOnce = createPut(spec, surroundings);
  const pauses = createPauses(clock);
  let closed = false;

  return {
    isClosed: () => closed,
    /** False when the stream closed before the object was stored. */
    async put(key: string, plain: Buffer, zipped = spec.gzip): Promise<boolean> {
      const fields = { stream: spec.name, bucket: spec.bucket, key };
      for (let ms = FIRST_PAUSE_MS, first = true; ; ms = Math.min(ms * 2, LONGEST_PAUSE_MS), first = false) {
        const lastChance = closed;
        const error = await tryOnce(key, plain, zipped);
        if (error === undefined) {
          if (!first) log.info('a delivery stream writes again', fields);
          return true;
        }
        if (lastChance) {
          log.error(CLOSED_TOO_EARLY, { ...fields, error });
          return false;
        }
        if (first) log.warn('a delivery stream cannot write and keeps trying', { ...fields, error });
        if (!closed) await pauses.pause(ms);
      }
    },
    close() {
      closed = true;
      pauses.endAll();
    },
  };
}

type PersistentPut = ReturnType<typeof createPersistentPut>;

/** @returns a function that writes the records of one object, and adds them to `failed` when they have no partition key */
function createPartWriter(
  spec: StreamSpec,
  { clock, log, newId, count, meter }: Surroundings,
  objects: PersistentPut,
) {
  const { freshness, written, bytes } = deliveryMetrics(spec, meter);
  const { delimiter } = spec.processing;
  return async (part: WrittenPart, oldest: number, failed: FailedRecord[]): Promise<boolean> => {
    const { records } = part;
    const key = objectKey(spec, oldest, newId, part);
    if (key === undefined) {
      const message = 'The function gave no partition key of that name.';
      const code = 'DynamicPartitioning.MetadataExtractionFailed';
      failed.push(...records.map((data) => ({ data, code, message, attempts: 1 })));
      return true;
    }
    const plain = Buffer.concat(delimiter ? records.flatMap((record) => [record, delimiter]) : records);
    if (!(await objects.put(key, plain))) return false;
    log.info('archived', { bucket: spec.bucket, key, records: records.length });
    count('objects');
    count('archivedRecords', records.length);
    count('archivedBytes', plain.length);
    written(records.length);
    bytes(plain.length);
    freshness(Math.max(clock.now() - oldest, 0) / 1_000);
    return true;
  };
}

/** @returns a function that writes the records that could not be processed below the error prefix */
function createFailedWriter(
  spec: StreamSpec,
  { clock, log, newId, count }: Surroundings,
  objects: PersistentPut,
) {
  return async (failed: readonly FailedRecord[], oldest: number): Promise<boolean> => {
    if (failed.length === 0) return true;
    const key = objectKey(spec, oldest, newId, { errorType: FAILED })!;
    const lines = failed.map((record) => `${failedLine(record, oldest, clock.now())}\n`).join('');
    if (!(await objects.put(key, Buffer.from(lines), false))) return false;
    count('firehose.failed', failed.length);
    const { code, message } = failed[0]!;
    log.error('records of a delivery stream could not be processed, kept under the error prefix', {
      ...{ stream: spec.name, bucket: spec.bucket, key, records: failed.length, code, reason: message },
    });
    return true;
  };
}

export function createObjectWriter(spec: StreamSpec, surroundings: Surroundings): ObjectWriter {
  const { clock, count, invoke } = surroundings;
  const objects = createPersistentPut(spec, surroundings);
  const writePart = createPartWriter(spec, surroundings, objects);
  const writeFailed = createFailedWriter(spec, surroundings, objects);
  const { transform, query } = spec.processing;
  const isProcessed = transform !== undefined || query !== undefined;
  const process = createProcessor({ stream: spec, invoke, clock }, () => objects.isClosed());
  return {
    async write(records, oldest) {
      if (!isProcessed) return writePart({ records }, oldest, []);
      const { parts, failed, dropped } = await process(records);
      const wrong = [...failed];
      for (const part of parts) if (!(await writePart(part, oldest, wrong))) return false;
      if (!(await writeFailed(wrong, oldest))) return false;
      if (dropped > 0) count('firehose.dropped', dropped);
      return true;
    },
    close: () => objects.close(),
  };
}
