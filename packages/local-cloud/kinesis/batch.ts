// One of the batches of a shard that grow side by side: collects records until size or time is up, and delivers one at a time.

import type { Clock } from '../clock.ts';
import { eventBytesOf, eventRoom } from './batch-event.ts';
import type { MappingSpec } from './mapping-spec.ts';
import type { LogRecord } from './shard-reader.ts';

export interface Batch {
  add(record: LogRecord): void;
  /** What is collected goes as soon as it can, without waiting for size or time. */
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

export function createBatch({ spec, clock, deliver, onFinished }: BatchSettings): Batch {
  let collected: LogRecord[] = [];
  let collectedBytes = 0;
  let running: LogRecord[] = [];
  /** When the first of those collected was read: the batching window begins then. */
  let since = 0;
  let isBusy = false;
  let isHurried = false;
  let closed = false;
  let cancel = () => {};

  const isDue = () =>
    isHurried ||
    collected.length >= spec.batchSize ||
    collectedBytes >= eventRoom ||
    clock.elapsed() - since >= spec.windowMs;

  function take(): LogRecord[] {
    let bytes = 0;
    const beyond = collected.findIndex(
      (record, n) => n >= spec.batchSize || (bytes += eventBytesOf(record)) > eventRoom,
    );
    const end = beyond === -1 ? collected.length : Math.max(1, beyond);
    const batch = collected.slice(0, end);
    collected = collected.slice(end);
    collectedBytes = collected.reduce((sum, record) => sum + eventBytesOf(record), 0);
    since = clock.elapsed();
    isHurried = false;
    return batch;
  }

  async function run(): Promise<void> {
    isBusy = true;
    await Promise.resolve(); // all that was read at once goes into one batch
    running = take();
    await deliver(running, (place) => {
      const end = running.findIndex((record) => record.place > place);
      const finished = running.splice(0, end === -1 ? running.length : end);
      if (finished.length > 0) onFinished(finished);
    });
    isBusy = false;
    check();
  }

  function check(): void {
    cancel();
    if (closed || isBusy || collected.length === 0) return;
    if (isDue()) void run();
    else cancel = clock.after(spec.windowMs - (clock.elapsed() - since), check);
  }

  return {
    add(record) {
      if (collected.length === 0) since = clock.elapsed();
      collected.push(record);
      collectedBytes += eventBytesOf(record);
      if (collected.length === 1 || isDue()) check();
    },
    hurry() {
      isHurried = collected.length > 0;
      check();
    },
    isBusy: () => isBusy,
    oldest: () => (running[0] ?? collected[0])?.place,
    close() {
      closed = true;
      cancel();
    },
  };
}
