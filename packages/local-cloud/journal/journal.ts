// Keeps every accepted message on disk until all that must have it have it, so that a `kill -9` loses nothing acknowledged.

import { mkdir } from 'node:fs/promises';
import { type Clock, systemClock } from '../clock.ts';
import type { Log } from '../log.ts';
import { diskFiles, type JournalFiles } from './files.ts';
import { decodeRecord, encodeEntry, encodeSettles, type Settle } from './record.ts';
import { createEntry, type LiveEntry, pay, place, recover, type Segment } from './recover.ts';
import { createSegmentWriter } from './segments.ts';

export interface JournalOptions {
  readonly dir: string;
  readonly log: Log;
  readonly clock?: Clock;
  readonly files?: JournalFiles;
  /** A segment is closed and the next begun once it is larger than this. Default 16 MiB. */
  readonly segmentBytes?: number;
}

export interface Journal {
  /**
   * Takes an entry at once and numbers it. `durable` resolves when it is on the device, and rejects, with the entry
   * forgotten, when the disk refused it. `meta` is anything that JSON carries; `owes` must not be empty.
   */
  append(entry: { meta: unknown; payload: Buffer; owes: readonly string[] }): {
    seq: number;
    durable: Promise<void>;
  };
  /** Marks one consumer of an entry as paid; unknown entries and consumers are ignored. Written lazily. */
  settle(seq: number, consumer: string): void;
  /** What is unfinished, in the order of appending, with what each entry still owes. */
  pending(): { seq: number; owes: string[] }[];
  /** The content of an unfinished, durable entry; undefined when it is finished or cannot be read back. */
  read(seq: number): Promise<{ meta: unknown; payload: Buffer } | undefined>;
  /** Resolves when all that was appended and settled before is written. Rejects when the disk refuses. */
  flush(): Promise<void>;
  close(): Promise<void>;
  /** Unfinished entries, files and their bytes, for the operator and for tests. */
  size(): { entries: number; segments: number; bytes: number };
}

interface Batch {
  readonly entries: { live: LiveEntry; head: Buffer; payload: Buffer }[];
  readonly done: PromiseWithResolvers<void>;
  bytes: number;
}

const maxBatchBytes = 4 * 1024 * 1024;
const settleDelayMs = 100;
const maxSettlesWaiting = 8192;

function createBatch(): Batch {
  const done = Promise.withResolvers<void>();
  done.promise.catch(() => {}); // whoever appended hears of it; nobody else has to
  return { entries: [], done, bytes: 0 };
}

