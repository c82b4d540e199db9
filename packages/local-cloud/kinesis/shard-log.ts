// One shard on disk: records in the order in which they came, synced in groups, read from any place, forgotten in whole files.

import { mkdir } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import type { JournalFiles } from '../journal/files.ts';
import { encodeEntry } from '../journal/record.ts';
import { createSegmentWriter } from '../journal/segments.ts';
import type { Log } from '../log.ts';
import { createShardReader, type LogRecord } from './shard-reader.ts';
import { findSegments, type LogSegment } from './shard-segments.ts';

export interface ShardLog {
  /**
   * Resolves with the record's place when it is on the device. While the disk fails, the write is tried
   * again; after `close` the promise stays pending, so that the caller keeps the record.
   */
  append(partitionKey: string, data: Buffer): Promise<number>;
  /** Records after `place`, at most `limit` and about 256 KB; empty when there are none yet. */
  readAfter(place: number, limit: number): Promise<LogRecord[]>;
  /** Place of the newest record, 0 when there never was one. */
  newest(): number;
  /** Place of the oldest record that is kept; one after the newest when there is none. */
  oldest(): number;
  /** The listener is called when there are new records. */
  onAppend(listener: () => void): void;
  /** Deletes the files in which every record came before `time` and has a place up to `place`. */
  forget(time: number, place: number): Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  readonly partitionKey: string;
  readonly data: Buffer;
  readonly resolve: (place: number) => void;
}

const SEGMENT_BYTES = 16 * 1024 * 1024;
const GROUP_BYTES = 4 * 1024 * 1024;
const RETRY_MS = 1_000;

/** Records that wait for the disk, in the order in which they came. */
function createGroups() {
  let waiting: Waiting[] = [];
  return {
    isEmpty: () => waiting.length === 0,
    add: (record: Waiting) => void waiting.push(record),
    take(): Waiting[] {
      let bytes = 0;
      const end = waiting.findIndex(({ data }) => (bytes += data.length) > GROUP_BYTES);
      const group = end === -1 ? waiting : waiting.slice(0, Math.max(1, end));
      waiting = waiting.slice(group.length);
      return group;
    },
    putBack(group: readonly Waiting[]): void {
      waiting = [...group, ...waiting];
    },
  };
}

/** A pause before the next attempt, which `end` cuts short. */
function createPause(clock: Clock) {
  let end = () => {};
  return {
    start: () =>
      new Promise<void>((resolve) => {
        const cancel = clock.after(RETRY_MS, resolve);
        end = () => {
          cancel();
          resolve();
        };
      }),
    end: () => end(),
  };
}

/** Writes what waits, group by group, and tries again while the disk refuses. */
function createGroupWriter(
  write: (group: readonly Waiting[]) => Promise<void>,
  { dir, clock, log }: { readonly dir: string; readonly clock: Clock; readonly log: Log },
) {
  const groups = createGroups();
  let running: Promise<void> | undefined;
  let closed = false;
  const pause = createPause(clock);

  async function run(): Promise<void> {
    await Promise.resolve(); // everything that comes in the same tick goes into one write
    for (let failing = false; !groups.isEmpty() && !closed;) {
      const group = groups.take();
      try {
        await write(group);
        if (failing) log.info('the stream is written again', { dir });
        failing = false;
      } catch (error) {
        groups.putBack(group);
        const reason = String(error);
        if (!failing)
          log.error('the stream cannot be written: it accepts no records until it can', { dir, reason });
        failing = true;
        await pause.start();
      }
    }
    running = undefined;
  }

  return {
    add(record: Waiting): void {
      groups.add(record);
      if (!closed) running ??= run();
    },
    async close(): Promise<void> {
      closed = true;
      pause.end();
      await running;
    },
  };
}

/** The entries of records that came at the same time, the first of which has the place `first`. */
const encodeGroup = (group: readonly Waiting[], first: number, arrivedAt: number): Buffer =>
  Buffer.concat(
    group.flatMap(({ partitionKey, data }, n) =>
      encodeEntry({ seq: first + n, consumers: [], meta: [partitionKey, arrivedAt], payload: data }),
    ),
  );

/** Marks the segments that `forget` may delete, from the oldest on; the newest segment stays. */
function markForgotten(segments: readonly LogSegment[], time: number, place: number): void {
  for (const segment of segments.slice(0, -1)) {
    if (segment.newestAt >= time || segment.last > place) break;
    segment.live = 0;
  }
}

export interface ShardLogOptions {
  readonly dir: string;
  readonly files: JournalFiles;
  readonly clock: Clock;
  readonly log: Log;
  readonly segmentBytes?: number;
}

export async function openShardLog(options: ShardLogOptions): Promise<ShardLog> {
  const { dir, files, clock, log, segmentBytes = SEGMENT_BYTES } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const segments = await findSegments(dir, files, log);
  const writer = createSegmentWriter({ dir, files, log, segmentBytes, segments });
  const reader = createShardReader({ segments, read: (...where) => writer.read(...where), log });
  const listeners: (() => void)[] = [];
  let newest = segments.at(-1)?.last ?? 0;

  async function write(group: readonly Waiting[]): Promise<void> {
    const first = newest + 1;
    const arrivedAt = clock.now();
    const entries = encodeGroup(group, first, arrivedAt);
    const written = await writer.write(entries, { nextSeq: first, sync: true });
    const segment = written.segment as LogSegment;
    newest += group.length;
    if (segment.live === 0) segment.first = first;
    Object.assign(segment, { live: 1, last: newest, newestAt: arrivedAt });
    for (const [n, { resolve }] of group.entries()) resolve(first + n);
    for (const listener of listeners) listener();
  }
  const groups = createGroupWriter(write, { dir, clock, log });

  return {
    readAfter: (place, limit) => reader.readAfter(place, limit),
    append: (partitionKey, data) => new Promise((resolve) => groups.add({ partitionKey, data, resolve })),
    newest: () => newest,
    oldest: () => segments.find(({ first, last }) => last >= first)?.first ?? newest + 1,
    onAppend: (listener) => void listeners.push(listener),
    async forget(time, place) {
      markForgotten(segments, time, place);
      await writer.removeFinished();
    },
    async close() {
      await groups.close();
      await writer.close();
    },
  };
}
