// Delivery streams: buffer records by size and time, and write them as objects, as Amazon Data Firehose does.

import { randomUUID } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import { systemClock } from '../clock.ts';
import { noMeter } from '../cloudwatch/meter.ts';
import { createObjectWriter, type ObjectWriter, type Surroundings } from './object-writer.ts';
import type { StreamSpec } from './stream-spec.ts';

export interface StreamState {
  readonly name: string;
  readonly arn: string;
  readonly bucket: string;
  /** Waiting for size or time. */
  readonly bufferedRecords: number;
  readonly bufferedBytes: number;
  /** Buffered, or being written. */
  readonly heldBytes: number;
}

export interface DeliveryStreams {
  /**
   * Resolves when the objects that hold the records are in the bucket. Stays unresolved when the stream is closed before:
   * the caller still has to keep the records.
   * @throws AwsError ResourceNotFoundException, InvalidArgumentException
   */
  put(streamName: string, records: readonly Buffer[]): Promise<void>;
  /** Writes what is buffered without waiting for size or time. */
  flush(): Promise<void>;
  /** The same for buffers of very many records, when those who wait for them fill the memory. */
  relieve(): void;
  /** Writes what is buffered, with one attempt for each object. */
  close(): Promise<void>;
  describe(): StreamState[];
}

export interface DeliveryStreamsOptions extends Partial<Surroundings> {
  readonly store: Surroundings['store'];
  readonly log: Surroundings['log'];
  readonly streams: readonly StreamSpec[];
}

/** "The maximum size of a record sent to Firehose, before base64-encoding, is 1,000 KiB." */
const MAX_RECORD_BYTES = 1_024_000;
/** A third of the messages at which the broker stops reading, which several streams may hold. */
export const VERY_MANY_RECORDS = 4_000;

interface Buffered {
  readonly records: Buffer[];
  /** One promise for all who wait, who are thousands. */
  readonly stored: PromiseWithResolvers<void>;
  readonly oldest: number;
  readonly cancel: () => void;
  bytes: number;
}

interface Stream {
  put(records: readonly Buffer[]): Promise<void>;
  flush(): Promise<void>;
  close(): Promise<void>;
  state(): StreamState;
}

/** Writes one buffer after the other, so that a bucket that refuses is asked once at a time. */
function createWriteQueue(writer: ObjectWriter) {
  let heldBytes = 0;
  let writing = Promise.resolve();
  async function write({ records, stored, oldest, bytes }: Buffered): Promise<void> {
    const isStored = await writer.write(records, oldest);
    heldBytes -= bytes;
    if (isStored) stored.resolve();
  }
  return {
    hold: (bytes: number) => void (heldBytes += bytes),
    heldBytes: () => heldBytes,
    add: (full: Buffered) => void (writing = writing.then(() => write(full))),
    /** Resolves when all that was added is written. */
    written: () => writing,
  };
}

/** What CloudWatch shows of the records that are put into a stream. */
function incomingMetrics({ name: DeliveryStreamName }: StreamSpec, meter: Surroundings['meter']) {
  const measure = (metric: string, unit: string) =>
    meter('AWS/Firehose', metric, { DeliveryStreamName }, unit);
  return {
    incomingRecords: measure('IncomingRecords', 'Count'),
    incomingBytes: measure('IncomingBytes', 'Bytes'),
  };
}

const stateOf = (
  { name, arn, bucket }: StreamSpec,
  current: Buffered | undefined,
  heldBytes: number,
): StreamState => ({
  name,
  arn,
  bucket,
  heldBytes,
  bufferedRecords: current?.records.length ?? 0,
  bufferedBytes: current?.bytes ?? 0,
});

function createStream(spec: StreamSpec, writer: ObjectWriter, { clock, meter }: Surroundings): Stream {
  const { incomingRecords, incomingBytes } = incomingMetrics(spec, meter);
  const queue = createWriteQueue(writer);
  let current: Buffered | undefined;
  let closed = false;

  function flush(): Promise<void> {
    const full = current;
    if (full) {
      current = undefined;
      full.cancel();
      queue.add(full);
    }
    return queue.written();
  }
  function open(): Buffered {
    const cancel = clock.after(spec.bufferMs, () => void flush());
    return { records: [], stored: Promise.withResolvers(), oldest: clock.now(), cancel, bytes: 0 };
  }
  return {
    flush,
    put(records) {
      if (closed) return new Promise(() => {});
      const buffer = (current ??= open());
      const bytes = records.reduce((sum, record) => sum + record.length, 0);
      buffer.records.push(...records);
      buffer.bytes += bytes;
      queue.hold(bytes);
      incomingRecords(records.length);
      incomingBytes(bytes);
      if (buffer.bytes >= spec.bufferBytes) void flush();
      return buffer.stored.promise;
    },
    async close() {
      closed = true;
      writer.close();
      await flush();
    },
    state: () => stateOf(spec, current, queue.heldBytes()),
  };
}

export function createDeliveryStreams(options: DeliveryStreamsOptions): DeliveryStreams {
  const surroundings: Surroundings = {
    ...{ clock: systemClock, newId: randomUUID, count: () => {}, meter: noMeter },
    invoke: () => Promise.reject(new Error('there are no functions')),
    ...options,
  };
  const streams = new Map<string, Stream>(
    options.streams.map((spec) => {
      return [spec.name, createStream(spec, createObjectWriter(spec, surroundings), surroundings)];
    }),
  );
  const each = async (act: (stream: Stream) => Promise<void>) => {
    await Promise.all([...streams.values()].map(act));
  };
  return {
    put(streamName, records) {
      const stream = streams.get(streamName);
      if (!stream) {
        const message = `there is no delivery stream ${streamName}`;
        return Promise.reject(new AwsError('ResourceNotFoundException', message));
      }
      if (records.some((record) => record.length > MAX_RECORD_BYTES)) {
        const message = `a record is larger than ${MAX_RECORD_BYTES} bytes`;
        return Promise.reject(new AwsError('InvalidArgumentException', message));
      }
      return records.length > 0 ? stream.put(records) : Promise.resolve();
    },
    flush: () => each((stream) => stream.flush()),
    relieve() {
      for (const stream of streams.values()) {
        if (stream.state().bufferedRecords >= VERY_MANY_RECORDS) void stream.flush();
      }
    },
    close: () => each((stream) => stream.close()),
    describe: () => [...streams.values()].map((stream) => stream.state()),
  };
}
