// Keeps every accepted message on disk until each of its consumers has it, so that a `kill -9` loses nothing acknowledged.

import { mkdir } from 'node:fs/promises';
import { type Clock, systemClock } from '../clock.ts';
import type { Log } from '../log.ts';
import { diskFiles, type JournalFiles } from './files.ts';
import { createGroupCommit } from './group-commit.ts';
import { createEntryMover } from './move.ts';
import { encodeEntry } from './record.ts';
import { acknowledge, createEntry, type LiveEntry, recover } from './recover.ts';
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
   * forgotten, when the disk refused it. `meta` is anything that JSON carries; `consumers` must not be empty.
   */
  append(entry: { meta: unknown; payload: Buffer; consumers: readonly string[] }): {
    seq: number;
    durable: Promise<void>;
  };
  /** Marks an entry as finished for one consumer; unknown entries and consumers are ignored. Written lazily. */
  acknowledge(seq: number, consumer: string): void;
  /** The unfinished entries in the order of appending, each with the consumers that have not acknowledged it. */
  pending(): { seq: number; consumers: string[] }[];
  /** The content of an unfinished, durable entry; undefined when it is finished or cannot be read back. */
  read(seq: number): Promise<{ meta: unknown; payload: Buffer } | undefined>;
  /** Resolves when all that was appended and acknowledged before is written. Rejects when the disk refuses. */
  flush(): Promise<void>;
  close(): Promise<void>;
  /** Unfinished entries, files and their bytes, for the operator and for tests. */
  size(): { entries: number; segments: number; bytes: number };
}

const SEGMENT_BYTES = 16 * 1024 * 1024;

const pendingOf = ({ seq, consumers }: LiveEntry) => ({
  seq,
  consumers: consumers.filter((name) => name !== null),
});

/** Recovers what an earlier run left, and puts the parts together that go on from there. */
async function openParts(options: JournalOptions) {
  const { dir, log, clock = systemClock, files = diskFiles, segmentBytes = SEGMENT_BYTES } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const recovered = await recover(dir, files, log);
  const { entries } = recovered;
  const segments = createSegmentWriter({ dir, files, log, segmentBytes, segments: recovered.segments });
  await segments.removeFinished();
  const shared = { entries, segments, nextSeq: () => recovered.nextSeq, log };
  const mover = createEntryMover(shared);
  const commit = createGroupCommit({ ...shared, dir, clock, moveOldest: () => mover.moveOldest() });
  return { recovered, entries, segments, mover, commit };
}

/** Opens the journal in `dir`, cutting a torn tail, and begins a new segment with the first append. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { recovered, entries, segments, mover, commit } = await openParts(options);
  let closed = false;

  return {
    append({ meta, payload, consumers }) {
      if (closed) return { seq: 0, durable: Promise.reject(new Error('the journal is closed')) };
      const seq = recovered.nextSeq;
      recovered.nextSeq += 1;
      const live = createEntry(seq, consumers);
      const [head] = encodeEntry({ seq, consumers: live.consumers, meta, payload });
      return { seq, durable: commit.add({ live, head, payload }) };
    },
    acknowledge(seq, consumer) {
      const index = entries.get(seq)?.consumers.indexOf(consumer) ?? -1;
      if (index >= 0 && acknowledge(entries, seq, index)) commit.acknowledge({ seq, index });
    },
    pending: () => [...entries.values()].map(pendingOf),
    async read(seq) {
      const live = entries.get(seq);
      return live && mover.read(live);
    },
    flush: () => commit.flush(),
    async close() {
      closed = true;
      commit.stop();
      try {
        await commit.flush();
      } finally {
        commit.cancelTimer();
        await segments.close();
      }
    },
    size: () => ({ entries: entries.size, ...segments.size() }),
  };
}
