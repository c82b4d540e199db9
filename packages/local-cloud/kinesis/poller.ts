// Reads one shard for one mapping: shares its records out by partition key, and remembers how far all of them are finished.
import { crc32 } from 'node:zlib';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { MAX_EVENT_BYTES, type RecordFormat } from './batch-event.ts';
import { createLane, type LaneSettings } from './lane.ts';
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
  readonly deliver: LaneSettings['deliver'];
  readonly onProgress: () => void;
  readonly shown: RecordFormat['shown'];
  /** Hears of records that the filter of the mapping leaves out. */
  readonly onFiltered: (records: number) => void;
  readonly clock: Clock;
  readonly log: Log;
}

const RETRY_MS = 1_000;
const READ_AT_ONCE = 1_000;
/** Of one shard in memory, and their bytes; the rest waits on disk. */
const MOST_HELD = 20_000;
const MOST_HELD_BYTES = 2 * MAX_EVENT_BYTES;

export function createPoller(settings: PollerSettings): Poller {
  const { spec, shard, clock, log, onProgress } = settings;
  let read = settings.startAfter;
  let held = 0;
  let heldBytes = 0;
  let reading = false;
  let again = false;
  let started = false;
  let closed = false;

  /** Nothing may be skipped, so what nobody foresaw ends in waiting. */
  function standStill(error: unknown): Promise<never> {
    log.error('a batch stands still until the next start', { mapping: spec.id, reason: String(error) });
    return new Promise(() => {});
  }

  const lanes = Array.from({ length: spec.parallel }, () =>
    createLane({
      spec,
      clock,
      deliver: (batch, onDone) => settings.deliver(batch, onDone).catch(standStill),
      onFinished(records) {
        held -= records.length;
        heldBytes -= bytesOf(records);
        onProgress();
        void readOn();
      },
    }),
  );
  const laneOf = (partitionKey: string) => lanes[crc32(partitionKey) % lanes.length]!;
  // A lane that does not get on holds up the others only once this much waits for it.
  const mostHeld = Math.min(spec.batchSize * spec.parallel, MOST_HELD);
  const isFull = () => held >= mostHeld || heldBytes >= MOST_HELD_BYTES;

  const isWanted = (record: LogRecord) => !spec.accepts || spec.accepts(settings.shown(record));

  async function readSome(): Promise<boolean> {
    const records = await shard.readAfter(read, READ_AT_ONCE);
    if (closed || records.length === 0) return false;
    read = records.at(-1)!.place;
    const wanted = records.filter(isWanted);
    held += wanted.length;
    heldBytes += bytesOf(wanted);
    if (wanted.length < records.length) {
      settings.onFiltered(records.length - wanted.length);
      onProgress();
    }
    for (const record of wanted) laneOf(record.partitionKey).add(record);
    return true;
  }

  async function readOn(): Promise<void> {
    again = true;
    if (reading || !started) return;
    reading = true;
    try {
      while (again && !closed) {
        again = false;
        while (!closed && !isFull() && (await readSome()));
        // Otherwise many batches that are not due would stop the reading until their time is up.
        if (isFull() && !lanes.some((lane) => lane.isBusy())) for (const lane of lanes) lane.hurry();
      }
    } catch (error) {
      log.error('a shard cannot be read, will be tried again', { mapping: spec.id, reason: String(error) });
      clock.after(RETRY_MS, () => void readOn());
    }
    reading = false;
  }
  shard.onAppend(() => void readOn());

  return {
    start() {
      started = true;
      void readOn();
    },
    checkpoint() {
      const unfinished = lanes.flatMap((lane) => lane.oldest() ?? []);
      return unfinished.length === 0 ? read : Math.min(...unfinished) - 1;
    },
    close() {
      closed = true;
      for (const lane of lanes) lane.close();
    },
  };
}

const bytesOf = (records: readonly LogRecord[]) => records.reduce((sum, { data }) => sum + data.length, 0);
