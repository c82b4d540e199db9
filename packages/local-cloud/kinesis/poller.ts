// Reads one shard for one mapping: distributes its records to batches by partition key, and knows the place up to which all are finished.

import { crc32 } from 'node:zlib';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { MAX_EVENT_BYTES, type RecordFormat } from './batch-event.ts';
import { type Batch, type BatchSettings, createBatch } from './batch.ts';
import type { MappingSpec } from './mapping-spec.ts';
import type { ShardLog } from './shard-log.ts';
import type { LogRecord } from './shard-reader.ts';

export interface Poller {
  /** Begins to read; call once. */
  start(): void;
  /** Up to this place every record is finished. */
  checkpoint(): number;
  close(): void;
}

export interface PollerSettings {
  readonly spec: MappingSpec;
  readonly shard: Pick<ShardLog, 'readAfter' | 'onAppend'>;
  /** Where an earlier run, or the mapping's starting position, ends. */
  readonly startAfter: number;
  readonly deliver: BatchSettings['deliver'];
  readonly onProgress: () => void;
  readonly shown: RecordFormat['shown'];
  /** Called with the number of records that the filter of the mapping leaves out. */
  readonly onFiltered: (records: number) => void;
  readonly clock: Clock;
  readonly log: Log;
}

const RETRY_MS = 1_000;
const READ_AT_ONCE = 1_000;
/** Of one shard in memory, and their bytes; the rest waits on disk. */
const MOST_HELD = 20_000;
const MOST_HELD_BYTES = 2 * MAX_EVENT_BYTES;

/** Counts what is in memory, over all batches of the shard. */
function createHeld(spec: MappingSpec) {
  // A batch that makes no progress delays the others only once this much waits for it.
  const most = Math.min(spec.batchSize * spec.parallel, MOST_HELD);
  let records = 0;
  let bytes = 0;
  return {
    add(added: readonly LogRecord[]): void {
      records += added.length;
      bytes += bytesOf(added);
    },
    remove(finished: readonly LogRecord[]): void {
      records -= finished.length;
      bytes -= bytesOf(finished);
    },
    isFull: () => records >= most || bytes >= MOST_HELD_BYTES,
  };
}

type Held = ReturnType<typeof createHeld>;

/** The batches of a shard that grow side by side, and which of them gets a record. */
function createBatches(settings: PollerSettings, onFinished: BatchSettings['onFinished']): Batches {
  const { spec, clock, log } = settings;
  /** Nothing may be skipped, so an unforeseen error ends in waiting. */
  const waitForRestart = (error: unknown): Promise<never> => {
    log.error('a batch waits until the next start', { mapping: spec.id, reason: String(error) });
    return new Promise(() => {});
  };
  const all = Array.from({ length: spec.parallel }, () =>
    createBatch({
      spec,
      clock,
      deliver: (records, onDone) => settings.deliver(records, onDone).catch(waitForRestart),
      onFinished,
    }),
  );
  return { all, of: (partitionKey) => all[crc32(partitionKey) % all.length]! };
}

interface Batches {
  readonly all: readonly Batch[];
  readonly of: (partitionKey: string) => Batch;
}

/** Many batches that are not due would stop the reading until their time is up, so they go now. */
function hurryIfStuck(held: Held, { all }: Batches): void {
  const isStuck = held.isFull() && !all.some((batch) => batch.isBusy());
  if (isStuck) for (const batch of all) batch.hurry();
}

/**
 * Reads until nothing is left or enough is in memory, one reading at a time.
 *
 * @param readSome resolves to false when there was nothing to read.
 */
function createReadLoop(
  { spec, clock, log }: PollerSettings,
  held: Held,
  batches: Batches,
  readSome: () => Promise<boolean>,
) {
  let reading = false;
  let again = false;
  let started = false;
  let closed = false;

  async function readOn(): Promise<void> {
    again = true;
    if (reading || !started) return;
    reading = true;
    try {
      while (again && !closed) {
        again = false;
        while (!closed && !held.isFull() && (await readSome()));
        hurryIfStuck(held, batches);
      }
    } catch (error) {
      log.error('a shard cannot be read, will be tried again', { mapping: spec.id, reason: String(error) });
      clock.after(RETRY_MS, () => void readOn());
    }
    reading = false;
  }
  return {
    readOn: () => void readOn(),
    isClosed: () => closed,
    start() {
      started = true;
      void readOn();
    },
    close: () => void (closed = true),
  };
}

export function createPoller(settings: PollerSettings): Poller {
  const { spec, shard, onProgress } = settings;
  const held = createHeld(spec);
  const batches = createBatches(settings, (records) => {
    held.remove(records);
    onProgress();
    loop.readOn();
  });
  const loop = createReadLoop(settings, held, batches, readSome);
  let read = settings.startAfter;

  const isWanted = (record: LogRecord) => !spec.accepts || spec.accepts(settings.shown(record));

  async function readSome(): Promise<boolean> {
    const records = await shard.readAfter(read, READ_AT_ONCE);
    if (loop.isClosed() || records.length === 0) return false;
    read = records.at(-1)!.place;
    const wanted = records.filter(isWanted);
    held.add(wanted);
    if (wanted.length < records.length) {
      settings.onFiltered(records.length - wanted.length);
      onProgress();
    }
    for (const record of wanted) batches.of(record.partitionKey).add(record);
    return true;
  }

  shard.onAppend(loop.readOn);

  return {
    start: () => loop.start(),
    checkpoint() {
      const unfinished = batches.all.flatMap((batch) => batch.oldest() ?? []);
      return unfinished.length === 0 ? read : Math.min(...unfinished) - 1;
    },
    close() {
      loop.close();
      for (const batch of batches.all) batch.close();
    },
  };
}

const bytesOf = (records: readonly LogRecord[]) => records.reduce((sum, { data }) => sum + data.length, 0);
