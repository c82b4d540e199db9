// Names and writes the objects of a delivery stream, and keeps trying while the bucket cannot take them.
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { TimeFormat } from './java-time.ts';
import { compileTimeFormat } from './java-time.ts';
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
  /** Totals: `objects`, `archivedRecords`, `archivedBytes`, `archiveFailures`. */
  readonly count: (name: string, by?: number) => void;
}

export interface ObjectWriter {
  /** Resolves to true once the records are in the bucket, or to false if the writer was closed and could not. */
  write(records: readonly Buffer[], oldest: number): Promise<boolean>;
  /** From now on a write that fails is not repeated. */
  close(): void;
}

/** AWS repeats for 24 hours and then drops; here what is not written stays owed. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

const compress = promisify(gzip);
const suffixTime = compileTimeFormat('yyyy-MM-dd-HH-mm-ss') as TimeFormat;

/** "Configure Amazon S3 object name format": prefix, stream name, version 1, time of the oldest record, UUID, extension. */
export function objectKey(spec: StreamSpec, oldest: number, newId: () => string): string {
  const time = new Date(oldest);
  const extension = spec.fileExtension ?? (spec.gzip ? '.gz' : '');
  const random = () => newId().replaceAll('-', '').slice(0, 11);
  return `${spec.prefix(time, random)}${spec.name}-1-${suffixTime(time)}-${newId()}${extension}`;
}

export function createObjectWriter(spec: StreamSpec, surroundings: Surroundings): ObjectWriter {
  const { store, clock, log, newId, count } = surroundings;
  let closed = false;
  const wake = new Set<() => void>();

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const done = () => {
        cancel();
        wake.delete(done);
        resolve();
      };
      const cancel = clock.after(ms, done);
      wake.add(done);
    });

  async function tryOnce(key: string, plain: Buffer): Promise<string | undefined> {
    try {
      const body = spec.gzip ? await compress(plain) : plain;
      // Firehose has no setting for it: https://docs.aws.amazon.com/firehose/latest/APIReference/API_ExtendedS3DestinationConfiguration.html
      await store.put(spec.bucket, key, body, { contentType: 'application/octet-stream' });
      return undefined;
    } catch (error) {
      count('archiveFailures');
      return error instanceof Error ? error.message : String(error);
    }
  }

  async function writeUntilStored(key: string, plain: Buffer): Promise<boolean> {
    for (let ms = FIRST_PAUSE_MS, first = true; ; ms = Math.min(ms * 2, LONGEST_PAUSE_MS), first = false) {
      const lastChance = closed;
      const error = await tryOnce(key, plain);
      const fields = { stream: spec.name, bucket: spec.bucket, key };
      if (error === undefined) {
        if (!first) log.info('a delivery stream writes again', fields);
        return true;
      }
      if (lastChance) {
        log.error('a delivery stream closed before its last object was written; its records stay owed', {
          ...fields,
          error,
        });
        return false;
      }
      if (first) log.warn('a delivery stream cannot write and keeps trying', { ...fields, error });
      if (!closed) await pause(ms);
    }
  }

  return {
    async write(records, oldest) {
      const plain = Buffer.concat(records);
      const key = objectKey(spec, oldest, newId);
      const stored = await writeUntilStored(key, plain);
      if (!stored) return false;
      log.info('archived', { bucket: spec.bucket, key, records: records.length });
      count('objects');
      count('archivedRecords', records.length);
      count('archivedBytes', plain.length);
      return true;
    },
    close() {
      closed = true;
      for (const done of wake) done();
    },
  };
}
