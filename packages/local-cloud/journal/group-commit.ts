// Writes what arrives together in one go and one sync: entries at once, acknowledgements with the next write or a little later.

import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { type Acknowledgement, encodeAcknowledgements } from './record.ts';
import { type LiveEntry, place } from './recover.ts';
import type { SegmentWriter } from './segments.ts';

export interface GroupCommit {
  /** Resolves when the entry is on the device, and rejects when the disk refused it. */
  add(entry: NewEntry): Promise<void>;
  acknowledge(acknowledgement: Acknowledgement): void;
  /** Resolves when all that was added before is written. */
  flush(): Promise<void>;
  /** Begins no write by itself any more; what is acknowledged from now on is taken up again after the next start. */
  stop(): void;
  /** Call after the last flush. */
  cancelTimer(): void;
}

export interface GroupCommitDeps {
  readonly dir: string;
  readonly entries: Map<number, LiveEntry>;
  readonly segments: SegmentWriter;
  readonly nextSeq: () => number;
  /** Called after each write; it may reject. */
  readonly moveOldest: () => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

interface NewEntry {
  readonly live: LiveEntry;
  readonly head: Buffer;
  readonly payload: Buffer;
}

interface Batch {
  readonly entries: NewEntry[];
  readonly done: PromiseWithResolvers<void>;
  bytes: number;
}

const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const ACKNOWLEDGE_DELAY_MS = 100;
const MAX_ACKNOWLEDGEMENTS_WAITING = 8192;

function createBatch(): Batch {
  const done = Promise.withResolvers<void>();
  done.promise.catch(() => {}); // the caller of `add` gets the error
  return { entries: [], done, bytes: 0 };
}

/** Logs the first failure of the disk and its end, not each failed write. */
function createFailureLog(dir: string, log: Log) {
  let isFailing = false;
  return {
    isFailing: () => isFailing,
    failed(error: unknown) {
      if (!isFailing) {
        const reason = error instanceof Error ? error.message : String(error);
        log.error('journal cannot write: nothing is acknowledged until it can', { dir, reason });
      }
      isFailing = true;
    },
    recovered() {
      if (isFailing) log.info('journal writes again', { dir });
      isFailing = false;
    },
  };
}

/** Batches that wait for the disk, the newest of which still grows. */
function createBatches() {
  const waiting: Batch[] = [];
  const begin = () => {
    const batch = createBatch();
    waiting.push(batch);
    return batch;
  };
  return {
    isEmpty: () => waiting.length === 0,
    take: () => waiting.shift() ?? createBatch(),
    newest: () => waiting.at(-1) ?? begin(),
    add(entry: NewEntry): Promise<void> {
      const last = waiting.at(-1);
      const batch = !last || last.bytes > MAX_BATCH_BYTES ? begin() : last;
      batch.entries.push(entry);
      batch.bytes += entry.head.length + entry.payload.length;
      return batch.done.promise;
    },
  };
}

/** @returns a function that writes one batch, with the acknowledgements that wait, and never rejects. */
function createBatchWriter(
  { segments, entries, nextSeq }: GroupCommitDeps,
  failures: ReturnType<typeof createFailureLog>,
  waiting: { acknowledgements: Acknowledgement[] },
) {
  return async (batch: Batch): Promise<void> => {
    const { acknowledgements } = waiting;
    waiting.acknowledgements = [];
    const buffers = batch.entries.flatMap(({ head, payload }) => [head, payload]);
    if (acknowledgements.length > 0) buffers.push(encodeAcknowledgements(acknowledgements));
    const hasEntries = batch.entries.length > 0;
    try {
      const at = await segments.write(Buffer.concat(buffers), { nextSeq: nextSeq(), sync: hasEntries });
      let { offset } = at;
      for (const { live, head, payload } of batch.entries) {
        place(live, at.segment, offset, head.length + payload.length);
        offset += live.length;
        entries.set(live.seq, live);
      }
      if (hasEntries) failures.recovered(); // a few acknowledgements may find room where no message does
      batch.done.resolve();
    } catch (error) {
      waiting.acknowledgements = [...acknowledgements, ...waiting.acknowledgements];
      failures.failed(error);
      batch.done.reject(error);
    }
  };
}

/** Writes batch after batch while there is one, and acknowledgements alone after a delay. */
function createWriteLoop(
  deps: GroupCommitDeps,
  batches: ReturnType<typeof createBatches>,
  waiting: { acknowledgements: Acknowledgement[] },
) {
  const { segments, clock } = deps;
  const failures = createFailureLog(deps.dir, deps.log);
  const writeBatch = createBatchWriter(deps, failures, waiting);
  const state: { running?: Promise<void>; cancelTimer?: () => void; isStopped: boolean } = {
    isStopped: false,
  };

  const isFull = () =>
    waiting.acknowledgements.length >= MAX_ACKNOWLEDGEMENTS_WAITING && !failures.isFailing();

  const run = async () => {
    await Promise.resolve(); // everything that arrives in the same tick goes into one write
    do {
      await writeBatch(batches.take());
      await deps.moveOldest().catch((error: unknown) => failures.failed(error));
      await segments.removeFinished();
    } while (!batches.isEmpty() || isFull());
  };

  const start = () => {
    state.cancelTimer?.();
    state.cancelTimer = undefined;
    state.running ??= run().finally(() => {
      state.running = undefined;
      if (!batches.isEmpty()) start();
      else if (waiting.acknowledgements.length > 0 && !state.isStopped) startLater();
    });
  };
  const startLater = () => {
    state.cancelTimer ??= clock.after(ACKNOWLEDGE_DELAY_MS, start);
  };
  return { state, isFull, start, startLater };
}

export function createGroupCommit(deps: GroupCommitDeps): GroupCommit {
  const batches = createBatches();
  const waiting: { acknowledgements: Acknowledgement[] } = { acknowledgements: [] };
  const { state, isFull, start, startLater } = createWriteLoop(deps, batches, waiting);

  return {
    add(entry) {
      const durable = batches.add(entry);
      start();
      return durable;
    },
    acknowledge(acknowledgement) {
      waiting.acknowledgements.push(acknowledgement);
      if (state.isStopped) return;
      if (isFull()) start();
      else if (!state.running) startLater();
    },
    async flush() {
      const { done } = batches.newest();
      start();
      await done.promise;
      await state.running;
    },
    stop: () => void (state.isStopped = true),
    cancelTimer: () => state.cancelTimer?.(),
  };
}
