// One of the batches of a shard that grow side by side: collects records until size or time is up, and delivers one at a time.

import type { Clock } from '../clock.ts';
import { eventBytesOf, eventRoom } from './batch-event.ts';
import type { MappingSpec } from './mapping-spec.ts';
import type { LogRecord } from './shard-reader.ts';

export interface Batch {
  add(record: LogRecord): void;
  /** Delivers what is collected as soon as possible, without waiting for size or time. */
  hurry(): void;
  /** Whether a batch is with its function. */
  isBusy(): boolean;
  /** Place of the oldest record that is not finished; undefined when there is none. */
  oldest(): number | undefined;
  close(): void;
}

export interface BatchSettings {
  readonly spec: Pick<MappingSpec, 'batchSize' | 'windowMs'>;
  readonly clock: Clock;
  /** Delivers the records until all are finished; `onDone` says up to which place they are. */
  readonly deliver: (records: readonly LogRecord[], onDone: (place: number) => void) => Promise<void>;
  /** Called with the records that are finished. */
  readonly onFinished: (records: readonly LogRecord[]) => void;
}

/** Records that wait to become a batch. */
function createCollected({ spec, clock }: Pick<BatchSettings, 'spec' | 'clock'>) {
  let records: LogRecord[] = [];
  let bytes = 0;
  /** When the first of them was read: the batching window begins then. */
  let since = 0;
  let isHurried = false;
  return {
    add(record: LogRecord): void {
      if (records.length === 0) since = clock.elapsed();
      records.push(record);
      bytes += eventBytesOf(record);
    },
    hurry: () => void (isHurried = records.length > 0),
    length: () => records.length,
    first: () => records[0],
    leftMs: () => spec.windowMs - (clock.elapsed() - since),
    isDue: () =>
      isHurried ||
      records.length >= spec.batchSize ||
      bytes >= eventRoom ||
      clock.elapsed() - since >= spec.windowMs,
    /** As many as fit into one event. */
    take(): LogRecord[] {
      let room = eventRoom;
      const beyond = records.findIndex(
        (record, n) => n >= spec.batchSize || (room -= eventBytesOf(record)) < 0,
      );
      const end = beyond === -1 ? records.length : Math.max(1, beyond);
      const batch = records.slice(0, end);
      records = records.slice(end);
      bytes = records.reduce((sum, record) => sum + eventBytesOf(record), 0);
      since = clock.elapsed();
      isHurried = false;
      return batch;
    },
  };
}

/** Removes the records up to a place from the front. @returns them */
function takeUpTo(records: LogRecord[], place: number): LogRecord[] {
  const end = records.findIndex((record) => record.place > place);
  return records.splice(0, end === -1 ? records.length : end);
}

export function createBatch({ spec, clock, deliver, onFinished }: BatchSettings): Batch {
  const collected = createCollected({ spec, clock });
  let running: LogRecord[] = [];
  let isBusy = false;
  let closed = false;
  let cancel = () => {};

  async function run(): Promise<void> {
    isBusy = true;
    await Promise.resolve(); // all that was read at once goes into one batch
    running = collected.take();
    await deliver(running, (place) => {
      const finished = takeUpTo(running, place);
      if (finished.length > 0) onFinished(finished);
    });
    isBusy = false;
    check();
  }
  function check(): void {
    cancel();
    if (closed || isBusy || collected.length() === 0) return;
    if (collected.isDue()) void run();
    else cancel = clock.after(collected.leftMs(), check);
  }

  return {
    add(record) {
      collected.add(record);
      if (collected.length() === 1 || collected.isDue()) check();
    },
    hurry() {
      collected.hurry();
      check();
    },
    isBusy: () => isBusy,
    oldest: () => (running[0] ?? collected.first())?.place,
    close() {
      closed = true;
      cancel();
    },
  };
}