/** Opens the journal in `dir`, cutting a torn tail, and begins a new segment with the first append. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { dir, log, clock = systemClock, files = diskFiles, segmentBytes = 16 * 1024 * 1024 } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const recovered = await recover(dir, files, log);
  const { entries } = recovered;
  let { nextSeq } = recovered;
  const segments = createSegmentWriter({ dir, files, log, segmentBytes, segments: recovered.segments });
  await segments.removeFinished();

  let batches: Batch[] = [];
  let settles: Settle[] = [];
  let running: Promise<void> | undefined;
  let cancelTimer: (() => void) | undefined;
  let failing = false;
  let closed = false;

  const report = (error: unknown) => {
    if (!failing) {
      const reason = error instanceof Error ? error.message : String(error);
      log.error('journal cannot write: nothing is acknowledged until it can', { dir, reason });
    }
    failing = true;
  };

  const writeBatch = async (batch: Batch) => {
    const paid = settles;
    settles = [];
    const buffers = batch.entries.flatMap(({ head, payload }) => [head, payload]);
    if (paid.length > 0) buffers.push(encodeSettles(paid));
    try {
      const at = await segments.write(Buffer.concat(buffers), { nextSeq, sync: batch.entries.length > 0 });
      let { offset } = at;
      for (const { live, head, payload } of batch.entries) {
        place(live, at.segment, offset, head.length + payload.length);
        offset += live.length;
        entries.set(live.seq, live);
      }
      if (failing && batch.entries.length > 0) {
        log.info('journal writes again', { dir });
        failing = false; // a few settles may find room where no message does
      }
      batch.done.resolve();
    } catch (error) {
      settles = [...paid, ...settles];
      report(error);
      batch.done.reject(error);
    }
  };

  const readEntry = async (live: LiveEntry) => {
    const segment = live.segment!;
    const data = await segments.read(segment, live.offset, live.length);
    const record = data && decodeRecord(data, 0);
    if (record?.kind === 'entry') return { meta: record.entry.meta, payload: record.entry.payload };
    if (entries.has(live.seq) && live.segment !== segment) return readEntry(live); // moved meanwhile
    if (entries.has(live.seq))
      log.error('journal entry cannot be read back', { file: segment.path, seq: live.seq });
    return undefined;
  };

  const placeAll = (
    moved: readonly { live: LiveEntry; record: Buffer }[],
    segment: Segment,
    start: number,
  ) => {
    let offset = start;
    for (const { live, record } of moved) {
      if (entries.has(live.seq)) place(live, segment, offset, record.length);
      offset += record.length;
    }
  };

  /** Writes what the oldest file still owes again at the end, so that one slow consumer does not keep every file. */
  const moveOldest = async () => {
    const oldest = segments.pinned();
    const stuck = oldest ? [...entries.values()].filter(({ segment }) => segment === oldest) : [];
    for (let at = 0; at < stuck.length;) {
      const moved: { live: LiveEntry; record: Buffer }[] = [];
      for (let bytes = 0; at < stuck.length && bytes < maxBatchBytes; at += 1) {
        const live = stuck[at]!;
        const content = await readEntry(live);
        if (!content || !entries.has(live.seq)) continue;
        const record = Buffer.concat(encodeEntry({ seq: live.seq, owes: live.owes, ...content }));
        moved.push({ live, record });
        bytes += record.length;
      }
      const records = Buffer.concat(moved.map(({ record }) => record));
      const { segment, offset } = await segments.write(records, { nextSeq, sync: true });
      placeAll(moved, segment, offset);
    }
  };

  const run = async () => {
    await Promise.resolve(); // all that arrives in this turn goes into one write
    do {
      await writeBatch(batches.shift() ?? createBatch());
      await moveOldest().catch(report);
      await segments.removeFinished();
    } while (batches.length > 0 || (settles.length >= maxSettlesWaiting && !failing));
  };

  const start = () => {
    cancelTimer?.();
    cancelTimer = undefined;
    running ??= run().finally(() => {
      running = undefined;
      if (batches.length > 0) start();
      else if (settles.length > 0 && !closed) startLater();
    });
  };
  const startLater = () => {
    cancelTimer ??= clock.after(settleDelayMs, start);
  };

  const flush = async () => {
    const batch = batches.at(-1) ?? createBatch();
    if (!batches.includes(batch)) batches.push(batch);
    start();
    await batch.done.promise;
    await running;
  };

  return {
    append({ meta, payload, owes }) {
      if (closed) return { seq: 0, durable: Promise.reject(new Error('the journal is closed')) };
      const seq = nextSeq;
      nextSeq += 1;
      const live = createEntry(seq, owes);
      const [head] = encodeEntry({ seq, owes: live.owes, meta, payload });
      let batch = batches.at(-1);
      if (!batch || batch.bytes > maxBatchBytes) {
        batch = createBatch();
        batches.push(batch);
      }
      batch.entries.push({ live, head, payload });
      batch.bytes += head.length + payload.length;
      start();
      return { seq, durable: batch.done.promise };
    },
    settle(seq, consumer) {
      const index = entries.get(seq)?.owes.indexOf(consumer) ?? -1;
      if (index < 0 || !pay(entries, seq, index)) return;
      settles.push({ seq, index });
      if (closed) return; // the entry is taken up again after the next start
      if (settles.length >= maxSettlesWaiting && !failing) start();
      else if (!running) startLater();
    },
    pending: () =>
      [...entries.values()].map(({ seq, owes }) => ({ seq, owes: owes.filter((name) => name !== null) })),
    async read(seq) {
      const live = entries.get(seq);
      return live && readEntry(live);
    },
    flush,
    async close() {
      closed = true;
      try {
        await flush();
      } finally {
        cancelTimer?.();
        await segments.close();
      }
    },
    size: () => ({ entries: entries.size, ...segments.size() }),
  };
}
