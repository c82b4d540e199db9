// Reads a shard's log from any place, and continues there the next time without searching the file again.

import { decodeRecord, scanRecords, type EntryRecord } from '../journal/record.ts';
import type { Log } from '../log.ts';
import type { LogSegment } from './shard-segments.ts';

export interface LogRecord {
  /** From 1 on, without gaps. */
  readonly place: number;
  readonly partitionKey: string;
  /** Epoch milliseconds. */
  readonly arrivedAt: number;
  readonly data: Buffer;
}

const CHUNK_BYTES = 256 * 1024;
/** More than the largest record with its head. */
const LONGEST_RECORD = 2 * 1024 * 1024;
/** One for each who reads; those that were used longest ago are forgotten. */
const MAX_BOOKMARKS = 64;

interface Spot {
  readonly segment: LogSegment;
  readonly offset: number;
}

interface ReaderOptions {
  /** Oldest first; the log adds and removes. */
  readonly segments: readonly LogSegment[];
  /** Undefined when the file is gone. */
  readonly read: (segment: LogSegment, offset: number, length: number) => Promise<Buffer | undefined>;
  readonly log: Log;
}

/** Remembers where the record after a place begins. */
function createBookmarks(segments: ReaderOptions['segments']) {
  const bookmarks = new Map<number, Spot>();
  const firstWith = (place: number): Spot | undefined => {
    const segment = segments.find(({ last }) => last > place);
    return segment && { segment, offset: 0 };
  };
  return {
    firstWith,
    find(place: number): Spot | undefined {
      const bookmark = bookmarks.get(place);
      const isUseful =
        bookmark && segments.includes(bookmark.segment) && bookmark.offset < bookmark.segment.bytes;
      return isUseful ? bookmark : firstWith(place);
    },
    mark(from: number, place: number, spot: Spot): void {
      bookmarks.delete(from);
      bookmarks.set(place, spot);
      if (bookmarks.size > MAX_BOOKMARKS) bookmarks.delete(bookmarks.keys().next().value!);
    },
  };
}

/** @throws Error where the file is there and cannot be read; to be tried again */
async function bytesAt(
  { read, segments }: ReaderOptions,
  { segment, offset }: Spot,
  length: number,
): Promise<Buffer> {
  const bytes = await read(segment, offset, Math.min(length, segment.bytes - offset));
  if (bytes) return bytes;
  if (segments.includes(segment)) throw new Error(`${segment.path} cannot be read`);
  return Buffer.alloc(0);
}

async function chunkAt(options: ReaderOptions, spot: Spot): Promise<Buffer> {
  const chunk = await bytesAt(options, spot, CHUNK_BYTES);
  const isWhole = chunk.length < CHUNK_BYTES || decodeRecord(chunk, 0);
  return isWhole ? chunk : bytesAt(options, spot, LONGEST_RECORD);
}

/** Whole records from the spot on, and where the next begins; none when the file ends there or is damaged. */
async function recordsAt(
  options: ReaderOptions,
  spot: Spot,
  after: number,
  limit: number,
): Promise<{ records: LogRecord[]; end: number }> {
  const records: LogRecord[] = [];
  let end = spot.offset;
  for (const scanned of scanRecords(await chunkAt(options, spot))) {
    if (records.length === limit) break;
    end = spot.offset + scanned.offset + scanned.length;
    if (scanned.kind === 'entry' && scanned.entry.seq > after) records.push(recordOf(scanned.entry));
  }
  return { records, end };
}

export function createShardReader(options: ReaderOptions): {
  readAfter(place: number, limit: number): Promise<LogRecord[]>;
} {
  const { segments, log } = options;
  const bookmarks = createBookmarks(segments);

  return {
    /** @throws Error when a file cannot be read now */
    async readAfter(place, limit) {
      let after = place;
      for (let spot = bookmarks.find(place); spot;) {
        const { segment, offset } = spot;
        const { records, end } = await recordsAt(options, spot, after, limit);
        const last = records.at(-1);
        if (last) {
          bookmarks.mark(place, last.place, { segment, offset: end });
          return records;
        }
        if (end > offset) {
          spot = { segment, offset: end };
          continue;
        }
        if (segment.last > after && segments.includes(segment)) {
          log.error('records of the stream cannot be read back: the file is damaged', {
            file: segment.path,
            offset,
          });
          after = segment.last;
        }
        spot = bookmarks.firstWith(after);
      }
      return [];
    },
  };
}

function recordOf({ seq, meta, payload }: EntryRecord): LogRecord {
  const [partitionKey, arrivedAt] = meta as [string, number];
  return { place: seq, partitionKey, arrivedAt, data: payload };
}
